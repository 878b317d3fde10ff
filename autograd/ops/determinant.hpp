#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Determinants of square matrices [..., n, n], [...]; that of a 0 by 0 matrix is 1. All throw ShapeError,
/// and DTypeError for integers.
namespace xgrad {

namespace linalg {

/// The determinant. The gradient is the transpose of the adjugate, also of singular matrices; of those its
/// own derivatives need distinct singular values. Source: torch.linalg.det.
XGRAD_API Tensor det(const Tensor& A);

/// A determinant as sign * exp(logabsdet).
struct SlogDet {
  Tensor sign;       ///< -1, 0 or 1; no gradient
  Tensor logabsdet;  ///< -inf for a singular matrix
};
/// The determinant as sign * exp(logabsdet). The gradient of the logarithm is the transpose of the inverse,
/// nan for a singular matrix. Source: torch.linalg.slogdet.
XGRAD_API SlogDet slogdet(const Tensor& A);

}  // namespace linalg

/// linalg::det. Source: torch.det.
inline Tensor det(const Tensor& A) { return linalg::det(A); }
/// linalg::slogdet. Source: torch.slogdet.
inline linalg::SlogDet slogdet(const Tensor& A) { return linalg::slogdet(A); }
/// The logarithm of the determinant: nan where that is negative, -inf where it is 0. Source: torch.logdet.
XGRAD_API Tensor logdet(const Tensor& A);

}  // namespace xgrad
