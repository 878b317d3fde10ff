#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

const std::vector<std::vector<Shape>> broadcasting_shapes = {
    {{3, 4}, {3, 4}},    {{3, 4}, {4}}, {{3, 1}, {4}}, {{3, 1}, {1, 4}}, {{}, {}},   {{2, 3}, {}}, {{}, {2}},
    {{2, 1, 3}, {4, 1}}, {{0}, {0}},    {{0, 3}, {3}}, {{3, 1}, {0}},    {{1}, {1}}, {{19}, {19}}};
const std::vector<std::vector<Shape>> incompatible_shapes = {{{3}, {4}}, {{2, 3}, {2}}, {{0}, {2}}};

Operation function(const char* name, Tensor (*call)(const Tensor&, const Tensor&),
                   double (*reference)(double, double), double low, double high) {
  Tensor x = check::spread_numbers({4, 9}, low, high, {}, 5);
  Tensor y = check::spread_numbers({4, 9}, low, high, {}, 6);
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0], in[1]); },
          .example = {x, y},
          .expected = check::each(x, y, reference),
          .shapes = broadcasting_shapes,
          .throwing = incompatible_shapes,
          .low = low,
          .high = high};
}

}  // namespace

TEST_CASE("operations on two tensors have the value and the gradients that they should") {
  using Two = const Tensor&;
  const Operation rows[] = {
      function(
          "add", [](Two a, Two b) { return a + b; }, [](double a, double b) { return a + b; }, -2, 2),
      function(
          "add with alpha", [](Two a, Two b) { return add(a, b, 2.5); },
          [](double a, double b) { return a + 2.5 * b; }, -2, 2),
      function(
          "sub", [](Two a, Two b) { return a - b; }, [](double a, double b) { return a - b; }, -2, 2),
      function(
          "sub with alpha", [](Two a, Two b) { return sub(a, b, 3); },
          [](double a, double b) { return a - 3 * b; }, -2, 2),
      function(
          "mul", [](Two a, Two b) { return a * b; }, [](double a, double b) { return a * b; }, -2, 2),
      function(
          "div", [](Two a, Two b) { return a / b; }, [](double a, double b) { return a / b; }, 0.3, 2),
      function(
          "pow", [](Two a, Two b) { return pow(a, b); }, [](double a, double b) { return std::pow(a, b); },
          0.3, 2),
      function(
          "maximum", maximum, [](double a, double b) { return std::max(a, b); }, -2, 2),
      function(
          "minimum", minimum, [](double a, double b) { return std::min(a, b); }, -2, 2),
      function(
          "atan2", atan2, [](double a, double b) { return std::atan2(a, b); }, 0.2, 2),
      function(
          "where", [](Two a, Two b) { return where(a > 0.1, a * 2, b * 3); },
          [](double a, double b) { return a > 0.1 ? a * 2 : b * 3; }, -2, 2),
      function(
          "pointwise",
          [](Two a, Two b) { return pointwise([](auto x, auto w) { return x * w / (1 + exp(-x)); }, a, b); },
          [](double a, double b) { return a * b / (1 + std::exp(-a)); }, -2, 2),
      function(
          "pointwise with branches",
          [](Two a, Two b) {
            return pointwise([](auto x, auto w) { return select(x > w, x * x, tanh(w) - 2 * x); }, a, b);
          },
          [](double a, double b) { return a > b ? a * a : std::tanh(b) - 2 * a; }, -2, 2),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("ties of maximum and minimum share the gradient in halves") {
  Tensor a = numbers({1, 2, 3}).requires_grad_();
  Tensor b = numbers({1, 3, 2}).requires_grad_();
  maximum(a, b).sum().backward();
  CHECK(equal(a.grad(), numbers({0.5, 0, 1})));
  CHECK(equal(b.grad(), numbers({0.5, 1, 0})));
}

TEST_CASE("a number to the power 0 is 1, and its gradient 0, also at 0") {
  Tensor base = numbers({0, 0, 2}).requires_grad_();
  Tensor exponent = numbers({0, 2, 0}).requires_grad_();
  Tensor y = pow(base, exponent);
  CHECK(equal(y, numbers({1, 0, 1})));
  y.sum().backward();
  CHECK(equal(base.grad(), numbers({0, 0, 0})));
  CHECK(equal(exponent.grad().slice(0, 0, 2), numbers({0, 0})));
}

TEST_CASE("the same tensor as both inputs receives both gradients") {
  auto square_by_hand = [](const Tensor& x) { return x * x + x / x - (x - x) + pow(x, x); };
  CHECK(gradcheck(square_by_hand, {numbers({0.5, 1.5, 2})}));
  CHECK(gradgradcheck(square_by_hand, {numbers({0.5, 1.5, 2})}));
}

TEST_CASE("dtypes promote as PyTorch's do") {
  auto of = [](DType dtype, const Shape& shape) { return ones(shape, dtype); };
  struct Row {
    DType a;
    Shape shape_a;
    DType b;
    Shape shape_b;
    DType expected;
  };
  const Row rows[] = {
      {float32, {2}, float64, {2}, float64}, {float32, {2}, float64, {}, float32},
      {int64, {2}, float32, {}, float32},    {int64, {2}, int32, {2}, int64},
      {int32, {2}, int64, {}, int32},        {boolean, {2}, int32, {}, int32},
      {uint8, {2}, int32, {2}, int32},       {boolean, {2}, boolean, {2}, boolean},
      {int64, {2}, float64, {}, float64},
  };
  for (const Row& row : rows) {
    CHECK((of(row.a, row.shape_a) + of(row.b, row.shape_b)).dtype() == row.expected);
    CHECK((of(row.b, row.shape_b) * of(row.a, row.shape_a)).dtype() == row.expected);
  }
  Tensor single = ones({2}, float32).requires_grad_();
  (single * ones({2}, float64)).sum().backward();
  CHECK(single.grad().dtype() == float32);
}

TEST_CASE("comparisons give bool and broadcast") {
  Tensor a = numbers({{1, 2}, {3, NAN}});
  Tensor b = numbers({2, 2});
  CHECK(equal(a < b, tensor({{true, false}, {false, false}})));
  CHECK(equal(a <= b, tensor({{true, true}, {false, false}})));
  CHECK(equal(a > b, tensor({{false, false}, {true, false}})));
  CHECK(equal(a >= 2, tensor({{false, true}, {true, false}})));
  CHECK(equal(a == b, tensor({{false, true}, {false, false}})));
  CHECK(equal(a != b, tensor({{true, false}, {true, true}})));
  CHECK(equal(tensor({1, 2}, int64) < 1.5, tensor({true, false})));
  CHECK_FALSE((ones({2}).requires_grad_() > 0).requires_grad());
  CHECK_THROWS_AS(numbers({1, 2}) < numbers({1, 2, 3}), ShapeError);
  CHECK(equal(logical_and(numbers({0, 1}), numbers({2, 3})), tensor({false, true})));
  CHECK(equal(logical_or(numbers({0, 0}), numbers({0, 3})), tensor({false, true})));
  CHECK(equal(logical_xor(numbers({0, 1}), numbers({2, 3})), tensor({true, false})));
  CHECK(equal(!numbers({0, 1}), tensor({true, false})));
  CHECK(equal(isinf(numbers({0, -INFINITY, NAN})), tensor({false, true, false})));
  CHECK(equal(isfinite(numbers({0, -INFINITY, NAN})), tensor({true, false, false})));
}

TEST_CASE("where takes the chosen branch and gives the other no gradient, not even nan") {
  Tensor x = numbers({0, 2}).requires_grad_();
  Tensor y = where(x > 1, log(x), 0.0);
  CHECK(check::agree(y.detach(), numbers({0, std::log(2)}), 1e-15));
  y.sum().backward();
  CHECK(std::isnan(x.grad().select(0, 0).item()));  // 0 * inf, as IEEE arithmetic gives it
  CHECK(x.grad().select(0, 1).item() == 0.5);
  Tensor a = numbers({1, NAN}).requires_grad_();
  where(tensor({true, false}), a, 0.0).sum().backward();
  CHECK(equal(a.grad(), numbers({1, 0})));
  CHECK_THROWS_AS(where(numbers({1, 0}), a, 0.0), DTypeError);
  CHECK_THROWS_AS(where(tensor({true, false, true}), a, 0.0), ShapeError);
}

TEST_CASE("pointwise converts, broadcasts, differentiates to any order, and takes up to five inputs") {
  auto formula = [](auto a, auto b, auto c) { return pow(a, 2) * b + sqrt(c) / (1 + abs(b)); };
  auto call = [&](const Tensor& a, const Tensor& b, const Tensor& c) { return pointwise(formula, a, b, c); };
  std::vector<Tensor> inputs = {check::spread_numbers({2, 3}, 0.5, 2, {}, 1),
                                check::spread_numbers({3}, -2, 2, {0}, 2),
                                check::spread_numbers({2, 1}, 0.5, 2, {}, 3)};
  CHECK(gradcheck(call, inputs));
  CHECK(gradgradcheck(call, inputs));
  CHECK(pointwise([](auto a, auto b) { return a + b; }, ones({2}, int64), ones({2}, float64)).dtype() ==
        float64);
  CHECK(pointwise([](auto a) { return a * 2; }, ones({2}, int64)).dtype() == float32);
  Tensor sum5 = pointwise([](auto a, auto b, auto c, auto d, auto e) { return a + b * c - d / e; }, inputs[0],
                          inputs[0], inputs[0], inputs[0], inputs[0]);
  CHECK(check::agree(sum5, inputs[0] + inputs[0] * inputs[0] - 1.0, 1e-14));
  double captured = 3;
  CHECK(gradcheck(
      [&](const Tensor& x) { return pointwise([captured](auto v) { return captured * v * v; }, x); },
      {inputs[0]}));
  CHECK_THROWS_AS(pointwise([](auto a, auto b) { return a + b; }, ones({2}), ones({3})), ShapeError);
}
