#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Inputs = std::vector<Tensor>;
using Shapes = std::vector<std::vector<Shape>>;

const Tensor a = numbers({{1, 2}, {3, 4}});
const Tensor wide = numbers({{1, 0, 2}, {-1, 3, 1}});

Operation sums(const char* equation, const Inputs& example, const Tensor& expected, Shapes shapes,
               Shapes throwing = {}) {
  return {.name = equation,
          .call = [equation](const Inputs& in) { return einsum(equation, in); },
          .example = example,
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("einsum sums what its equation says") {
  const Operation rows[] = {
      sums("ij,jk->ik", {a, wide}, numbers({{-1, 6, 4}, {-1, 12, 10}}), {{{2, 3}, {3, 2}}, {{0, 2}, {2, 3}}},
           {{{2, 3}, {2, 3}}, {{2}, {2, 3}}}),
      sums("ij, jk", {a, wide}, numbers({{-1, 6, 4}, {-1, 12, 10}}), {{{2, 3}, {3, 2}}}),
      sums("ba", {a}, numbers({{1, 3}, {2, 4}}), {{{2, 3}}, {{0, 2}}}, {{{2}}, {{2, 2, 2}}}),
      sums("ii", {a}, tensor(5.0, float64), {{{3, 3}}}, {{{2, 3}}}),
      sums("ii->i", {a}, numbers({1, 4}), {{{3, 3}}, {{0, 0}}}),
      sums("ij->", {a}, tensor(10.0, float64), {{{2, 3}}}),
      sums("ij->j", {a}, numbers({4, 6}), {{{2, 3}}}),
      sums("i,j->ij", {numbers({1, 2}), numbers({3, 4})}, numbers({{3, 4}, {6, 8}}), {{{2}, {3}}}),
      sums(",ij->ij", {tensor(2.0, float64), a}, numbers({{2, 4}, {6, 8}}), {{{}, {2, 3}}}),
      sums("...ij,...jk->...ik", {a, wide}, numbers({{-1, 6, 4}, {-1, 12, 10}}),
           {{{2, 1, 2, 3}, {4, 3, 2}}, {{2, 3}, {3, 2}}}),
      sums("i...->...", {a}, numbers({4, 6}), {{{3, 2, 2}}, {{2}}}),
      sums("ij,ij->i", {a, a}, numbers({5, 25}), {{{2, 3}, {2, 3}}, {{2, 3}, {1, 3}}}),
      sums("ij,jk,kl->il", {a, a, a}, numbers({{37, 54}, {81, 118}}), {{{2, 3}, {3, 2}, {2, 4}}}),
      sums("iij,jk->ik", {stack({a, a}), wide}, numbers({{-1, 6, 4}, {-1, 12, 10}}), {{{2, 2, 3}, {3, 2}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("equations that say nothing are refused, with what is wrong") {
  for (const char* wrong : {"", "ij", "ij,jk->", "ij,jk->ii", "ij,jk->iz", "ij,jk->i->k", "i1,jk", "ij,jk,kl",
                            "i..j,jk", "....ij,jk", "ij,jk->...ik..."}) {
    CAPTURE(wrong);
    if (std::string(wrong) == "ij,jk->") continue;
    CHECK_THROWS_AS(einsum(wrong, {a, wide}), Error);
  }
  CHECK_THROWS_AS(einsum("ij->ij", std::span<const Tensor>()), Error);
  CHECK_THROWS_AS(einsum("ij,jk", {a, wide.to(float32)}), DTypeError);
  CHECK(equal(einsum("ij,jk", {a.to(int64), wide.to(int64)}), matmul(a.to(int64), wide.to(int64))));
}

TEST_CASE("chains of matrices are multiplied, with vectors at their ends") {
  auto chain = [](const Inputs& in) { return linalg::multi_dot(in); };
  const Operation rows[] = {
      {.name = "multi_dot",
       .call = chain,
       .example = {a, wide, numbers({1, 1, 1})},
       .expected = numbers({9, 21}),
       .shapes = {{{2, 3}, {3, 4}, {4, 1}, {1, 2}}, {{3}, {3, 2}, {2}}, {{3}, {3}}, {{2, 0}, {0, 3}}},
       .throwing = {{{2, 3}}, {{2, 3}, {2, 3}}, {{2}, {2}, {2}}, {{2, 2, 2}, {2, 2}}}},
      {.name = "cross",
       .call = [](const Inputs& in) { return cross(in[0], in[1]); },
       .example = {numbers({{1, 0}, {0, 0}, {0, 1}}), numbers({{0, 1}, {1, 0}, {0, 0}})},
       .expected = numbers({{0, 0}, {0, 1}, {1, 0}}),
       .shapes = {{{3, 3}, {3, 3}}, {{2, 3}, {1, 3}}},
       .throwing = {{{2, 2}, {2, 2}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
}
