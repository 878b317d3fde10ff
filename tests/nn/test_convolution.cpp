#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
using check::spread_numbers;

namespace {

Tensor input_of(const Shape& shape) { return spread_numbers(shape, -2, 2, {}, 7); }

std::vector<std::string> names_of(const nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : module.state_dict()) names.push_back(name + to_string(tensor.shape()));
  return names;
}

}  // namespace

TEST_CASE("Conv1d, Conv2d and Conv3d are the functions of their names, with a batch and without") {
  nn::Conv1d one(4, 6, 3, {.stride = 2, .padding = 1, .groups = 2, .dtype = float64});
  Tensor x = input_of({2, 4, 9});
  CHECK(equal(one(x), conv1d(x, one.weight, one.bias, {.stride = 2, .padding = 1, .groups = 2})));
  CHECK(equal(one(x[0]), one(x)[0]));
  nn::Conv2d two(3, 2, {3, 5}, {.padding = {1, 2}, .dilation = {1, 2}, .bias = false, .dtype = float64});
  Tensor image = input_of({2, 3, 8, 11});
  CHECK(equal(two(image), conv2d(image, two.weight, {}, {.padding = {1, 2}, .dilation = {1, 2}})));
  CHECK(equal(two(image[1]), two(image)[1]));
  nn::Conv3d three(2, 3, 2, {.dtype = float64});
  Tensor volume = input_of({1, 2, 3, 4, 5});
  CHECK(equal(three(volume), conv3d(volume, three.weight, three.bias)));
  CHECK(names_of(one) == std::vector<std::string>{"weight[6, 2, 3]", "bias[6]"});
  CHECK(names_of(two) == std::vector<std::string>{"weight[2, 3, 3, 5]"});
}

TEST_CASE("a convolution pads in four modes, by numbers or to the same size") {
  for (const char* mode : {"reflect", "replicate", "circular"}) {
    INFO(mode);
    nn::Conv2d layer(2, 3, {3, 4}, {.padding = {1, 2}, .padding_mode = mode, .dtype = float64});
    Tensor x = input_of({2, 2, 5, 6});
    CHECK(equal(layer(x), conv2d(pad(x, {2, 2, 1, 1}, mode), layer.weight, layer.bias)));
    CHECK(equal(layer(x[0]), layer(x)[0]));
    nn::Conv1d same(2, 2, 4, {.padding = "same", .padding_mode = mode, .dtype = float64});
    Tensor line = input_of({2, 2, 7});
    CHECK(equal(same(line), conv1d(pad(line, {1, 2}, mode), same.weight, same.bias)));
  }
  nn::Conv1d same(2, 2, 4, {.padding = "same", .dilation = 2, .dtype = float64});
  CHECK(same(input_of({2, 2, 7})).shape() == Shape{2, 2, 7});
}

TEST_CASE("ConvTranspose undoes the sizes of Conv, to a size on demand") {
  nn::ConvTranspose2d layer(4, 6, {3, 2}, {.stride = 2, .padding = {1, 0}, .groups = 2, .dtype = float64});
  Tensor x = input_of({2, 4, 3, 5});
  ConvTransposeOptions<2> options{.stride = 2, .padding = {1, 0}, .groups = 2};
  CHECK(equal(layer(x), conv_transpose2d(x, layer.weight, layer.bias, options)));
  CHECK(layer(x).shape() == Shape{2, 6, 5, 10});
  options.output_padding = {1, 1};
  CHECK(equal(layer(x, {6, 11}), conv_transpose2d(x, layer.weight, layer.bias, options)));
  CHECK(equal(layer(x[0], {6, 11}), layer(x, {6, 11})[0]));
  CHECK_THROWS_AS(layer(x, {7, 11}), ValueError);
  CHECK_THROWS_AS(layer(x, {4, 11}), ValueError);
  CHECK_THROWS_AS(layer(x, {6}), ShapeError);
  CHECK(names_of(layer) == std::vector<std::string>{"weight[4, 3, 3, 2]", "bias[6]"});
  nn::ConvTranspose1d one(2, 3, 3, {.dtype = float64});
  CHECK(equal(one(input_of({2, 2, 4})), conv_transpose1d(input_of({2, 2, 4}), one.weight, one.bias)));
  nn::ConvTranspose3d three(2, 1, 2, {.bias = false, .dtype = float64});
  CHECK(equal(three(input_of({2, 2, 2, 2})), conv_transpose3d(input_of({2, 2, 2, 2}), three.weight)));
}

TEST_CASE("convolutions start as PyTorch's do: uniform within 1 / sqrt(fan_in)") {
  Generator generator(5);
  auto check = [](const nn::Module& module, double bound) {
    for (const Tensor& parameter : module.parameters()) {
      Tensor p = parameter.detach();
      CHECK(amax(abs(p)).item() <= bound);
      CHECK(amax(abs(p)).item() > 0.9 * bound);
      CHECK(std::abs(mean(p).item()) < 0.15 * bound);
      CHECK(xgrad::std(p).item() == doctest::Approx(bound / std::sqrt(3.0)).epsilon(0.1));
    }
  };
  check(nn::Conv2d(8, 200, {3, 2}, {.groups = 2, .dtype = float64, .generator = &generator}),
        1 / std::sqrt(4 * 6.0));
  // PyTorch counts the fan on the stored weight: the outputs' channels.
  check(nn::ConvTranspose1d(30, 200, 3, {.dtype = float64, .generator = &generator}),
        1 / std::sqrt(200 * 3.0));
  Generator first(9);
  Generator second(9);
  CHECK(equal(nn::Conv1d(2, 3, 3, {.generator = &first}).weight,
              nn::Conv1d(2, 3, 3, {.generator = &second}).weight));
}

TEST_CASE("convolutions refuse sizes, options and inputs that do not fit, before anything is made") {
  CHECK_THROWS_AS(nn::Conv2d(0, 3, 3), ValueError);
  CHECK_THROWS_AS(nn::Conv2d(3, 4, 3, {.groups = 2}), ValueError);
  CHECK_THROWS_AS(nn::Conv2d(2, 3, {3, 0}), ValueError);
  CHECK_THROWS_AS(nn::Conv2d(2, 3, 3, {.stride = 0}), ValueError);
  CHECK_THROWS_AS(nn::Conv2d(2, 3, 3, {.padding = -1}), ValueError);
  CHECK_THROWS_AS(nn::Conv2d(2, 3, 3, {.stride = 2, .padding = "same"}), ValueError);
  CHECK_THROWS_AS(nn::Conv2d(2, 3, 3, {.padding_mode = "mirror"}), ValueError);
  CHECK_THROWS_AS(nn::ConvTranspose2d(2, 3, 3, {.output_padding = -1}), ValueError);
  nn::Conv2d layer(2, 3, 3);
  CHECK_THROWS_WITH_AS(layer(ones({4, 3, 8, 8})),
                       "Conv2d(2, 3): expected input [B, 2, H, W] or without B, with 2 spatial sizes; got "
                       "[4, 3, 8, 8]",
                       ShapeError);
  CHECK_THROWS_AS(layer(ones({2, 8})), ShapeError);
  CHECK_THROWS_AS(layer(ones({2, 2, 2})), ShapeError);
  CHECK_THROWS_AS(layer(ones({2, 8, 8}, float64)), DTypeError);
}

TEST_CASE("convolutions print their options, count their products and clone") {
  CHECK(nn::Conv2d(3, 16, 3).describe() == "Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1))");
  CHECK(nn::Conv1d(4, 4, 3,
                   {.padding = 1, .dilation = 2, .groups = 2, .bias = false, .padding_mode = "circular"})
            .describe() ==
        "Conv1d(4, 4, kernel_size=(3), stride=(1), padding=(1), dilation=(2), groups=2, "
        "bias=false, padding_mode=circular)");
  CHECK(nn::ConvTranspose2d(2, 3, 3, {.stride = 2, .output_padding = 1}).describe() ==
        "ConvTranspose2d(2, 3, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1))");
  CHECK(nn::Conv2d(4, 6, 3, {.groups = 2}).multiply_adds({1, 4, 5, 5}, {1, 6, 3, 3}) == 54 * 18);
  CHECK(nn::ConvTranspose2d(4, 6, 3, {.groups = 2}).multiply_adds({1, 4, 3, 3}, {1, 6, 5, 5}) == 36 * 27);
  nn::Conv2d layer(2, 3, 3, {.padding = 1});
  nn::Conv2d copy = nn::clone(layer);
  Tensor x = ones({1, 2, 4, 4});
  CHECK(equal(copy(x), layer(x)));
  CHECK_FALSE(copy.weight.is_same(layer.weight));
}
