#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

TEST_CASE("grids repeat vectors, and their gradients add up") {
  check::check_operation({.name = "meshgrid",
                          .call = [](const std::vector<Tensor>& in) { return cat(meshgrid(in), 0); },
                          .example = {numbers({1, 2}), numbers({3, 4})},
                          .expected = numbers({{1, 1}, {2, 2}, {3, 4}, {3, 4}}),
                          .shapes = {{{3}, {2}}, {{}, {2}}, {{1}, {1}}, {{0}, {2}}},
                          .throwing = {{{2, 2}, {2}}}});
  check::check_operation({.name = "meshgrid by columns",
                          .call = [](const std::vector<Tensor>& in) { return cat(meshgrid(in, "xy"), 0); },
                          .example = {numbers({1, 2}), numbers({3, 4})},
                          .expected = numbers({{1, 2}, {1, 2}, {3, 3}, {4, 4}}),
                          .shapes = {{{3}, {2}}}});
  check::check_operation({.name = "cartesian_prod",
                          .call = [](const std::vector<Tensor>& in) { return cartesian_prod(in); },
                          .example = {numbers({1, 2}), numbers({3, 4})},
                          .expected = numbers({{1, 3}, {1, 4}, {2, 3}, {2, 4}}),
                          .shapes = {{{3}, {2}}, {{2}}, {{0}, {2}}},
                          .throwing = {{{}, {2}}, {{2, 2}}}});
  CHECK_THROWS_AS(meshgrid(std::vector<Tensor>()), ValueError);
  CHECK_THROWS_AS(meshgrid(std::vector<Tensor>{numbers({1})}, "ab"), ValueError);
}

TEST_CASE("combinations come in the order of their places") {
  check::check_operation({.name = "combinations",
                          .call = [](const std::vector<Tensor>& in) { return combinations(in[0]); },
                          .example = {numbers({1, 2, 3})},
                          .expected = numbers({{1, 2}, {1, 3}, {2, 3}}),
                          .shapes = {{{4}}, {{2}}},
                          .throwing = {{{}}, {{2, 2}}}});
  CHECK(equal(combinations(numbers({1, 2}), 2, true), numbers({{1, 1}, {1, 2}, {2, 2}})));
  CHECK(combinations(numbers({1, 2}), 3).shape() == Shape{0, 3});
  CHECK(combinations(numbers({1, 2}), 0).shape() == Shape{0});
  CHECK_THROWS_AS(combinations(numbers({1}), -1), ValueError);
}

TEST_CASE("rows of powers, and powers of a base") {
  check::check_operation({.name = "vander",
                          .call = [](const std::vector<Tensor>& in) { return linalg::vander(in[0], 4); },
                          .example = {numbers({2, -1})},
                          .expected = numbers({{1, 2, 4, 8}, {1, -1, 1, -1}}),
                          .shapes = {{{3}}, {{2, 2}}, {{}}, {{0}}}});
  CHECK_THROWS_AS(linalg::vander(numbers({1, 2}), 1), ValueError);
  CHECK(check::agree(logspace(0, 2, 3, 10, float64), numbers({1, 10, 100}), 1e-14));
  CHECK_THROWS_AS(logspace(0, 1, -1), ValueError);
}

TEST_CASE("the places in triangles of matrices") {
  CHECK(equal(tril_indices(2, 3), tensor({{0, 1, 1}, {0, 0, 1}}, int64)));
  CHECK(equal(triu_indices(2, 3, 1), tensor({{0, 0, 1}, {1, 2, 2}}, int64)));
  CHECK(tril_indices(2, 2, -5).shape() == Shape{2, 0});
  CHECK(triu_indices(2, 2, 5).shape() == Shape{2, 0});
  CHECK(tril_indices(2, 2, INT64_MAX).shape() == Shape{2, 4});
  CHECK(triu_indices(2, 2, INT64_MIN).shape() == Shape{2, 4});
  CHECK_THROWS_AS(tril_indices(-1, 2), ValueError);
}

TEST_CASE("a range may be longer than the largest number") {
  CHECK(equal(arange(3, -4, -2), tensor({3, 1, -1, -3}, int64)));
  CHECK_THROWS(arange(INT64_MIN, INT64_MAX));
  CHECK(arange(INT64_MIN, INT64_MAX, INT64_MAX).numel() == 3);
}
