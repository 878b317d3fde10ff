#include <xgrad/autograd/ops/least_squares.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/decompositions.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/solve.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {

using namespace detail;

namespace {

/// The gradient of A for a gradient g of P = pinv(A). Source: Golub and Pereyra, "The differentiation of
/// pseudo-inverses", 1973, (4.12).
Tensor pinv_gradient(const Tensor& g, const Tensor& a, const Tensor& p) {
  Tensor pt = p.mT(), gt = g.mT();
  Tensor plain = matmul(matmul(pt, g), pt);
  Tensor left = matmul(matmul(gt, p), pt);   // g^T P P^T
  Tensor right = matmul(pt, matmul(p, gt));  // P^T P g^T
  left = sub(left, matmul(a, matmul(p, left)));
  right = sub(right, matmul(matmul(right, p), a));
  return sub(add(left, right), plain);
}

/// The inverses of numbers above a bound, 0 for the others.
Tensor inverses_above(const Tensor& x, const Tensor& bound) {
  return where(abs(x) > bound, reciprocal(x), 0);
}

Tensor pinv_numbers(const Tensor& a, const linalg::RankOptions& options) {
  NoGrad off;
  std::int64_t m = a.size(-2), n = a.size(-1);
  if (a.numel() == 0) return zeros(with_matrix(batch_shape(a), n, m), a.dtype());
  if (options.hermitian) {
    auto [w, v] = linalg::eigh(a);
    return matmul(mul(v, unsqueeze(inverses_above(w, rank_bound(abs(w), m, n, options)), -2)), v.mT());
  }
  auto [u, s, vh] = linalg::svd(a, false);
  return matmul(mul(vh.mT(), unsqueeze(inverses_above(s, rank_bound(s, m, n, options)), -2)), u.mT());
}

}  // namespace

Tensor linalg::pinv(const Tensor& A, RankOptions options) {
  const char* name = "linalg.pinv";
  require_floating(name, A);
  if (options.hermitian)
    require_square(name, "A", A);
  else
    require_matrix(name, "A", A);
  return record(
      name, pinv_numbers(A, options).array(),
      exact_gradient(
          A, [](const Tensor& g, const Tensor& a, const Tensor& y) { return pinv_gradient(g, a, y); }, A,
          result));
}

namespace {

Tensor least_squares_solution(const Tensor& a, const Tensor& b, Array numbers, double rcond) {
  return record_joint(
      "linalg.lstsq", std::move(numbers), std::array{&a, &b},
      [rcond](const Tensor& g, const Wanted<2>& wanted, const Tensor& matrix, const Tensor& sides) {
        Tensor inverse = linalg::pinv(matrix, {.rtol = rcond});
        std::array<Tensor, 2> gradients;
        if (wanted[0]) gradients[0] = pinv_gradient(matmul(g, sides.mT()), matrix, inverse);
        if (wanted[1]) gradients[1] = matmul(inverse.mT(), g);
        return gradients;
      },
      a, b);
}

kernels::LeastSquaresDriver driver_named(const char* name, std::string_view driver) {
  if (driver == "gelsy") return kernels::LeastSquaresDriver::gelsy;
  if (driver == "gels") return kernels::LeastSquaresDriver::gels;
  if (driver == "gelsd" || driver == "gelss") return kernels::LeastSquaresDriver::gelsd;
  throw ValueError(fmt::format("{}: expected driver \"gelsy\", \"gels\", \"gelsd\" or \"gelss\", got \"{}\"",
                               name, driver));
}

}  // namespace

linalg::Lstsq linalg::lstsq(const Tensor& A, const Tensor& B, std::optional<double> rcond,
                            std::string_view driver) {
  const char* name = "linalg.lstsq";
  require_floating(name, A);
  require_matrix(name, "A", A);
  require_same_dtype(name, "A", A, "B", B);
  kernels::LeastSquaresDriver method = driver_named(name, driver);
  if (holds_vectors(A, B)) {
    Lstsq columns = lstsq(A, unsqueeze(B, -1), rcond, driver);
    columns.solution = squeeze(columns.solution, -1);
    return columns;
  }
  require_matrix(name, "B", B);
  std::int64_t m = A.size(-2), n = A.size(-1);
  if (B.size(-2) != m) {
    throw ShapeError(fmt::format("{}: A and B must have as many rows: A is {}, B is {}", name,
                                 to_string(A.shape()), to_string(B.shape())));
  }
  Shape batch = broadcast_shapes(name, batch_shape(A), batch_shape(B));
  Tensor a = expand_batch(A, batch), b = expand_batch(B, batch);
  double bound = rcond.value_or(epsilon(A.dtype()) * static_cast<double>(std::max(m, n)));
  auto [solution, residuals, rank, singular] = kernels::lstsq(name, a.array(), b.array(), bound, method);
  bool by_values = method == kernels::LeastSquaresDriver::gelsd;
  bool by_pivots = method == kernels::LeastSquaresDriver::gelsy;
  bool full = all(Tensor(rank) == n).item<bool>();
  auto or_empty = [&](bool present, const Array& numbers) {
    return present ? Tensor(numbers) : empty({0}, numbers.dtype());
  };
  return {least_squares_solution(a, b, std::move(solution), bound),
          or_empty(!by_pivots && m > n && full, residuals), or_empty(by_values || by_pivots, rank),
          or_empty(by_values, singular)};
}

}  // namespace xgrad
