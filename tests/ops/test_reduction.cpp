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
      reduction(
          "nansum", [](const Tensor& x) { return nansum(x); }, numbers({14.25}).reshape({}), any_shape),
      reduction(
          "nansum over 1", [](const Tensor& x) { return nansum(x, Shape{1}, true); },
          numbers({{{4.5, 4}}, {{1.25, 4.5}}}), at_least_2d, too_few),
      reduction("nanmean", [](const Tensor& x) { return nanmean(x); }, numbers({14.25 / 12}).reshape({}),
                {{{2, 3}}, {{}}, {{1}}}),
      reduction(
          "nanmean over 1", [](const Tensor& x) { return nanmean(x, Shape{1}); },
          numbers({{1.5, 4.0 / 3}, {1.25 / 3, 1.5}}), {{{2, 3}}, {{3, 1}}, {{0, 2}}}, too_few),
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
      reduction("var over 0 and 2", [](const Tensor& x) { return var(x, Shape{0, 2}, 0); },
                numbers({7.1875, 1.5625, 5.19921875}), {{{2, 3, 2}}, {{3, 1, 2}}}, {{{2, 3}}}),
      reduction("var over 0", [](const Tensor& x) { return var(x, Shape{0}, 1, true); },
                numbers({{{2, 24.5}, {1.125, 1.125}, {3.78125, 12.5}}}), {{{2, 3}}, {{3, 2, 2}}, {{4}}}),
      reduction("mean of var_mean", [](const Tensor& x) { return var_mean(x, Shape{-1}).second; },
                numbers({{-0.5, 2.25, 2.5}, {2, 2.25, -1.375}}), {{{2, 3}}, {{4}}}),
      reduction("std of std_mean", [](const Tensor& x) { return std_mean(x, Shape{-1}, 0).first; },
                numbers({{1.5, 1.75, 0.5}, {3, 0.25, 1.625}}), {{{2, 3}}, {{4}}}),
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
      reduction("prod over 0", [](const Tensor& x) { return prod(x, 0, true); },
                numbers({{{-1, -10}, {1, 10}, {0.75, -6}}}), {{{2, 3}}, {{3, 2, 2}}, {{0, 2}}, {{}}}),
      reduction("aminmax, smallest", [](const Tensor& x) { return aminmax(x, 1).first; },
                numbers({{0.5, -2}, {-1, -3}}), {{{2, 3}}, {{2, 3, 2}}}, {{{2, 0}}, {{3}}}),
      reduction("aminmax, largest", [](const Tensor& x) { return aminmax(x).second; },
                numbers({5}).reshape({}), {{{2, 3}}, {{}}}, {{{0}}}),
      reduction("amin over 0", [](const Tensor& x) { return amin(x, Shape{0}); },
                numbers({{-1, -2}, {0.5, 2.5}, {0.25, -3}}), {{{2, 3}}, {{3, 1}}, {{2, 3, 2}}}, {{{0, 2}}}),
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
  CHECK(argmin(x, std::nullopt, true).shape() == Shape{1, 1});
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

TEST_CASE("a dtype converts before reducing") {
  CHECK(equal(sum(numbers({1.5, 1.5}), std::nullopt, false, int64), tensor(2, int64)));
  CHECK(equal(sum(tensor({200, 100}, uint8), std::nullopt, false, uint8), tensor(44, uint8)));
  CHECK(equal(sum(tensor({2, 0}, int32), Shape{0}, true, boolean), tensor({true})));
  CHECK(mean(tensor({1, 2}, int64), std::nullopt, false, float64).item() == 1.5);
  CHECK_THROWS_AS(mean(numbers({1, 2}), std::nullopt, false, int64), DTypeError);
  CHECK(prod(tensor({2, 3}, int64), float64).dtype() == float64);
  CHECK(prod(tensor({2, 3}, int64), 0, true, float32).dtype() == float32);
  CHECK(nansum(numbers({1.5, NAN}), std::nullopt, false, float32).dtype() == float32);
  CHECK(nansum(tensor({1, 2}, int32)).dtype() == int64);
  Tensor x = tensor({1, 2}, float32).requires_grad_();
  sum(x, std::nullopt, false, float64).backward();
  CHECK(equal(x.grad(), ones({2}, float32)));
}

TEST_CASE("sums and means that leave out nan send them no gradient") {
  Tensor x = numbers({{1, NAN, 4}, {NAN, NAN, NAN}}).requires_grad_();
  CHECK(equal(nansum(x, Shape{1}), numbers({5, 0})));
  Tensor means = nanmean(x, Shape{1});
  CHECK(means.select(0, 0).item() == 2.5);
  CHECK(std::isnan(means.select(0, 1).item()));
  means.select(0, 0).backward();
  CHECK(equal(x.grad(), numbers({{0.5, 0, 0.5}, {0, 0, 0}})));
  CHECK_THROWS_AS(nanmean(tensor({1, 2}, int64)), DTypeError);
}

TEST_CASE("truths and counts take nan for not zero, along rows and down columns") {
  Tensor x = numbers({{NAN, 0, 1}, {-0.0, 0, 2}});
  CHECK(equal(any(x, Shape{0}), tensor({true, false, true})));
  CHECK(equal(all(x, Shape{0}), tensor({false, false, true})));
  CHECK(equal(any(x, Shape{1}), tensor({true, true})));
  CHECK(equal(all(x, Shape{-1}, true), tensor({{false}, {false}})));
  CHECK(equal(count_nonzero(x), tensor(3, int64)));
  CHECK(equal(count_nonzero(x, Shape{0}), tensor({1, 0, 2}, int64)));
  CHECK(equal(count_nonzero(x.to(boolean), Shape{1}), tensor({2, 1}, int64)));
  CHECK(equal(count_nonzero(zeros({0, 2}), Shape{0}), tensor({0, 0}, int64)));
  CHECK_THROWS_AS(count_nonzero(x, Shape{2}), IndexError);
}

TEST_CASE("variances are exact far from 0, in either direction, and gradients too") {
  Tensor deviations = check::spread_numbers({300, 70}, -1, 1, {}, 2).to(float32).to(float64);
  deviations = round(deviations * 64) / 64;  // exact in float32 beside the offset
  Tensor single = (deviations + 65536).to(float32);
  for (std::int64_t dim : {0, 1}) {
    CHECK(check::agree(var(single, Shape{dim}), var(deviations, Shape{dim}).to(float32), 1e-6));
    Tensor x = Tensor(single.array()).requires_grad_();
    Tensor y = Tensor(deviations.array()).requires_grad_();
    var(x, Shape{dim}).sum().backward();
    var(y, Shape{dim}).sum().backward();
    CHECK(check::agree(x.grad(), y.grad().to(float32), 1e-6));
  }
  CHECK(check::agree(var(single), var(deviations).to(float32), 1e-6));
}

TEST_CASE("no correction is a correction of 1, and one as large as the count gives inf or nan") {
  Tensor x = numbers({1, 2, 4});
  CHECK(equal(var(x, std::nullopt, std::nullopt), var(x)));
  CHECK(var(x, std::nullopt, 3).item() == INFINITY);
  CHECK(var(x, std::nullopt, 5).item() == INFINITY);
  CHECK(std::isnan(var(numbers({2})).item()));
}

TEST_CASE("long rows reduce as their parts do, on any number of threads") {
  Tensor x = check::spread_numbers({200000}, 0.999, 1.001, {}, 4);
  Tensor holes = x.clone();
  for (std::int64_t i = 7; i < 200000; i += 501) holes.data<double>()[i] = 0;
  int before = num_threads();
  Tensor results[2];
  for (int threads : {1, 4}) {
    set_num_threads(threads);
    results[threads / 4] =
        stack({prod(x), amax(x), amin(x), var(x), norm(x, 3), nansum(x), count_nonzero(holes).to(float64)});
  }
  set_num_threads(before);
  CHECK(equal(results[0], results[1]));
  Tensor parts = x.reshape({200, 1000});
  CHECK(check::agree(prod(x), prod(prod(parts, 1)), 1e-10));
  CHECK(equal(amax(x), amax(amax(parts, Shape{0}))));
  CHECK(check::agree(var(x), mean(square(x - mean(x))) * (200000.0 / 199999), 1e-12));
  CHECK(count_nonzero(holes).item() == 200000 - 400);
  CHECK_FALSE(all(holes).item<bool>());
  CHECK(all(x).item<bool>());
  CHECK(amax(x > 2).item<bool>() == false);
  CHECK(amax(x > 1).item<bool>());
}

TEST_CASE("where nan is the largest of all, all nan share the gradient") {
  Tensor x = numbers({1, NAN, 3, NAN}).requires_grad_();
  max(x).backward();
  CHECK(equal(x.grad(), numbers({0, 0.5, 0, 0.5})));
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
