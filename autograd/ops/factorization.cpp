#include <xgrad/autograd/ops/factorization.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/solve.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/solve.hpp>

namespace xgrad {

using namespace detail;
using linalg::solve_triangular;

namespace {

// LU ------------------------------------------------------------------------------------------------

/// The inverse of permutations int64 [..., m].
Tensor undone(const Tensor& order) { return Tensor(kernels::inverse_permutation(order.array())); }

/// The rows of matrices [..., m, n] in the order int64 [..., m].
Tensor rows_in_order(const Tensor& matrices, const Tensor& order) {
  return gather(matrices, -2, expand(unsqueeze(order, -1), matrices.shape()));
}

Tensor columns(const Tensor& x, std::int64_t start, std::int64_t count) {
  return narrow(x, -1, start, count);
}
Tensor rows(const Tensor& x, std::int64_t start, std::int64_t count) { return narrow(x, -2, start, count); }

/// X^T's system solved from the left, Y = L^-T X, and from the right, Z = Y U^-T, for packed square factors.
Tensor undo_lower(const Tensor& packed, const Tensor& x) {
  return solve_triangular(packed.mT(), x, true, true, true);
}
Tensor undo_upper(const Tensor& packed, const Tensor& x) {
  return solve_triangular(packed.mT(), x, false, false);
}

/// The gradient of P^T A for a gradient g of its packed factors. From d(P^T A) = dL U + L dU: L^-1 dA U^-1 is
/// the sum of L^-1 dL, strictly lower, and dU U^-1, upper.
Tensor lu_gradient(const Tensor& g, const Tensor& packed) {
  std::int64_t m = packed.size(-2), n = packed.size(-1), k = std::min(m, n);
  Tensor square = rows(columns(packed, 0, k), 0, k);
  Tensor g_square = rows(columns(g, 0, k), 0, k);
  Tensor lower = add(tril(square, -1), identity_like(square)), upper = triu(square);
  Tensor below = matmul(lower.mT(), tril(g_square, -1)), above = matmul(triu(g_square), upper.mT());
  Tensor rest;
  if (n > k) {
    rest = columns(g, k, n - k);
    below = sub(below, matmul(rest, columns(packed, k, n - k).mT()));
  } else if (m > k) {
    rest = rows(g, k, m - k);
    above = sub(above, matmul(rows(packed, k, m - k).mT(), rest));
  }
  Tensor inside = add(tril(below, -1), triu(above));
  Tensor whole = undo_upper(square, undo_lower(square, inside));
  if (n > k) return cat({whole, undo_lower(square, rest)}, -1);
  if (m > k) return cat({whole, undo_upper(square, rest)}, -2);
  return whole;
}

struct Packed {
  Tensor factors, pivots;
  Array info;
};

Packed packed_lu(const char* name, const Tensor& a) {
  require_floating(name, a);
  require_matrix(name, "A", a);
  kernels::LuFactors lu = kernels::lu_factor(a.array());
  Tensor pivots(lu.pivots);
  Tensor factors =
      record("linalg.lu_factor", std::move(lu.factors),
             exact_gradient(
                 a,
                 [](const Tensor& g, const Tensor& packed, const Tensor& exchanges) {
                   Tensor order(kernels::pivots_to_permutation(exchanges.array(), packed.size(-2)));
                   return rows_in_order(lu_gradient(g, packed), undone(order));
                 },
                 result, pivots));
  return {factors, pivots, lu.info};
}

/// Checked pivots as the order of the rows of P^T A, int64 [..., m].
Tensor row_order(const char* name, const Tensor& packed, const Tensor& pivots) {
  std::int64_t m = packed.size(-2), n = packed.size(-1);
  Shape shape = batch_shape(packed);
  shape.push_back(std::min(m, n));
  if (pivots.dtype() != int32) {
    throw DTypeError(fmt::format("{}: expected int32 pivots, got {}", name, xgrad::name(pivots.dtype())));
  }
  if (!(pivots.shape() == shape)) {
    throw ShapeError(fmt::format("{}: expected pivots {} for LU {}, got {}", name, to_string(shape),
                                 to_string(packed.shape()), to_string(pivots.shape())));
  }
  Array dense = kernels::contiguous(pivots.array());
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    std::int32_t row = dense.data<std::int32_t>()[i];
    if (row < 1 || row > m)
      throw ValueError(fmt::format("{}: pivot {} is {}, outside 1 to {}", name, i, row, m));
  }
  return Tensor(kernels::pivots_to_permutation(dense, m));
}

linalg::Lu unpacked(const Tensor& packed, const Tensor& order) {
  std::int64_t m = packed.size(-2), n = packed.size(-1), k = std::min(m, n);
  Tensor permutation = zeros(with_matrix(batch_shape(packed), m, m), packed.dtype());
  if (m > 0) permutation = one_hot(order, m).to(packed.dtype()).mT();
  return {permutation, add(tril(columns(packed, 0, k), -1), eye(m, k, packed.dtype())),
          triu(rows(packed, 0, k))};
}

}  // namespace

linalg::LuFactor linalg::lu_factor(const Tensor& A) {
  auto [factors, pivots, info] = packed_lu("linalg.lu_factor", A);
  require_regular("linalg.lu_factor", info);
  return {factors, pivots};
}

linalg::Lu linalg::lu(const Tensor& A) {
  auto [factors, pivots, info] = packed_lu("linalg.lu", A);
  return unpacked(factors, row_order("linalg.lu", factors, pivots));
}

linalg::Lu lu_unpack(const Tensor& LU, const Tensor& pivots) {
  require_floating("lu_unpack", LU);
  require_matrix("lu_unpack", "LU", LU);
  return unpacked(LU, row_order("lu_unpack", LU, pivots));
}

Tensor linalg::lu_solve(const Tensor& LU, const Tensor& pivots, const Tensor& B, bool left, bool adjoint) {
  const char* name = "linalg.lu_solve";
  require_floating(name, LU);
  require_square(name, "LU", LU);
  require_matrix(name, "B", B);
  require_same_dtype(name, "LU", LU, "B", B);
  Tensor order = row_order(name, LU, pivots);
  if (!left) return lu_solve(LU, pivots, B.mT(), true, !adjoint).mT();
  if (LU.size(-1) != B.size(-2)) {
    throw ShapeError(fmt::format("{}: A and B must have as many rows: LU is {}, B is {}", name,
                                 to_string(LU.shape()), to_string(B.shape())));
  }
  Shape batch = broadcast_shapes(name, batch_shape(LU), batch_shape(B));
  Tensor x = expand_batch(B, batch);
  if (adjoint) {
    x = solve_triangular(LU.mT(), solve_triangular(LU.mT(), x, false), true, true, true);
    return rows_in_order(x, undone(order));
  }
  x = solve_triangular(LU, rows_in_order(x, order), false, true, true);
  return solve_triangular(LU, x, true);
}

// Cholesky ------------------------------------------------------------------------------------------

namespace {

/// From dA = dL L^T + L dL^T: L^-1 dL is the lower triangle of L^-1 dA L^-T with half of its diagonal.
Tensor cholesky_gradient(const Tensor& g, const Tensor& lower) {
  Tensor half = tril(matmul(lower.mT(), g));
  Tensor inside = mul(add(half, tril(half, -1).mT()), 0.5);
  return solve_triangular(lower, solve_triangular(lower.mT(), inside, true), false, false);
}

}  // namespace

Tensor linalg::cholesky(const Tensor& A, bool upper) {
  const char* name = "linalg.cholesky";
  require_floating(name, A);
  require_square(name, "A", A);
  auto [factor, info] = kernels::cholesky(A.array(), upper);
  for (std::int64_t i = 0; i < info.numel(); ++i) {
    if (std::int32_t order = info.data<std::int32_t>()[i]; order > 0) {
      throw ValueError(
          fmt::format("{}: matrix {} is not positive definite: its leading minor of order {} is "
                      "not positive",
                      name, i, order));
    }
  }
  return record(name, std::move(factor),
                exact_gradient(
                    A,
                    [upper](const Tensor& g, const Tensor& y) {
                      return upper ? cholesky_gradient(g.mT(), y.mT()) : cholesky_gradient(g, y);
                    },
                    result));
}

Tensor cholesky_solve(const Tensor& B, const Tensor& L, bool upper) {
  const char* name = "cholesky_solve";
  require_floating(name, L);
  require_square(name, "L", L);
  require_matrix(name, "B", B);
  require_same_dtype(name, "L", L, "B", B);
  Tensor first = upper ? L.mT() : L;
  return solve_triangular(first.mT(), solve_triangular(first, B, false), true);
}

Tensor cholesky_inverse(const Tensor& L, bool upper) {
  require_floating("cholesky_inverse", L);
  require_square("cholesky_inverse", "L", L);
  Tensor inverse = solve_triangular(upper ? L.mT() : L, identity_like(L), false);
  return matmul(inverse.mT(), inverse);
}

}  // namespace xgrad
