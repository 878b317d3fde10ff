#include <xgrad/autograd/ops/decompositions.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record_several.hpp>
#include <xgrad/autograd/kernels/decompositions.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/solve.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {

using namespace detail;

namespace {

void check_matrix(const char* name, const Tensor& a) {
  require_floating(name, a);
  require_matrix(name, "A", a);
}

/// The sum of two terms either of which may be missing.
Tensor plus(const Tensor& a, const Tensor& b) { return !a.defined() ? b : !b.defined() ? a : add(a, b); }

/// x[j] - x[i] in row i and column j, 1 on the diagonal.
Tensor differences(const Tensor& x) { return add(sub(unsqueeze(x, -2), unsqueeze(x, -1)), identity_like(x)); }

Tensor transposed(const Tensor& x) { return transpose(x, -2, -1); }

// QR ------------------------------------------------------------------------------------------------

/// For A = Q R with square R: R^-1 is applied from the right to g_Q + Q M, where M is symmetric with the
/// upper triangle of gR R^T - Q^T gQ. Source: Walter and Lehmann, "Algorithmic differentiation of linear
/// algebra functions", 2012.
Tensor square_qr_gradient(const Tensor& gq, const Tensor& gr, const Tensor& q, const Tensor& r) {
  Tensor inside;
  if (gr.defined()) inside = matmul(gr, transposed(r));
  if (gq.defined()) inside = plus(inside, neg(matmul(transposed(q), gq)));
  Tensor symmetric = add(triu(inside), transposed(triu(inside, 1)));
  return linalg::solve_triangular(transposed(r), plus(matmul(q, symmetric), gq), false, false);
}

/// A wide R = [R1 R2] belongs to A = Q [R1 R2], whose second part is a product.
Tensor qr_gradient(const Tensor& gq, const Tensor& gr, const Tensor& q, const Tensor& r) {
  std::int64_t k = r.size(-2), n = r.size(-1);
  if (n == k) return square_qr_gradient(gq, gr, q, r);
  Tensor r1 = narrow(r, -1, 0, k), r2 = narrow(r, -1, k, n - k);
  if (!gr.defined()) {
    Tensor first = square_qr_gradient(gq, gr, q, r1);
    return cat({first, zeros_like(matmul(q, r2))}, -1);
  }
  Tensor gr1 = narrow(gr, -1, 0, k), gr2 = narrow(gr, -1, k, n - k);
  Tensor whole_gq = plus(gq, matmul(q, matmul(r2, transposed(gr2))));
  return cat({square_qr_gradient(whole_gq, gr1, q, r1), matmul(q, gr2)}, -1);
}

}  // namespace

linalg::Qr linalg::qr(const Tensor& A, std::string_view mode) {
  const char* name = "linalg.qr";
  check_matrix(name, A);
  if (mode != "reduced" && mode != "complete" && mode != "r") {
    throw ValueError(
        fmt::format("{}: expected mode \"reduced\", \"complete\" or \"r\", got \"{}\"", name, mode));
  }
  bool complete = mode == "complete", only_r = mode == "r";
  bool differentiable = !only_r && !(complete && A.size(-2) > A.size(-1));
  auto [q, r] = kernels::qr(A.array(), complete);
  auto results = record_several<2>(
      name, {std::move(q), std::move(r)}, A,
      [differentiable](const std::array<Tensor, 2>& g, const std::array<Tensor, 2>& y) {
        if (!differentiable) {
          throw GraphError(
              "linalg.qr: no gradient for mode \"r\", and for mode \"complete\" of matrices with more rows "
              "than columns; use mode \"reduced\"");
        }
        return qr_gradient(g[0], g[1], y[0], y[1]);
      });
  if (only_r) return {empty({0}, A.dtype()), results[1]};
  return {results[0], results[1]};
}

// Singular values -----------------------------------------------------------------------------------

namespace {

/// Source: Townsend, "Differentiating the singular value decomposition", 2016.
Tensor svd_gradient(const std::array<Tensor, 3>& g, const std::array<Tensor, 3>& y) {
  const auto& [gu, gs, gvh] = g;
  const auto& [u, s, vh] = y;
  std::int64_t m = u.size(-2), n = vh.size(-1), k = s.size(-1);
  if (!gu.defined() && !gvh.defined()) return matmul(mul(u, unsqueeze(gs, -2)), vh);
  auto skew = [](const Tensor& x) { return sub(x, transposed(x)); };
  Tensor s_columns = unsqueeze(s, -2), s_rows = unsqueeze(s, -1), gaps = differences(square(s));
  Tensor inside, u_part, v_part;
  if (gu.defined()) {
    u_part = matmul(transposed(u), gu);
    inside = mul(div(skew(u_part), gaps), s_columns);
  }
  if (gvh.defined()) {
    v_part = matmul(gvh, transposed(vh));  // (V^T gV)^T
    inside = plus(inside, mul(div(skew(transposed(v_part)), gaps), s_rows));
  }
  if (gs.defined()) inside = add(inside, diag_embed(gs));
  Tensor left = matmul(u, inside);
  if (m > k && gu.defined()) left = add(left, div(sub(gu, matmul(u, u_part)), s_columns));
  Tensor whole = matmul(left, vh);
  if (n > k && gvh.defined()) {
    whole = add(whole, matmul(u, div(sub(gvh, matmul(v_part, vh)), s_rows)));
  }
  return whole;
}

linalg::Svd reduced_svd(const char* name, const Tensor& a, kernels::SingularValues numbers) {
  auto results = record_several<3>(name, {std::move(numbers.u), std::move(numbers.s), std::move(numbers.vh)},
                                   a, svd_gradient);
  return {results[0], results[1], results[2]};
}

}  // namespace

linalg::Svd linalg::svd(const Tensor& A, bool full_matrices) {
  const char* name = "linalg.svd";
  check_matrix(name, A);
  std::int64_t m = A.size(-2), n = A.size(-1), k = std::min(m, n);
  kernels::SingularValues numbers = kernels::svd(name, A.array(), full_matrices, true);
  if (!full_matrices || m == n) return reduced_svd(name, A, std::move(numbers));
  Tensor u(numbers.u), vh(numbers.vh);
  if (!must_record(A)) return {u, Tensor(numbers.s), vh};
  // The first k vectors have a gradient, the others complete them.
  Svd first = reduced_svd(
      name, A, {clone(narrow(u, -1, 0, k)).array(), numbers.s, clone(narrow(vh, -2, 0, k)).array()});
  if (m > k) first.U = cat({first.U, narrow(u, -1, k, m - k)}, -1);
  if (n > k) first.Vh = cat({first.Vh, narrow(vh, -2, k, n - k)}, -2);
  return first;
}

Tensor linalg::svdvals(const Tensor& A) {
  const char* name = "linalg.svdvals";
  check_matrix(name, A);
  if (must_record(A)) return reduced_svd(name, A, kernels::svd(name, A.array(), false, true)).S;
  return Tensor(kernels::svd(name, A.array(), false, false).s);
}

Tensor detail::rank_bound(const Tensor& singular_values, std::int64_t m, std::int64_t n,
                          const linalg::RankOptions& options) {
  double atol = options.atol.value_or(0);
  double rtol = options.rtol.value_or(
      atol > 0 ? 0 : epsilon(singular_values.dtype()) * static_cast<double>(std::max(m, n)));
  Tensor largest = amax(singular_values, Shape{-1}, true);
  return clamp(mul(largest, rtol), atol);
}

Tensor linalg::matrix_rank(const Tensor& A, RankOptions options) {
  const char* name = "linalg.matrix_rank";
  check_matrix(name, A);
  if (options.hermitian) require_square(name, "A", A);
  NoGrad off;
  if (A.numel() == 0) return zeros(batch_shape(A), int64);
  Tensor values = options.hermitian ? abs(eigvalsh(A)) : svdvals(A);
  return sum(values > rank_bound(values, A.size(-2), A.size(-1), options), Shape{-1});
}

// Symmetric eigenvalues -----------------------------------------------------------------------------

namespace {

bool reads_upper(const char* name, std::string_view uplo) {
  if (uplo == "U" || uplo == "u") return true;
  if (uplo != "L" && uplo != "l")
    throw ValueError(fmt::format("{}: expected UPLO \"L\" or \"U\", got \"{}\"", name, uplo));
  return false;
}

Tensor eigh_gradient(const std::array<Tensor, 2>& g, const std::array<Tensor, 2>& y) {
  const auto& [gw, gv] = g;
  const auto& [w, v] = y;
  if (!gv.defined()) return matmul(mul(v, unsqueeze(gw, -2)), transposed(v));
  Tensor shares = div(matmul(transposed(v), gv), differences(w));
  Tensor inside = mul(shares, 1 - identity_like(w));
  if (gw.defined()) inside = add(inside, diag_embed(gw));
  return matmul(v, matmul(inside, transposed(v)));
}

linalg::Eigh eigen(const char* name, const Tensor& a, bool upper) {
  auto [values, vectors] = kernels::eigh(name, a.array(), upper, true);
  auto results = record_several<2>(name, {std::move(values), std::move(vectors)}, a, eigh_gradient);
  return {results[0], results[1]};
}

}  // namespace

linalg::Eigh linalg::eigh(const Tensor& A, std::string_view UPLO) {
  require_floating("linalg.eigh", A);
  require_square("linalg.eigh", "A", A);
  return eigen("linalg.eigh", A, reads_upper("linalg.eigh", UPLO));
}

Tensor linalg::eigvalsh(const Tensor& A, std::string_view UPLO) {
  const char* name = "linalg.eigvalsh";
  require_floating(name, A);
  require_square(name, "A", A);
  bool upper = reads_upper(name, UPLO);
  if (must_record(A)) return eigen(name, A, upper).eigenvalues;
  return Tensor(kernels::eigh(name, A.array(), upper, false).values);
}

// Householder reflectors ----------------------------------------------------------------------------

namespace {

/// The vectors v_i in columns.
Tensor reflector_vectors(const Tensor& a, std::int64_t k) {
  return add(tril(narrow(a, -1, 0, k), -1), eye(a.size(-2), k, a.dtype()));
}

/// Q_i = H_i Q_(i+1) begins with the identity; backward runs through it from the other end.
std::array<Tensor, 2> reflector_gradients(const Tensor& g, const Tensor& a, const Tensor& tau) {
  std::int64_t k = tau.size(-1), n = a.size(-1);
  Tensor vectors = reflector_vectors(a, k);
  std::vector<Tensor> v, scale, product(static_cast<std::size_t>(k) + 1);
  product.back() = expand(eye(a.size(-2), n, a.dtype()), a.shape());
  for (std::int64_t i = 0; i < k; ++i) {
    v.push_back(narrow(vectors, -1, i, 1));
    scale.push_back(unsqueeze(narrow(tau, -1, i, 1), -1));
  }
  for (auto i = static_cast<std::size_t>(k); i-- > 0;) {
    product[i] = sub(product[i + 1], mul(scale[i], matmul(v[i], matmul(transposed(v[i]), product[i + 1]))));
  }
  std::vector<Tensor> g_vectors, g_scales;
  Tensor running = g;
  for (std::size_t i = 0; i < v.size(); ++i) {
    Tensor row = matmul(transposed(v[i]), product[i + 1]), g_row = matmul(transposed(v[i]), running);
    g_scales.push_back(neg(sum(mul(row, g_row), Shape{-1})));
    Tensor both = add(matmul(running, transposed(row)), matmul(product[i + 1], transposed(g_row)));
    g_vectors.push_back(neg(mul(scale[i], both)));
    running = sub(running, mul(scale[i], matmul(v[i], g_row)));
  }
  if (k < n || k == 0) g_vectors.push_back(zeros(with_matrix(batch_shape(a), a.size(-2), n - k), a.dtype()));
  return {tril(cat(g_vectors, -1), -1), k == 0 ? zeros_like(tau) : cat(g_scales, -1)};
}

}  // namespace

Tensor linalg::householder_product(const Tensor& A, const Tensor& tau) {
  const char* name = "linalg.householder_product";
  check_matrix(name, A);
  require_same_dtype(name, "A", A, "tau", tau);
  std::int64_t m = A.size(-2), n = A.size(-1);
  bool fits = tau.ndim() + 1 == A.ndim() && n <= m && tau.size(-1) <= n &&
              Shape(tau.shape().begin(), tau.shape().end() - 1) == batch_shape(A);
  if (!fits) {
    throw ShapeError(
        fmt::format("{}: expected A [..., m, n] and tau [..., k] with k <= n <= m: A is {}, tau is "
                    "{}",
                    name, to_string(A.shape()), to_string(tau.shape())));
  }
  return record_joint(
      name, kernels::householder_product(A.array(), tau.array()), std::array{&A, &tau},
      [](const Tensor& g, const Wanted<2>&, const Tensor& a, const Tensor& scales) {
        return reflector_gradients(g, a, scales);
      },
      A, tau);
}

}  // namespace xgrad
