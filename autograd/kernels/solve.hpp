#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Factorizations that solve systems, over batches of float32 or float64 matrices [..., m, n] of any strides.
/// Shapes and dtypes are checked by the caller. `info` is int32 [...]: 0, or what LAPACK found wrong.
namespace xgrad::kernels {

struct LuFactors {
  Array factors;  ///< [..., m, n], column-major: U on and above the diagonal, L below it
  Array pivots;   ///< int32 [..., min(m, n)]: row i was exchanged with row pivots[i] - 1
  Array info;     ///< i > 0: the i-th diagonal element of U is 0
};
/// A = P L U with partial pivoting. Source: LAPACK's getrf.
XGRAD_API LuFactors lu_factor(const Array& a);

/// The rows of P: int64 [..., m]; row i of P A is row permutation[i] of A.
XGRAD_API Array pivots_to_permutation(const Array& pivots, std::int64_t rows);
/// The permutations that undo those, of any int64 [..., m].
XGRAD_API Array inverse_permutation(const Array& permutation);

/// The determinants' signs and logarithms of absolute values, both [...].
struct LogDeterminants {
  Array sign, log;
};
XGRAD_API Array determinants(const LuFactors& lu);
XGRAD_API LogDeterminants log_determinants(const LuFactors& lu);

/// X [..., n, k] with A X = B, or with the transpose of A. B has the shape of the result; the batch of the
/// factors broadcasts to it.
XGRAD_API Array lu_solve(const LuFactors& lu, const Array& b, bool transposed);

/// The inverses, row-major; where U has a 0 on its diagonal, all nan.
XGRAD_API Array lu_inverse(const LuFactors& lu);

struct CholeskyFactor {
  Array factor;  ///< [..., n, n], zeros in the other triangle
  Array info;    ///< i > 0: the leading minor of order i is not positive
};
/// The triangle L of A = L L^T, or its transpose (upper). Only that triangle of A is read. Source: LAPACK's
/// potrf.
XGRAD_API CholeskyFactor cholesky(const Array& a, bool upper);

/// X with A X = B (left) or X A = B for a triangular A, of which the other triangle (and, unitriangular, the
/// diagonal) is not read. B has the shape of the result; A's batch broadcasts to it. Source: BLAS's trsm.
XGRAD_API Array solve_triangular(const Array& a, const Array& b, bool upper, bool left, bool unitriangular);

}  // namespace xgrad::kernels
