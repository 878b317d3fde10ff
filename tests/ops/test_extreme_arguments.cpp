// Arguments at the ends of their types: errors, never overflow.

#include <doctest/doctest.h>

#include <cstdint>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {
constexpr std::int64_t largest = INT64_MAX;
constexpr std::int64_t lowest = INT64_MIN;
constexpr std::int64_t huge = std::int64_t{1} << 40;
}  // namespace

TEST_CASE("shapes of more elements than a number can count are errors") {
  Tensor x = numbers({1});
  CHECK_THROWS_AS(x.expand({huge, huge}), ShapeError);
  CHECK_THROWS_AS(x.reshape({largest, largest}), ShapeError);
  CHECK_THROWS_AS(x.reshape({huge, huge, -1}), ShapeError);
  CHECK_THROWS_AS(zeros({huge, huge}), ShapeError);
  CHECK_THROWS_AS(zeros({0}).reshape({0, huge, huge, huge}), ShapeError);
}

TEST_CASE("strides, offsets and positions at the ends of their type are errors") {
  Tensor x = numbers({1, 2, 3, 4});
  CHECK_THROWS_AS(as_strided(x, {2, 2}, {largest, largest}), IndexError);
  CHECK_THROWS_AS(as_strided(x, {largest, 2}, {largest, 1}), IndexError);
  CHECK_THROWS_AS(as_strided(x, {2}, {1}, largest), IndexError);
  CHECK_THROWS_AS(as_strided(x, {2}, {1}, lowest), IndexError);
  CHECK_THROWS_AS(x.narrow(0, lowest, 1), IndexError);
  CHECK_THROWS_AS(x.narrow(0, 1, largest), IndexError);
  CHECK_THROWS_AS(x.select(0, lowest), IndexError);
  CHECK_THROWS_AS(x.transpose(lowest, 0), IndexError);
  CHECK(x.slice(0, lowest, largest, largest).numel() == 1);
  CHECK(equal(as_strided(x, {2, 2}, {2, 1}), x.reshape({2, 2})));
}

TEST_CASE("floating numbers become the nearest integers that there are") {
  CHECK(full({1}, NAN, int64).item<std::int64_t>() == 0);
  CHECK(full({1}, INFINITY, int64).item<std::int64_t>() == largest);
  CHECK(full({1}, -1e30, int32).item<std::int64_t>() == INT32_MIN);
  CHECK(tensor(1e30).item<int>() == INT32_MAX);
  CHECK(full({1}, -2.9, int64).item<std::int64_t>() == -2);
}
