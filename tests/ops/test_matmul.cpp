#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

TEST_CASE("products of matrices have the value and the gradients that they should") {
  Tensor a = numbers({{1, 2, 3}, {4, 5, 6}});
  Tensor b = numbers({{1, -1}, {0, 2}, {3, 1}});
  const Operation rows[] = {
      {.name = "matmul",
       .call = [](const std::vector<Tensor>& in) { return matmul(in[0], in[1]); },
       .example = {a, b},
       .expected = numbers({{10, 6}, {22, 12}}),
       .shapes = {{{3, 4}, {4, 2}},
                  {{4}, {4}},
                  {{4}, {4, 2}},
                  {{3, 4}, {4}},
                  {{2, 3, 4}, {2, 4, 5}},
                  {{2, 3, 4}, {4, 5}},
                  {{3, 4}, {2, 4, 2}},
                  {{2, 1, 2, 3}, {3, 3, 2}},
                  {{4}, {2, 4, 3}},
                  {{2, 3, 4}, {4}},
                  {{0, 3}, {3, 2}},
                  {{2, 0}, {0, 3}},
                  {{1, 1}, {1, 1}},
                  {{17, 19}, {19, 23}}},
       .throwing = {{{2, 3}, {2, 3}}, {{}, {2}}, {{2}, {}}, {{3}, {4}}, {{2, 2, 3}, {3, 3, 2}}}},
      {.name = "linear",
       .call = [](const std::vector<Tensor>& in) { return linear(in[0], in[1], in[2]); },
       .example = {a, b.t(), numbers({0.5, -0.5})},
       .expected = numbers({{10.5, 5.5}, {22.5, 11.5}}),
       .shapes = {{{3, 4}, {2, 4}, {2}},
                  {{4}, {2, 4}, {2}},
                  {{2, 3, 4}, {5, 4}, {5}},
                  {{0, 4}, {2, 4}, {2}},
                  {{1, 1}, {1, 1}, {1}},
                  {{4, 2}, {8, 2}, {8}},
                  {{4, 8}, {1, 8}, {1}}},
       .throwing = {{{3, 4}, {4, 2}, {2}}, {{3, 4}, {2, 4}, {4}}, {{}, {2, 4}, {2}}, {{3, 4}, {2, 4}, {}}}},
      {.name = "linear without bias",
       .call = [](const std::vector<Tensor>& in) { return linear(in[0], in[1]); },
       .example = {a, b.t()},
       .expected = numbers({{10, 6}, {22, 12}}),
       .shapes = {{{3, 4}, {2, 4}}, {{4}, {2, 4}}, {{2, 3, 4}, {5, 4}}}},
      {.name = "dot",
       .call = [](const std::vector<Tensor>& in) { return dot(in[0], in[1]); },
       .example = {numbers({1, 2, 3}), numbers({4, 5, 6})},
       .expected = numbers({32}).reshape({}),
       .shapes = {{{4}, {4}}, {{1}, {1}}, {{0}, {0}}},
       .throwing = {{{3}, {4}}, {{2, 2}, {2}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("integers multiply as integers, and both factors have one dtype") {
  Tensor a = tensor({{1, 2}, {3, 4}}, int64);
  CHECK(equal(matmul(a, a), tensor({{7, 10}, {15, 22}}, int64)));
  CHECK_THROWS_AS(matmul(a, ones({2, 2}, float64)), DTypeError);
}

TEST_CASE("the message of a mismatch names both operands") {
  try {
    matmul(zeros({32, 784}), zeros({512, 10}));
    FAIL("expected an error");
  } catch (const ShapeError& error) {
    CHECK(std::string(error.what()) ==
          "matmul: inner dimensions differ: a is [32, 784], b is [512, 10] (784 and 512)");
  }
  CHECK_THROWS_AS(linear(zeros({2, 3}), zeros({4, 3}, float64)), DTypeError);
}
