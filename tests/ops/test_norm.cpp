#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

const Tensor table = numbers({{3, -4, 0.5}, {1, 2, -2}});

Operation over(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& expected,
               std::vector<std::vector<Shape>> shapes, std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {table},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing),
          .kinks = {0}};
}

/// (sum of |x|^p over the rows)^(1/p), written out.
Tensor by_hand(double p) {
  Tensor powers = check::each(table, [p](double v) { return std::pow(std::abs(v), p); });
  return check::each(sum(powers, Shape{1}), [p](double v) { return std::pow(v, 1 / p); });
}

const std::vector<std::vector<Shape>> any_shape = {{{2, 3, 2}}, {{5}}, {{}}, {{0}}, {{2, 0}}, {{1, 1}}};
const std::vector<std::vector<Shape>> not_empty = {{{2, 3, 2}}, {{5}}, {{}}, {{0, 2}}};

}  // namespace

TEST_CASE("norms have the value and the gradients that they should") {
  using linalg::vector_norm;
  std::vector<Operation> rows = {
      over(
          "vector_norm", [](const Tensor& x) { return vector_norm(x); }, sqrt(sum(square(table))), any_shape),
      over(
          "norm over 0", [](const Tensor& x) { return norm(x, 2, Shape{0}, true); },
          sqrt(sum(square(table), Shape{0}, true)), any_shape),
      over("norm over 0 and 2", [](const Tensor& x) { return norm(x.unsqueeze(1), 3, Shape{0, 2}); },
           check::each(sum(pow(abs(table), 3)).reshape({1}), [](double v) { return std::cbrt(v); }),
           {{{2, 3}}}, {{{}}}),
      over("norm, fro", [](const Tensor& x) { return norm(x, "fro", Shape{0, 1}); }, sqrt(sum(square(table))),
           {{{2, 3}}, {{2, 3, 2}}, {{2, 0}}}, {{{3}}}),
      over("norm, nuc", [](const Tensor& x) { return norm(x, "nuc"); },
           numbers({std::sqrt(34.25 + 2 * std::sqrt(25.25 * 9 - 36))}).reshape({}),
           {{{2, 3}}, {{3, 2}}, {{2, 2}}, {{0, 2}}, {{3, 1}}}, {{{3}}, {{}}, {{2, 2, 2}}}),
      over("norm, nuc over 0 and 2", [](const Tensor& x) { return norm(x, "nuc", Shape{2, 0}, true); }, {},
           {{{2, 3, 2}}, {{3, 2, 2}}}, {{{3, 3}}}),
      over("renorm", [](const Tensor& x) { return renorm(x, 2, 0, 4.0); },
           cat({table.narrow(0, 0, 1) * 4.0 / (std::sqrt(25.25) + 1e-7), table.narrow(0, 1, 1)}),
           {{{2, 3}}, {{3, 2, 2}}, {{0, 3}}, {{2, 0}}}, {{{3}}, {{}}}),
      over("renorm, small", [](const Tensor& x) { return renorm(x, 1.5, -1, 0.3); }, {},
           {{{2, 3}}, {{3, 2, 2}}}),
  };
  for (double p : {1.0, 2.0, 3.0, 4.5, 1.5}) {
    rows.push_back(over(
        "vector_norm over -1", [p](const Tensor& x) { return vector_norm(x, p, Shape{-1}); }, by_hand(p),
        any_shape));
    rows.back().name += " of order " + std::to_string(p);
  }
  for (double p : {0.5, -1.0, -2.5}) {
    rows.push_back(over(
        "vector_norm over -1", [p](const Tensor& x) { return vector_norm(x, p, Shape{-1}); }, by_hand(p),
        not_empty));
    rows.back().name += " of order " + std::to_string(p);
  }
  rows.push_back(over("vector_norm, inf", [](const Tensor& x) { return vector_norm(x, INFINITY, Shape{1}); },
                      numbers({4, 2}), {{{2, 3}}, {{2, 3, 2}}, {{0, 2}}}, {{{2, 0}}, {{3}}}));
  rows.push_back(over("vector_norm, -inf",
                      [](const Tensor& x) { return vector_norm(x, -INFINITY, Shape{1}); }, numbers({0.5, 1}),
                      {{{2, 3}}, {{2, 3, 2}}}, {{{2, 0}}, {{3}}}));
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("the nuclear norm is the sum of the singular values, with any rank") {
  CHECK(check::agree(norm(numbers({{3, 0}, {0, -4}}), "nuc"), tensor(7.0, float64), 1e-14));
  // rank one: |u| |v|
  Tensor outer = numbers({{1}, {2}, {2}}) * numbers({3, 4});
  CHECK(check::agree(norm(outer, "nuc"), tensor(15.0, float64), 1e-14));
  CHECK(norm(zeros({2, 3}, float64), "nuc").item() == 0);
  // singular values far apart; (a + b)^2 = |A|^2 + 2 |det A|
  Tensor a = numbers({{1, 2}, {3, 6.001}});
  double expected = std::sqrt(sum(square(a)).item() + 2 * std::abs(6.001 - 6));
  CHECK(check::agree(norm(a, "nuc"), tensor(expected, float64), 1e-13));
  CHECK(check::agree(norm(a * 1e200, "nuc") / 1e200, tensor(expected, float64), 1e-13));
  CHECK_THROWS_AS(norm(numbers({{NAN, 1}, {1, 1}}), "nuc"), ValueError);
  Tensor x = numbers({{3, 0}, {0, -4}}).requires_grad_();
  norm(x, "nuc").backward();
  CHECK(check::agree(x.grad(), numbers({{1, 0}, {0, -1}}), 1e-14));
}

TEST_CASE("the gradient of a norm is 0 at 0, also the second") {
  for (double p : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, static_cast<double>(INFINITY)}) {
    CAPTURE(p);
    Tensor x = zeros({2, 3}, float64).requires_grad_();
    Tensor g = grad(linalg::vector_norm(x, p, Shape{1}).sum(), x, {}, {.create_graph = true});
    CHECK(equal(g, zeros({2, 3}, float64)));
    if (!g.requires_grad()) continue;
    Tensor second = grad(g.sum(), x, {}, {.allow_unused = true});
    CHECK((!second.defined() || equal(second, zeros({2, 3}, float64))));
  }
}

TEST_CASE("equal extremes share the gradient of a norm evenly, with their signs") {
  Tensor x = numbers({2, -2, 1}).requires_grad_();
  linalg::vector_norm(x, INFINITY).backward();
  CHECK(equal(x.grad(), numbers({0.5, -0.5, 0})));
}

TEST_CASE("norms count, know nan and infinities, and convert") {
  CHECK(norm(numbers({0, NAN, -0.0, 2}), 0).item() == 2);
  CHECK(std::isnan(norm(numbers({1, NAN}), INFINITY).item()));
  CHECK(norm(numbers({1, -INFINITY}), 2).item() == INFINITY);
  CHECK(norm(tensor({3, 4}, float32), 2, std::nullopt, false, float64).dtype() == float64);
  CHECK(norm(numbers({0, 5}), -1).item() == 0);
}

TEST_CASE("wrong arguments of norms are errors") {
  Tensor x = zeros({2, 3}, float64);
  CHECK_THROWS_AS(norm(tensor({1, 2}, int64)), DTypeError);
  CHECK_THROWS_AS(norm(x, 2, std::nullopt, false, float32), DTypeError);
  CHECK_THROWS_AS(linalg::vector_norm(x, 2, Shape{2}), IndexError);
  CHECK_THROWS_AS(linalg::vector_norm(x, 2, Shape{0, -2}), ShapeError);
  CHECK_THROWS_AS(linalg::vector_norm(zeros({0}), -1), ShapeError);
  CHECK_THROWS_AS(norm(x, "inf"), ValueError);
  CHECK_THROWS_AS(norm(zeros({2, 2, 2}), "fro", Shape{0, 1, 2}), ShapeError);
  CHECK_THROWS_AS(norm(x, "nuc", Shape{1}), ShapeError);
  CHECK_THROWS_AS(renorm(x, 0, 0, 1), ValueError);
  CHECK_THROWS_AS(renorm(x, NAN, 0, 1), ValueError);
  CHECK_THROWS_AS(renorm(x, 2, 0, -1), ValueError);
  CHECK_THROWS_AS(renorm(x, 2, 2, 1), IndexError);
  CHECK_THROWS_AS(renorm(tensor({{1, 2}}, int64), 2, 0, 1), DTypeError);
}
