#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Inputs = std::vector<Tensor>;

Tensor none;

/// x / deviation from the mean of every row, by plain sums.
Tensor normalized_rows(const Tensor& x, double eps) {
  Tensor centred = x - mean(x, Shape{-1}, true);
  return centred / sqrt(mean(square(centred), Shape{-1}, true) + eps);
}

}  // namespace

TEST_CASE("normalizations have the values and the gradients that they should") {
  const Tensor x = numbers({{1, 2, 6}, {4, 4, 1}});
  const Tensor w = numbers({1, 2, -1}), b = numbers({0, 1, 2});
  const Tensor images = numbers({{{1, 3}, {2, 2.5}}, {{5, 0}, {-1, 4}}});
  const Operation rows[] = {
      {.name = "layer_norm",
       .call = [](const Inputs& in) { return layer_norm(in[0], {in[0].size(-1)}, in[1], in[2]); },
       .example = {x, w, b},
       .expected = normalized_rows(x, 1e-5) * w + b,
       .shapes = {{{2, 3}, {3}, {3}}, {{5}, {5}, {5}}, {{2, 1, 20}, {20}, {20}}, {{0, 3}, {3}, {3}}},
       .throwing = {{{2, 3}, {2}, {3}}, {{2, 3}, {3}, {1}}}},
      {.name = "layer_norm over two dimensions",
       .call = [](const Inputs& in) { return layer_norm(in[0], {2, 3}); },
       .example = {x},
       .expected = reshape(normalized_rows(reshape(x, {6}), 1e-5), {2, 3}),
       .shapes = {{{2, 3}}, {{4, 2, 3}}},
       .throwing = {{{3}}, {{3, 2}}, {{}}}},
      {.name = "rms_norm",
       .call = [](const Inputs& in) { return rms_norm(in[0], {3}, in[1], 1e-5); },
       .example = {x, w},
       .expected = x / sqrt(mean(square(x), Shape{-1}, true) + 1e-5) * w,
       .shapes = {{{2, 3}, {3}}, {{2, 4, 3}, {3}}, {{0, 3}, {3}}},
       .throwing = {{{2, 4}, {3}}}},
      {.name = "group_norm",
       .call = [](const Inputs& in) { return group_norm(in[0], 2, in[1], in[2]); },
       .example = {images, numbers({2, 3}), numbers({1, 0})},
       .expected = normalized_rows(images, 1e-5) * numbers({{2}, {3}}) + numbers({{1}, {0}}),
       .shapes = {{{2, 4, 3}, {4}, {4}}, {{3, 4}, {4}, {4}}, {{1, 2, 5, 9}, {2}, {2}}, {{0, 4, 2}, {4}, {4}}},
       .throwing = {{{2, 3, 4}, {3}, {3}}, {{4}, {4}, {4}}, {{1, 2}, {2}, {2}}, {{2, 4, 3}, {3}, {4}}}},
      {.name = "batch_norm",
       .call = [](const Inputs& in) { return batch_norm(in[0], none, none, in[1], in[2], true); },
       .example = {x.t(), numbers({2, 3}), numbers({1, 0})},
       .expected = (normalized_rows(x, 1e-5) * numbers({{2}, {3}}) + numbers({{1}, {0}})).t().contiguous(),
       .shapes =
           {{{4, 3}, {3}, {3}}, {{3, 2, 4}, {2}, {2}}, {{2, 2, 3, 15}, {2}, {2}}, {{1, 2, 40}, {2}, {2}}},
       .throwing = {{{1, 3}, {3}, {3}}, {{3}, {3}, {3}}, {{4, 3}, {2}, {3}}}},
      {.name = "batch_norm outside training",
       .call =
           [](const Inputs& in) {
             Tensor m = full({3}, 0.5, in[0].dtype()), v = full({3}, 4.0, in[0].dtype());
             return batch_norm(in[0], m, v, in[1], in[2], false, 0.1, 0);
           },
       .example = {x, w, b},
       .expected = (x - 0.5) / 2 * w + b,
       .shapes = {{{4, 3}, {3}, {3}}, {{2, 3, 40}, {3}, {3}}, {{1, 3}, {3}, {3}}, {{0, 3}, {3}, {3}}},
       .throwing = {{{4, 2}, {2}, {2}}}},
      {.name = "instance_norm",
       .call = [](const Inputs& in) { return instance_norm(in[0], none, none, in[1], in[2]); },
       .example = {images, numbers({2, 3}), numbers({1, 0})},
       .expected = normalized_rows(images, 1e-5) * numbers({{2}, {3}}) + numbers({{1}, {0}}),
       .shapes = {{{2, 3, 4}, {3}, {3}}, {{1, 2, 3, 3}, {2}, {2}}},
       .throwing = {{{2, 3}, {3}, {3}}, {{2, 3, 1}, {3}, {3}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("normalizations need no weight and no bias") {
  for (auto call : std::initializer_list<Tensor (*)(const Tensor&)>{
           [](const Tensor& x) { return layer_norm(x, {6}); },
           [](const Tensor& x) { return rms_norm(x, {6}); }, [](const Tensor& x) { return group_norm(x, 2); },
           [](const Tensor& x) { return batch_norm(x, none, none, none, none, true); },
           [](const Tensor& x) { return instance_norm(x); },
           [](const Tensor& x) { return batch_norm(x, zeros({4}, float64), ones({4}, float64)); }}) {
    Tensor x = check::spread_numbers({3, 4, 6}, -2, 2, {}, 5);
    CHECK(gradcheck([&](const Tensor& y) { return call(y); }, {x}));
    CHECK(gradgradcheck([&](const Tensor& y) { return call(y); }, {x}, {.rtol = 1e-4, .atol = 1e-6}));
  }
}

TEST_CASE("running statistics move toward those of the batch, in training alone") {
  Tensor x = numbers({{1, 10}, {3, 30}, {5, 20}});
  Tensor mean = zeros({2}, float64), variance = ones({2}, float64);
  batch_norm(x, mean, variance, none, none, true, 0.5);
  CHECK(check::agree(mean, numbers({1.5, 10}), 1e-15));
  CHECK(check::agree(variance, numbers({2.5, 50.5}), 1e-15));  // unbiased: 4 and 100
  std::uint32_t version = mean.version();
  batch_norm(x, mean, variance);
  CHECK(mean.version() == version);
  CHECK_THROWS_AS(batch_norm(numbers({{1, 2}}), mean, variance, none, none, true), ValueError);
  CHECK_THROWS_AS(batch_norm(x, mean, none, none, none, true), ValueError);
  CHECK_THROWS_AS(batch_norm(x, none, none), ValueError);
  CHECK_THROWS_AS(batch_norm(x, mean, zeros({3}, float64), none, none, true), ShapeError);
  CHECK_THROWS_AS(batch_norm(x, mean.to(float32), variance, none, none, true), DTypeError);
  CHECK(mean.version() == version);
  Tensor planes = numbers({{{1, 3}}, {{10, 30}}});
  Tensor m = zeros({1}, float64), v = zeros({1}, float64);
  instance_norm(planes, m, v, none, none, true, 1);
  CHECK(check::agree(m, numbers({11}), 1e-15));
  CHECK(check::agree(v, numbers({101}), 1e-14));
  CHECK_THROWS_AS(instance_norm(planes, none, none, none, none, false), ValueError);
}

TEST_CASE("normalization is right far from 0, for long rows, and for what does not vary") {
  Generator generator(3);
  Tensor x = randn({3, 5000}, float64, &generator);
  Tensor far = (x + 4096).to(float32);
  Tensor expected = normalized_rows(far.to(float64), 1e-5);
  CHECK(check::agree(layer_norm(far, {5000}), expected.to(float32), 1e-5));
  CHECK(check::agree(layer_norm(x, {5000}), normalized_rows(x, 1e-5), 1e-12));
  CHECK(equal(layer_norm(full({2, 3}, 7.0), {3}), zeros({2, 3})));
  CHECK(equal(batch_norm(full({2, 3}, 7.0), none, none, none, none, true, 0.1, 0), zeros({2, 3})));
}

TEST_CASE("normalizations take one floating dtype") {
  Tensor x = numbers({{1, 2}, {3, 4}});
  CHECK_THROWS_AS(layer_norm(x.to(int64), {2}), DTypeError);
  CHECK_THROWS_AS(layer_norm(x, {2}, ones({2}, float32)), DTypeError);
  CHECK_THROWS_AS(group_norm(x, 0), ValueError);
  CHECK_THROWS_AS(group_norm(x, -1), ValueError);
  CHECK_THROWS_AS(layer_norm(x, {}), ShapeError);
  CHECK(layer_norm(zeros({3, 0}), {0}).shape() == Shape{3, 0});
  CHECK(batch_norm(zeros({0, 3}), none, none, none, none, true).shape() == Shape{0, 3});
}
