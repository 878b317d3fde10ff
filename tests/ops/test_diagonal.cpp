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

Operation of_one(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& example,
                 const Tensor& expected, std::vector<std::vector<Shape>> shapes,
                 std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {example},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("diagonals and triangles have the value and the gradients that they should") {
  const Operation rows[] = {
      of_one("diagonal", [](const Tensor& x) { return diagonal(x); }, matrix, numbers({1, 5}),
             {{{2, 3}}, {{3, 3}}, {{2, 3, 2}}, {{0, 3}}}, {{{3}}, {{}}}),
      of_one("diagonal above", [](const Tensor& x) { return diagonal(x, 1, -2, -1); }, matrix,
             numbers({2, 6}), {{{2, 3}}, {{2, 3, 3}}, {{1, 1}}}),
      of_one("diagonal below, turned", [](const Tensor& x) { return diagonal(x, -1, 1, 0); }, matrix,
             numbers({2, 6}), {{{2, 3}}, {{3, 3, 2}}}),
      of_one("diag_embed", [](const Tensor& x) { return diag_embed(x); }, matrix,
             numbers({{{1, 0, 0}, {0, 2, 0}, {0, 0, 3}}, {{4, 0, 0}, {0, 5, 0}, {0, 0, 6}}}),
             {{{3}}, {{2, 2}}, {{0}}, {{2, 0}}}, {{{}}}),
      of_one("diag_embed below, in front", [](const Tensor& x) { return diag_embed(x, -1, 0, 2); }, matrix,
             diag_embed(matrix, -1).permute({1, 0, 2}), {{{2, 2}}}, {{{3}}, {{}}}),
      of_one("diag of a vector", [](const Tensor& x) { return diag(x, 1); }, numbers({1, 2}),
             numbers({{0, 1, 0}, {0, 0, 2}, {0, 0, 0}}), {{{3}}, {{0}}}, {{{}}, {{2, 2, 2}}}),
      of_one("diag of a matrix", [](const Tensor& x) { return diag(x, -1); }, matrix, numbers({4}),
             {{{3, 3}}, {{3, 2}}, {{1, 1}}}),
      of_one("diagflat", [](const Tensor& x) { return diagflat(x, -1); }, numbers({{1}, {2}}),
             numbers({{0, 0, 0}, {1, 0, 0}, {0, 2, 0}}), {{{2, 2}}, {{}}, {{0}}}),
      of_one("tril", [](const Tensor& x) { return tril(x); }, matrix, numbers({{1, 0, 0}, {4, 5, 0}}),
             {{{3, 3}}, {{2, 3, 2}}, {{0, 2}}}, {{{3}}, {{}}}),
      of_one("tril below", [](const Tensor& x) { return tril(x, -1); }, matrix,
             numbers({{0, 0, 0}, {4, 0, 0}}), {{{3, 3}}, {{3, 2}}}),
      of_one("triu", [](const Tensor& x) { return triu(x); }, matrix, numbers({{1, 2, 3}, {0, 5, 6}}),
             {{{3, 3}}, {{2, 3, 2}}, {{0, 2}}}, {{{3}}, {{}}}),
      of_one("triu above", [](const Tensor& x) { return triu(x, 2); }, matrix,
             numbers({{0, 0, 3}, {0, 0, 0}}), {{{3, 4}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("a diagonal is a view, also of a view; diag copies") {
  Tensor x = zeros({3, 4});
  diagonal(x.t(), -1).fill_(2);
  CHECK(equal(x, tensor({{0, 2, 0, 0}, {0, 0, 2, 0}, {0, 0, 0, 2}})));
  diag(x, 1).fill_(5);
  CHECK(amax(x).item() == 2);
  Tensor leaf = ones({2, 2}).requires_grad_();
  Tensor y = leaf * 3;
  diagonal(y).mul_(y[0][1].clone());
  CHECK(equal(y, tensor({{9, 3}, {3, 9}})));
  y.sum().backward();
  CHECK(equal(leaf.grad(), tensor({{9, 21}, {3, 9}})));
}

TEST_CASE("diagonals beyond the corners are empty, and impossible ones errors") {
  for (std::int64_t offset : {std::int64_t{3}, std::int64_t{-2}, std::int64_t{100}, huge, lowest}) {
    CHECK(diagonal(matrix, offset).shape() == Shape{0});
    CHECK(diag(matrix, offset).shape() == Shape{0});
  }
  CHECK(equal(tril(matrix, huge), matrix));
  CHECK(equal(triu(matrix, lowest), matrix));
  CHECK(amax(abs(tril(matrix, lowest))).item() == 0);
  CHECK(amax(abs(triu(matrix, huge))).item() == 0);
  CHECK_THROWS_AS(diag_embed(numbers({1}), huge), ShapeError);
  CHECK_THROWS_AS(diag_embed(numbers({1}), lowest), ShapeError);
  CHECK_THROWS_AS(diag_embed(numbers({1}), 0, 0, 0), ShapeError);
  CHECK_THROWS_AS(diag_embed(numbers({1}), 0, 0, 2), IndexError);
  CHECK_THROWS_AS(diagonal(matrix, 0, 1, -1), ShapeError);
  CHECK_THROWS_AS(diagonal(matrix, 0, 0, 2), IndexError);
}

TEST_CASE("triangles of every dtype, and of many matrices at once") {
  for (DType dtype : {boolean, uint8, int32, int64, float32, float64}) {
    Tensor x = ones({2, 2}, dtype);
    CHECK(equal(tril(x), tensor({{1, 0}, {1, 1}}).to(dtype)));
    CHECK(equal(triu(x, 1), tensor({{0, 1}, {0, 0}}).to(dtype)));
    CHECK(equal(diag_embed(ones({2}, dtype)), eye(2).to(dtype)));
  }
  Tensor many = rand({70, 40, 33});
  Tensor both = tril(many) + triu(many, 1);
  CHECK(equal(both, many));
}
