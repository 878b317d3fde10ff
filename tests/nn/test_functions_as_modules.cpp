#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::spread_numbers;

namespace {

/// A module without state beside the function that it is.
struct Row {
  nn::AnyModule module;
  Shape input;
  std::function<Tensor(const Tensor&)> function;
  std::string text;
};

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.text);
    Tensor x = spread_numbers(row.input, -2, 2, {}, 3).requires_grad_();
    Tensor got = row.module(x);
    Tensor want = row.function(x);
    CHECK(equal(got, want));
    CHECK(row.module->describe() == row.text);
    CHECK(row.module->parameters().empty());
    CHECK(equal(grad(sum(got * got), x), grad(sum(want * want), x)));
  }
}

}  // namespace

TEST_CASE("activations are the functions of their names, with their options") {
  std::vector<Row> rows;
  auto add = [&](nn::AnyModule module, std::function<Tensor(const Tensor&)> function, const char* text) {
    rows.push_back({std::move(module), {3, 4}, std::move(function), text});
  };
  add(nn::Sigmoid(), [](const Tensor& x) { return sigmoid(x); }, "Sigmoid()");
  add(nn::Tanh(), [](const Tensor& x) { return tanh(x); }, "Tanh()");
  add(nn::ReLU(), [](const Tensor& x) { return relu(x); }, "ReLU()");
  add(nn::ReLU6(), [](const Tensor& x) { return relu6(x); }, "ReLU6()");
  add(nn::SELU(), [](const Tensor& x) { return selu(x); }, "SELU()");
  add(nn::SiLU(), [](const Tensor& x) { return silu(x); }, "SiLU()");
  add(nn::Mish(), [](const Tensor& x) { return mish(x); }, "Mish()");
  add(nn::Hardsigmoid(), [](const Tensor& x) { return hardsigmoid(x); }, "Hardsigmoid()");
  add(nn::Hardswish(), [](const Tensor& x) { return hardswish(x); }, "Hardswish()");
  add(nn::LogSigmoid(), [](const Tensor& x) { return logsigmoid(x); }, "LogSigmoid()");
  add(nn::Softsign(), [](const Tensor& x) { return softsign(x); }, "Softsign()");
  add(nn::Tanhshrink(), [](const Tensor& x) { return tanhshrink(x); }, "Tanhshrink()");
  add(
      nn::LeakyReLU(0.2), [](const Tensor& x) { return leaky_relu(x, 0.2); },
      "LeakyReLU(negative_slope=0.2)");
  add(nn::ELU(1.5), [](const Tensor& x) { return elu(x, 1.5); }, "ELU(alpha=1.5)");
  add(nn::CELU(1.5), [](const Tensor& x) { return celu(x, 1.5); }, "CELU(alpha=1.5)");
  add(
      nn::Hardtanh(-0.5, 1.5), [](const Tensor& x) { return hardtanh(x, -0.5, 1.5); },
      "Hardtanh(min_val=-0.5, max_val=1.5)");
  add(nn::Hardshrink(0.75), [](const Tensor& x) { return hardshrink(x, 0.75); }, "Hardshrink(lambd=0.75)");
  add(nn::Softshrink(0.75), [](const Tensor& x) { return softshrink(x, 0.75); }, "Softshrink(lambd=0.75)");
  add(nn::Softplus(2, 1), [](const Tensor& x) { return softplus(x, 2, 1); }, "Softplus(beta=2, threshold=1)");
  add(
      nn::Threshold(0.5, -1), [](const Tensor& x) { return threshold(x, 0.5, -1); },
      "Threshold(threshold=0.5, value=-1)");
  add(nn::GELU(), [](const Tensor& x) { return gelu(x); }, "GELU(approximate=none)");
  add(nn::GELU("tanh"), [](const Tensor& x) { return gelu(x, "tanh"); }, "GELU(approximate=tanh)");
  add(nn::GLU(0 + 1), [](const Tensor& x) { return glu(x, 1); }, "GLU(dim=1)");
  add(nn::Softmax(0), [](const Tensor& x) { return softmax(x, 0); }, "Softmax(dim=0)");
  add(nn::LogSoftmax(1), [](const Tensor& x) { return log_softmax(x, 1); }, "LogSoftmax(dim=1)");
  add(nn::Softmin(-1), [](const Tensor& x) { return softmin(x, -1); }, "Softmin(dim=-1)");
  check_rows(rows);
  CHECK_THROWS_AS(nn::GELU("erf"), ValueError);
  Tensor images = spread_numbers({2, 3, 2, 2}, -1, 1, {}, 1);
  CHECK(equal(nn::Softmax2d()(images), softmax(images, 1)));
  CHECK(equal(nn::Softmax2d()(images[0]), softmax(images[0], 0)));
  CHECK_THROWS_AS(nn::Softmax2d()(numbers({1, 2})), ShapeError);
}

TEST_CASE("PReLU trains its slopes, RReLU draws them") {
  nn::PReLU one({.dtype = float64});
  Tensor x = numbers({{-2, 1}, {3, -4}});
  CHECK(equal(one(x), numbers({{-0.5, 1}, {3, -1}})));
  nn::PReLU each({.num_parameters = 2, .init = 0.5, .dtype = float64});
  CHECK(each.weight.shape() == Shape{2});
  sum(each(x)).backward();
  CHECK(equal(each.weight.grad(), numbers({-2, -4})));
  CHECK(each.describe() == "PReLU(num_parameters=2)");
  CHECK_THROWS_AS(nn::PReLU({.num_parameters = 0}), ValueError);
  Generator generator(4);
  nn::RReLU random(0.1, 0.3, &generator);
  Tensor slopes = random(full({500}, -1.0, float64)) * -1;
  CHECK(amin(slopes).item() >= 0.1);
  CHECK(amax(slopes).item() <= 0.3);
  CHECK(amax(slopes).item() - amin(slopes).item() > 0.15);
  random.eval();
  CHECK(allclose(random(numbers({-1, 2})), numbers({-0.2, 2})));
  CHECK_THROWS_AS(nn::RReLU(0.5, 0.25), ValueError);
}

TEST_CASE("pooling modules are the functions of their names") {
  std::vector<Row> rows;
  rows.push_back({nn::MaxPool1d(3, {.stride = 2, .padding = 1}),
                  {2, 3, 9},
                  [](const Tensor& x) { return max_pool1d(x, 3, {.stride = 2, .padding = 1}); },
                  "MaxPool1d(kernel_size=(3), stride=(2), padding=(1), dilation=(1), ceil_mode=false)"});
  rows.push_back({nn::MaxPool2d(2),
                  {2, 3, 4, 6},
                  [](const Tensor& x) { return max_pool2d(x, 2); },
                  "MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), "
                  "ceil_mode=false)"});
  rows.push_back({nn::MaxPool3d(2),
                  {3, 4, 4, 4},
                  [](const Tensor& x) { return max_pool3d(x, 2); },
                  "MaxPool3d(kernel_size=(2, 2, 2), stride=(2, 2, 2), padding=(0, 0, 0), dilation=(1, 1, 1), "
                  "ceil_mode=false)"});
  rows.push_back({nn::AvgPool1d(2),
                  {2, 3, 8},
                  [](const Tensor& x) { return avg_pool1d(x, 2); },
                  "AvgPool1d(kernel_size=(2), stride=(2), padding=(0))"});
  rows.push_back(
      {nn::AvgPool2d({2, 3}, {.padding = 1, .count_include_pad = false}),
       {2, 3, 4, 6},
       [](const Tensor& x) { return avg_pool2d(x, {2, 3}, {.padding = 1, .count_include_pad = false}); },
       "AvgPool2d(kernel_size=(2, 3), stride=(2, 3), padding=(1, 1))"});
  rows.push_back({nn::AvgPool3d(2),
                  {1, 3, 4, 4, 4},
                  [](const Tensor& x) { return avg_pool3d(x, 2); },
                  "AvgPool3d(kernel_size=(2, 2, 2), stride=(2, 2, 2), padding=(0, 0, 0))"});
  rows.push_back({nn::LPPool1d(2, 3),
                  {2, 3, 9},
                  [](const Tensor& x) { return lp_pool1d(x, 2, 3); },
                  "LPPool1d(norm_type=2, kernel_size=(3), stride=(3), ceil_mode=false)"});
  rows.push_back({nn::LPPool2d(2, 2, {.stride = 1}),
                  {2, 3, 4, 4},
                  [](const Tensor& x) { return lp_pool2d(x, 2, 2, {.stride = 1}); },
                  "LPPool2d(norm_type=2, kernel_size=(2, 2), stride=(1, 1), ceil_mode=false)"});
  rows.push_back({nn::LPPool3d(2, 2),
                  {2, 3, 4, 4, 4},
                  [](const Tensor& x) { return lp_pool3d(x, 2, 2); },
                  "LPPool3d(norm_type=2, kernel_size=(2, 2, 2), stride=(2, 2, 2), ceil_mode=false)"});
  rows.push_back({nn::AdaptiveAvgPool1d(3),
                  {2, 3, 7},
                  [](const Tensor& x) { return adaptive_avg_pool1d(x, 3); },
                  "AdaptiveAvgPool1d(output_size=(3))"});
  rows.push_back({nn::AdaptiveAvgPool2d({std::nullopt, 2}),
                  {2, 3, 5, 7},
                  [](const Tensor& x) { return adaptive_avg_pool2d(x, {std::nullopt, 2}); },
                  "AdaptiveAvgPool2d(output_size=(none, 2))"});
  rows.push_back({nn::AdaptiveAvgPool3d(1),
                  {2, 3, 5, 7, 2},
                  [](const Tensor& x) { return adaptive_avg_pool3d(x, 1); },
                  "AdaptiveAvgPool3d(output_size=(1, 1, 1))"});
  rows.push_back({nn::AdaptiveMaxPool1d(3),
                  {2, 3, 7},
                  [](const Tensor& x) { return adaptive_max_pool1d(x, 3); },
                  "AdaptiveMaxPool1d(output_size=(3))"});
  rows.push_back({nn::AdaptiveMaxPool2d(2),
                  {2, 3, 5, 7},
                  [](const Tensor& x) { return adaptive_max_pool2d(x, 2); },
                  "AdaptiveMaxPool2d(output_size=(2, 2))"});
  rows.push_back({nn::AdaptiveMaxPool3d(2),
                  {2, 3, 5, 7, 4},
                  [](const Tensor& x) { return adaptive_max_pool3d(x, 2); },
                  "AdaptiveMaxPool3d(output_size=(2, 2, 2))"});
  check_rows(rows);
}

TEST_CASE("max pooling gives its places, and unpooling puts the maxima back there") {
  Tensor x = spread_numbers({2, 3, 4, 6}, -2, 2, {}, 5);
  auto [values, places] = nn::MaxPool2d(2).forward_with_indices(x);
  CHECK(equal(values, max_pool2d(x, 2)));
  CHECK(places.dtype() == int64);
  nn::MaxUnpool2d back(2);
  CHECK(equal(back(values, places), max_unpool2d(values, places, 2)));
  CHECK(back.describe() == "MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))");
  auto [most, where] = nn::AdaptiveMaxPool1d(2).forward_with_indices(x[0]);
  CHECK(equal(most, adaptive_max_pool1d(x[0], 2)));
  CHECK(where.shape() == most.shape());
  CHECK_THROWS_AS(nn::MaxPool2d(9)(x), ShapeError);
}

TEST_CASE("padding modules take one number or a pair for each dimension") {
  std::vector<Row> rows;
  auto add = [&](nn::AnyModule module, Shape input, Shape padding, const char* mode, double value,
                 const char* text) {
    auto function = [=](const Tensor& x) { return pad(x, padding, mode, value); };
    rows.push_back({std::move(module), std::move(input), function, text});
  };
  add(nn::ConstantPad1d({1, 2}, 0.5), {2, 3, 4}, {1, 2}, "constant", 0.5,
      "ConstantPad1d(padding=(1, 2), value=0.5)");
  add(nn::ConstantPad2d(1, 3), {2, 4, 5}, {1, 1, 1, 1}, "constant", 3,
      "ConstantPad2d(padding=(1, 1, 1, 1), value=3)");
  add(nn::ZeroPad2d({1, -1, 0, 2}), {2, 4, 5}, {1, -1, 0, 2}, "constant", 0, "ZeroPad2d(1, -1, 0, 2)");
  add(nn::ReflectionPad1d(2), {3, 4}, {2, 2}, "reflect", 0, "ReflectionPad1d(2, 2)");
  add(nn::ReflectionPad2d({1, 2, 3, 0}), {2, 3, 4, 5}, {1, 2, 3, 0}, "reflect", 0,
      "ReflectionPad2d(1, 2, 3, 0)");
  add(nn::ReplicationPad3d(1), {2, 3, 4, 5, 2}, {1, 1, 1, 1, 1, 1}, "replicate", 0,
      "ReplicationPad3d(1, 1, 1, 1, 1, 1)");
  add(nn::CircularPad2d({1, 2, 0, 1}), {2, 3, 4, 5}, {1, 2, 0, 1}, "circular", 0,
      "CircularPad2d(1, 2, 0, 1)");
  check_rows(rows);
  CHECK_THROWS_AS(nn::ReflectionPad2d({1, 2}), ValueError);
  CHECK_THROWS_AS(nn::ReflectionPad1d(9)(numbers({{1, 2, 3}})), ValueError);
}

TEST_CASE("rearrangements are the functions of their names") {
  std::vector<Row> rows;
  rows.push_back({nn::Flatten(),
                  {2, 3, 4},
                  [](const Tensor& x) { return flatten(x, 1); },
                  "Flatten(start_dim=1, end_dim=-1)"});
  rows.push_back({nn::Unflatten(1, {2, -1}),
                  {3, 6},
                  [](const Tensor& x) { return unflatten(x, 1, {2, 3}); },
                  "Unflatten(dim=1, unflattened_size=[2, -1])"});
  rows.push_back({nn::PixelShuffle(2),
                  {1, 8, 2, 3},
                  [](const Tensor& x) { return pixel_shuffle(x, 2); },
                  "PixelShuffle(upscale_factor=2)"});
  rows.push_back({nn::PixelUnshuffle(2),
                  {1, 2, 4, 6},
                  [](const Tensor& x) { return pixel_unshuffle(x, 2); },
                  "PixelUnshuffle(downscale_factor=2)"});
  rows.push_back({nn::ChannelShuffle(2),
                  {1, 4, 2},
                  [](const Tensor& x) { return channel_shuffle(x, 2); },
                  "ChannelShuffle(groups=2)"});
  rows.push_back({nn::Unfold({2}, {.stride = {2}}),
                  {1, 2, 4, 4},
                  [](const Tensor& x) { return unfold(x, {2}, {.stride = {2}}); },
                  "Unfold(kernel_size=[2], dilation=[1], padding=[0], stride=[2])"});
  rows.push_back({nn::Fold({4, 4}, {2}, {.stride = {2}}),
                  {1, 8, 4},
                  [](const Tensor& x) { return fold(x, {4, 4}, {2}, {.stride = {2}}); },
                  "Fold(output_size=[4, 4], kernel_size=[2], dilation=[1], padding=[0], stride=[2])"});
  rows.push_back({nn::Upsample({.scale_factor = {2}}),
                  {1, 2, 3, 3},
                  [](const Tensor& x) { return interpolate(x, {.scale_factor = {2}}); },
                  "Upsample(scale_factor=(2), mode=nearest)"});
  rows.push_back({nn::Upsample({.size = {5, 4}, .mode = "bilinear", .align_corners = true}),
                  {1, 2, 3, 3},
                  [](const Tensor& x) {
                    return interpolate(x, {.size = {5, 4}, .mode = "bilinear", .align_corners = true});
                  },
                  "Upsample(size=[5, 4], mode=bilinear)"});
  check_rows(rows);
}

TEST_CASE("modules of two inputs are the functions of their names") {
  Tensor x = spread_numbers({3, 4}, -2, 2, {}, 1);
  Tensor y = spread_numbers({3, 4}, -2, 2, {}, 2);
  CHECK(equal(nn::CosineSimilarity(0, 1e-4)(x, y), cosine_similarity(x, y, 0, 1e-4)));
  CHECK(nn::CosineSimilarity().describe() == "CosineSimilarity(dim=1, eps=1e-08)");
  CHECK(equal(nn::PairwiseDistance(1, 1e-4, true)(x, y), pairwise_distance(x, y, 1, 1e-4, true)));
  CHECK(nn::PairwiseDistance().describe() == "PairwiseDistance(p=2, eps=1e-06, keepdim=false)");
  Generator generator(2);
  nn::Bilinear layer(4, 4, 5, {.dtype = float64, .generator = &generator});
  CHECK(equal(layer(x, y), bilinear(x, y, layer.weight, layer.bias)));
  CHECK(amax(abs(layer.weight.detach())).item() <= 0.5);
  CHECK(layer.describe() == "Bilinear(in1_features=4, in2_features=4, out_features=5, bias=true)");
  CHECK(nn::Bilinear(1, 2, 3, {.bias = false}).parameters().size() == 1);
  CHECK_THROWS_AS(nn::Bilinear(1, 0, 3), ValueError);
  CHECK_THROWS_AS(layer(x, spread_numbers({3, 5}, -1, 1, {}, 3)), ShapeError);
}

TEST_CASE("the dropouts leave out channels, keep statistics, and rest in evaluation") {
  Generator generator(8);
  Tensor x = full({40, 50, 3, 4}, 2.0, float64);
  Tensor dropped = nn::Dropout2d(0.25, &generator)(x);
  Tensor channel = dropped.select(-1, 0).select(-1, 0);
  CHECK(equal(dropped, channel.unsqueeze(-1).unsqueeze(-1).expand(x.shape())));
  CHECK(mean(eq(channel, 0).to(float64)).item() == doctest::Approx(0.25).epsilon(0.1));
  CHECK(mean(dropped).item() == doctest::Approx(2).epsilon(0.05));
  CHECK(nn::dropout1d(x.select(-1, 0).select(0, 0), 0.5, {.generator = &generator}).shape() == Shape{50, 3});
  CHECK(nn::dropout3d(x, 0.5, {.generator = &generator}).shape() == x.shape());
  CHECK_THROWS_AS(nn::dropout2d(numbers({1, 2}), 0.5), ShapeError);

  Tensor noise = nn::init::normal_(empty({100000}, float64), 0, 1, &generator);
  Tensor kept = nn::AlphaDropout(0.3, &generator)(noise);
  CHECK(mean(kept).item() == doctest::Approx(0).epsilon(1).scale(0.02));
  CHECK(xgrad::std(kept).item() == doctest::Approx(1).epsilon(0.02));
  Tensor features = nn::FeatureAlphaDropout(0.5, &generator)(x);
  CHECK(equal(features.select(-1, 0), features.select(-1, 1)));
  CHECK_THROWS_AS(nn::feature_alpha_dropout(numbers({1, 2})), ShapeError);

  nn::AlphaDropout rests(0.5);
  rests.eval();
  CHECK(rests(x).is_same(x));
  CHECK(nn::alpha_dropout(x, 0).is_same(x));
  CHECK(equal(nn::alpha_dropout(x, 1), zeros_like(x)));
  CHECK(nn::FeatureAlphaDropout(0.25).describe() == "FeatureAlphaDropout(p=0.25)");
  CHECK_THROWS_WITH_AS(nn::Dropout3d(2), "Dropout3d: expected a probability within [0, 1], got 2",
                       ValueError);
}
