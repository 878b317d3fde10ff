#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::spread_numbers;

namespace {

std::vector<std::string> names_of(const nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : module.state_dict()) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("BatchNorm normalizes with the batch in training, and with its running statistics in evaluation") {
  nn::BatchNorm1d layer(2, {.dtype = float64});
  Tensor x = numbers({{1, 10}, {3, 30}});
  CHECK(allclose(layer(x), numbers({{-1, -1}, {1, 1}}), 1e-4));
  CHECK(allclose(layer.running_mean, numbers({0.2, 2})));
  CHECK(allclose(layer.running_var, numbers({0.9 + 0.1 * 2, 0.9 + 0.1 * 200})));
  CHECK(layer.num_batches_tracked.item<std::int64_t>() == 1);
  layer.eval();
  CHECK(equal(layer(x), batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias)));
  CHECK(layer.num_batches_tracked.item<std::int64_t>() == 1);
  CHECK(names_of(layer) ==
        std::vector<std::string>{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"});
}

TEST_CASE("without a momentum the running statistics are means over all batches") {
  nn::BatchNorm1d layer(1, {.momentum = std::nullopt, .dtype = float64});
  layer(numbers({{1}, {3}}));
  layer(numbers({{7}, {9}}));
  CHECK(allclose(layer.running_mean, numbers({5})));
  CHECK(layer.num_batches_tracked.item<std::int64_t>() == 2);
}

TEST_CASE("without running statistics evaluation takes the batch's own") {
  nn::BatchNorm2d layer(2, {.affine = false, .track_running_stats = false, .dtype = float64});
  CHECK(names_of(layer).empty());
  Tensor x = spread_numbers({2, 2, 3, 3}, -1, 1, {}, 1);
  Tensor trained = layer(x);
  layer.eval();
  CHECK(equal(layer(x), trained));
}

TEST_CASE("a batch norm that cannot be computed changes nothing") {
  nn::BatchNorm1d layer(3, {.dtype = float64});
  CHECK_THROWS_AS(layer(ones({1, 3}, float64)), ValueError);
  CHECK_THROWS_WITH_AS(layer(ones({2, 4}, float64)),
                       "BatchNorm1d: expected input of 3 channels, got 4 in [2, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(layer(ones({3}, float64)), "BatchNorm1d: expected input [B, C] or [B, C, L], got [3]",
                       ShapeError);
  CHECK_THROWS_AS(nn::BatchNorm2d(3)(ones({2, 3, 4})), ShapeError);
  CHECK_THROWS_AS(nn::BatchNorm3d(3)(ones({2, 3, 4, 4})), ShapeError);
  CHECK_THROWS_AS(layer(ones({2, 3})), DTypeError);
  CHECK(layer.num_batches_tracked.item<std::int64_t>() == 0);
  CHECK(equal(layer.running_mean, zeros({3}, float64)));
  CHECK_THROWS_AS(nn::BatchNorm1d(0), ValueError);
  layer.eval();
  CHECK(layer(ones({1, 3}, float64)).shape() == Shape{1, 3});
}

TEST_CASE("statistics and counts follow a module into its clone, its state and another dtype") {
  nn::BatchNorm2d layer(2);
  layer(ones({2, 2, 3, 3}));
  nn::BatchNorm2d copy = nn::clone(layer);
  layer(ones({2, 2, 3, 3}));
  CHECK(copy.num_batches_tracked.item<std::int64_t>() == 1);
  copy.load_state_dict(layer.state_dict());
  CHECK(copy.num_batches_tracked.item<std::int64_t>() == 2);
  copy.to(float64);
  CHECK(copy.running_mean.dtype() == float64);
  CHECK(copy.num_batches_tracked.dtype() == int64);
}

TEST_CASE("InstanceNorm normalizes every sample's channels, with a batch and without") {
  nn::InstanceNorm2d layer(3, {.affine = true, .dtype = float64});
  Tensor x = spread_numbers({2, 3, 4, 5}, -2, 2, {}, 4);
  CHECK(equal(layer(x), instance_norm(x, {}, {}, layer.weight, layer.bias)));
  CHECK(equal(layer(x[1]), layer(x)[1]));
  nn::InstanceNorm1d tracking(3, {.track_running_stats = true, .dtype = float64});
  Tensor line = spread_numbers({2, 3, 6}, -2, 2, {}, 5);
  tracking(line);
  CHECK_FALSE(equal(tracking.running_mean, zeros({3}, float64)));
  tracking.eval();
  CHECK(
      equal(tracking(line), instance_norm(line, tracking.running_mean, tracking.running_var, {}, {}, false)));
  CHECK(nn::InstanceNorm3d(2)(ones({2, 3, 3, 3})).shape() == Shape{2, 3, 3, 3});
  CHECK_THROWS_AS(layer(ones({2, 4, 4, 5}, float64)), ShapeError);
  CHECK_THROWS_AS(layer(ones({3, 4}, float64)), ShapeError);
  CHECK_THROWS_AS(nn::InstanceNorm2d(3)(ones({1, 3, 1, 1})), ValueError);
}

TEST_CASE("LayerNorm, RMSNorm, GroupNorm and LocalResponseNorm are the functions of their names") {
  Tensor x = spread_numbers({2, 6, 4}, -2, 2, {}, 6);
  nn::LayerNorm layer(4, {.dtype = float64});
  CHECK(equal(layer(x), layer_norm(x, {4}, layer.weight, layer.bias)));
  nn::LayerNorm both({6, 4}, {.eps = 1e-3, .bias = false, .dtype = float64});
  CHECK(equal(both(x), layer_norm(x, {6, 4}, both.weight, {}, 1e-3)));
  CHECK(equal(nn::LayerNorm(4, {.elementwise_affine = false})(x), layer_norm(x, {4})));
  nn::RMSNorm rms(4, {.dtype = float64});
  CHECK(equal(rms(x), rms_norm(x, {4}, rms.weight)));
  nn::GroupNorm group(3, 6, {.dtype = float64});
  CHECK(equal(group(x), group_norm(x, 3, group.weight, group.bias)));
  CHECK(names_of(nn::GroupNorm(3, 6, {.affine = false})).empty());
  CHECK(equal(nn::LocalResponseNorm(3, {.alpha = 0.1, .beta = 0.5, .k = 2})(x),
              local_response_norm(x, 3, 0.1, 0.5, 2)));
  CHECK_THROWS_AS(layer(ones({2, 5}, float64)), ShapeError);
  CHECK_THROWS_AS(nn::LayerNorm(Shape{}), ValueError);
  CHECK_THROWS_AS(nn::RMSNorm({2, 0}), ValueError);
  CHECK_THROWS_AS(nn::GroupNorm(4, 6), ValueError);
  CHECK_THROWS_AS(group(ones({2, 3, 4}, float64)), ShapeError);
  CHECK_THROWS_AS(nn::LocalResponseNorm(0), ValueError);
}

TEST_CASE("normalizations print their options") {
  CHECK(nn::BatchNorm2d(8).describe() ==
        "BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=true, track_running_stats=true)");
  CHECK(nn::BatchNorm1d(8, {.momentum = std::nullopt}).describe() ==
        "BatchNorm1d(8, eps=1e-05, momentum=none, affine=true, track_running_stats=true)");
  CHECK(nn::InstanceNorm1d(8).describe() ==
        "InstanceNorm1d(8, eps=1e-05, momentum=0.1, affine=false, track_running_stats=false)");
  CHECK(nn::LayerNorm({3, 4}).describe() ==
        "LayerNorm([3, 4], eps=1e-05, elementwise_affine=true, bias=true)");
  CHECK(nn::RMSNorm(4).describe() == "RMSNorm([4], eps=none, elementwise_affine=true)");
  CHECK(nn::GroupNorm(2, 4).describe() == "GroupNorm(2, 4, eps=1e-05, affine=true)");
  CHECK(nn::LocalResponseNorm(3).describe() == "LocalResponseNorm(3, alpha=0.0001, beta=0.75, k=1)");
}
