#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

const Tensor block = numbers({{{1, -2}, {0.5, 4}, {3, 2}}, {{-1, 5}, {2, 2.5}, {0.25, -3}}});  // [2, 3, 2]

Operation reduction(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& expected,
                    std::vector<std::vector<Shape>> shapes, std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {block},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

const std::vector<std::vector<Shape>> any_shape = {{{2, 3, 2}}, {{5}},    {{}},          {{0}},
                                                   {{2, 0}},    {{1, 1}}, {{2, 2, 2, 2}}};
const std::vector<std::vector<Shape>> at_least_2d = {{{2, 3}}, {{3, 1}}, {{2, 3, 2}}, {{2, 0}}, {{1, 4}}};
const std::vector<std::vector<Shape>> too_few = {{{}}, {{3}}};

}  // namespace

TEST_CASE("reductions have the value and the gradients that they should") {
  const Operation rows[] = {
      reduction(
          "sum", [](const Tensor& x) { return sum(x); }, numbers({14.25}).reshape({}), any_shape),
      reduction(
          "sum over 1", [](const Tensor& x) { return sum(x, Shape{1}); }, numbers({{4.5, 4}, {1.25, 4.5}}),
          at_least_2d, too_few),
      reduction("sum over 0 and -1", [](const Tensor& x) { return sum(x, Shape{0, -1}, true); },
                numbers({3, 9, 2.25}).reshape({1, 3, 1}), {{{2, 3, 2}}, {{2, 3}}, {{0, 3}}}),
      reduction("mean", [](const Tensor& x) { return mean(x); }, numbers({14.25 / 12}).reshape({}),
                {{{2, 3}}, {{}}, {{1}}}),
      reduction(
          "mean over 1", [](const Tensor& x) { return mean(x, Shape{1}, true); },
          numbers({{1.5, 4.0 / 3}, {1.25 / 3, 1.5}}).reshape({2, 1, 2}), {{{2, 3}}, {{3, 1}}, {{0, 2}}},
          too_few),
      reduction("var over -1", [](const Tensor& x) { return var(x, Shape{-1}); },
                numbers({{4.5, 6.125, 0.5}, {18, 0.125, 5.28125}}), {{{2, 3}}, {{4}}, {{0, 3}}}),
      reduction("var, population", [](const Tensor& x) { return var(x, Shape{-1}, 0); },
                numbers({{2.25, 3.0625, 0.25}, {9, 0.0625, 2.640625}}), {{{2, 3}}, {{1, 4}}}),
      reduction("std over -1", [](const Tensor& x) { return xgrad::std(x, Shape{-1}); },
                check::each(numbers({{4.5, 6.125, 0.5}, {18, 0.125, 5.28125}}),
                            [](double v) { return std::sqrt(v); }),
                {{{2, 3}}, {{4}}}),
      reduction("prod", [](const Tensor& x) { return prod(x); },
                numbers({1 * -2 * 0.5 * 4 * 3 * 2 * -1 * 5 * 2 * 2.5 * 0.25 * -3.0}).reshape({}),
                {{{2, 2}}, {{3}}, {{}}, {{1}}}),
      reduction(
          "prod over 1", [](const Tensor& x) { return prod(x, 1); }, numbers({{1.5, -16}, {-0.5, -37.5}}),
          at_least_2d, too_few),
      reduction("amax over 1", [](const Tensor& x) { return amax(x, Shape{1}); }, numbers({{3, 4}, {2, 5}}),
                {{{2, 3}}, {{3, 1}}, {{2, 3, 2}}}, {{{2, 0}}}),
      reduction("amin", [](const Tensor& x) { return amin(x); }, numbers({-3}).reshape({}),
                {{{2, 3}}, {{}}, {{4}}}, {{{0}}}),
      reduction("max", [](const Tensor& x) { return max(x); }, numbers({5}).reshape({}),
                {{{2, 3}}, {{}}, {{4}}}, {{{0}}}),
      reduction("min", [](const Tensor& x) { return min(x); }, numbers({-3}).reshape({}),
                {{{2, 3}}, {{}}, {{4}}}, {{{0}}}),
      reduction("max along 1", [](const Tensor& x) { return max(x, 1).first; }, numbers({{3, 4}, {2, 5}}),
                {{{2, 3}}, {{3, 1}}, {{0, 2}}}, {{{2, 0}}}),
      reduction("min along -1", [](const Tensor& x) { return min(x, -1, true).first; },
                numbers({{{-2}, {0.5}, {2}}, {{-1}, {2}, {-3}}}), {{{2, 3}}, {{4}}, {{}}}),
      reduction("softmax", [](const Tensor& x) { return softmax(x, -1); },
                exp(block) / sum(exp(block), Shape{-1}, true),
                {{{2, 3}}, {{4}}, {{}}, {{0, 3}}, {{3, 0}}, {{2, 3, 2}}}),
      reduction("softmax over 0", [](const Tensor& x) { return softmax(x, 0); },
                exp(block) / sum(exp(block), Shape{0}, true), {{{2, 3}}, {{4}}, {{3, 2, 2}}}),
      reduction("log_softmax", [](const Tensor& x) { return log_softmax(x, 1); },
                block - log(sum(exp(block), Shape{1}, true)), {{{2, 3}}, {{2, 3, 2}}, {{0, 3}}},
                {{{}}, {{3}}}),
      reduction(
          "logsumexp over 1", [](const Tensor& x) { return logsumexp(x, Shape{1}); },
          log(sum(exp(block), Shape{1})), {{{2, 3}}, {{2, 3, 2}}, {{0, 3}}}, too_few),
      reduction(
          "logsumexp over 0 and 2", [](const Tensor& x) { return logsumexp(x, Shape{0, 2}, true); },
          log(sum(exp(block), Shape{0, 2}, true)), {{{2, 3, 2}}}, too_few),
      reduction("logsumexp of all", [](const Tensor& x) { return logsumexp(x, std::nullopt); },
                log(sum(exp(block))), {{{2, 3}}, {{}}, {{4}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("reductions of nothing are the neutral element, or nan, or an error") {
  Tensor nothing = zeros({2, 0}, float64);
  CHECK(sum(nothing).item() == 0);
  CHECK(prod(nothing).item() == 1);
  CHECK(std::isnan(mean(nothing).item()));
  CHECK(equal(sum(nothing, Shape{1}), numbers({0, 0})));
  CHECK(sum(nothing, Shape{0}).shape() == Shape{0});
  CHECK_THROWS_AS(max(nothing), ShapeError);
  CHECK_THROWS_AS(argmax(nothing), ShapeError);
  CHECK_THROWS_AS(max(nothing, 1), ShapeError);
  CHECK(all(nothing).item<bool>());
  CHECK_FALSE(any(nothing).item<bool>());
}

TEST_CASE("places of extremes are those of the first, and a nan is the largest and the smallest") {
  Tensor x = numbers({{1, 3, 3}, {2, 2, 0}});
  CHECK(equal(argmax(x, 1), tensor({1, 0}, int64)));
  CHECK(equal(argmin(x, 0, true), tensor({{0, 1, 1}}, int64)));
  CHECK(argmax(x).item<std::int64_t>() == 1);
  CHECK(argmin(x).item<std::int64_t>() == 5);
  CHECK(argmax(numbers({1, NAN, 3, NAN})).item<std::int64_t>() == 1);
  CHECK(std::isnan(amin(numbers({1, NAN})).item()));
  auto [values, places] = max(x.requires_grad_(), 1);
  CHECK(equal(values, numbers({3, 2})));
  CHECK_FALSE(places.requires_grad());
  sum(values * numbers({1, 10})).backward();
  CHECK(equal(x.grad(), numbers({{0, 1, 0}, {10, 0, 0}})));
}

TEST_CASE("equal extremes share the gradient of amax evenly") {
  Tensor x = numbers({{1, 3, 3}, {2, 2, 2}}).requires_grad_();
  amax(x, Shape{1}).sum().backward();
  CHECK(check::agree(x.grad(), numbers({{0, 0.5, 0.5}, {1.0 / 3, 1.0 / 3, 1.0 / 3}}), 1e-15));
}

TEST_CASE("the gradient of a product is right where factors are 0") {
  for (const Tensor& x : {numbers({2, 0, 3}), numbers({0, 0, 3}), numbers({0}), numbers({1, 2, 4})}) {
    CHECK(gradcheck([](const Tensor& v) { return prod(v); }, {x}, {.allow_zero = true}));
    CHECK(gradgradcheck([](const Tensor& v) { return prod(v, 0); }, {x}, {.allow_zero = true}));
  }
}

TEST_CASE("integers sum to int64 and have no mean") {
  CHECK(sum(tensor({1, 2, 3}, int32)).dtype() == int64);
  CHECK(sum(tensor({true, true})).item<std::int64_t>() == 2);
  CHECK(prod(tensor({2, 3}, uint8)).dtype() == int64);
  CHECK_THROWS_AS(mean(tensor({1, 2}, int64)), DTypeError);
  CHECK_THROWS_AS(var(tensor({1, 2}, int64)), DTypeError);
}

TEST_CASE("a dimension that is not there, or is named twice, is an error") {
  Tensor x = zeros({2, 3});
  CHECK_THROWS_AS(sum(x, Shape{2}), IndexError);
  CHECK_THROWS_AS(sum(x, Shape{-3}), IndexError);
  CHECK_THROWS_AS(mean(x, Shape{0, -2}), ShapeError);
  CHECK_THROWS_AS(softmax(x, 2), IndexError);
  CHECK_THROWS_AS(max(x, -3), IndexError);
}

TEST_CASE("the softmax family neither overflows nor underflows") {
  Tensor x = numbers({{1000, 0, -1000}, {-INFINITY, 0, 0}});
  CHECK(check::agree(softmax(x, 1), numbers({{1, 0, 0}, {0, 0.5, 0.5}}), 1e-15));
  CHECK(check::agree(log_softmax(x, 1).select(0, 0), numbers({0, -1000, -2000}), 1e-15));
  CHECK(check::agree(logsumexp(x, Shape{1}), numbers({1000, std::log(2)}), 1e-15));
  CHECK(std::isinf(logsumexp(full({3}, -INFINITY, float64), std::nullopt).item()));
  CHECK(logsumexp(numbers({INFINITY, 1}), std::nullopt).item() == INFINITY);
}
