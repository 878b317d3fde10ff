#pragma once

#include <optional>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Products of vectors, matrices and batches of matrices of given shapes; `matmul` takes any. All throw
/// ShapeError for other shapes, and DTypeError unless the factors have one dtype.
namespace xgrad {

/// [n, k] times [k, m]. Source: torch.mm.
XGRAD_API Tensor mm(const Tensor& a, const Tensor& b);
/// [b, n, k] times [b, k, m], without broadcasting. Source: torch.bmm.
XGRAD_API Tensor bmm(const Tensor& a, const Tensor& b);
/// [n, k] times [k]. Source: torch.mv.
XGRAD_API Tensor mv(const Tensor& a, const Tensor& vector);
/// Sums of products over the last dimensions: [..., k] and [*, k] give [..., *]; a 0-d tensor multiplies.
/// Source: torch.inner.
XGRAD_API Tensor inner(const Tensor& a, const Tensor& b);
/// [n] and [m] give a[i] * b[j], [n, m]. Source: torch.outer.
XGRAD_API Tensor outer(const Tensor& a, const Tensor& b);
/// The dimensions dims_a of a summed against dims_b of b; what is left of a comes first. Source:
/// torch.tensordot.
XGRAD_API Tensor tensordot(const Tensor& a, const Tensor& b, const Shape& dims_a, const Shape& dims_b);
/// The Kronecker product: each element of a times all of b; missing dimensions count as 1. Source:
/// torch.kron.
XGRAD_API Tensor kron(const Tensor& a, const Tensor& b);
/// The sum of a matrix's main diagonal. Source: torch.trace.
XGRAD_API Tensor trace(const Tensor& a);

// beta * input + alpha * product. The input broadcasts to the product; with beta 0 it does not count, nan
// included. A floating beta or alpha beside integers throws DTypeError.

/// The product is a b, of matrices. Source: torch.addmm.
XGRAD_API Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, Scalar beta = 1,
                       Scalar alpha = 1);
/// The product is that of a matrix and a vector. Source: torch.addmv.
XGRAD_API Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& vector, Scalar beta = 1,
                       Scalar alpha = 1);
/// The product is outer(a, b). Source: torch.addr.
XGRAD_API Tensor addr(const Tensor& input, const Tensor& a, const Tensor& b, Scalar beta = 1,
                      Scalar alpha = 1);
/// The product is bmm(a, b). Source: torch.baddbmm.
XGRAD_API Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, Scalar beta = 1,
                         Scalar alpha = 1);
/// The product is the sum of bmm(a, b) over the batch. Source: torch.addbmm.
XGRAD_API Tensor addbmm(const Tensor& input, const Tensor& a, const Tensor& b, Scalar beta = 1,
                        Scalar alpha = 1);

namespace linalg {
/// Sums of x * y along `dim`, after broadcasting. Source: torch.linalg.vecdot.
XGRAD_API Tensor vecdot(const Tensor& x, const Tensor& y, std::int64_t dim = -1);
/// The cross product along a dimension of size 3, after broadcasting. Source: torch.linalg.cross.
XGRAD_API Tensor cross(const Tensor& a, const Tensor& b, std::int64_t dim = -1);
}  // namespace linalg

/// linalg::cross along `dim`, or along the first dimension of size 3. Source: torch.cross.
XGRAD_API Tensor cross(const Tensor& a, const Tensor& b, std::optional<std::int64_t> dim = std::nullopt);

}  // namespace xgrad
