#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Inputs = std::vector<Tensor>;
using Two = std::function<Tensor(const Tensor&, const Tensor&)>;

const Tensor square_matrix = numbers({{1, 2}, {3, 4}});
const Tensor wide = numbers({{1, 0, 2}, {-1, 3, 1}});
const Tensor pair = numbers({5, -1});

Operation product(const char* name, Two call, const Tensor& a, const Tensor& b, const Tensor& expected,
                  std::vector<std::vector<Shape>> shapes, std::vector<std::vector<Shape>> throwing) {
  return {.name = name,
          .call = [call](const Inputs& in) { return call(in[0], in[1]); },
          .example = {a, b},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("products of given shapes have the values and the gradients that they should") {
  const Tensor batch = stack({square_matrix, square_matrix * 2});
  const Operation rows[] = {
      product("mm", mm, square_matrix, wide, numbers({{-1, 6, 4}, {-1, 12, 10}}),
              {{{2, 3}, {3, 1}}, {{0, 2}, {2, 3}}}, {{{2}, {2}}, {{2, 3}, {2, 3}}}),
      product("bmm", bmm, batch, batch, stack({numbers({{7, 10}, {15, 22}}), numbers({{28, 40}, {60, 88}})}),
              {{{2, 1, 3}, {2, 3, 2}}, {{0, 2, 2}, {0, 2, 1}}}, {{{1, 2, 2}, {2, 2, 2}}, {{2, 2}, {2, 2}}}),
      product("mv", mv, square_matrix, pair, numbers({3, 11}), {{{3, 2}, {2}}, {{1, 1}, {1}}},
              {{{2, 2}, {2, 2}}}),
      product("inner", inner, wide, wide, numbers({{5, 1}, {1, 11}}),
              {{{2, 3}, {4, 3}}, {{3}, {3}}, {{}, {2}}}, {{{2}, {3}}}),
      product("outer", outer, pair, pair, numbers({{25, -5}, {-5, 1}}), {{{2}, {3}}, {{0}, {2}}},
              {{{2, 2}, {2}}}),
      product("kron", kron, pair, square_matrix, numbers({{5, 10, -1, -2}, {15, 20, -3, -4}}),
              {{{2}, {2, 2}}, {{}, {2}}, {{1, 2}, {3, 1}}}, {}),
      product("vecdot", [](const Tensor& x, const Tensor& y) { return linalg::vecdot(x, y); }, wide, wide,
              numbers({5, 11}), {{{2, 3}, {3}}, {{3}, {3}}}, {{{2}, {3}}}),
      product("cross", [](const Tensor& x, const Tensor& y) { return linalg::cross(x, y); },
              numbers({1, 2, 3}), numbers({4, 5, 6}), numbers({-3, 6, -3}), {{{2, 3}, {1, 3}}, {{3}, {3}}},
              {{{2}, {2}}}),
      product("tensordot", [](const Tensor& x, const Tensor& y) { return tensordot(x, y, {0}, {-2}); }, wide,
              square_matrix, numbers({{-2, -2}, {9, 12}, {5, 8}}), {{{2, 3}, {2, 4}}}, {{{2, 3}, {3, 3}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
  check::check_operation({.name = "trace",
                          .call = [](const Inputs& in) { return trace(in[0]); },
                          .example = {wide},
                          .expected = tensor(4.0, float64),
                          .shapes = {{{3, 2}}, {{1, 1}}},
                          .throwing = {{{3}}}});
  CHECK_THROWS_AS(mm(wide, to(wide.t(), float32)), DTypeError);
  CHECK_THROWS_AS(matmul(wide, to(wide.t(), float32)), DTypeError);
}

TEST_CASE("products are added to what broadcasts, and an input that does not count may be nan") {
  using Three = Tensor (*)(const Tensor&, const Tensor&, const Tensor&, Scalar, Scalar);
  auto added = [](const char* name, Three call, const Inputs& example, const Tensor& expected,
                  std::vector<std::vector<Shape>> shapes) {
    return Operation{.name = name,
                     .call = [call](const Inputs& in) { return call(in[0], in[1], in[2], 0.5, 2); },
                     .example = example,
                     .expected = expected,
                     .shapes = std::move(shapes),
                     .throwing = {{{5}, {2}, {2}}}};
  };
  const Tensor batch = stack({square_matrix, square_matrix});
  const Operation rows[] = {
      added("addmm", addmm, {pair, square_matrix, square_matrix}, numbers({{16.5, 19.5}, {32.5, 43.5}}),
            {{{2, 3}, {2, 2}, {2, 3}}, {{3}, {2, 1}, {1, 3}}, {{}, {1, 2}, {2, 2}}}),
      added("addmv", addmv, {pair, square_matrix, pair}, numbers({8.5, 21.5}),
            {{{2}, {2, 3}, {3}}, {{}, {2, 3}, {3}}}),
      added("addr", addr, {pair, pair, pair}, numbers({{52.5, -10.5}, {-7.5, 1.5}}), {{{2, 3}, {2}, {3}}}),
      added("baddbmm", baddbmm, {pair, batch, batch},
            stack({numbers({{16.5, 19.5}, {32.5, 43.5}}), numbers({{16.5, 19.5}, {32.5, 43.5}})}),
            {{{2, 2, 3}, {2, 2, 1}, {2, 1, 3}}}),
      added("addbmm", addbmm, {pair, batch, batch}, numbers({{30.5, 39.5}, {62.5, 87.5}}),
            {{{2, 3}, {2, 2, 1}, {2, 1, 3}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK(equal(addmm(full({2, 2}, NAN, float64), square_matrix, square_matrix, 0),
              matmul(square_matrix, square_matrix)));
  CHECK_THROWS_AS(addmv(zeros({2}, int64), to(square_matrix, int64), to(pair, int64), 0.5), DTypeError);
}
