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

double fan_sum(const Tensor& tensor) {
  auto [in, out] = fan_in_and_fan_out(tensor);
  return static_cast<double>(in + out);
}

/// gain / sqrt(fan).
double kaiming_deviation(const Tensor& tensor, const KaimingOptions& options) {
  auto [in, out] = fan_in_and_fan_out(tensor);
  auto fan = static_cast<double>(options.mode == FanMode::fan_in ? in : out);
  return calculate_gain(options.nonlinearity, options.a) / std::sqrt(fan);
}

}  // namespace

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

Tensor xavier_uniform_(const Tensor& tensor, double gain, Generator* generator) {
  double bound = gain * std::sqrt(6 / fan_sum(tensor));
  return uniform_(tensor, -bound, bound, generator);
}
Tensor xavier_normal_(const Tensor& tensor, double gain, Generator* generator) {
  return normal_(tensor, 0, gain * std::sqrt(2 / fan_sum(tensor)), generator);
}

Tensor kaiming_uniform_(const Tensor& tensor, KaimingOptions options) {
  double bound = std::sqrt(3.0) * kaiming_deviation(tensor, options);
  return uniform_(tensor, -bound, bound, options.generator);
}
Tensor kaiming_normal_(const Tensor& tensor, KaimingOptions options) {
  return normal_(tensor, 0, kaiming_deviation(tensor, options), options.generator);
}

}  // namespace xgrad::nn::init
