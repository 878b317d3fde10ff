#include <doctest/doctest.h>

#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

const Tensor matrix = arange(1, 6.5, 1.0, float64).reshape({2, 3});

Operation of_matrix(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& expected,
                    std::vector<std::vector<Shape>> shapes, std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {matrix},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

Operation of_pair(const char* name, Tensor (*call)(std::span<const Tensor>), const Tensor& a, const Tensor& b,
                  const Tensor& expected, std::vector<std::vector<Shape>> shapes,
                  std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in); },
          .example = {a, b},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("elements reversed, moved and repeated have the value and the gradients that they should") {
  const Operation rows[] = {
      of_matrix("flip", [](const Tensor& x) { return flip(x, {0, -1}); }, numbers({{6, 5, 4}, {3, 2, 1}}),
                {{{2, 3}}, {{2, 3, 2}}, {{0, 3}}}, {{{}}}),
      of_matrix("flip of nothing", [](const Tensor& x) { return flip(x, {}); }, matrix, {{{2}}, {{}}}),
      of_matrix("fliplr", [](const Tensor& x) { return fliplr(x); }, numbers({{3, 2, 1}, {6, 5, 4}}),
                {{{2, 3}}, {{2, 3, 2}}, {{2, 0}}}, {{{3}}, {{}}}),
      of_matrix("flipud", [](const Tensor& x) { return flipud(x); }, numbers({{4, 5, 6}, {1, 2, 3}}),
                {{{2, 3}}, {{3}}, {{0}}}, {{{}}}),
      of_matrix("rot90", [](const Tensor& x) { return rot90(x); }, numbers({{3, 6}, {2, 5}, {1, 4}}),
                {{{2, 3}}, {{2, 3, 2}}, {{0, 2}}}, {{{3}}, {{}}}),
      of_matrix("rot90 by 180 degrees", [](const Tensor& x) { return rot90(x, -2); },
                numbers({{6, 5, 4}, {3, 2, 1}}), {{{2, 3}}}),
      of_matrix("rot90 backward", [](const Tensor& x) { return rot90(x, -1, {0, 1}); },
                numbers({{4, 1}, {5, 2}, {6, 3}}), {{{2, 3}}}),
      of_matrix("rot90 by nothing", [](const Tensor& x) { return rot90(x, 4); }, matrix, {{{2, 3}}}),
      of_matrix("roll", [](const Tensor& x) { return roll(x, {1, -1}, {0, 1}); },
                numbers({{5, 6, 4}, {2, 3, 1}}), {{{2, 3}}, {{3, 2}}, {{0, 3}}}, {{{3}}, {{}}}),
      of_matrix("roll twice along one dimension", [](const Tensor& x) { return roll(x, {5, 2}, {1, 1}); },
                numbers({{3, 1, 2}, {6, 4, 5}}), {{{2, 3}}}),
      of_matrix("roll of the flattened", [](const Tensor& x) { return roll(x, 2); },
                numbers({{5, 6, 1}, {2, 3, 4}}), {{{2, 3}}, {{3}}, {{}}, {{0}}}),
      of_matrix("repeat", [](const Tensor& x) { return repeat(x, {2, 1, 2}); },
                stack({cat({matrix, matrix}, 1), cat({matrix, matrix}, 1)}),
                {{{2, 3}}, {{}}, {{3}}, {{0, 2}}}, {{{1, 1, 1, 1}}}),
      of_matrix("repeat by 0", [](const Tensor& x) { return repeat(x, {0, 2}); }, zeros({0, 6}, float64),
                {{{2, 3}}}),
      of_matrix("tile", [](const Tensor& x) { return tile(x, {2}); }, cat({matrix, matrix}, 1),
                {{{2, 3}}, {{}}, {{0}}}),
      of_matrix("repeat_interleave", [](const Tensor& x) { return repeat_interleave(x, 2, 1); },
                numbers({{1, 1, 2, 2, 3, 3}, {4, 4, 5, 5, 6, 6}}), {{{2, 3}}, {{2, 3, 2}}, {{2, 0}}},
                {{{3}}}),
      of_matrix("repeat_interleave of the flattened", [](const Tensor& x) { return repeat_interleave(x, 2); },
                numbers({1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}), {{{2, 3}}, {{}}}),
      of_matrix("repeat_interleave by a tensor",
                [](const Tensor& x) { return repeat_interleave(x, tensor({2, 0, 1}, int64), -1); },
                numbers({{1, 1, 3}, {4, 4, 6}}), {{{2, 3}}, {{3}}}, {{{2}}}),
      of_matrix("repeat_interleave by one number in a tensor",
                [](const Tensor& x) { return repeat_interleave(x, tensor(2, int32), 0); },
                numbers({{1, 2, 3}, {1, 2, 3}, {4, 5, 6}, {4, 5, 6}}), {{{2, 3}}, {{3}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("joined tensors have the value and the gradients that they should") {
  Tensor v = numbers({7, 8});
  Tensor w = numbers({9, 10});
  const Operation rows[] = {
      of_pair("hstack", hstack, v, w, numbers({7, 8, 9, 10}), {{{2}, {3}}, {{2, 1}, {2, 3}}, {{}, {2}}},
              {{{2, 1}, {3, 1}}, {{2}, {2, 2}}}),
      of_pair("vstack", vstack, v, w, numbers({{7, 8}, {9, 10}}),
              {{{2}, {3, 2}}, {{1, 2, 2}, {1, 2, 2}}, {{}, {1}}}, {{{2}, {3}}}),
      of_pair("dstack", dstack, v, w, numbers({{{7, 9}, {8, 10}}}),
              {{{2}, {2}}, {{3, 2}, {3, 2, 4}}, {{}, {}}}, {{{2}, {3}}}),
      of_pair("column_stack", column_stack, v, w, numbers({{7, 9}, {8, 10}}),
              {{{2}, {2, 3}}, {{3}, {3}}, {{}, {1}}}, {{{2}, {3}}, {{2, 2, 2}, {2}}}),
      of_pair("block_diag", block_diag, matrix, v,
              numbers({{1, 2, 3, 0, 0}, {4, 5, 6, 0, 0}, {0, 0, 0, 7, 8}}),
              {{{2, 3}, {1, 2}}, {{}, {3}}, {{0, 2}, {2, 1}}}, {{{2, 2, 2}, {1}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK(block_diag({tensor({true}), tensor({2.5})}).dtype() == float32);
  CHECK(block_diag(std::span<const Tensor>()).shape() == Shape{1, 0});
  CHECK_THROWS_AS(hstack(std::span<const Tensor>()), ValueError);
  CHECK_THROWS_AS(vstack(std::span<const Tensor>()), ValueError);
  CHECK_THROWS_AS(dstack(std::span<const Tensor>()), ValueError);
  CHECK_THROWS_AS(column_stack(std::span<const Tensor>()), ValueError);
}

TEST_CASE("elements of every dtype are moved") {
  for (DType dtype : {boolean, uint8, int32, int64, float32, float64}) {
    CAPTURE(name(dtype));
    Tensor x = tensor({{1, 0, 1}, {0, 0, 1}}).to(dtype);
    CHECK(equal(flip(x, {0}), stack({x[1], x[0]})));
    CHECK(equal(roll(x, 1, 0), stack({x[1], x[0]})));
    CHECK(equal(repeat(x, {2, 1}), cat({x, x})));
    CHECK(equal(repeat_interleave(x, 1), x.reshape({6})));
    CHECK(flip(x, {1}).dtype() == dtype);
  }
}

TEST_CASE("rearranging what cannot be rearranged is an error") {
  Tensor x = zeros({2, 3});
  CHECK_THROWS_AS(flip(x, {0, 0}), ShapeError);
  CHECK_THROWS_AS(flip(x, {2}), IndexError);
  CHECK_THROWS_AS(rot90(x, 1, {0}), ShapeError);
  CHECK_THROWS_AS(rot90(x, 1, {0, -2}), ShapeError);
  CHECK_THROWS_AS(rot90(x, 1, {0, 2}), IndexError);
  CHECK(rot90(x, lowest + 1).shape() == Shape{3, 2});
  CHECK_THROWS_AS(roll(x, Shape(), {0}), ShapeError);
  CHECK_THROWS_AS(roll(x, {1, 2}), ShapeError);
  CHECK_THROWS_AS(roll(x, {1, 2}, {0}), ShapeError);
  CHECK_THROWS_AS(roll(x, {0}, {2}), IndexError);
  CHECK(equal(roll(arange(5), huge, 0), roll(arange(5), huge % 5)));
  CHECK(equal(roll(arange(5), lowest, 0), roll(arange(5), lowest % 5)));
  CHECK_THROWS_AS(repeat(x, {2}), ShapeError);
  CHECK_THROWS_AS(repeat(x, {2, -1}), ValueError);
  CHECK_THROWS_AS(repeat(x, {huge, huge}), ShapeError);
  CHECK_THROWS_AS(repeat(x, {huge / 100, 20}), ShapeError);
  CHECK_THROWS_AS(tile(x, {-1}), ValueError);
  CHECK_THROWS_AS(repeat_interleave(x, -1), ValueError);
  CHECK_THROWS_AS(repeat_interleave(x, huge, 0), ShapeError);
  CHECK_THROWS_AS(repeat_interleave(x, 1, 2), IndexError);
  CHECK_THROWS_AS(repeat_interleave(tensor(1.0), 1, 0), IndexError);
  CHECK_THROWS_AS(repeat_interleave(tensor(1.0), tensor(1, int64), 0), IndexError);
  CHECK_THROWS_AS(repeat_interleave(x, tensor({1, 2}, int64), 1), ShapeError);
  CHECK_THROWS_AS(repeat_interleave(x, tensor({{1, 2}}, int64), 0), ShapeError);
  CHECK_THROWS_AS(repeat_interleave(x, tensor({1, -2}, int64), 0), ValueError);
  CHECK_THROWS_AS(repeat_interleave(x, tensor({1.0, 2.0}), 0), DTypeError);
  CHECK_THROWS_AS(repeat_interleave(x, tensor(std::vector<std::int64_t>{huge, huge}), 0), ValueError);
  CHECK(equal(repeat_interleave(tensor({1, 0, 2}, int64)), tensor({0, 2, 2}, int64)));
}
