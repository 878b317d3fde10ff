#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Triangular factors of matrices [..., m, n], and what is solved with them. All throw DTypeError for
/// integers and for operands of different dtypes, ShapeError for shapes that do not fit.
namespace xgrad {

namespace linalg {

/// A = P L U, packed.
struct LuFactor {
  Tensor LU;      ///< [..., m, n]: U on and above the diagonal, L (whose diagonal is 1) below
  Tensor pivots;  ///< int32 [..., min(m, n)]: row i was exchanged with row pivots[i] - 1
};
/// A = P L U with partial pivoting, packed. Throws ValueError where U has a 0 on its diagonal. Source:
/// torch.linalg.lu_factor.
XGRAD_API LuFactor lu_factor(const Tensor& A);

/// A = P L U.
struct Lu {
  Tensor P;  ///< [..., m, m], a permutation; no gradient
  Tensor L;  ///< [..., m, k], k = min(m, n), ones on the diagonal
  Tensor U;  ///< [..., k, n]
};
/// A = P L U with partial pivoting. Where U has a 0 on its diagonal, gradients are not finite. Source:
/// torch.linalg.lu.
XGRAD_API Lu lu(const Tensor& A);

/// X with A X = B (or X A = B unless `left`; with A^T in place of A if `adjoint`), from lu_factor(A). Batches
/// broadcast. Throws DTypeError unless the pivots are int32, ValueError for a pivot that is no row. Source:
/// torch.linalg.lu_solve.
XGRAD_API Tensor lu_solve(const Tensor& LU, const Tensor& pivots, const Tensor& B, bool left = true,
                          bool adjoint = false);

/// The lower triangle L of A = L L^T for a symmetric positive definite A, or with `upper` its transpose. Only
/// this triangle of A is read, but the gradient is the symmetric one. Throws ValueError for a matrix that is
/// not positive definite. Source: torch.linalg.cholesky.
XGRAD_API Tensor cholesky(const Tensor& A, bool upper = false);

}  // namespace linalg

/// The factors P, L, U that lu_factor packs. Source: torch.lu_unpack.
XGRAD_API linalg::Lu lu_unpack(const Tensor& LU, const Tensor& pivots);

/// X with L L^T X = B, or with U^T U (upper). The other triangle is not read. Batches broadcast. Source:
/// torch.cholesky_solve.
XGRAD_API Tensor cholesky_solve(const Tensor& B, const Tensor& L, bool upper = false);

/// The inverse of L L^T, or of U^T U (upper). The other triangle is not read. Source: torch.cholesky_inverse.
XGRAD_API Tensor cholesky_inverse(const Tensor& L, bool upper = false);

}  // namespace xgrad
