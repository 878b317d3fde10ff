#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Inputs = std::vector<Tensor>;

const Tensor table = numbers({{1, 2, 3}, {4, 5, 6}});
const Tensor first_last = tensor(std::vector<std::int64_t>{0, -1, 0});
const Tensor rows_0_1_1 = tensor(std::vector<std::int64_t>{0, 1, 1});

/// A picking operation on tables of at least two rows.
Operation of_table(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& expected) {
  return {.name = name,
          .call = [call](const Inputs& in) { return call(in[0]); },
          .example = {table},
          .expected = expected,
          .shapes = {{{2, 3}}, {{3, 3}}}};
}

}  // namespace

TEST_CASE("elements are picked by place, and repeated ones add up their gradients") {
  const Operation rows[] = {
      of_table(
          "index_select", [](const Tensor& x) { return index_select(x, 0, rows_0_1_1); },
          numbers({{1, 2, 3}, {4, 5, 6}, {4, 5, 6}})),
      of_table(
          "take", [](const Tensor& x) { return take(x, first_last); }, numbers({1, 6, 1})),
      of_table(
          "take_along_dim",
          [](const Tensor& x) {
            return take_along_dim(x, tensor({{-1, 0}}, int64).expand({x.size(0), 2}), 1);
          },
          numbers({{3, 1}, {6, 4}})),
      of_table(
          "getitem, tensors side by side",
          [](const Tensor& x) { return getitem(x, {first_last, rows_0_1_1}); }, numbers({1, 5, 2})),
      of_table(
          "getitem, a tensor behind a range",
          [](const Tensor& x) { return getitem(x, {Range{0, 2}, first_last}); },
          numbers({{1, 3, 1}, {4, 6, 4}})),
      of_table(
          "getitem, ellipsis, place and new dimension",
          [](const Tensor& x) { return getitem(x, {Ellipsis{}, 1, NewAxis{}}); }, numbers({{2}, {5}})),
      of_table(
          "masked_select", [](const Tensor& x) { return masked_select(x, tensor({true, false, true})); },
          numbers({1, 3, 4, 6})),
      of_table(
          "sort", [](const Tensor& x) { return sort(x, 0, true).first; }, numbers({{4, 5, 6}, {1, 2, 3}})),
      of_table(
          "topk", [](const Tensor& x) { return topk(x, 2).first; }, numbers({{3, 2}, {6, 5}})),
      of_table("msort", msort, table),
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK_THROWS_AS(index_select(table, 0, tensor({2}, int64)), IndexError);
  CHECK_THROWS_AS(take(table, tensor({6}, int64)), IndexError);
  CHECK_THROWS_AS(take(table, numbers({1})), DTypeError);
  CHECK_THROWS_AS(getitem(table, {0, 0, 0}), IndexError);
  CHECK_THROWS_AS(getitem(table, {tensor({true})}), IndexError);
  CHECK_THROWS_AS(getitem(table, {tensor({INT64_MIN}, int64)}), IndexError);
  CHECK_THROWS_AS(topk(table, 4), IndexError);
}

TEST_CASE("what is written over has gradient 0, and what is written receives its own") {
  const std::vector<std::vector<Shape>> with_source = {{{2, 3}, {3, 3}}, {{4, 2}, {3, 2}}};
  auto two = [](const char* name, std::function<Tensor(const Tensor&, const Tensor&)> call,
                const Tensor& source, const Tensor& expected, std::vector<std::vector<Shape>> shapes) {
    return Operation{.name = name,
                     .call = [call](const Inputs& in) { return call(in[0], in[1]); },
                     .example = {table, source},
                     .expected = expected,
                     .shapes = std::move(shapes)};
  };
  const Tensor three = numbers({{10, 20, 30}, {40, 50, 60}, {70, 80, 90}});
  const Tensor pair = tensor(std::vector<std::int64_t>{1, 0});
  const Operation rows[] = {
      two(
          "index_add", [](const Tensor& x, const Tensor& s) { return index_add(x, 0, rows_0_1_1, s, 0.5); },
          three, numbers({{6, 12, 18}, {59, 70, 81}}), with_source),
      two("index_copy", [pair](const Tensor& x, const Tensor& s) { return index_copy(x, 0, pair, s); },
          numbers({{7, 8, 9}, {10, 11, 12}}), numbers({{10, 11, 12}, {7, 8, 9}}), {{{2, 3}, {2, 3}}}),
      two("put", [](const Tensor& x, const Tensor& s) { return put(x, tensor({-1, 0}, int64), s); },
          numbers({9, 8}), numbers({{8, 2, 3}, {4, 5, 9}}), {{{2, 3}, {2}}}),
      two("put, accumulated", [](const Tensor& x, const Tensor& s) { return put(x, first_last, s, true); },
          numbers({9, 8, 7}), numbers({{17, 2, 3}, {4, 5, 14}}), {{{2, 3}, {3}}}),
      two("setitem",
          [](const Tensor& x, const Tensor& s) { return setitem(x, {Ellipsis{}, Range{0, 2}}, s); },
          numbers({9, 8}), numbers({{9, 8, 3}, {9, 8, 6}}), {{{2, 3}, {2}}, {{2, 2, 3}, {2, 1}}}),
      two("masked_scatter",
          [](const Tensor& x, const Tensor& s) { return masked_scatter(x, tensor({true, false, true}), s); },
          numbers({7, 8, 9, 10, 11}), numbers({{7, 2, 8}, {9, 5, 10}}), {{{2, 3}, {4}}}),
      two("masked_fill", [](const Tensor& x, const Tensor& s) { return masked_fill(x, x > 100, s); },
          tensor(7.0, float64), table, {{{2, 3}, {}}}),
      two("scatter",
          [](const Tensor& x, const Tensor& s) { return scatter(x, 1, tensor({{2, 0}, {1, 2}}, int64), s); },
          numbers({{7, 8}, {9, 10}}), numbers({{8, 2, 7}, {4, 9, 10}}), {{{2, 3}, {2, 2}}, {{2, 3}, {2, 4}}}),
      two("scatter_add",
          [](const Tensor& x, const Tensor& s) {
            return scatter_add(x, 1, tensor({{0, 0}, {1, 2}}, int64), s);
          },
          numbers({{7, 8}, {9, 10}}), numbers({{16, 2, 3}, {4, 14, 16}}), {{{2, 3}, {2, 2}}}),
      two("select_scatter", [](const Tensor& x, const Tensor& s) { return select_scatter(x, s, 0, -1); },
          numbers({7, 8, 9}), numbers({{1, 2, 3}, {7, 8, 9}}), {{{2, 3}, {3}}}),
      two("slice_scatter",
          [](const Tensor& x, const Tensor& s) { return slice_scatter(x, s, 1, 0, std::nullopt, 2); },
          numbers({{7, 8}, {9, 10}}), numbers({{7, 2, 8}, {9, 5, 10}}), {{{2, 3}, {2, 2}}}),
      two("diagonal_scatter", [](const Tensor& x, const Tensor& s) { return diagonal_scatter(x, s, 1); },
          numbers({7, 8}), numbers({{1, 7, 3}, {4, 5, 8}}), {{{2, 3}, {2}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK(equal(index_fill(table, 1, tensor({-1}, int64), 0.0), numbers({{1, 2, 0}, {4, 5, 0}})));
  CHECK_THROWS_AS(put(table, pair, numbers({1})), ShapeError);
  CHECK_THROWS_AS(masked_fill(table, table > 1, numbers({1})), ShapeError);
  CHECK_THROWS_AS(masked_scatter(table, table > 0, numbers({1})), ValueError);
  CHECK_THROWS_AS(select_scatter(table, numbers({1}), 0, 0), ShapeError);
  CHECK_THROWS_AS(scatter(table, 0, tensor({{0}}, int64), to(table, float32)), DTypeError);
}

TEST_CASE("scatter_reduce joins what meets, with its gradients") {
  const Tensor index = tensor({0, 1, 1, 0}, int64);
  for (bool include_self : {true, false}) {
    for (auto reduction : {ScatterReduction::sum, ScatterReduction::prod, ScatterReduction::mean,
                           ScatterReduction::amax, ScatterReduction::amin}) {
      check::check_operation({.name = "scatter_reduce",
                              .call =
                                  [=](const Inputs& in) {
                                    return scatter_reduce(in[0], 0, index, in[1], reduction, include_self);
                                  },
                              .example = {},
                              .expected = {},
                              .shapes = {{{3}, {4}}, {{2}, {5}}},
                              .low = 0.5});
    }
  }
  Tensor x = numbers({2, 3, 5});
  Tensor s = numbers({4, 6, 0, 8});
  auto reduced = [&](ScatterReduction r, bool self) { return scatter_reduce(x, 0, index, s, r, self); };
  CHECK(equal(reduced(ScatterReduction::sum, false), numbers({12, 6, 5})));
  CHECK(equal(reduced(ScatterReduction::mean, true), numbers({14.0 / 3, 3, 5})));
  CHECK(equal(reduced(ScatterReduction::prod, true), numbers({64, 0, 5})));
  CHECK(equal(reduced(ScatterReduction::amin, true), numbers({2, 0, 5})));
  CHECK(equal(reduced(ScatterReduction::amax, false), numbers({8, 6, 5})));
}

TEST_CASE("orders put nan last, keep equal elements, and are the same for short and long rows") {
  auto [values, order] = sort(numbers({3, NAN, -0.0, 0.0, -INFINITY}));
  CHECK(check::agree(values, numbers({-INFINITY, 0, 0, 3, NAN}), 0));
  CHECK(equal(order, tensor({4, 2, 3, 0, 1}, int64)));
  CHECK(equal(argsort(tensor({1, 2, 1, 2}, int64), 0, true), tensor({1, 3, 0, 2}, int64)));
  Generator generator(3);
  for (DType dtype : {float32, float64, int32, int64}) {
    Tensor long_row = to(randn({5000}, float64, &generator) * 100, dtype);
    Tensor sorted = sort(long_row).first;
    CHECK(all(sorted.slice(0, 1, std::nullopt) >= sorted.slice(0, 0, -1)).item<bool>());
    CHECK(equal(topk(long_row, 10).first, sort(long_row, 0, true).first.slice(0, 0, 10)));
  }
  CHECK(sort(zeros({2, 0})).first.shape() == Shape{2, 0});
}

TEST_CASE("places in sorted rows, and distinct elements") {
  Tensor edges = numbers({1, 3, 5});
  CHECK(equal(searchsorted(edges, numbers({0, 3, 6})), tensor({0, 1, 3}, int64)));
  CHECK(equal(bucketize(numbers({0, 3, 6}), edges, true), tensor({0, 2, 3}, int64)));
  CHECK_THROWS_AS(searchsorted(edges, numbers({1}).to(float32)), DTypeError);
  CHECK_THROWS_AS(searchsorted(table, numbers({1})), ShapeError);
  Unique found = unique(numbers({2, 1, 2}));
  CHECK(equal(found.values, numbers({1, 2})));
  CHECK(equal(found.inverse, tensor({1, 0, 1}, int64)));
  CHECK(equal(found.counts, tensor({1, 2}, int64)));
  CHECK(equal(unique(numbers({{1, 1, 0}, {2, 2, 1}}), 1).values, numbers({{0, 1}, {1, 2}})));
  CHECK(equal(unique_consecutive(numbers({2, 2, 1, 2})).values, numbers({2, 1, 2})));
  CHECK(equal(nonzero(numbers({{0, 2}, {3, 0}})), tensor({{0, 1}, {1, 0}}, int64)));
}
