#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Orthogonal decompositions, over batches of float32 or float64 matrices [..., m, n] of any strides. Shapes
/// and dtypes are checked by the caller; k is min(m, n).
namespace xgrad::kernels {

struct QrFactors {
  Array q, r;
};
/// A = Q R. complete: Q [..., m, m] and R [..., m, n], else Q [..., m, k] and R [..., k, n]. Source: LAPACK's
/// gelqf of the transposes.
XGRAD_API QrFactors qr(const Array& a, bool complete);

/// The first n columns of the product of reflectors I - tau[i] v v^T, v being column i of A [..., m, n] with
/// 1 on and 0 above the diagonal. tau is [..., k], k <= n <= m. Source: LAPACK's orglq of the transposes.
XGRAD_API Array householder_product(const Array& a, const Array& tau);

struct SymmetricEigen {
  Array values;   ///< [..., n], ascending
  Array vectors;  ///< [..., n, n], in columns; undefined unless asked for
};
/// A = V diag(w) V^T for symmetric matrices of which one triangle is read. Throws ValueError where LAPACK's
/// syevd does not converge.
XGRAD_API SymmetricEigen eigh(const char* name, const Array& a, bool upper, bool vectors);

struct SingularValues {
  Array u, s, vh;  ///< u [..., m, k] or [..., m, m], s [..., k] descending, vh [..., k, n] or [..., n, n]
};
/// A = U diag(S) V^T; without vectors only s. Throws ValueError where LAPACK's gesdd does not converge.
XGRAD_API SingularValues svd(const char* name, const Array& a, bool full_matrices, bool vectors);

struct LeastSquares {
  Array solution;         ///< [..., n, columns]
  Array residuals;        ///< sums of squares [..., columns], where rank is n < m; see lstsq
  Array rank;             ///< int64 [...]
  Array singular_values;  ///< [..., k], of the driver gelsd
};
enum class LeastSquaresDriver { gelsy, gels, gelsd };
/// X of least |A X - B|, and of least |X| among these. B is [..., m, columns] with A's batch. Singular values
/// (or, gelsy, diagonal elements of R) below rcond times the largest count as 0. Throws ValueError where
/// LAPACK does not converge or, gels, for a matrix without full rank.
XGRAD_API LeastSquares lstsq(const char* name, const Array& a, const Array& b, double rcond,
                             LeastSquaresDriver driver);

}  // namespace xgrad::kernels
