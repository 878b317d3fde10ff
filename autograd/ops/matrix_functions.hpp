#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Powers and exponentials of square matrices [..., n, n]. They throw ShapeError for other matrices.
namespace xgrad {

namespace linalg {

/// A multiplied by itself n - 1 times; the identity for 0, powers of the inverse for negative n. Throws
/// ValueError for negative powers of a singular matrix, DTypeError for those of integers. Source:
/// torch.linalg.matrix_power.
XGRAD_API Tensor matrix_power(const Tensor& A, std::int64_t n);

/// The exponential series I + A + A^2 / 2 + ..., by scaling and squaring. A matrix with nan or infinity gives
/// nan. Throws DTypeError for integers. Source: torch.linalg.matrix_exp.
XGRAD_API Tensor matrix_exp(const Tensor& A);

}  // namespace linalg

/// linalg::matrix_power. Source: torch.matrix_power.
inline Tensor matrix_power(const Tensor& A, std::int64_t n) { return linalg::matrix_power(A, n); }
/// linalg::matrix_exp. Source: torch.matrix_exp.
inline Tensor matrix_exp(const Tensor& A) { return linalg::matrix_exp(A); }

}  // namespace xgrad
