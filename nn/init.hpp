#pragma once

#include <optional>
#include <string_view>
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

/// By PyTorch's names; "conv1d", "conv_transpose2d" and the like are linear. Throws ValueError for another.
XGRAD_API Nonlinearity to_nonlinearity(std::string_view name);
/// "fan_in" or "fan_out". Throws ValueError for another.
XGRAD_API FanMode to_fan_mode(std::string_view name);

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
/// Normal, but within [a, b]: drawn from what of the normal distribution lies there, by the inverse of its
/// cumulative distribution. Throws ValueError unless standard_deviation > 0 and a <= b, DTypeError unless
/// floating. Source: torch.nn.init.trunc_normal_.
XGRAD_API Tensor trunc_normal_(const Tensor& tensor, double mean = 0.0, double standard_deviation = 1.0,
                               double a = -2.0, double b = 2.0, Generator* generator = nullptr);
/// Every element `value`.
XGRAD_API Tensor constant_(const Tensor& tensor, double value);
XGRAD_API Tensor zeros_(const Tensor& tensor);
XGRAD_API Tensor ones_(const Tensor& tensor);

/// 1 on the diagonal of a matrix, 0 elsewhere. Throws ShapeError unless there are two dimensions.
XGRAD_API Tensor eye_(const Tensor& tensor);
/// A convolution's weight [out, in, kernel...] that passes channels through: in each of `groups` groups of
/// outputs, output i is input i, as far as there are both, by a 1 in the middle (size / 2) of the kernel.
/// Throws ShapeError unless there are 3 to 5 dimensions, ValueError unless groups is positive and divides
/// out.
XGRAD_API Tensor dirac_(const Tensor& tensor, std::int64_t groups = 1);

/// The b of xavier_uniform_. Throws ShapeError below two dimensions, as all that count fans do.
XGRAD_API double xavier_uniform_bound(const Tensor& tensor, double gain = 1.0);
/// The standard deviation of xavier_normal_.
XGRAD_API double xavier_normal_deviation(const Tensor& tensor, double gain = 1.0);
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

/// The b of kaiming_uniform_.
XGRAD_API double kaiming_uniform_bound(const Tensor& tensor, const KaimingOptions& options = {});
/// The standard deviation of kaiming_normal_.
XGRAD_API double kaiming_normal_deviation(const Tensor& tensor, const KaimingOptions& options = {});
/// Uniform in (-b, b), b = gain * sqrt(3 / fan). He, Zhang, Ren and Sun, "Delving deep into rectifiers"
/// (2015).
XGRAD_API Tensor kaiming_uniform_(const Tensor& tensor, KaimingOptions options = {});
/// Normal with standard deviation gain / sqrt(fan).
XGRAD_API Tensor kaiming_normal_(const Tensor& tensor, KaimingOptions options = {});

/// gain * Q, where the tensor as a matrix of size(0) rows has orthonormal rows (or columns, if there are more
/// rows): the directions of a normal matrix made orthogonal one after the other, in float64. Throws
/// ShapeError below two dimensions, DTypeError unless floating. Saxe, McClelland and Ganguli, "Exact
/// solutions to the nonlinear dynamics of learning in deep linear neural networks" (2013).
XGRAD_API Tensor orthogonal_(const Tensor& tensor, double gain = 1.0, Generator* generator = nullptr);

/// A matrix, normal with mean 0, where ceil(sparsity * rows) random elements of each column are 0. Throws
/// ShapeError unless there are two dimensions, ValueError for a sparsity outside [0, 1] or a negative
/// standard deviation, DTypeError unless floating. Martens, "Deep learning via Hessian-free optimization"
/// (2010).
XGRAD_API Tensor sparse_(const Tensor& tensor, double sparsity, double standard_deviation = 0.01,
                         Generator* generator = nullptr);

}  // namespace xgrad::nn::init
