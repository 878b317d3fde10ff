#include <doctest/doctest.h>

#include <algorithm>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

const Tensor table = numbers({{3, -4, 0.5, 2}, {1, 2.5, -2, 7}});

Operation over(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& expected,
               std::vector<std::vector<Shape>> shapes, std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {table},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

const std::vector<std::vector<Shape>> slices = {{{2, 3}}, {{3, 4, 2}}, {{5}}, {{0, 3}}, {{1, 1}}};
const std::vector<std::vector<Shape>> no_slices = {{{3, 0}}, {{0}}};

}  // namespace

TEST_CASE("order statistics have the value and the gradients that they should") {
  const Operation rows[] = {
      over("median", [](const Tensor& x) { return median(x); }, numbers({1}).reshape({}),
           {{{2, 3}}, {{}}, {{4}}, {{0}}}),
      over(
          "median along -1", [](const Tensor& x) { return median(x, -1).first; }, numbers({0.5, 1}), slices,
          no_slices),
      over("median along 0", [](const Tensor& x) { return median(x, 0, true).first; },
           numbers({{1, -4, -2, 2}}), {{{2, 3}}, {{3, 2, 2}}, {{}}}, {{{0, 3}}}),
      over("nanmedian", [](const Tensor& x) { return nanmedian(x); }, numbers({1}).reshape({}),
           {{{2, 3}}, {{}}, {{4}}, {{0}}}),
      over(
          "nanmedian along -1", [](const Tensor& x) { return nanmedian(x, -1).first; }, numbers({0.5, 1}),
          slices, no_slices),
      over("kthvalue", [](const Tensor& x) { return kthvalue(x, 2).first; }, numbers({0.5, 1}),
           {{{2, 3}}, {{3, 4, 2}}, {{5}}}, {{{}}, {{2, 1}}}),
      over("kthvalue along 0", [](const Tensor& x) { return kthvalue(x, 1, 0, true).first; },
           numbers({{1, -4, -2, 2}}), {{{2, 3}}, {{}}}, {{{0, 3}}}),
      over(
          "mode", [](const Tensor& x) { return mode(x).first; }, numbers({-4, -2}), slices, no_slices),
      over("quantile", [](const Tensor& x) { return quantile(x, 0.3); },
           numbers({0.5 + (2.1 - 2) * 0.5}).reshape({}), {{{2, 3}}, {{}}, {{5}}}, {{{0}}, {{2, 0}}}),
      over("quantile along 1", [](const Tensor& x) { return quantile(x, 0.5, 1, true); },
           numbers({{1.25}, {1.75}}), {{{2, 3}}, {{3, 4, 2}}}, {{{}}, {{4}}, {{0, 2}}}),
      over("quantile, midpoint", [](const Tensor& x) { return quantile(x, 0.4, -1, false, "midpoint"); },
           numbers({1.25, 1.75}), {{{2, 4}}, {{3, 4, 2}}}),
      over("nanquantile", [](const Tensor& x) { return nanquantile(x, 0.5, 0); },
           numbers({2, -0.75, -0.75, 4.5}), {{{3, 2}}, {{}}, {{5}}}, {{{0}}}),
      {.name = "quantile of q",
       .call = [](const std::vector<Tensor>& in) { return quantile(in[0], sigmoid(in[1]), 1); },
       .example = {table, numbers({0, INFINITY})},
       .expected = numbers({{1.25, 1.75}, {3, 7}}),
       .shapes = {{{2, 4}, {3}}, {{2, 3}, {}}, {{2, 3, 2}, {0}}},
       .throwing = {{{2, 4}, {1, 1}}, {{4}, {2}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("medians of slices with nan are the first nan, or leave nan out") {
  Tensor x = numbers({{1, NAN, 3, NAN}, {4, 2, 3, 1}, {NAN, NAN, NAN, NAN}});
  auto [values, places] = median(x, 1);
  CHECK(equal(places, tensor({1, 2 - 1, 0}, int64)));
  CHECK(equal(isnan(values), tensor({true, false, true})));
  auto [others, other_places] = nanmedian(x, 1);
  CHECK(equal(other_places, tensor({0, 1, 0}, int64)));
  CHECK(others.select(0, 0).item() == 1);
  CHECK(std::isnan(median(x).item()));
  CHECK(nanmedian(x).item() == 2);
  CHECK(std::isnan(median(zeros({0})).item()));
  CHECK_THROWS_AS(median(zeros({0}, int64)), ShapeError);
}

TEST_CASE("places among equal elements are those of a stable sort") {
  Tensor x = tensor({5, 1, 5, 1, 1, 9}, int64);
  const std::vector<std::int64_t> stable = {1, 3, 4, 0, 2, 5};
  for (std::int64_t k = 1; k <= 6; ++k) {
    auto [value, place] = kthvalue(x, k);
    CHECK(place.item<std::int64_t>() == stable[static_cast<std::size_t>(k - 1)]);
    CHECK(value.item<std::int64_t>() == x.select(0, place.item<std::int64_t>()).item<std::int64_t>());
  }
  Tensor with_nan = numbers({NAN, 2, NAN, 1});
  CHECK(kthvalue(with_nan, 2).second.item<std::int64_t>() == 1);
  CHECK(kthvalue(with_nan, 3).second.item<std::int64_t>() == 0);
  CHECK(kthvalue(with_nan, 4).second.item<std::int64_t>() == 2);
  CHECK(kthvalue(tensor({true, false, true}), 2).second.item<std::int64_t>() == 0);
}

TEST_CASE("the mode is the smallest of the most frequent") {
  auto [values, places] = mode(tensor({{2, 1, 2, 1, 0}, {3, 3, 3, 4, 4}}, int64));
  CHECK(equal(values, tensor({1, 3}, int64)));
  CHECK(equal(places, tensor({3, 2}, int64)));
  CHECK(mode(numbers({NAN, NAN, 5})).first.item() == 5);
  CHECK(std::isnan(mode(numbers({NAN, NAN})).first.item()));
  CHECK(mode(tensor({1, 2, 2}, int32), 0, true).first.shape() == Shape{1});
}

TEST_CASE("quantiles interpolate as they are told, and know nan") {
  Tensor x = numbers({1, 2, 4, 8, 16});
  Tensor q = numbers({0, 0.3, 0.375, 0.625, 1});
  auto by = [&](std::string_view way) { return quantile(x, q, 0, false, way); };
  CHECK(check::agree(by("linear"), numbers({1, 2.4, 3, 6, 16}), 1e-14));
  CHECK(equal(by("lower"), numbers({1, 2, 2, 4, 16})));
  CHECK(equal(by("higher"), numbers({1, 4, 4, 8, 16})));
  CHECK(equal(by("nearest"), numbers({1, 2, 4, 4, 16})));
  CHECK(equal(by("midpoint"), numbers({1, 3, 3, 6, 16})));
  Tensor holes = numbers({{1, NAN, 3}, {1, 2, 3}, {NAN, NAN, NAN}});
  CHECK(equal(isnan(quantile(holes, 0.5, 1)), tensor({true, false, true})));
  Tensor rest = nanquantile(holes, 0.5, 1, true);
  CHECK(rest.shape() == Shape{3, 1});
  CHECK(equal(rest.narrow(0, 0, 2), numbers({{2}, {2}})));
  CHECK(std::isnan(rest.select(0, 2).item()));
  CHECK(quantile(holes, numbers({0.5, 1}), std::nullopt, true).shape() == Shape{2, 1, 1});
}

TEST_CASE("selecting and sorting find the same elements of long rows") {
  Tensor x = check::spread_numbers({7, 501}, -3, 3, {}, 11);
  Tensor rounded = round(x * 4);  // with many ties
  for (const Tensor& rows : {x, rounded, x.to(float32), rounded.to(int64).to(float64)}) {
    Tensor q = (arange(0, 11, 1, rows.dtype()) / 10).to(rows.dtype());
    Tensor sorted = quantile(rows, q, 1);
    for (std::int64_t i = 0; i < 11; ++i)
      CHECK(equal(quantile(rows, q.select(0, i), 1), sorted.select(0, i)));
    CHECK(equal(median(rows, 1).first, quantile(rows, 0.5, 1)));
    CHECK(equal(kthvalue(rows, 501, 1).first, amax(rows, Shape{1})));
    CHECK(equal(kthvalue(rows, 1, 1).second, argmin(rows, 1)));
  }
}

TEST_CASE("wrong arguments of order statistics are errors") {
  CHECK_THROWS_AS(kthvalue(table, 0), ValueError);
  CHECK_THROWS_AS(kthvalue(table, 5), ValueError);
  CHECK_THROWS_AS(kthvalue(table, INT64_MIN), ValueError);
  CHECK_THROWS_AS(kthvalue(table, 1, 2), IndexError);
  CHECK_THROWS_AS(median(table, 2), IndexError);
  CHECK_THROWS_AS(mode(table, -3), IndexError);
  CHECK_THROWS_AS(quantile(table, 1.5), ValueError);
  CHECK_THROWS_AS(quantile(table, NAN), ValueError);
  CHECK_THROWS_AS(quantile(table, 0.5, 0, false, "cubic"), ValueError);
  CHECK_THROWS_AS(quantile(table, tensor({0.5}, float32)), DTypeError);
  CHECK_THROWS_AS(quantile(tensor({1, 2}, int64), 0.5), DTypeError);
  CHECK_THROWS_AS(quantile(table, 0.5, 2), IndexError);
}

TEST_CASE("bincount counts, or adds up weights") {
  Tensor x = tensor({1, 3, 3, 0}, int64);
  CHECK(equal(bincount(x), tensor({1, 1, 0, 2}, int64)));
  CHECK(equal(bincount(x.to(uint8), {}, 6), tensor({1, 1, 0, 2, 0, 0}, int64)));
  CHECK(equal(bincount(x, numbers({0.5, 1, 2, 4})), numbers({4, 0.5, 0, 3})));
  CHECK(bincount(x, ones({4}, float32)).dtype() == float32);
  CHECK(bincount(x, ones({4}, int64)).dtype() == float64);
  CHECK(bincount(zeros({0}, int64)).shape() == Shape{0});
  CHECK(equal(bincount(stack({x, x}, 1).select(1, 0)), bincount(x)));
  CHECK_THROWS_AS(bincount(tensor({-1, 2}, int64)), ValueError);
  CHECK_THROWS_AS(bincount(x, {}, -1), ValueError);
  CHECK_THROWS_AS(bincount(full({1}, INT64_MAX, int64)), ValueError);
  CHECK_THROWS_AS(bincount(zeros({2, 2}, int64)), ShapeError);
  CHECK_THROWS_AS(bincount(x, ones({3})), ShapeError);
  CHECK_THROWS_AS(bincount(numbers({1, 2})), DTypeError);
  CHECK_THROWS_AS(bincount(tensor({true, false})), DTypeError);
  CHECK_THROWS_AS(bincount(Tensor()), GraphError);
}

TEST_CASE("histc counts the elements of equal parts") {
  Tensor x = numbers({0, 1, 1.5, 2, 4, 5, -1, NAN, INFINITY});
  CHECK(equal(histc(x, 4, 0, 4), numbers({1, 2, 1, 1})));
  CHECK(equal(histc(x.narrow(0, 0, 5), 2), numbers({3, 2})));
  CHECK(equal(histc(numbers({2, 2}), 3), numbers({0, 2, 0})));
  CHECK(equal(histc(zeros({0}, float64), 2), numbers({0, 0})));
  CHECK(histc(x.to(float32), 4, 0, 4).dtype() == float32);
  CHECK(equal(histc(numbers({-1e308, 0, 1e308}), 2), numbers({1, 2})));
  CHECK(sum(histc(tensor({1e20, 1e20}, float32), 2)).item() == 2);
  CHECK_THROWS_AS(histc(x), ValueError);
  CHECK_THROWS_AS(histc(x, 0, 0, 1), ValueError);
  CHECK_THROWS_AS(histc(x, 2, 2, 1), ValueError);
  CHECK_THROWS_AS(histc(x, 2, NAN, 1), ValueError);
  CHECK_THROWS_AS(histc(tensor({1, 2}, int64), 2), DTypeError);
}
