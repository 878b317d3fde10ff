#include <xgrad/nn/init.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/random.hpp>

namespace xgrad::nn::init {
namespace {

Generator& or_default(Generator* generator) {
  return generator != nullptr ? *generator : default_generator();
}

void require_floating(const char* operation, const Tensor& tensor) {
  if (is_floating(tensor.dtype())) return;
  throw DTypeError(fmt::format("{}: expected a floating tensor, got {}", operation, name(tensor.dtype())));
}

Tensor write(Tensor tensor, const Array& numbers) {
  NoGrad off;
  tensor.copy_(Tensor(numbers));
  return tensor;
}

std::string_view rest_after(std::string_view name, std::string_view start) {
  return name.starts_with(start) ? name.substr(start.size()) : std::string_view();
}

double fan_sum(const Tensor& tensor) {
  auto [in, out] = fan_in_and_fan_out(tensor);
  return static_cast<double>(in + out);
}

}  // namespace

Nonlinearity to_nonlinearity(std::string_view name) {
  if (name == "linear") return Nonlinearity::linear;
  if (name == "sigmoid") return Nonlinearity::sigmoid;
  if (name == "tanh") return Nonlinearity::tanh;
  if (name == "relu") return Nonlinearity::relu;
  if (name == "leaky_relu") return Nonlinearity::leaky_relu;
  if (name == "selu") return Nonlinearity::selu;
  for (std::string_view start : {"conv", "conv_transpose"}) {
    std::string_view dimensions = rest_after(name, start);
    if (dimensions == "1d" || dimensions == "2d" || dimensions == "3d") return Nonlinearity::linear;
  }
  throw ValueError(fmt::format(
      R"(to_nonlinearity: expected "linear", "conv2d" or the like, "sigmoid", "tanh", "relu", "leaky_relu" or "selu", got "{}")",
      name));
}

FanMode to_fan_mode(std::string_view name) {
  if (name == "fan_in") return FanMode::fan_in;
  if (name == "fan_out") return FanMode::fan_out;
  throw ValueError(fmt::format(R"(to_fan_mode: expected "fan_in" or "fan_out", got "{}")", name));
}

double calculate_gain(Nonlinearity nonlinearity, std::optional<double> slope) {
  switch (nonlinearity) {
    case Nonlinearity::tanh:
      return 5.0 / 3;
    case Nonlinearity::relu:
      return std::sqrt(2.0);
    case Nonlinearity::leaky_relu: {
      double below = slope.value_or(0.01);
      return std::sqrt(2 / (1 + below * below));
    }
    case Nonlinearity::selu:
      return 0.75;
    case Nonlinearity::linear:
    case Nonlinearity::sigmoid:
      break;
  }
  return 1;
}

std::pair<std::int64_t, std::int64_t> fan_in_and_fan_out(const Tensor& tensor) {
  if (tensor.ndim() < 2) {
    throw ShapeError(
        fmt::format("fan_in_and_fan_out: expected at least two dimensions [out, in, ...], got {}",
                    to_string(tensor.shape())));
  }
  std::int64_t kernel = 1;
  for (std::size_t i = 2; i < tensor.ndim(); ++i) kernel *= tensor.shape()[i];
  return {tensor.shape()[1] * kernel, tensor.shape()[0] * kernel};
}

Tensor uniform_(const Tensor& tensor, double low, double high, Generator* generator) {
  require_floating("uniform_", tensor);
  if (!(low <= high))
    throw ValueError(fmt::format("uniform_: expected low <= high, got {} and {}", low, high));
  return write(tensor, kernels::uniform(tensor.shape(), tensor.dtype(), low, high, or_default(generator)));
}

Tensor normal_(const Tensor& tensor, double mean, double standard_deviation, Generator* generator) {
  require_floating("normal_", tensor);
  if (!(standard_deviation >= 0)) {
    throw ValueError(
        fmt::format("normal_: expected a standard deviation of 0 or more, got {}", standard_deviation));
  }
  return write(tensor, kernels::normal(tensor.shape(), tensor.dtype(), mean, standard_deviation,
                                       or_default(generator)));
}

Tensor constant_(const Tensor& tensor, double value) {
  NoGrad off;
  Tensor result = tensor;
  result.fill_(value);
  return result;
}
Tensor zeros_(const Tensor& tensor) { return constant_(tensor, 0); }
Tensor ones_(const Tensor& tensor) { return constant_(tensor, 1); }

double xavier_uniform_bound(const Tensor& tensor, double gain) {
  return gain * std::sqrt(6 / fan_sum(tensor));
}
double xavier_normal_deviation(const Tensor& tensor, double gain) {
  return gain * std::sqrt(2 / fan_sum(tensor));
}
double kaiming_normal_deviation(const Tensor& tensor, const KaimingOptions& options) {
  auto [in, out] = fan_in_and_fan_out(tensor);
  auto fan = static_cast<double>(options.mode == FanMode::fan_in ? in : out);
  return calculate_gain(options.nonlinearity, options.a) / std::sqrt(fan);
}
double kaiming_uniform_bound(const Tensor& tensor, const KaimingOptions& options) {
  return std::sqrt(3.0) * kaiming_normal_deviation(tensor, options);
}

// Without elements there may be no fans to divide by, and there is nothing to draw.
Tensor xavier_uniform_(const Tensor& tensor, double gain, Generator* generator) {
  double bound = xavier_uniform_bound(tensor, gain);
  return tensor.numel() == 0 ? tensor : uniform_(tensor, -bound, bound, generator);
}
Tensor xavier_normal_(const Tensor& tensor, double gain, Generator* generator) {
  double deviation = xavier_normal_deviation(tensor, gain);
  return tensor.numel() == 0 ? tensor : normal_(tensor, 0, deviation, generator);
}
Tensor kaiming_uniform_(const Tensor& tensor, KaimingOptions options) {
  double bound = kaiming_uniform_bound(tensor, options);
  return tensor.numel() == 0 ? tensor : uniform_(tensor, -bound, bound, options.generator);
}
Tensor kaiming_normal_(const Tensor& tensor, KaimingOptions options) {
  double deviation = kaiming_normal_deviation(tensor, options);
  return tensor.numel() == 0 ? tensor : normal_(tensor, 0, deviation, options.generator);
}

}  // namespace xgrad::nn::init
