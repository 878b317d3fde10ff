#pragma once

#include <optional>
#include <utility>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// First values of parameters: each function writes into the memory of its tensor, unrecorded, and returns
/// it. Random numbers come from `generator`, or else the thread's own. Source: torch.nn.init.
namespace xgrad::nn::init {

/// What stands behind a layer, for its gain.
enum class Nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };

/// Whether the variance is kept forward (fan_in) or backward (fan_out).
enum class FanMode { fan_in, fan_out };

/// The factor by which weights grow to make up for a nonlinearity: linear (convolutions too) and sigmoid 1,
/// tanh 5/3, relu sqrt(2), leaky_relu sqrt(2 / (1 + slope^2)) with slope 0.01 if none is given, selu 3/4.
XGRAD_API double calculate_gain(Nonlinearity nonlinearity, std::optional<double> slope = std::nullopt);

/// The numbers of inputs and outputs that one unit sees: [out, in, kernel...] gives in * kernel and out *
/// kernel. Throws ShapeError below two dimensions.
XGRAD_API std::pair<std::int64_t, std::int64_t> fan_in_and_fan_out(const Tensor& tensor);

/// Uniform in [low, high). Throws ValueError for low > high, DTypeError unless floating.
XGRAD_API Tensor uniform_(const Tensor& tensor, double low = 0.0, double high = 1.0,
                          Generator* generator = nullptr);
/// Normal. Throws ValueError for a negative standard deviation, DTypeError unless floating.
XGRAD_API Tensor normal_(const Tensor& tensor, double mean = 0.0, double standard_deviation = 1.0,
                         Generator* generator = nullptr);
/// Every element `value`.
XGRAD_API Tensor constant_(const Tensor& tensor, double value);
XGRAD_API Tensor zeros_(const Tensor& tensor);
XGRAD_API Tensor ones_(const Tensor& tensor);

/// Uniform in (-b, b), b = gain * sqrt(6 / (fan_in + fan_out)). Glorot and Bengio, "Understanding the
/// difficulty of training deep feedforward neural networks" (2010).
XGRAD_API Tensor xavier_uniform_(const Tensor& tensor, double gain = 1.0, Generator* generator = nullptr);
/// Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)).
XGRAD_API Tensor xavier_normal_(const Tensor& tensor, double gain = 1.0, Generator* generator = nullptr);

struct KaimingOptions {
  double a = 0.0;  ///< the slope of leaky_relu below 0
  FanMode mode = FanMode::fan_in;
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
  Generator* generator = nullptr;
};

/// Uniform in (-b, b), b = gain * sqrt(3 / fan). He, Zhang, Ren and Sun, "Delving deep into rectifiers"
/// (2015).
XGRAD_API Tensor kaiming_uniform_(const Tensor& tensor, KaimingOptions options = {});
/// Normal with standard deviation gain / sqrt(fan).
XGRAD_API Tensor kaiming_normal_(const Tensor& tensor, KaimingOptions options = {});

}  // namespace xgrad::nn::init
