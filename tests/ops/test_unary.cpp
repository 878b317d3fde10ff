#include <doctest/doctest.h>

#include <numbers>

#include "check.hpp"

using namespace xgrad;
using check::Operation;

namespace {

const std::vector<std::vector<Shape>> unary_shapes = {{{3, 4}},    {{}},        {{1}}, {{0}},
                                                      {{2, 0, 3}}, {{2, 3, 2}}, {{37}}};

/// A row for a function of one number.
Operation function(const char* name, Tensor (*call)(const Tensor&), double (*reference)(double), double low,
                   double high, std::vector<double> kinks = {}, bool zero_gradient = false) {
  Tensor x = check::spread_numbers({5, 7}, low, high, kinks, 3);
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {x},
          .expected = check::each(x, reference),
          .shapes = unary_shapes,
          .low = low,
          .high = high,
          .kinks = std::move(kinks),
          .zero_gradient = zero_gradient};
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("functions of one tensor have the value and the gradients that they should") {
  const double pi = std::numbers::pi;
  const Operation rows[] = {
      function("abs", abs, [](double x) { return std::abs(x); }, -2, 2, {0}),
      function(
          "neg", neg, [](double x) { return -x; }, -2, 2),
      function(
          "square", square, [](double x) { return x * x; }, -2, 2),
      function(
          "exp", exp, [](double x) { return std::exp(x); }, -3, 3),
      function(
          "exp2", exp2, [](double x) { return std::exp2(x); }, -3, 3),
      function(
          "expm1", expm1, [](double x) { return std::expm1(x); }, -1, 1),
      function(
          "log", log, [](double x) { return std::log(x); }, 0.1, 4),
      function(
          "log1p", log1p, [](double x) { return std::log1p(x); }, -0.7, 3),
      function(
          "log2", log2, [](double x) { return std::log2(x); }, 0.1, 4),
      function(
          "log10", log10, [](double x) { return std::log10(x); }, 0.1, 4),
      function(
          "sqrt", sqrt, [](double x) { return std::sqrt(x); }, 0.1, 4),
      function(
          "rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }, 0.2, 4),
      function(
          "reciprocal", reciprocal, [](double x) { return 1 / x; }, 0.3, 3),
      function(
          "sin", sin, [](double x) { return std::sin(x); }, -4, 4),
      function(
          "cos", cos, [](double x) { return std::cos(x); }, -4, 4),
      function(
          "tan", tan, [](double x) { return std::tan(x); }, -1, 1),
      function(
          "asin", asin, [](double x) { return std::asin(x); }, -0.8, 0.8),
      function(
          "acos", acos, [](double x) { return std::acos(x); }, -0.8, 0.8),
      function(
          "atan", atan, [](double x) { return std::atan(x); }, -3, 3),
      function(
          "sinh", sinh, [](double x) { return std::sinh(x); }, -2, 2),
      function(
          "cosh", cosh, [](double x) { return std::cosh(x); }, -2, 2),
      function(
          "tanh", tanh, [](double x) { return std::tanh(x); }, -3, 3),
      function(
          "asinh", asinh, [](double x) { return std::asinh(x); }, -3, 3),
      function(
          "acosh", acosh, [](double x) { return std::acosh(x); }, 1.3, 4),
      function(
          "atanh", atanh, [](double x) { return std::atanh(x); }, -0.8, 0.8),
      function(
          "erf", erf, [](double x) { return std::erf(x); }, -2, 2),
      function(
          "erfc", erfc, [](double x) { return std::erfc(x); }, -2, 2),
      function("sigmoid", sigmoid, sigmoid_of, -4, 4),
      function("logsigmoid", logsigmoid, [](double x) { return std::log(sigmoid_of(x)); }, -4, 4, {0}),
      function("relu", relu, [](double x) { return std::max(x, 0.0); }, -2, 2, {0}),
      function(
          "gelu", gelu, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }, -3, 3),
      function(
          "silu", silu, [](double x) { return x * sigmoid_of(x); }, -3, 3),
      function(
          "sign", sign, [](double x) { return double((x > 0) - (x < 0)); }, -2, 2, {0}, true),
      function(
          "floor", floor, [](double x) { return std::floor(x); }, -2, 2, {-2, -1, 0, 1, 2}, true),
      function(
          "ceil", ceil, [](double x) { return std::ceil(x); }, -2, 2, {-2, -1, 0, 1, 2}, true),
      function(
          "trunc", trunc, [](double x) { return std::trunc(x); }, -2, 2, {-2, -1, 0, 1, 2}, true),
      function(
          "round", round, [](double x) { return std::nearbyint(x); }, -2, 2, {-1.5, -0.5, 0.5, 1.5}, true),
      function(
          "leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.2); },
          [](double x) { return x > 0 ? x : 0.2 * x; }, -2, 2, {0}),
      function(
          "elu", [](const Tensor& x) { return elu(x, 1.5); },
          [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); }, -2, 2, {0}),
      function(
          "softplus", [](const Tensor& x) { return softplus(x, 2.0); },
          [](double x) { return std::log1p(std::exp(2 * x)) / 2; }, -2, 2),
      function(
          "clamp", [](const Tensor& x) { return clamp(x, -0.5, 1.0); },
          [](double x) { return std::clamp(x, -0.5, 1.0); }, -2, 2, {-0.5, 1}),
      function(
          "clamp from below", [](const Tensor& x) { return clamp(x, 0.5); },
          [](double x) { return std::max(x, 0.5); }, -2, 2, {0.5}),
      function(
          "clamp from above", [](const Tensor& x) { return clamp(x, std::nullopt, 0.5); },
          [](double x) { return std::min(x, 0.5); }, -2, 2, {0.5}),
      function(
          "pow with 2", [](const Tensor& x) { return pow(x, 2); }, [](double x) { return x * x; }, -2, 2),
      function(
          "pow with 3", [](const Tensor& x) { return pow(x, 3.0); }, [](double x) { return x * x * x; }, -2,
          2),
      function(
          "pow with a fraction", [](const Tensor& x) { return pow(x, 1.7); },
          [](double x) { return std::pow(x, 1.7); }, 0.2, 2),
      function(
          "pow with a negative power", [](const Tensor& x) { return pow(x, -2); },
          [](double x) { return 1 / (x * x); }, 0.4, 2),
      function(
          "pow of a number", [](const Tensor& x) { return pow(2.5, x); },
          [](double x) { return std::pow(2.5, x); }, -2, 2),
      function(
          "sine of multiples of pi", [](const Tensor& x) { return sin(x * std::numbers::pi); },
          [](double x) { return std::sin(x * std::numbers::pi); }, -pi, pi),
      function(
          "a number added", [](const Tensor& x) { return 2.5 + x; }, [](double x) { return 2.5 + x; }, -2, 2),
      function(
          "subtracted from a number", [](const Tensor& x) { return 2.5 - x; },
          [](double x) { return 2.5 - x; }, -2, 2),
      function(
          "a number times", [](const Tensor& x) { return x * -1.5; }, [](double x) { return x * -1.5; }, -2,
          2),
      function(
          "divided by a number", [](const Tensor& x) { return x / 4; }, [](double x) { return x / 4; }, -2,
          2),
      function(
          "a number divided", [](const Tensor& x) { return 3 / x; }, [](double x) { return 3 / x; }, 0.4, 2),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("gradients at kinks are PyTorch's") {
  auto slope = [](Tensor (*f)(const Tensor&), double at) {
    Tensor x = tensor(at, float64).requires_grad_();
    f(x).backward();
    return x.grad().item();
  };
  CHECK(slope(abs, 0) == 0);
  CHECK(slope(relu, 0) == 0);
  CHECK(std::isinf(slope(sqrt, 0)));
  CHECK(slope([](const Tensor& x) { return clamp(x, 0.0, 1.0); }, 0) == 1);
  CHECK(slope([](const Tensor& x) { return clamp(x, 0.0, 1.0); }, 1) == 1);
  CHECK(slope([](const Tensor& x) { return leaky_relu(x, 0.25); }, 0) == 0.25);
  CHECK(slope([](const Tensor& x) { return pow(x, 0); }, 0) == 0);
}

TEST_CASE("extreme inputs give the limits, and nan stays nan") {
  for (DType dtype : {float32, float64}) {
    Tensor x = tensor({-1000., 1000., -INFINITY, INFINITY}, dtype);
    CHECK(equal(sigmoid(x), tensor({0, 1, 0, 1}, dtype)));
    CHECK(equal(tanh(x), tensor({-1, 1, -1, 1}, dtype)));
    CHECK(equal(relu(x), tensor({0., 1000., 0., INFINITY}, dtype)));
    CHECK(equal(exp(x), tensor({0., INFINITY, 0., INFINITY}, dtype)));
    CHECK(equal(expm1(x), tensor({-1., INFINITY, -1., INFINITY}, dtype)));
    CHECK(equal(logsigmoid(x).slice(0, 0, 2), tensor({-1000., 0.}, dtype)));
    CHECK(equal(softplus(x).slice(0, 0, 2), tensor({0., 1000.}, dtype)));
    Tensor nan = tensor({NAN}, dtype);
    for (auto f : {sigmoid, tanh, relu, exp, expm1, log, sqrt, sin, cos, abs, square, erf})
      CHECK(isnan(f(nan)).item<bool>());
    CHECK(isnan(clamp(nan, 0, 1)).item<bool>());
    CHECK(isnan(maximum(nan, tensor({1.}, dtype))).item<bool>());
    CHECK(isnan(minimum(tensor({1.}, dtype), nan)).item<bool>());
    CHECK(isnan(log(tensor({-1.}, dtype))).item<bool>());
    CHECK(equal(log(tensor({0.}, dtype)), tensor({-INFINITY}, dtype)));
  }
}

TEST_CASE("integers stay integers where the function allows it, and become floating elsewhere") {
  Tensor x = tensor({-2, 0, 3}, int64);
  CHECK(equal(abs(x), tensor({2, 0, 3}, int64)));
  CHECK(abs(x).dtype() == int64);
  CHECK(square(x).dtype() == int64);
  CHECK(relu(x).dtype() == int64);
  CHECK(pow(x, 2).dtype() == int64);
  CHECK(exp(x).dtype() == float32);
  CHECK((x / 2).dtype() == float32);
  CHECK((x * 2.5).dtype() == float32);
  CHECK((x * 2).dtype() == int64);
  CHECK((tensor({true, false}) + 1).dtype() == int64);
  CHECK_THROWS_AS(neg(tensor({true, false})), DTypeError);
  CHECK_THROWS_AS(pow(x, -1), ValueError);
  CHECK_THROWS_AS(clamp(x, std::nullopt), ValueError);
}
