#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

const std::vector<std::vector<Shape>> pairs = {{{2, 3}, {2, 3}}, {{2, 3}, {3}}, {{3, 1}, {1, 2}}, {{}, {4}},
                                               {{}, {}},         {{0, 2}, {2}}, {{1}, {1}}};
const std::vector<std::vector<Shape>> unequal = {{{2}, {3}}, {{2, 3}, {2, 2}}};
const Tensor left = numbers({{3, -2, 0.5}, {-4, 2.5, 1}});
const Tensor right = numbers({{2, 3, -0.25}, {-1.5, 2, 4}});

Operation of_two(const char* name, std::function<Tensor(const Tensor&, const Tensor&)> call,
                 std::function<double(double, double)> value, double low = -2, double high = 2) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0], in[1]); },
          .example = {left, right},
          .expected = check::each(left, right, value),
          .shapes = pairs,
          .throwing = unequal,
          .low = low,
          .high = high};
}

using Two = Tensor (*)(const Tensor&, const Tensor&);

/// Python's remainder.
double floored(double x, double y) { return x - y * std::floor(x / y); }

}  // namespace

TEST_CASE("functions of two tensors have the values and the gradients that they should") {
  Operation rows[] = {
      of_two("fmax", static_cast<Two>(xgrad::fmax), [](double x, double y) { return std::fmax(x, y); }),
      of_two("fmin", static_cast<Two>(xgrad::fmin), [](double x, double y) { return std::fmin(x, y); }),
      of_two(
          "hypot", static_cast<Two>(xgrad::hypot), [](double x, double y) { return std::hypot(x, y); }, 0.5,
          2),
      of_two(
          "copysign", static_cast<Two>(xgrad::copysign),
          [](double x, double y) { return std::copysign(x, y); }, 0.1, 2),
      of_two("logaddexp", static_cast<Two>(xgrad::logaddexp),
             [](double x, double y) { return std::log(std::exp(x) + std::exp(y)); }),
      of_two("logaddexp2", static_cast<Two>(xgrad::logaddexp2),
             [](double x, double y) { return std::log2(std::exp2(x) + std::exp2(y)); }),
      of_two("ldexp", static_cast<Two>(xgrad::ldexp), [](double x, double y) { return x * std::exp2(y); }),
      of_two(
          "fmod", static_cast<Two>(xgrad::fmod), [](double x, double y) { return std::fmod(x, y); }, 1.1,
          1.9),
      of_two("remainder", static_cast<Two>(xgrad::remainder), floored, 1.1, 1.9),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("products with a logarithm are 0 where their factor is") {
  const Tensor factor = numbers({{0, 2, 0.5}, {0, 0, 1}});
  const Tensor argument = numbers({{0, 3, 0.25}, {-1, NAN, 4}});
  const Tensor expected = numbers({{0, 2 * std::log(3), 0.5 * std::log(0.25)}, {0, NAN, std::log(4)}});
  check::check_operation({.name = "xlogy",
                          .call = [](const std::vector<Tensor>& in) { return xlogy(in[0], in[1]); },
                          .example = {factor, argument},
                          .expected = expected,
                          .shapes = pairs,
                          .throwing = unequal,
                          .low = 0.5});
  check::check_operation(
      {.name = "xlog1py",
       .call = [](const std::vector<Tensor>& in) { return special::xlog1py(in[0], in[1] - 1); },
       .example = {factor, argument},
       .expected = expected,
       .shapes = pairs,
       .throwing = unequal,
       .low = 0.5});
}

TEST_CASE("functions of three tensors have the values and the gradients that they should") {
  const std::vector<std::vector<Shape>> triples = {
      {{2, 3}, {2, 3}, {2, 3}}, {{2, 3}, {3}, {}}, {{0}, {0}, {1}}, {{}, {}, {}}, {{1}, {2, 1}, {1, 3}}};
  const Tensor third = numbers({{1, 0.5, 2}, {0.25, -1, 3}});
  const Operation rows[] = {
      {.name = "lerp",
       .call = [](const std::vector<Tensor>& in) { return lerp(in[0], in[1], in[2]); },
       .example = {left, right, third},
       .expected = left + third * (right - left),
       .shapes = triples,
       .throwing = {{{2}, {3}, {}}}},
      {.name = "addcmul",
       .call = [](const std::vector<Tensor>& in) { return addcmul(in[0], in[1], in[2], 0.5); },
       .example = {left, right, third},
       .expected = left + right * third * 0.5,
       .shapes = triples,
       .throwing = {{{2}, {3}, {}}}},
      {.name = "addcdiv",
       .call = [](const std::vector<Tensor>& in) { return addcdiv(in[0], in[1], in[2], 2); },
       .example = {left, right, third},
       .expected = left + right / third * 2,
       .shapes = triples,
       .throwing = {{{2}, {3}, {}}},
       .low = 0.5},
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("quotients are rounded down or toward zero, of integers and of fractions") {
  Tensor a = tensor({7, -7, 7, -7}, int64);
  Tensor b = tensor({2, 2, -2, -2}, int64);
  CHECK(equal(floor_divide(a, b), tensor({3, -4, -4, 3}, int64)));
  CHECK(equal(div(a, b, RoundingMode::trunc), tensor({3, -3, -3, 3}, int64)));
  CHECK(equal(remainder(a, b), tensor({1, 1, -1, -1}, int64)));
  CHECK(equal(fmod(a, b), tensor({1, -1, 1, -1}, int64)));
  CHECK(equal(div(to(a, float64), 2.0, RoundingMode::floor), numbers({3, -4, 3, -4})));
  CHECK(equal(floor_divide(numbers({1}), 0.1), numbers({9})));  // 0.1 is a little more than a tenth
  Tensor lowest = full({1}, INT64_MIN, int64);
  CHECK(equal(div(lowest, -1, RoundingMode::trunc), lowest));
  CHECK(equal(remainder(lowest, -1), zeros({1}, int64)));
  CHECK_THROWS_AS(floor_divide(a, 0), ValueError);
  CHECK_THROWS_AS(remainder(a, zeros({4}, int64)), ValueError);
  CHECK_THROWS_AS(fmod(a != b, a != b), DTypeError);
}

TEST_CASE("bits and divisors of integers") {
  Tensor a = tensor({12, -12, 0, 7}, int64);
  Tensor b = tensor({10, 10, 3, 0}, int64);
  CHECK(equal(bitwise_and(a, b), tensor({8, 0, 0, 0}, int64)));
  CHECK(equal(bitwise_or(a, 1), tensor({13, -11, 1, 7}, int64)));
  CHECK(equal(bitwise_xor(a, b), tensor({6, -2, 3, 7}, int64)));
  CHECK(equal(bitwise_xor(a > 0, b > 3), (a > 0) != (b > 3)));
  CHECK(equal(bitwise_left_shift(a, 2), tensor({48, -48, 0, 28}, int64)));
  CHECK(equal(bitwise_right_shift(a, 2), tensor({3, -3, 0, 1}, int64)));
  CHECK(equal(bitwise_left_shift(a, 64), zeros({4}, int64)));
  CHECK(equal(bitwise_right_shift(a, -1), tensor({0, -1, 0, 0}, int64)));
  CHECK(equal(gcd(a, b), tensor({2, 2, 3, 7}, int64)));
  CHECK(equal(lcm(a, b), tensor({60, 60, 0, 0}, int64)));
  CHECK_THROWS_AS(bitwise_and(numbers({1}), b), DTypeError);
  CHECK_THROWS_AS(gcd(a > 0, b > 0), DTypeError);
  CHECK_THROWS_AS(bitwise_or(a, tensor({1, 2}, int64)), ShapeError);
}

TEST_CASE("closeness and membership") {
  Tensor a = numbers({1, INFINITY, NAN, 2});
  Tensor b = numbers({1 + 1e-9, INFINITY, NAN, 2.1});
  CHECK(equal(isclose(a, b), tensor({true, true, false, false})));
  CHECK(equal(isclose(a, b, 1e-5, 1e-8, true), tensor({true, true, true, false})));
  CHECK_THROWS_AS(isclose(a, to(b, float32)), DTypeError);
  CHECK_THROWS_AS(isclose(a, b, -1), ValueError);
  CHECK(equal(isin(tensor({{1, 2}, {3, 4}}, int64), tensor({4, 1}, int64)),
              tensor({{true, false}, {false, true}})));
  CHECK(equal(isin(tensor({1, 2}, int64), zeros({0}, int64), true), tensor({true, true})));
}

TEST_CASE("float_power computes in float64, whatever it is given") {
  Tensor base = tensor({2, 3}, int64);
  CHECK(equal(float_power(base, tensor({-1, 2}, float32)), numbers({0.5, 9})));
  CHECK(equal(float_power(base, -2), numbers({0.25, 1.0 / 9})));
  CHECK(float_power(2.0, to(base, float32)).dtype() == float64);
  auto power = [](const Tensor& x, const Tensor& y) { return float_power(x, y); };
  CHECK(gradcheck(power, {numbers({0.5, 2}), numbers({1.5, -1})}));
  CHECK(gradgradcheck(power, {numbers({0.5, 2}), numbers({1.5, -1})}));
}
