#include <xgrad/nn/dropout.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/dropout.hpp>

namespace xgrad::nn {
namespace {

void check_probability(const char* name, double p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("{}: expected a probability within [0, 1], got {}", name, p));
}

void check(const char* name, const Tensor& input, double p) {
  check_probability(name, p);
  if (!is_floating(input.dtype()))
    throw DTypeError(fmt::format("{}: expected a floating input, got {}", name, xgrad::name(input.dtype())));
}

/// Ones of the shape of the first dimensions, one for each channel.
Tensor channel_ones(const Tensor& input, std::size_t leading) {
  Shape shape = input.shape();
  for (std::size_t i = leading; i < shape.size(); ++i) shape[i] = 1;
  return ones(shape, input.dtype());
}

/// Whole channels left out: input of ndim `with_batch` is [N, C, ...], of `other` as `other_leading` says.
Tensor channel_dropout(const char* name, const Tensor& input, double p, DropoutOptions options,
                       std::size_t with_batch, std::size_t other, std::size_t other_leading,
                       const char* expected) {
  check(name, input, p);
  if (input.ndim() != with_batch && input.ndim() != other)
    throw ShapeError(fmt::format("{}: expected input {}, got {}", name, expected, to_string(input.shape())));
  if (!options.training) return input;
  std::size_t leading = input.ndim() == with_batch ? 2 : other_leading;
  return input * xgrad::detail::dropped(channel_ones(input, leading), p, options.generator);
}

/// alpha_dropout with one decision for each element of `each`, which broadcasts to the input.
Tensor alpha_dropped(const Tensor& input, const Tensor& each, double p, Generator* generator) {
  if (p == 0) return input;
  if (p == 1) return input * zeros_like(input);
  constexpr double saturation = 1.7580993408473766;  // -selu(-inf)
  double scale = 1 / std::sqrt((saturation * saturation * p + 1) * (1 - p));
  double shift = saturation * scale * p;
  Tensor kept = ne(xgrad::detail::dropped(each, p, generator), 0);
  return where(kept, input * scale + shift, shift - saturation * scale);
}

}  // namespace

Tensor dropout(const Tensor& input, double p, DropoutOptions options) {
  check("dropout", input, p);
  return options.training ? xgrad::detail::dropped(input, p, options.generator) : input;
}

Tensor dropout1d(const Tensor& input, double p, DropoutOptions options) {
  return channel_dropout("dropout1d", input, p, options, 3, 2, 1, "[N, C, L] or [C, L]");
}

Tensor dropout2d(const Tensor& input, double p, DropoutOptions options) {
  return channel_dropout("dropout2d", input, p, options, 4, 3, 2, "[N, C, H, W] or [N, C, L]");
}

Tensor dropout3d(const Tensor& input, double p, DropoutOptions options) {
  return channel_dropout("dropout3d", input, p, options, 5, 4, 1, "[N, C, D, H, W] or [C, D, H, W]");
}

Tensor alpha_dropout(const Tensor& input, double p, DropoutOptions options) {
  check("alpha_dropout", input, p);
  if (!options.training) return input;
  return alpha_dropped(input, ones(input.shape(), input.dtype()), p, options.generator);
}

Tensor feature_alpha_dropout(const Tensor& input, double p, DropoutOptions options) {
  check("feature_alpha_dropout", input, p);
  if (input.ndim() < 2) {
    throw ShapeError(
        fmt::format("feature_alpha_dropout: expected input [N, C, ...], got {}", to_string(input.shape())));
  }
  if (!options.training) return input;
  return alpha_dropped(input, channel_ones(input, 2), p, options.generator);
}

DropoutLayer::DropoutLayer(const char* name, Function function, double p, Generator* generator)
    : name_(name), function_(function), p_(p), generator_(generator) {
  check_probability(name, p);
}
Tensor DropoutLayer::forward(const Tensor& input) {
  return function_(input, p_, {.training = is_training(), .generator = generator_});
}
std::string DropoutLayer::describe() const { return fmt::format("{}(p={})", name_, p_); }

}  // namespace xgrad::nn
