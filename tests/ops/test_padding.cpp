#include <doctest/doctest.h>

#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

const Tensor line = numbers({{{1, 2, 3}}});

Operation padding(const char* name, const Shape& sides, const char* mode, const Tensor& example,
                  const Tensor& expected, std::vector<std::vector<Shape>> shapes,
                  std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [sides, mode](const std::vector<Tensor>& in) { return pad(in[0], sides, mode); },
          .example = {example},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("padding of every mode has the value and the gradients that it should") {
  const Operation rows[] = {
      padding("constant", {1, 2}, "constant", line, numbers({{{0, 1, 2, 3, 0, 0}}}),
              {{{3}}, {{2, 3}}, {{2, 0}}}, {{{}}}),
      padding("constant of two dimensions", {0, 1, 1, 0}, "constant", line,
              numbers({{{0, 0, 0, 0}, {1, 2, 3, 0}}}), {{{2, 3}}, {{2, 2, 2}}, {{0, 0}}}, {{{3}}}),
      padding("cropping", {-1, 2}, "constant", line, numbers({{{2, 3, 0, 0}}}), {{{3}}, {{2, 2}}}, {{{0}}}),
      padding("reflect", {2, 1}, "reflect", line, numbers({{{3, 2, 1, 2, 3, 2}}}),
              {{{3, 4}}, {{1, 2, 3}}, {{0, 2, 3}}},
              {{{3}}, {{1, 2}}, {{1, 1, 1, 3}}, {{1, 0, 3}}, {{1, 1, 0}}}),
      padding("replicate", {2, 1}, "replicate", line, numbers({{{1, 1, 1, 2, 3, 3}}}),
              {{{3, 4}}, {{1, 2, 1}}, {{0, 2, 1}}}, {{{3}}, {{1, 1, 1, 3}}, {{1, 1, 0}}}),
      padding("circular", {2, 1}, "circular", line, numbers({{{2, 3, 1, 2, 3, 1}}}),
              {{{2, 1, 3}}, {{1, 2, 2}}}, {{{3}}, {{2, 3}}, {{1, 1, 1}}}),
      padding("reflect in two dimensions", {1, 0, 0, 1}, "reflect", numbers({{{1, 2}, {3, 4}}}),
              numbers({{{2, 1, 2}, {4, 3, 4}, {2, 1, 2}}}), {{{1, 2, 2, 3}}, {{2, 3, 2}}}, {{{2, 2}}}),
      padding("replicate in three dimensions", {1, 1, 0, 1, 2, 0}, "replicate",
              arange(1, 9).to(float64).reshape({1, 2, 2, 2}),
              numbers({{{{1, 1, 2, 2}, {3, 3, 4, 4}, {3, 3, 4, 4}},
                        {{1, 1, 2, 2}, {3, 3, 4, 4}, {3, 3, 4, 4}},
                        {{1, 1, 2, 2}, {3, 3, 4, 4}, {3, 3, 4, 4}},
                        {{5, 5, 6, 6}, {7, 7, 8, 8}, {7, 7, 8, 8}}}}),
              {{{1, 2, 2, 1, 2}}, {{2, 1, 2, 2}}}, {{{2, 2, 2}}}),
      padding("reflect, cropping on one side", {-1, 1}, "reflect", line, numbers({{{2, 3, 2}}}), {{{2, 3}}}),
      padding("replicate, cropping on one side", {1, -2}, "replicate", line, numbers({{{1, 1}}}), {{{2, 4}}}),
      padding("circular, cropping on one side", {-1, 2}, "circular", line, numbers({{{2, 3, 2, 3}}}),
              {{{1, 1, 3}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("padding takes the dtype of the tensor and any value") {
  for (DType dtype : {boolean, uint8, int32, int64, float32, float64}) {
    Tensor x = ones({1, 1, 2}, dtype);
    CHECK(equal(pad(x, {1, 0}), tensor({{{0, 1, 1}}}).to(dtype)));
    CHECK(equal(pad(x, {1, 0}, "reflect"), ones({1, 1, 3}, dtype)));
  }
  CHECK(equal(pad(tensor({1.0}), {1, 0}, "constant", -2.5), tensor({-2.5, 1})));
  CHECK(equal(pad(tensor({1}, int64), {0, 1}, "constant", 7), tensor({1, 7}, int64)));
  Tensor x = rand({2, 3}).requires_grad_();
  CHECK_FALSE(pad(x, {0, 0}).array().storage() == x.array().storage());
}

TEST_CASE("padding that fits nothing is an error") {
  Tensor x = zeros({1, 1, 3});
  CHECK_THROWS_AS(pad(x, {1}), ValueError);
  CHECK_THROWS_AS(pad(x, {1, 1, 1, 1, 1, 1, 1, 1}), ValueError);
  CHECK_THROWS_AS(pad(x, {1, 1}, "mirror"), ValueError);
  CHECK_THROWS_AS(pad(x, {1, 1}, "reflect", 2), ValueError);
  CHECK_THROWS_AS(pad(x, {3, 0}, "reflect"), ValueError);
  CHECK_THROWS_AS(pad(x, {0, 4}, "circular"), ValueError);
  CHECK_THROWS_AS(pad(x, {}, "reflect"), ShapeError);
  CHECK_THROWS_AS(pad(x, {-2, -2}), ShapeError);
  CHECK_THROWS_AS(pad(x, {5, -4}), ShapeError);
  CHECK_THROWS_AS(pad(x, {-4, 5}), ShapeError);
  CHECK_THROWS_AS(pad(x, {-1, -2}, "replicate"), ShapeError);
  CHECK_THROWS_AS(pad(x, {-3, 1}, "circular"), ShapeError);
  CHECK(pad(x, {-1, -2}).shape() == Shape{1, 1, 0});
  CHECK(pad(x, {-1, -2}, "circular").shape() == Shape{1, 1, 0});
  CHECK(equal(pad(tensor({{{1, 2, 3}}}), {-4, 3}, "replicate"), tensor({{{3, 3}}})));
  for (const char* mode : {"constant", "reflect", "replicate", "circular"}) {
    CHECK_THROWS_AS(pad(x, {huge, huge}, mode), Error);
    CHECK_THROWS_AS(pad(x, {lowest, 0}, mode), Error);
    CHECK_THROWS_AS(pad(x, {lowest, lowest}, mode), Error);
    CHECK_THROWS_AS(pad(x, {lowest, huge}, mode), Error);
  }
}

TEST_CASE("large padding is the same on one thread and on several") {
  Tensor x = rand({4, 8, 60, 70}, float64).requires_grad_();
  for (const char* mode : {"constant", "reflect", "replicate", "circular"}) {
    auto run = [&](int threads) {
      set_num_threads(threads);
      Tensor y = pad(x, {3, 5, 7, 2}, mode);
      return std::pair(y.detach(), grad(y, x, y.detach()));
    };
    int before = num_threads();
    auto one = run(1);
    auto several = run(4);
    set_num_threads(before);
    CHECK(equal(one.first, several.first));
    CHECK(equal(one.second, several.second));
  }
}
