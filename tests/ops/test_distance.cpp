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
const Tensor points = numbers({{0, 0}, {3, 4}});
const Tensor others = numbers({{3, 4}, {1, 0}});

Operation distances(const char* name, double p, const Tensor& expected) {
  return {.name = name,
          .call = [p](const Inputs& in) { return cdist(in[0], in[1], p); },
          .example = {points, others},
          .expected = expected,
          .shapes = {{{3, 2}, {4, 2}}, {{2, 1, 2, 3}, {3, 4, 3}}, {{0, 2}, {3, 2}}, {{2, 0}, {3, 0}}},
          .throwing = {{{2, 3}, {2, 2}}, {{3}, {3}}},
          .zero_gradient = p == 0};
}

}  // namespace

TEST_CASE("distances between rows have the values and the gradients that they should") {
  const double root = std::sqrt(20.0);
  const Operation rows[] = {
      distances("cdist 2", 2, numbers({{5, 1}, {0, root}})),
      distances("cdist 1", 1, numbers({{7, 1}, {0, 6}})),
      distances("cdist 3", 3, numbers({{std::cbrt(91.0), 1}, {0, std::cbrt(72.0)}})),
      distances("cdist 0.5", 0.5, numbers({{7 + 2 * std::sqrt(12.0), 1}, {0, 6 + 2 * std::sqrt(8.0)}})),
      distances("cdist inf", inf, numbers({{4, 1}, {0, 4}})),
      distances("cdist 0", 0, numbers({{2, 1}, {0, 2}})),
      {.name = "pdist",
       .call = [](const Inputs& in) { return pdist(in[0]); },
       .example = {numbers({{0, 0}, {3, 4}, {3, 0}})},
       .expected = numbers({5, 3, 4}),
       .shapes = {{{4, 3}}, {{2, 1}}, {{1, 3}}, {{0, 3}}},
       .throwing = {{{3}}, {{2, 2, 2}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK_THROWS_AS(cdist(points, others, -1), ValueError);
  CHECK_THROWS_AS(cdist(points, others, std::nan("")), ValueError);
  CHECK_THROWS_AS(cdist(points.to(int64), others.to(int64)), DTypeError);
}

TEST_CASE("a distance of 0 has gradient 0") {
  for (double p : {1.0, 1.5, 2.0, 3.0, inf}) {
    Tensor x = points.clone().requires_grad_();
    sum(cdist(x, points.clone(), p) * eye(2, 2, float64)).backward();
    CHECK(equal(x.grad(), zeros({2, 2}, float64)));
  }
}

TEST_CASE("covariance and correlation of rows") {
  const Tensor x = numbers({{1, 2, 3}, {6, 4, 2}});
  const Operation rows[] = {
      {.name = "cov",
       .call = [](const Inputs& in) { return cov(in[0]); },
       .example = {x},
       .expected = numbers({{1, -2}, {-2, 4}}),
       .shapes = {{{3, 5}}, {{4}}, {{1, 4}}},
       .throwing = {{{2, 2, 2}}}},
      {.name = "cov with weights",
       .call =
           [](const Inputs& in) {
             return cov(in[0], 0, tensor({1, 2, 1}, int64), tensor({1.0, 0.5, 1.0}, in[0].dtype()));
           },
       .example = {x},
       .expected = numbers({{2.0 / 3, -4.0 / 3}, {-4.0 / 3, 8.0 / 3}}),
       .shapes = {{{2, 3}}},
       .throwing = {{{2, 4}}}},
      {.name = "corrcoef",
       .call = [](const Inputs& in) { return corrcoef(in[0]); },
       .example = {x},
       .expected = numbers({{1, -1}, {-1, 1}}),
       .shapes = {{{3, 5}}},
       .throwing = {{{2, 2, 2}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK_THROWS_AS(cov(x, 1, tensor({1, -1, 1}, int64)), ValueError);
  CHECK_THROWS_AS(cov(x, 1, numbers({1, 1, 1})), DTypeError);
  CHECK_THROWS_AS(cov(x > 1), DTypeError);
}

TEST_CASE("norms of matrices have the values and the gradients that they should") {
  const Tensor a = numbers({{1, -2}, {3, 4}});
  auto norm = [&](const char* name, auto ord, double expected) {
    return Operation{.name = name,
                     .call = [ord](const Inputs& in) { return linalg::matrix_norm(in[0], ord); },
                     .example = {a},
                     .expected = tensor(expected, float64),
                     .shapes = {{{3, 2}}, {{2, 3, 4}}, {{1, 1}}},
                     .throwing = {{{3}}, {{}}}};
  };
  const double top = std::sqrt(15 + std::sqrt(125.0)), low = std::sqrt(15 - std::sqrt(125.0));
  const Operation rows[] = {
      norm("fro", "fro", std::sqrt(30.0)),
      norm("nuc", "nuc", top + low),
      norm("2", 2.0, top),
      norm("-2", -2.0, low),
      norm("1", 1.0, 6),
      norm("-1", -1.0, 4),
      norm("inf", inf, 7),
      norm("-inf", -inf, 3),
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK(linalg::matrix_norm(a, "nuc", {0, 1}, true).shape() == Shape{1, 1});
  CHECK(linalg::norm(a, 1.0).item() == 6);
  CHECK(linalg::norm(a, 1.0, Shape{0}).shape() == Shape{2});
  CHECK(linalg::norm(a).item() == doctest::Approx(std::sqrt(30.0)));
  CHECK_THROWS_AS(linalg::matrix_norm(a, 3.0), ValueError);
  CHECK_THROWS_AS(linalg::matrix_norm(a, "one"), ValueError);
  CHECK_THROWS_AS(linalg::matrix_norm(a, 1.0, {0, 0}), ShapeError);
  CHECK_THROWS_AS(linalg::norm(numbers({1, 2}), "fro"), ShapeError);
}

TEST_CASE("condition numbers are those of the norm, and infinite for singular matrices") {
  const Tensor a = numbers({{2, 0}, {0, 0.5}});
  for (double p : {1.0, 2.0, inf}) CHECK(linalg::cond(a, p).item() == doctest::Approx(4));
  CHECK(linalg::cond(a).item() == doctest::Approx(4));
  CHECK(linalg::cond(a, -2.0).item() == doctest::Approx(0.25));
  CHECK(linalg::cond(a, "fro").item() == doctest::Approx(4.25));
  CHECK(linalg::cond(numbers({{1, 2}, {2, 4}}), 1.0).item() == inf);
  CHECK_THROWS_AS(linalg::cond(numbers({{1, 2, 3}}), 1.0), ShapeError);
  check::check_operation({.name = "cond",
                          .call = [](const Inputs& in) { return linalg::cond(in[0], "fro"); },
                          .example = {a},
                          .expected = tensor(4.25, float64),
                          .shapes = {{{3, 3}}, {{2, 2, 2}}},
                          .throwing = {{{2, 3}}}});
}
