#pragma once

#include <optional>
#include <utility>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Systems of linear equations. Matrices stand in the last two dimensions, batches in front, and batches
/// broadcast. All throw DTypeError for integers and for operands of different dtypes, ShapeError for shapes
/// that do not fit.
namespace xgrad {

namespace linalg {

/// The inverse of square matrices. Gradient of A: -Y^T g Y^T, Y being the inverse. Throws ValueError for a
/// singular matrix. Source: torch.linalg.inv.
XGRAD_API Tensor inv(const Tensor& A);

/// X with A X = B, or X A = B unless `left`. B holds matrices, or vectors where it has one dimension or A's
/// batch shape and one more. Throws ValueError for a singular matrix. Source: torch.linalg.solve.
XGRAD_API Tensor solve(const Tensor& A, const Tensor& B, bool left = true);

/// X with A X = B, or X A = B unless `left`, for a triangular A. The other triangle, and with `unitriangular`
/// the diagonal (taken as ones), is not read and has gradient 0. A 0 on the diagonal gives infinities.
/// Source: torch.linalg.solve_triangular.
XGRAD_API Tensor solve_triangular(const Tensor& A, const Tensor& B, bool upper, bool left = true,
                                  bool unitriangular = false);

/// The tensor of shape A.shape[ind:] + A.shape[:ind] that undoes tensordot(A, ., A.ndim - ind). Throws
/// ShapeError unless the sizes of both parts have one product, ValueError unless ind is positive and for a
/// singular A. Source: torch.linalg.tensorinv.
XGRAD_API Tensor tensorinv(const Tensor& A, std::int64_t ind = 2);

/// X with tensordot(A, X, X.ndim) = B, after the dimensions `dims` of A were moved to its end. Throws as
/// `solve`. Source: torch.linalg.tensorsolve.
XGRAD_API Tensor tensorsolve(const Tensor& A, const Tensor& B, const Shape& dims = {});

}  // namespace linalg

/// linalg::inv. Source: torch.inverse.
inline Tensor inverse(const Tensor& A) { return linalg::inv(A); }

/// What triangular_solve gives.
struct TriangularSolve {
  Tensor solution;
  Tensor cloned_coefficient;  ///< a copy of A
};
/// X with A X = b, or with A^T in place of A: linalg::solve_triangular under its older name. Source:
/// torch.triangular_solve.
XGRAD_API TriangularSolve triangular_solve(const Tensor& b, const Tensor& A, bool upper = true,
                                           bool transpose = false, bool unitriangular = false);

namespace detail {
/// The inverse; of a singular matrix nan.
Tensor inverse_or_nan(const Tensor& a);
/// Throws ValueError where `info` says that a matrix is singular.
void require_regular(const char* name, const Array& info);
/// Whether B of linalg::solve(A, B) holds vectors.
bool holds_vectors(const Tensor& a, const Tensor& b);
}  // namespace detail

}  // namespace xgrad
