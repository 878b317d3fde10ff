#include <xgrad/autograd/ops/normalization.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/normalization.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

using kernels::NormalizationGradients;

Array dense(const Tensor& x) { return x.defined() ? kernels::contiguous(x.array()) : Array(); }

/// Throws unless the parameter is undefined or has x's dtype and this shape.
void check_parameter(const char* name, const char* operand, const Tensor& x, const Tensor& parameter,
                     const Shape& shape) {
  if (parameter.defined()) detail::require_parameter(name, operand, parameter, "x", x, shape);
}

std::array<Tensor, 3> as_tensors(const kernels::WantedGradients& wanted, NormalizationGradients&& all) {
  std::array<Tensor, 3> gradients;
  if (wanted[0]) gradients[0] = Tensor(std::move(all.input));
  if (wanted[1]) gradients[1] = Tensor(std::move(all.weight));
  if (wanted[2]) gradients[2] = Tensor(std::move(all.bias));
  return gradients;
}

/// The gradient of x for a gradient g of z = (x - mean) * deviation, whose statistics are x's own over
/// `dims`, in differentiable operations: deviation * (g - mean(g) - z * mean(g * z)).
Tensor statistics_gradient(const Tensor& g, const Tensor& z, const Tensor& deviation, const Shape& dims,
                           bool centred = true) {
  Tensor rest = z * mean(g * z, dims, true);
  if (centred) rest = rest + mean(g, dims, true);
  return deviation * (g - rest);
}

// Rows ----------------------------------------------------------------------------------------------

/// The number of elements in the last dimensions, checked.
std::int64_t row_length(const char* name, const Tensor& x, const Shape& normalized_shape) {
  detail::require_floating(name, x);
  std::size_t count = normalized_shape.size();
  bool fits = count > 0 && count <= x.ndim() &&
              std::equal(normalized_shape.begin(), normalized_shape.end(), x.shape().end() - count);
  if (!fits) {
    throw ShapeError(fmt::format("{}: expected x [..., {}] for normalized_shape {}, got {}", name,
                                 fmt::join(normalized_shape, ", "), to_string(normalized_shape),
                                 to_string(x.shape())));
  }
  return normalized_shape.elements();
}

/// The gradients of layer_norm (centred) or rms_norm, in differentiable operations.
std::array<Tensor, 3> row_gradients(const Tensor& g, const Tensor& x, const Tensor& weight, std::size_t count,
                                    double eps, bool centred) {
  Shape last, others;
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    (i + count < x.ndim() ? others : last).push_back(static_cast<std::int64_t>(i));
  }
  Tensor deviations = centred ? x - mean(x, last, true) : x;
  Tensor deviation = rsqrt(mean(square(deviations), last, true) + eps);
  Tensor z = deviations * deviation;
  auto summed = [&](const Tensor& y) { return others.empty() ? y : sum(y, others); };
  return {statistics_gradient(weight.defined() ? g * weight : g, z, deviation, last, centred), summed(g * z),
          summed(g)};
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight, const Tensor& bias,
                  double eps) {
  std::int64_t length = row_length("layer_norm", x, normalized_shape);
  check_parameter("layer_norm", "weight", x, weight, normalized_shape);
  check_parameter("layer_norm", "bias", x, bias, normalized_shape);
  auto numbers = kernels::normalize_rows(dense(x), length, dense(weight), dense(bias), eps);
  return record_joint(
      "layer_norm", std::move(numbers.result), std::array{&x, &weight, &bias},
      [normalized_shape, length, eps](const Tensor& g, const detail::Wanted<3>& wanted, const Tensor& input,
                                      const Tensor& factors, const Tensor& means, const Tensor& deviations) {
        if (is_grad_enabled()) return row_gradients(g, input, factors, normalized_shape.size(), eps, true);
        auto all =
            as_tensors(wanted, kernels::normalize_rows_backward(dense(g), dense(input), length, means.array(),
                                                                deviations.array(), dense(factors), wanted));
        for (std::size_t i : {1, 2}) {
          if (wanted[i]) all[i] = all[i].view(normalized_shape);
        }
        return all;
      },
      x, weight, Tensor(numbers.mean), Tensor(numbers.deviation));
}

Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight,
                std::optional<double> eps) {
  std::int64_t length = row_length("rms_norm", x, normalized_shape);
  check_parameter("rms_norm", "weight", x, weight, normalized_shape);
  double floor = eps.value_or(epsilon(x.dtype()));
  auto numbers = kernels::scale_rows(dense(x), length, dense(weight), floor);
  return record_joint(
      "rms_norm", std::move(numbers.result), std::array{&x, &weight},
      [normalized_shape, length, floor](const Tensor& g, const detail::Wanted<2>& wanted, const Tensor& input,
                                        const Tensor& factors, const Tensor& deviations) {
        if (is_grad_enabled()) {
          auto all = row_gradients(g, input, factors, normalized_shape.size(), floor, false);
          return std::array{all[0], all[1]};
        }
        kernels::WantedGradients asked{wanted[0], wanted[1], false};
        auto all = as_tensors(asked, kernels::scale_rows_backward(dense(g), dense(input), length,
                                                                  deviations.array(), dense(factors), asked));
        return std::array{all[0], wanted[1] ? all[1].view(normalized_shape) : all[1]};
      },
      x, weight, Tensor(numbers.deviation));
}

// Channels ------------------------------------------------------------------------------------------

namespace {

/// The shape of numbers [C] that broadcast against x [N, C, ...].
Shape channel_shape(const Tensor& x) {
  Shape shape;
  for (std::size_t i = 0; i < x.ndim(); ++i) shape.push_back(i == 1 ? x.size(1) : 1);
  return shape;
}
Tensor for_channels(const Tensor& numbers, const Tensor& x) { return reshape(numbers, channel_shape(x)); }

/// All dimensions but the channels'.
Shape around_channels(const Tensor& x) {
  Shape dims;
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    if (i != 1) dims.push_back(static_cast<std::int64_t>(i));
  }
  return dims;
}

void check_channels(const char* name, const Tensor& x, const Tensor& weight, const Tensor& bias,
                    const Tensor& running_mean = {}, const Tensor& running_var = {}) {
  detail::require_floating(name, x);
  if (x.ndim() < 2)
    throw ShapeError(fmt::format("{}: expected x [N, C, ...], got {}", name, to_string(x.shape())));
  Shape channels{x.size(1)};
  check_parameter(name, "weight", x, weight, channels);
  check_parameter(name, "bias", x, bias, channels);
  check_parameter(name, "running_mean", x, running_mean, channels);
  check_parameter(name, "running_var", x, running_var, channels);
  if (running_mean.defined() != running_var.defined()) {
    throw ValueError(fmt::format("{}: expected running_mean and running_var together, got {} alone", name,
                                 running_mean.defined() ? "running_mean" : "running_var"));
  }
}

/// The gradients of normalize_channels, in differentiable operations.
std::array<Tensor, 3> channel_gradients(const Tensor& g, const Tensor& x, const Tensor& weight,
                                        std::int64_t groups, double eps, bool flat_is_zero) {
  Shape dims = groups == 0 ? around_channels(x) : Shape{2};
  auto in_sets = [&](const Tensor& y) { return groups == 0 ? y : reshape(y, {y.size(0), groups, -1}); };
  Tensor sets = in_sets(x);
  Tensor deviations = sets - mean(sets, dims, true);
  Tensor variance = mean(square(deviations), dims, true) + eps;
  Tensor flat = variance == 0;
  Tensor deviation = flat_is_zero ? where(flat, 0, rsqrt(where(flat, 1, variance))) : rsqrt(variance);
  Tensor z = deviations * deviation;
  Tensor weighted = weight.defined() ? g * for_channels(weight, x) : g;
  return {reshape(statistics_gradient(in_sets(weighted), z, deviation, dims), x.shape()),
          sum(g * reshape(z, x.shape()), around_channels(x)), sum(g, around_channels(x))};
}

Tensor with_own_statistics(const char* name, const Tensor& x, const Tensor& weight, const Tensor& bias,
                           std::int64_t groups, double eps, bool flat_is_zero,
                           kernels::Normalized&& numbers) {
  return record_joint(
      name, std::move(numbers.result), std::array{&x, &weight, &bias},
      [groups, eps, flat_is_zero](const Tensor& g, const detail::Wanted<3>& wanted, const Tensor& input,
                                  const Tensor& factors, const Tensor& means, const Tensor& deviations) {
        if (is_grad_enabled() && input.numel() > 0)
          return channel_gradients(g, input, factors, groups, eps, flat_is_zero);
        return as_tensors(
            wanted, kernels::normalize_channels_backward(dense(g), dense(input), {groups}, means.array(),
                                                         deviations.array(), dense(factors), wanted));
      },
      x, weight, Tensor(numbers.mean), Tensor(numbers.deviation));
}

/// Normalized with statistics [C] that have no gradient. They are copied: a later step may change them.
Tensor with_statistics(const char* name, const Tensor& x, const Tensor& running_mean,
                       const Tensor& running_var, const Tensor& weight, const Tensor& bias, double eps) {
  Tensor means = running_mean.detach().clone(), deviations = rsqrt(running_var.detach() + eps);
  return record_joint(
      name,
      kernels::apply_statistics(dense(x), means.array(), deviations.array(), dense(weight), dense(bias)),
      std::array{&x, &weight, &bias},
      [](const Tensor& g, const detail::Wanted<3>& wanted, const Tensor& input, const Tensor& factors,
         const Tensor& centres, const Tensor& scales) {
        if (is_grad_enabled()) {
          Tensor scale = for_channels(scales, input);
          Tensor z = (input - for_channels(centres, input)) * scale;
          Shape dims = around_channels(input);
          return std::array{(factors.defined() ? g * for_channels(factors, input) : g) * scale,
                            sum(g * z, dims), sum(g, dims)};
        }
        return as_tensors(wanted, kernels::apply_statistics_backward(dense(g), dense(input), centres.array(),
                                                                     scales.array(), dense(factors), wanted));
      },
      x, weight, means, deviations);
}

/// (1 - momentum) * running + momentum * value, in place.
void move_toward(const Tensor& running, const Tensor& value, double momentum) {
  NoGrad off;
  Tensor target = running;
  target.mul_(1 - momentum).add_(value, momentum);
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight, const Tensor& bias, bool training, double momentum, double eps) {
  check_channels("batch_norm", x, weight, bias, running_mean, running_var);
  if (!training) {
    if (!running_mean.defined())
      throw ValueError("batch_norm: expected running_mean and running_var outside training");
    return with_statistics("batch_norm", x, running_mean, running_var, weight, bias, eps);
  }
  std::int64_t channels = x.size(1);
  std::int64_t count = channels == 0 ? 0 : x.numel() / channels;
  if (count == 1) {
    throw ValueError(fmt::format(
        "batch_norm: expected more than one number per channel in training, got x {}", to_string(x.shape())));
  }
  auto numbers = kernels::normalize_channels(dense(x), {}, dense(weight), dense(bias), eps, true);
  if (running_mean.defined() && x.numel() > 0) {
    auto n = static_cast<double>(count);
    move_toward(running_mean, Tensor(numbers.mean), momentum);
    move_toward(running_var, Tensor(numbers.variance) * (n / (n - 1)), momentum);
  }
  return with_own_statistics("batch_norm", x, weight, bias, 0, eps, true, std::move(numbers));
}

Tensor group_norm(const Tensor& x, std::int64_t num_groups, const Tensor& weight, const Tensor& bias,
                  double eps) {
  check_channels("group_norm", x, weight, bias);
  if (num_groups <= 0 || x.size(1) % num_groups != 0) {
    throw ValueError(
        fmt::format("group_norm: expected num_groups that divides the {} channels of x {}, got {}", x.size(1),
                    to_string(x.shape()), num_groups));
  }
  if (x.numel() > 0 && x.numel() == num_groups) {
    throw ValueError(
        fmt::format("group_norm: expected more than one number per group, got x {} and {} groups",
                    to_string(x.shape()), num_groups));
  }
  auto numbers = kernels::normalize_channels(dense(x), {num_groups}, dense(weight), dense(bias), eps, false);
  return with_own_statistics("group_norm", x, weight, bias, num_groups, eps, false, std::move(numbers));
}

Tensor instance_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                     const Tensor& weight, const Tensor& bias, bool use_input_stats, double momentum,
                     double eps) {
  check_channels("instance_norm", x, weight, bias, running_mean, running_var);
  if (!use_input_stats) {
    if (!running_mean.defined()) {
      throw ValueError("instance_norm: expected running_mean and running_var without use_input_stats");
    }
    return with_statistics("instance_norm", x, running_mean, running_var, weight, bias, eps);
  }
  std::int64_t planes = x.size(0) * x.size(1);
  std::int64_t count = planes == 0 ? 0 : x.numel() / planes;
  if (count == 1 || x.ndim() == 2) {
    throw ValueError(fmt::format("instance_norm: expected more than one place per channel, got x {}",
                                 to_string(x.shape())));
  }
  std::int64_t channels = x.size(1);
  auto numbers = kernels::normalize_channels(dense(x), {channels}, dense(weight), dense(bias), eps, true);
  if (running_mean.defined() && x.numel() > 0) {
    auto n = static_cast<double>(count);
    auto over_samples = [&](const Array& statistics) {
      return mean(Tensor(statistics).view({x.size(0), channels}), Shape{0});
    };
    move_toward(running_mean, over_samples(numbers.mean), momentum);
    move_toward(running_var, over_samples(numbers.variance) * (n / (n - 1)), momentum);
  }
  return with_own_statistics("instance_norm", x, weight, bias, channels, eps, true, std::move(numbers));
}

}  // namespace xgrad
