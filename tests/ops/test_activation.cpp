#include <doctest/doctest.h>

#include <limits>
#include <numbers>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

const std::vector<std::vector<Shape>> any_shape = {{{3, 4}}, {{}}, {{0}}, {{2, 0, 3}}, {{2, 3, 2}}, {{37}}};

/// A row for a function of one number.
Operation function(const char* name, std::function<Tensor(const Tensor&)> call,
                   const std::function<double(double)>& reference, double low = -3, double high = 3,
                   std::vector<double> kinks = {}, bool zero_gradient = false) {
  Tensor x = check::spread_numbers({5, 7}, low, high, kinks, 3);
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {x},
          .expected = check::each(x, reference),
          .shapes = any_shape,
          .low = low,
          .high = high,
          .kinks = std::move(kinks),
          .zero_gradient = zero_gradient};
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

/// The slopes of f at some places.
Tensor slopes(const std::function<Tensor(const Tensor&)>& f, const Tensor& at) {
  Tensor x = at.clone().requires_grad_();
  sum(f(x)).backward();
  return x.grad();
}

}  // namespace

TEST_CASE("activations have the value and the gradients that they should") {
  const Operation rows[] = {
      function(
          "hardtanh", [](const Tensor& x) { return hardtanh(x, -0.5, 1.5); },
          [](double x) { return std::clamp(x, -0.5, 1.5); }, -3, 3, {-0.5, 1.5}),
      function("relu6", relu6, [](double x) { return std::clamp(x, 0.0, 6.0); }, -3, 9, {0, 6}),
      function("hardsigmoid", hardsigmoid, [](double x) { return std::clamp(x + 3, 0.0, 6.0) / 6; }, -5, 5,
               {-3, 3}),
      function("hardswish", hardswish, [](double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }, -5, 5,
               {-3, 3}),
      function(
          "hardshrink", [](const Tensor& x) { return hardshrink(x, 0.7); },
          [](double x) { return std::abs(x) > 0.7 ? x : 0; }, -3, 3, {-0.7, 0.7}),
      function(
          "softshrink", [](const Tensor& x) { return softshrink(x, 0.7); },
          [](double x) { return x > 0.7    ? x - 0.7
                                : x < -0.7 ? x + 0.7
                                           : 0; }, -3, 3, {-0.7, 0.7}),
      function("tanhshrink", tanhshrink, [](double x) { return x - std::tanh(x); }),
      function("softsign", softsign, [](double x) { return x / (1 + std::abs(x)); }, -3, 3, {0}),
      function(
          "threshold", [](const Tensor& x) { return threshold(x, 0.5, -7); },
          [](double x) { return x > 0.5 ? x : -7; }, -3, 3, {0.5}),
      function("selu", selu,
               [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); },
               -3, 3, {0}),
      function(
          "celu", [](const Tensor& x) { return celu(x, 0.6); },
          [](double x) { return x > 0 ? x : 0.6 * std::expm1(x / 0.6); }, -3, 3, {0}),
      function("mish", mish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }),
      function(
          "gelu, none", [](const Tensor& x) { return gelu(x, "none"); },
          [](double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }),
      function(
          "gelu, tanh", [](const Tensor& x) { return gelu(x, "tanh"); },
          [](double x) {
            return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
          }),
      function(
          "rrelu", [](const Tensor& x) { return rrelu(x, 0.1, 0.3); },
          [](double x) { return x > 0 ? x : 0.2 * x; }, -3, 3, {0}),
      {.name = "glu",
       .call = [](const std::vector<Tensor>& in) { return glu(in[0], -1); },
       .example = {numbers({{1, -2, 0.5, 3}, {0, 1, 2, -1}})},
       .expected = numbers({{sigmoid_of(0.5), -2 * sigmoid_of(3)}, {0, sigmoid_of(-1)}}),
       .shapes = {{{2, 4}}, {{6}}, {{0, 2}}, {{3, 0}}, {{2, 3, 2}}},
       .throwing = {{{}}, {{3}}, {{4, 5}}}},
      {.name = "prelu",
       .call = [](const std::vector<Tensor>& in) { return prelu(in[0], in[1]); },
       .example = {numbers({{1, -2, 0.5}, {-4, 3, -6}}), numbers({0.5, 0.25, -1})},
       .expected = numbers({{1, -0.5, 0.5}, {-2, 3, 6}}),
       .shapes = {{{2, 3}, {3}}, {{2, 3, 2}, {3}}, {{4}, {1}}, {{}, {1}}, {{2, 2}, {}}, {{0, 3}, {3}}},
       .throwing = {{{2, 3}, {2}}, {{3}, {3}}, {{2, 8}, {2, 4}}, {{}, {2}}},
       .kinks = {0}},
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("activations have PyTorch's gradients at their kinks") {
  auto hard = [](const Tensor& x) { return hardtanh(x); };
  CHECK(equal(slopes(hard, numbers({-1, 0, 1})), numbers({0, 1, 0})));
  CHECK(equal(slopes(relu6, numbers({0, 3, 6})), numbers({0, 1, 0})));
  CHECK(check::agree(slopes(hardsigmoid, numbers({-3, 0, 3})), numbers({0, 1.0 / 6, 0}), 1e-8));
  CHECK(check::agree(slopes(hardswish, numbers({-3, 0, 3, 4})), numbers({-0.5, 0.5, 1.5, 1}), 1e-15));
  auto shrink = [](const Tensor& x) { return hardshrink(x) + softshrink(x); };
  CHECK(equal(slopes(shrink, numbers({-0.5, 0, 0.5, 1})), numbers({0, 0, 0, 2})));
  CHECK(equal(slopes([](const Tensor& x) { return threshold(x, 1, 0); }, numbers({1, 2})), numbers({0, 1})));
  Tensor weight = numbers({0.25});
  CHECK(equal(slopes([&](const Tensor& x) { return prelu(x, weight); }, numbers({0})), weight));
}

TEST_CASE("activations take nan, infinities and large numbers as they should") {
  const double inf = INFINITY;
  Tensor x = numbers({NAN, inf, -inf});
  CHECK(check::agree(hardtanh(x), numbers({NAN, 1, -1}), 0));
  CHECK(check::agree(hardsigmoid(x), numbers({NAN, 1, 0}), 0));
  CHECK(check::agree(hardshrink(x), x, 0));
  CHECK(check::agree(threshold(x, 0, 5), numbers({NAN, inf, 5}), 0));
  CHECK(check::agree(celu(x), numbers({NAN, inf, -1}), 0));
  Tensor large = numbers({1000, -1000}).requires_grad_();
  for (auto f : {selu, mish, softsign, tanhshrink, hardswish}) {
    Tensor first = grad(sum(f(large)), large, Tensor(), {.create_graph = true});
    Tensor second = first.requires_grad() ? grad(sum(first), large, Tensor(), {}) : first;
    CHECK(all(isfinite(first)).item<bool>());
    CHECK(all(isfinite(second)).item<bool>());
  }
}

TEST_CASE("activations that stay within the integers do, with bounds cut to their range") {
  Tensor x = tensor({-9, 2, 9}, int64);
  CHECK(equal(hardtanh(x, -1e300, 2.9), tensor({-9, 2, 2}, int64)));
  CHECK(hardtanh(x).dtype() == int64);
  CHECK(equal(relu6(tensor({1, 200}, uint8)), tensor({1, 6}, uint8)));
  CHECK(equal(threshold(x, 1.5, -4), tensor({-4, 2, 9}, int64)));
  CHECK(softsign(x).dtype() == float32);
  CHECK_THROWS_AS(hardtanh(tensor({true})), DTypeError);
  CHECK_THROWS_AS(hardtanh(x, NAN, 1), ValueError);
}

TEST_CASE("rrelu in training draws a slope for every negative number, and says so in its gradient") {
  Generator generator(1);
  Tensor x = numbers({-1, -1, -1, 2}).requires_grad_();
  Tensor y = rrelu(x, 0.1, 0.4, true, &generator);
  sum(y).backward();
  CHECK(check::agree(y, x.detach() * x.grad(), 1e-15));
  CHECK(x.grad().select(0, 3).item() == 1);
  CHECK(all((x.grad().slice(0, 0, 3) >= 0.1) & (x.grad().slice(0, 0, 3) <= 0.4)).item<bool>());
  CHECK(x.grad().select(0, 0).item() != x.grad().select(0, 1).item());
}

TEST_CASE("activations refuse options without a meaning") {
  Tensor x = zeros({2, 2});
  CHECK_THROWS_AS(softshrink(x, -0.5), ValueError);
  CHECK_THROWS_AS(celu(x, 0), ValueError);
  CHECK_THROWS_AS(gelu(x, "fast"), ValueError);
  CHECK_THROWS_AS(rrelu(x, 0.3, 0.1), ValueError);
  CHECK_THROWS_AS(glu(x, 2), IndexError);
  CHECK_THROWS_AS(prelu(x, zeros({1}, float64)), DTypeError);
  CHECK_THROWS_AS(prelu(tensor({1, 2}, int64), tensor({1}, int64)), DTypeError);
}

TEST_CASE("rounding, parts and signs have the value and the gradients that they should") {
  const Operation rows[] = {
      function(
          "round to 1 decimal", [](const Tensor& x) { return round(x, 1); },
          [](double x) { return std::nearbyint(x * 10) / 10; }, -3, 3, {}, true),
      function(
          "round to tens", [](const Tensor& x) { return round(x, -1); },
          [](double x) { return std::nearbyint(x / 10) * 10; }, -33, 33, {-25, -15, -5, 5, 15, 25}, true),
      function("frac", frac, [](double x) { return x - std::trunc(x); }, -3, 3, {-3, -2, -1, 0, 1, 2, 3}),
      function("positive", positive, [](double x) { return x; }),
      function(
          "sgn", sgn, [](double x) { return double((x > 0) - (x < 0)); }, -3, 3, {0}, true),
      function(
          "nan_to_num", [](const Tensor& x) { return nan_to_num(x); }, [](double x) { return x; }),
      function("deg2rad", deg2rad, [](double x) { return x / 180 * std::numbers::pi; }),
      function("rad2deg", rad2deg, [](double x) { return x * 180 / std::numbers::pi; }),
  };
  for (Operation row : rows) {
    if (row.name == "round to 1 decimal") row.shapes = {{{0}}};  // jumps are everywhere
    check::check_operation(row);
  }
}

TEST_CASE("rounding keeps what has no such digits") {
  Tensor x = numbers({1e300, -INFINITY, NAN, 2.5});
  CHECK(check::agree(round(x, 20), x, 0));
  CHECK(check::agree(round(x, std::numeric_limits<std::int64_t>::max()), x, 0));
  CHECK(equal(round(numbers({1e300, 2.5}), std::numeric_limits<std::int64_t>::min()), numbers({0, 0})));
  CHECK(equal(round(tensor({15, 25}, int64), 0), tensor({15, 25}, int64)));
  CHECK_THROWS_AS(round(tensor({15, 25}, int64), -1), DTypeError);
  CHECK_THROWS_AS(frac(tensor({1}, int64)), DTypeError);
  CHECK_THROWS_AS(positive(tensor({true})), DTypeError);
}

TEST_CASE("nan and infinities are replaced, and stop the gradient") {
  Tensor x = numbers({NAN, INFINITY, -INFINITY, 2}).requires_grad_();
  Tensor y = nan_to_num(x, 1, 5, std::nullopt);
  CHECK(equal(y, numbers({1, 5, std::numeric_limits<double>::lowest(), 2})));
  sum(y).backward();
  CHECK(equal(x.grad(), numbers({0, 0, 0, 1})));
  CHECK(nan_to_num(tensor({INFINITY}, float32)).item<float>() == std::numeric_limits<float>::max());
  CHECK(equal(nan_to_num(tensor({3}, int64)), tensor({3}, int64)));
}

TEST_CASE("tests of the sign, and bits turned over") {
  Tensor x = numbers({-0.0, 0, -NAN, INFINITY, -INFINITY, -2});
  CHECK(equal(signbit(x), tensor({true, false, true, false, true, true})));
  CHECK(equal(isposinf(x), tensor({false, false, false, true, false, false})));
  CHECK(equal(isneginf(x), tensor({false, false, false, false, true, false})));
  CHECK(equal(signbit(tensor({-1, 0}, int64)), tensor({true, false})));
  CHECK_FALSE(any(signbit(tensor({true, false}))).item<bool>());
  CHECK(equal(~tensor({0, -1, 5}, int64), tensor({-1, 0, -6}, int64)));
  CHECK(equal(bitwise_not(tensor({0, 255}, uint8)), tensor({255, 0}, uint8)));
  CHECK(equal(bitwise_not(tensor({true, false})), tensor({false, true})));
  CHECK_THROWS_AS(bitwise_not(numbers({1})), DTypeError);
}

TEST_CASE("clamp takes tensors as bounds, and hands them their share of the gradient") {
  const Operation rows[] = {
      {.name = "clamp between tensors",
       .call = [](const std::vector<Tensor>& in) { return clamp(in[0], in[1] - 1, in[2] * 0.5 + 1); },
       .example = {numbers({{-3, 0, 3}, {1, 2, 9}}), numbers({0, 1, 1}), numbers({{2}, {4}})},
       .expected = numbers({{-1, 0, 2}, {1, 2, 3}}),
       .shapes = {{{2, 3}, {3}, {2, 1}}, {{4}, {}, {4}}, {{}, {}, {}}, {{0, 3}, {3}, {3}}},
       .throwing = {{{2, 3}, {2}, {3}}, {{2, 3}, {3}, {4}}}},
      {.name = "clamp from below by a tensor",
       .call = [](const std::vector<Tensor>& in) { return clamp(in[0], in[1]); },
       .example = {numbers({-1, 2}), numbers({{0, 3}, {-2, 1}})},
       .expected = numbers({{0, 3}, {-1, 2}}),
       .shapes = {{{2, 3}, {3}}, {{}, {2}}},
       .throwing = {{{2, 3}, {2}}}},
      {.name = "clamp from above by a tensor",
       .call = [](const std::vector<Tensor>& in) { return clamp(in[0], Tensor(), in[1]); },
       .example = {numbers({-1, 2}), numbers({{0, 3}, {-2, 1}})},
       .expected = numbers({{-1, 2}, {-2, 1}}),
       .shapes = {{{2, 3}, {3}}, {{}, {2}}},
       .throwing = {{{2, 3}, {2}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK(check::agree(clamp(numbers({NAN, 1, 1}), numbers({0, NAN, 5}), numbers({2, 2, 3})),
                     numbers({NAN, NAN, 3}), 0));
  CHECK(check::agree(clamp(numbers({1}), NAN, 2), numbers({NAN}), 0));
  CHECK(clamp(tensor({1, 5}, int64), tensor({2.5})).dtype() == float32);
  CHECK(equal(clamp(tensor({1, 5}, int64), tensor(2, int64)), tensor({2, 5}, int64)));
  CHECK(equal(clamp(tensor({1, 200}, uint8), -5, 300), tensor({1, 200}, uint8)));
  CHECK_THROWS_AS(clamp(numbers({1}), Tensor(), Tensor()), ValueError);
  CHECK_THROWS_AS(clamp(tensor({true}), tensor({true})), DTypeError);
}
