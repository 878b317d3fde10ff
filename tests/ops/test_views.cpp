#include <doctest/doctest.h>

#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

const Tensor block = arange(1, 12.5, 1.0, float64).reshape({3, 2, 2});

Operation viewing(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& expected,
                  std::vector<std::vector<Shape>> shapes, std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {block},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("views of every kind have the value and the gradients that they should") {
  const Operation rows[] = {
      viewing("swapaxes", [](const Tensor& x) { return swapaxes(x, 0, -1); }, block.transpose(0, 2),
              {{{2, 3}}, {{4}}, {{0, 2}}, {{}}}),
      viewing("mT", [](const Tensor& x) { return mT(x); }, block.transpose(1, 2), {{{2, 3}}, {{2, 0, 3}}},
              {{{3}}, {{}}}),
      viewing("movedim of several", [](const Tensor& x) { return movedim(x, {0, 1}, {-1, 0}); },
              block.permute({1, 2, 0}), {{{2, 3, 4}}}, {{{2}}}),
      viewing("ravel", [](const Tensor& x) { return ravel(x); }, block.reshape({12}),
              {{{2, 3}}, {{}}, {{0, 2}}}),
      viewing("atleast_1d", [](const Tensor& x) { return atleast_1d(x); }, block, {{{}}, {{3}}, {{0}}}),
      viewing("atleast_2d", [](const Tensor& x) { return atleast_2d(x); }, block, {{{}}, {{3}}, {{2, 3}}}),
      viewing("atleast_3d", [](const Tensor& x) { return atleast_3d(x); }, block, {{{}}, {{3}}, {{2, 3}}}),
      viewing("expand_as", [](const Tensor& x) { return expand_as(x, zeros({2, 3, 2, 2})); },
              stack({block, block}), {{{2, 1}}, {{}}, {{3, 1, 2}}}, {{{3}}}),
      viewing("broadcast_tensors",
              [](const Tensor& x) {
                auto parts = broadcast_tensors({x, select(x, 0, 0)});
                return parts[0] * parts[1];
              },
              block * block[0], {{{2, 3}}, {{1, 2}}}, {{{}}}),
      viewing("sum_to_size", [](const Tensor& x) { return sum_to_size(x, {1, 2}); }, numbers({{36, 42}}),
              {{{3, 2}}, {{2, 1, 2}}, {{0, 2}}}, {{{3}}, {{2}}}),
      viewing("unfold along a dimension", [](const Tensor& x) { return unfold(x, 0, 2, 1); },
              stack({block.slice(0, 0, 2), block.slice(0, 1, 3)}, 0).permute({0, 2, 3, 1}),
              {{{3}}, {{4, 2}}, {{2, 0}}}, {{{}}, {{1}}}),
      viewing("unfold with a step", [](const Tensor& x) { return unfold(x, -1, 1, 3); },
              block.slice(2, 0, 1).unsqueeze(-1), {{{7}}, {{2, 4}}, {{}}}),
      viewing("narrow from a tensor", [](const Tensor& x) { return narrow(x, 0, tensor(-2, int64), 1); },
              block.slice(0, 1, 2), {{{3}}, {{2, 2}}}, {{{}}, {{1}}}),
      viewing("split into sizes",
              [](const Tensor& x) {
                auto parts = split(x, {2, 0, 1});
                return parts[0].sum() * parts[2] + parts[1].sum();
              },
              numbers({{{324, 360}, {396, 432}}}), {{{3}}, {{3, 2}}}, {{{}}, {{4}}, {{2, 2}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("what is changed through a view is changed in its base") {
  for (auto view : std::initializer_list<Tensor (*)(const Tensor&)>{
           [](const Tensor& x) { return diagonal(x, 1); }, [](const Tensor& x) { return unfold(x, 1, 1, 2); },
           [](const Tensor& x) { return swapaxes(x, 0, 1); }, [](const Tensor& x) { return mT(x); },
           [](const Tensor& x) { return movedim(x, {0}, {1}); }, [](const Tensor& x) { return ravel(x); },
           [](const Tensor& x) { return atleast_3d(x); },
           [](const Tensor& x) { return split(x, {1, 2}, 1)[1]; },
           [](const Tensor& x) { return tensor_split(x, {1}, 1)[1]; }}) {
    Tensor leaf = ones({3, 3}, float64).requires_grad_();
    Tensor x = leaf * 2;
    Tensor part = view(x);
    CHECK(part.array().storage() == x.array().storage());
    part.mul_(5);
    Tensor total = sum(x);
    CHECK(total.item() == 18 + 8 * static_cast<double>(part.numel()));
    total.backward();
    CHECK(leaf.grad().sum().item() == 18 + 8 * static_cast<double>(part.numel()));
  }
}

TEST_CASE("parts are as many and as large as in PyTorch") {
  auto sizes = [](const std::vector<Tensor>& parts) {
    Shape result;
    for (const Tensor& part : parts) result.push_back(part.shape()[0]);
    return result;
  };
  Tensor x = arange(7);
  CHECK(sizes(split(x, 3)) == Shape{3, 3, 1});
  CHECK(sizes(split(x, huge)) == Shape{7});
  CHECK(sizes(split(x, {7})) == Shape{7});
  CHECK(sizes(split(zeros({0}), 0)) == Shape{0});
  CHECK(sizes(chunk(x, 3)) == Shape{3, 3, 1});
  CHECK(sizes(chunk(x, 5)) == Shape{2, 2, 2, 1});
  CHECK(sizes(chunk(zeros({0}), 3)) == Shape{0, 0, 0});
  CHECK(sizes(tensor_split(x, 3)) == Shape{3, 2, 2});
  CHECK(sizes(tensor_split(x, 9)) == Shape{1, 1, 1, 1, 1, 1, 1, 0, 0});
  CHECK(sizes(tensor_split(x, {2, -1, 100})) == Shape{2, 4, 1, 0});
  CHECK(sizes(tensor_split(x, {4, 2})) == Shape{4, 0, 5});
  CHECK_THROWS_AS(split(x, {3, 3}), ShapeError);
  CHECK_THROWS_AS(split(x, {8, -1}), ShapeError);
  CHECK_THROWS_AS(split(x, {huge, huge}), ShapeError);
  CHECK_THROWS_AS(split(x, 0), ValueError);
  CHECK_THROWS_AS(split(x, -1), ValueError);
  CHECK_THROWS_AS(chunk(zeros({0}), huge), ValueError);
  CHECK_THROWS_AS(tensor_split(x, huge), ValueError);
  CHECK_THROWS_AS(tensor_split(x, 0), ValueError);
  CHECK_THROWS_AS(tensor_split(tensor(1.0), 1), IndexError);
  CHECK_THROWS_AS(unbind(zeros({1}).expand({huge / 8}), 0), ValueError);
}

TEST_CASE("views of numbers that cannot be are errors") {
  Tensor x = zeros({3, 4});
  CHECK_THROWS_AS(reshape(x, {huge, huge}), ShapeError);
  CHECK_THROWS_AS(reshape(zeros({0}), {std::int64_t{1} << 32, std::int64_t{1} << 32}), ShapeError);
  CHECK_THROWS_AS(reshape(x, {std::int64_t{1} << 32, std::int64_t{1} << 32, -1}), ShapeError);
  CHECK_THROWS_AS(expand(zeros({1, 1}), {huge / 2, huge / 2}), ShapeError);
  CHECK_THROWS_AS(as_strided(x, {2, 2}, {huge, huge}), IndexError);
  CHECK_THROWS_AS(as_strided(x, {huge}, {0}, huge), IndexError);
  CHECK_THROWS_AS(as_strided(x, {1}, {1}, lowest), IndexError);
  CHECK_THROWS_AS(unfold(x, 0, 2, 0), ValueError);
  CHECK_THROWS_AS(unfold(x, 0, -1, 1), IndexError);
  CHECK(unfold(x, 0, 2, huge).shape() == Shape{1, 4, 2});
  CHECK_THROWS_AS(movedim(x, {0, 0}, {0, 1}), ShapeError);
  CHECK_THROWS_AS(movedim(x, {0, 1}, {1, 1}), ShapeError);
  CHECK_THROWS_AS(movedim(x, {0}, {0, 1}), ShapeError);
  CHECK_THROWS_AS(movedim(x, {2}, {0}), IndexError);
  CHECK_THROWS_AS(unflatten(x, 0, {}), ShapeError);
  CHECK_THROWS_AS(narrow(x, 0, tensor(1.0), 1), DTypeError);
  CHECK_THROWS_AS(narrow(x, 0, tensor({1}, int64), 1), ShapeError);
  CHECK_THROWS_AS(narrow(x, 0, lowest, 1), IndexError);
  CHECK_THROWS_AS(select(x, 0, lowest), IndexError);
  CHECK_THROWS_AS(broadcast_shapes({{2}, {3}}), ShapeError);
  CHECK_THROWS_AS(broadcast_shapes({{-1}}), ShapeError);
  CHECK(broadcast_shapes({{2, 1}, {3}, {}}) == Shape{2, 3});
  CHECK(sum_to_size(ones({2, 3}, int64), {3}).dtype() == int64);
  CHECK(sum_to_size(ones({2, 3}, boolean), {1}).item<std::int64_t>() == 6);
}
