#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

TEST_CASE("Embedding looks rows up, and its padding row starts at 0 and is not trained") {
  Generator generator(1);
  nn::Embedding table(5, 3, {.padding_idx = -1, .dtype = float64, .generator = &generator});
  CHECK(equal(table.weight[4], zeros({3}, float64)));
  Tensor words = tensor({{0, 4}, {2, 0}}, int64);
  CHECK(equal(table(words), embedding(words, table.weight, {.padding_idx = 4})));
  sum(table(words)).backward();
  CHECK(equal(table.weight.grad()[0], numbers({2, 2, 2})));
  CHECK(equal(table.weight.grad()[4], numbers({0, 0, 0})));
  CHECK(table.describe() == "Embedding(5, 3, padding_idx=4)");
  CHECK_THROWS_AS(table(tensor({5}, int64)), IndexError);
  CHECK_THROWS_AS(table(numbers({1})), DTypeError);
  CHECK_THROWS_AS(nn::Embedding(5, 0), ValueError);
  CHECK_THROWS_AS(nn::Embedding(5, 3, {.padding_idx = 5}), IndexError);
}

TEST_CASE("an Embedding starts standard normal, or with given rows") {
  Generator generator(2);
  nn::Embedding table(200, 100, {.dtype = float64, .generator = &generator});
  CHECK(mean(table.weight.detach()).item() == doctest::Approx(0).epsilon(1).scale(0.02));
  CHECK(xgrad::std(table.weight.detach()).item() == doctest::Approx(1).epsilon(0.02));
  Tensor rows = numbers({{1, 2}, {3, 4}});
  nn::Embedding frozen = nn::Embedding::from_pretrained(rows);
  CHECK(equal(frozen(tensor({1, 0}, int64)), numbers({{3, 4}, {1, 2}})));
  CHECK_FALSE(frozen.weight.requires_grad());
  CHECK_FALSE(frozen.weight.is_same(rows));
  CHECK(nn::Embedding::from_pretrained(rows, false).weight.requires_grad());
  CHECK_THROWS_AS(nn::Embedding::from_pretrained(numbers({1, 2})), ShapeError);
}

TEST_CASE("rows longer than max_norm are scaled down when they are used") {
  nn::Embedding table = nn::Embedding::from_pretrained(numbers({{3, 4}, {6, 8}}), false, {.max_norm = 5});
  CHECK(allclose(table(tensor({1}, int64)), numbers({{3, 4}})));
  CHECK(allclose(table.weight, numbers({{3, 4}, {3, 4}})));
  CHECK(table.describe() == "Embedding(2, 2, max_norm=5)");
}

TEST_CASE("EmbeddingBag sums, averages or takes maxima of bags") {
  Tensor rows = numbers({{1, 5}, {2, 4}, {3, 3}});
  for (const char* mode : {"sum", "mean", "max"}) {
    INFO(mode);
    nn::EmbeddingBag bags(3, 2, {.mode = mode, .dtype = float64});
    bags.load_state_dict({{"weight", rows}});
    Tensor matrix = tensor({{0, 1}, {2, 2}}, int64);
    CHECK(equal(bags(matrix), embedding_bag(matrix, rows, {.mode = mode})));
    Tensor list = tensor({0, 1, 2}, int64);
    Tensor offsets = tensor({0, 2}, int64);
    CHECK(equal(bags(list, offsets), embedding_bag(list, rows, {.offsets = offsets, .mode = mode})));
  }
  nn::EmbeddingBag sums(3, 2, {.mode = "sum", .dtype = float64});
  sums.load_state_dict({{"weight", rows}});
  CHECK(equal(sums(tensor({{0, 2}}, int64), {}, numbers({{2, 1}})), numbers({{5, 13}})));
  CHECK(sums.describe() == "EmbeddingBag(3, 2, mode=sum)");
  CHECK_THROWS_AS(nn::EmbeddingBag(3, 2, {.mode = "median"}), ValueError);
  CHECK_THROWS_AS(sums(tensor({0, 1}, int64)), ValueError);
}
