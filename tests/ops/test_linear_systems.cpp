#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Inputs = std::vector<Tensor>;
using Shapes = std::vector<std::vector<Shape>>;

const double inf = std::numeric_limits<double>::infinity();
const Tensor mixing = numbers({{2, 1}, {1, 1}});
const Tensor singular = numbers({{1, 2}, {2, 4}});
const Tensor lower = numbers({{2, 0}, {1, 4}});
const Tensor sides = numbers({{3, 5}, {2, 4}});

/// x with its diagonal moved away from singular matrices.
Tensor regular(const Tensor& x) {
  bool square = x.ndim() >= 2 && x.size(-2) == x.size(-1);
  return square ? x + 5 * eye(x.size(-1), x.size(-1), x.dtype()) : x;
}
/// A positive definite matrix.
Tensor definite(const Tensor& x) { return matmul(x, x.mT()) + eye(x.size(-2), x.size(-2), x.dtype()); }

/// f of square matrices, whose gradients are checked at regular ones.
Operation of_square(const char* name, std::function<Tensor(const Tensor&)> f, const Tensor& a,
                    const Tensor& expected) {
  return {.name = name,
          .call = [f](const Inputs& in) { return f(in[0].size(-1) == 2 ? in[0] : regular(in[0])); },
          .example = {a},
          .expected = expected,
          .shapes = {{{3, 3}}, {{2, 1, 4, 4}}, {{1, 1}}, {{0, 3, 3}}, {{2, 0, 0}}},
          .throwing = {{{2, 3}}, {{3}}, {{}}}};
}

Operation of_two(const char* name, std::function<Tensor(const Tensor&, const Tensor&)> f,
                 const Inputs& example, const Tensor& expected, Shapes shapes, Shapes throwing) {
  return {.name = name,
          .call = [f](const Inputs& in) { return f(in[0], in[1]); },
          .example = example,
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("inverses, determinants and powers have the values and the gradients that they should") {
  const Operation rows[] = {
      of_square("inv", linalg::inv, mixing, numbers({{1, -1}, {-1, 2}})),
      of_square(
          "det", [](const Tensor& a) { return linalg::det(a); }, numbers({{1, 2}, {3, 4}}),
          tensor(-2.0, float64)),
      of_square("logdet", logdet, mixing, tensor(0.0, float64)),
      of_square(
          "slogdet", [](const Tensor& a) { return linalg::slogdet(a).logabsdet; }, numbers({{1, 2}, {3, 4}}),
          tensor(std::log(2.0), float64)),
      of_square(
          "matrix_power 3", [](const Tensor& a) { return linalg::matrix_power(a, 3); }, mixing,
          numbers({{13, 8}, {8, 5}})),
      of_square(
          "matrix_power -2", [](const Tensor& a) { return linalg::matrix_power(a, -2); }, mixing,
          numbers({{2, -3}, {-3, 5}})),
      of_square(
          "matrix_exp", [](const Tensor& a) { return linalg::matrix_exp(a * 0.2); },
          numbers({{0, 5}, {0, 0}}), numbers({{1, 1}, {0, 1}})),
      of_square(
          "lu", [](const Tensor& a) { return linalg::lu(a).L + linalg::lu(a).U; }, numbers({{1, 2}, {4, 4}}),
          numbers({{5, 4}, {0.25, 2}})),
  };
  for (const Operation& row : rows) check::check_operation(row);
  Tensor a = singular.clone().requires_grad_();
  Tensor y = linalg::matrix_power(a, 0);
  CHECK(equal(y, eye(2, 2, float64)));
  sum(y).backward();
  CHECK(equal(a.grad(), zeros({2, 2}, float64)));
}

TEST_CASE("systems of equations are solved for matrices, vectors and batches") {
  auto solve = [](const Tensor& a, const Tensor& b) {
    return linalg::solve(a.size(-1) == 2 ? a : regular(a), b);
  };
  auto from_right = [](const Tensor& a, const Tensor& b) { return linalg::solve(regular(a), b, false); };
  auto triangular = [](bool upper, bool left, bool unit) {
    return [=](const Tensor& a, const Tensor& b) {
      return linalg::solve_triangular(a.size(-1) == 2 ? a : regular(a), b, upper, left, unit);
    };
  };
  auto by_lu = [](bool left, bool adjoint) {
    return [=](const Tensor& a, const Tensor& b) {
      auto [lu, pivots] = linalg::lu_factor(regular(a));
      return linalg::lu_solve(lu, pivots, b, left, adjoint);
    };
  };
  const Shapes wrong = {{{3, 3}, {4, 2}}, {{3, 2}, {3, 3}}, {{3}, {3, 3}}};
  const Operation rows[] = {
      of_two(
          "solve", solve, {mixing, sides}, numbers({{1, 1}, {1, 3}}),
          {{{3, 3}, {3, 4}}, {{3, 3}, {3}}, {{2, 1, 3, 3}, {4, 3, 1}}, {{2, 3, 3}, {2, 3}}, {{3, 3}, {3, 0}}},
          wrong),
      of_two("solve from the right", from_right, {numbers({{1, 0}, {0, 3}}), sides},
             numbers({{0.5, 0.625}, {1.0 / 3, 0.5}}), {{{3, 3}, {2, 3}}, {{2, 3, 3}, {4, 3}}},
             {{{3, 3}, {3, 4}}, {{3, 3}, {3}}}),
      of_two("solve_triangular lower", triangular(false, true, false), {lower, sides},
             numbers({{1.5, 2.5}, {0.125, 0.375}}),
             {{{3, 3}, {3, 2}}, {{2, 1, 3, 3}, {4, 3, 1}}, {{0, 0}, {0, 2}}}, wrong),
      of_two("solve_triangular upper", triangular(true, true, false), {lower, sides},
             numbers({{1.5, 2.5}, {0.5, 1}}), {{{3, 3}, {3, 2}}}, wrong),
      of_two("solve_triangular from the right", triangular(false, false, false), {lower, sides},
             numbers({{0.875, 1.25}, {0.5, 1}}), {{{3, 3}, {2, 3}}, {{3, 3}, {2, 4, 3}}}, {{{3, 3}, {3, 4}}}),
      of_two("solve_triangular with ones", triangular(false, true, true), {lower, sides},
             numbers({{3, 5}, {-1, -1}}), {{{3, 3}, {3, 2}}}, wrong),
      of_two("triangular_solve transposed",
             [](const Tensor& b, const Tensor& a) {
               return triangular_solve(b, a.size(-1) == 2 ? a : regular(a), false, true).solution;
             },
             {sides, lower}, numbers({{1.25, 2}, {0.5, 1}}), {{{3, 2}, {3, 3}}}, {{{3, 2}, {2, 3}}}),
      of_two("lu_solve", by_lu(true, false), {numbers({{1, 0}, {0, 3}}), sides},
             numbers({{0.5, 5.0 / 6}, {0.25, 0.5}}), {{{3, 3}, {3, 2}}, {{2, 3, 3}, {3, 2}}}, wrong),
      of_two("lu_solve from the right, transposed", by_lu(false, true), {numbers({{1, 0}, {0, 3}}), sides},
             numbers({{0.5, 0.625}, {1.0 / 3, 0.5}}), {{{3, 3}, {2, 3}}}, {}),
      of_two("cholesky_solve", [](const Tensor& b, const Tensor& l) { return cholesky_solve(b, l + 0); },
             {sides, lower}, numbers({{0.734375, 1.203125}, {0.03125, 0.09375}}), {{{3, 2}, {3, 3}}},
             {{{4, 2}, {3, 3}}, {{3, 2}, {3}}}),
      of_two("tensorsolve",
             [](const Tensor& a, const Tensor& b) {
               Tensor away = reshape(5 * eye(4, 4, a.dtype()), {2, 2, 4});
               return linalg::tensorsolve(a + away, b);
             },
             {zeros({2, 2, 4}, float64), sides}, numbers({0.6, 1, 0.4, 0.8}), {{{2, 2, 4}, {2, 2}}},
             {{{2, 2, 3}, {2, 2}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("the Cholesky factor is that of positive definite matrices") {
  auto factor = [](bool upper) {
    return [=](const Inputs& in) {
      return linalg::cholesky(in[0].size(-1) == 2 ? in[0] : definite(in[0]), upper);
    };
  };
  const Tensor product = matmul(lower, lower.mT());
  const Shapes shapes = {{{3, 3}}, {{2, 1, 4, 4}}, {{1, 1}}, {{0, 3, 3}}};
  const Operation rows[] = {
      {.name = "cholesky",
       .call = factor(false),
       .example = {product},
       .expected = lower,
       .shapes = shapes,
       .throwing = {{{2}}}},
      {.name = "cholesky upper",
       .call = factor(true),
       .example = {product},
       .expected = lower.mT().contiguous(),
       .shapes = shapes},
      {.name = "cholesky_inverse",
       .call =
           [](const Inputs& in) { return cholesky_inverse(in[0].size(-1) == 2 ? in[0] : regular(in[0])); },
       .example = {lower},
       .expected = numbers({{0.265625, -0.03125}, {-0.03125, 0.0625}}),
       .shapes = shapes,
       .throwing = {{{2, 3}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK_THROWS_AS(linalg::cholesky(numbers({{1, 2}, {2, 1}})), ValueError);
  CHECK_THROWS_AS(linalg::cholesky(full({2, 2}, std::nan(""), float64)), ValueError);
}

TEST_CASE("singular matrices are refused by solvers, and have determinant 0 with a gradient") {
  CHECK_THROWS_WITH_AS(linalg::inv(singular),
                       "linalg.inv: the matrix is singular: diagonal element 1 of its factor U is 0; lstsq "
                       "and pinv take singular matrices",
                       ValueError);
  CHECK_THROWS_AS(linalg::solve(stack({mixing, singular}), sides), ValueError);
  CHECK_THROWS_AS(linalg::lu_factor(singular), ValueError);
  CHECK_THROWS_AS(linalg::matrix_power(singular, -1), ValueError);
  CHECK_THROWS_AS(linalg::tensorinv(singular, 1), ValueError);
  Tensor a = singular.clone().requires_grad_();
  Tensor y = linalg::det(a);
  CHECK(y.item() == doctest::Approx(0));
  y.backward();
  CHECK(check::agree(a.grad(), numbers({{4, -2}, {-2, 1}}), 1e-12));  // the cofactors
  CHECK(linalg::slogdet(zeros({2, 2}, float64)).logabsdet.item() == -inf);
  CHECK(linalg::slogdet(zeros({2, 2}, float64)).sign.item() == 0);
  CHECK(std::isnan(logdet(numbers({{0, 1}, {1, 0}})).item()));
}

TEST_CASE("matrices of no elements have the inverses, determinants and solutions of nothing") {
  Tensor none = zeros({0, 0}, float64);
  CHECK(linalg::inv(none).shape() == Shape{0, 0});
  CHECK(linalg::det(none).item() == 1);
  CHECK(linalg::det(zeros({3, 0, 0}, float64)).shape() == Shape{3});
  CHECK(linalg::solve(none, zeros({0, 3}, float64)).shape() == Shape{0, 3});
  CHECK(linalg::solve(zeros({0, 2, 2}, float64), zeros({0, 2, 1}, float64)).shape() == Shape{0, 2, 1});
  CHECK(linalg::cholesky(none).shape() == Shape{0, 0});
  CHECK(linalg::matrix_exp(none).shape() == Shape{0, 0});
}

TEST_CASE("solvers take one floating dtype and nothing else") {
  Tensor whole = tensor({{2, 1}, {1, 1}}, int64);
  CHECK_THROWS_AS(linalg::inv(whole), DTypeError);
  CHECK_THROWS_AS(linalg::det(whole), DTypeError);
  CHECK_THROWS_AS(linalg::solve(mixing, sides.to(float32)), DTypeError);
  CHECK_THROWS_AS(linalg::cholesky(whole), DTypeError);
  CHECK(equal(linalg::matrix_power(whole, 2), tensor({{5, 3}, {3, 2}}, int64)));
  CHECK_THROWS_AS(linalg::matrix_power(whole, -1), DTypeError);
}

TEST_CASE("pivots that are no rows are refused") {
  auto [lu, pivots] = linalg::lu_factor(mixing);
  CHECK_THROWS_AS(linalg::lu_solve(lu, pivots.to(int64), sides), DTypeError);
  CHECK_THROWS_AS(linalg::lu_solve(lu, pivots + tensor(7, int32), sides), ValueError);
  CHECK_THROWS_AS(linalg::lu_solve(lu, pivots - tensor(7, int32), sides), ValueError);
  CHECK_THROWS_AS(linalg::lu_solve(lu, tensor({1}, int32), sides), ShapeError);
  auto [p, l, u] = lu_unpack(lu, pivots);
  CHECK(check::agree(matmul(p, matmul(l, u)), mixing, 1e-15));
}

TEST_CASE("what a triangular solve does not read may be anything, and has gradient 0") {
  Tensor a = numbers({{2, std::nan("")}, {1, 4}}).requires_grad_();
  Tensor x = linalg::solve_triangular(a, sides, false);
  CHECK(check::agree(x, numbers({{1.5, 2.5}, {0.125, 0.375}}), 1e-15));
  sum(x).backward();
  CHECK(a.grad().select(0, 0).select(0, 1).item() == 0);
  CHECK(linalg::solve_triangular(numbers({{0.0}}), numbers({{1.0}}), true).item() == inf);
}
