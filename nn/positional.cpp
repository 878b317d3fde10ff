#include <xgrad/nn/positional.hpp>

#include <fmt/format.h>

#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad::nn {
namespace {

void check_base(const char* name, double base) {
  if (!(base > 0)) throw ValueError(fmt::format("{}: expected base > 0, got {}", name, base));
}

void check_max_length(const char* name, std::int64_t length) {
  if (length < 0) throw ValueError(fmt::format("{}: expected max_length of 0 or more, got {}", name, length));
}

/// [length, pairs] in float64: place / base^(2i / features).
Tensor angles(std::int64_t length, std::int64_t features, double base, std::int64_t first) {
  std::int64_t pairs = (features + 1) / 2;
  Tensor result = empty({length, pairs}, float64);
  auto* angle = result.data<double>();
  for (std::int64_t i = 0; i < pairs; ++i) {
    double speed = std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(features));
    for (std::int64_t place = 0; place < length; ++place)
      angle[place * pairs + i] = (static_cast<double>(place) + static_cast<double>(first)) * speed;
  }
  return result;
}

/// Columns a_0, b_0, a_1, b_1, ...
Tensor woven(const Tensor& a, const Tensor& b) { return flatten(stack({a, b}, -1), -2, -1); }

/// The cosines and sines of `angles`.
std::pair<Tensor, Tensor> turns(std::int64_t length, std::int64_t features, double base, std::int64_t first,
                                DType dtype) {
  NoGrad off;
  Tensor angle = angles(length, features, base, first);
  return {cos(angle).to(dtype), sin(angle).to(dtype)};
}

/// x with its pairs turned.
Tensor turned(const Tensor& x, const Tensor& cosines, const Tensor& sines, bool interleaved) {
  std::vector<Tensor> halves;
  if (interleaved) {
    Shape shape = x.shape();
    shape.back() /= 2;
    shape.push_back(2);
    halves = unbind(reshape(x, shape), -1);
  } else {
    halves = split(x, x.size(-1) / 2, -1);
  }
  Tensor a = halves[0] * cosines - halves[1] * sines, b = halves[0] * sines + halves[1] * cosines;
  return interleaved ? woven(a, b) : cat({a, b}, -1);
}

}  // namespace

Tensor sinusoidal_positions(std::int64_t length, std::int64_t features, std::optional<DType> dtype,
                            double base, std::int64_t first) {
  if (length < 0 || features <= 0) {
    throw ShapeError(fmt::format(
        "sinusoidal_positions: expected a length of 0 or more and positive features, got {} and {}", length,
        features));
  }
  check_base("sinusoidal_positions", base);
  NoGrad off;
  Tensor angle = angles(length, features, base, first);
  return narrow(woven(sin(angle), cos(angle)), -1, 0, features)
      .to(dtype.value_or(default_dtype()))
      .contiguous();
}

Tensor rotate_positions(const Tensor& x, bool interleaved, double base, std::int64_t first) {
  const char* name = "rotate_positions";
  xgrad::detail::require_floating(name, x);
  if (x.ndim() < 2 || x.size(-1) % 2 != 0) {
    throw ShapeError(
        fmt::format("{}: expected x [..., L, E] with even E, got {}", name, to_string(x.shape())));
  }
  check_base(name, base);
  if (x.numel() == 0) return x;
  auto [cosines, sines] = turns(x.size(-2), x.size(-1), base, first, x.dtype());
  return turned(x, cosines, sines, interleaved);
}

SinusoidalPositions::SinusoidalPositions(std::int64_t features, SinusoidalPositionsOptions options)
    : features_(features), options_(options) {
  if (features <= 0)
    throw ValueError(fmt::format("SinusoidalPositions: expected positive features, got {}", features));
  check_base("SinusoidalPositions", options.base);
  check_max_length("SinusoidalPositions", options.max_length);
  table_ = sinusoidal_positions(options.max_length, features, std::nullopt, options.base);
}

Tensor SinusoidalPositions::forward(const Tensor& input) {
  if ((input.ndim() != 2 && input.ndim() != 3) || input.shape().back() != features_) {
    throw ShapeError(fmt::format(
        "SinusoidalPositions({}): expected input {} or [L, {}], got {}", features_,
        options_.batch_first ? fmt::format("[N, L, {}]", features_) : fmt::format("[L, N, {}]", features_),
        features_, to_string(input.shape())));
  }
  xgrad::detail::require_floating("SinusoidalPositions", input);
  std::int64_t length = input.size(input.ndim() == 3 && options_.batch_first ? 1 : 0);
  Tensor rows = length <= options_.max_length && input.dtype() == table_.dtype()
                    ? narrow(table_, 0, 0, length)
                    : sinusoidal_positions(length, features_, input.dtype(), options_.base);
  return input + (input.ndim() == 3 && !options_.batch_first ? unsqueeze(rows, 1) : rows);
}

std::string SinusoidalPositions::describe() const {
  return fmt::format("SinusoidalPositions({}, batch_first={}, base={})", features_, options_.batch_first,
                     options_.base);
}

RotaryPositions::RotaryPositions(std::int64_t features, RotaryPositionsOptions options)
    : features_(features), options_(options) {
  if (features <= 0 || features % 2 != 0) {
    throw ValueError(
        fmt::format("RotaryPositions: expected a positive even number of features, got {}", features));
  }
  check_base("RotaryPositions", options.base);
  check_max_length("RotaryPositions", options.max_length);
  std::tie(cosines_, sines_) = turns(options.max_length, features, options.base, 0, default_dtype());
}

Tensor RotaryPositions::forward(const Tensor& input, std::int64_t first) {
  if (input.ndim() < 2 || input.shape().back() != features_) {
    throw ShapeError(fmt::format("RotaryPositions({}): expected input [..., L, {}], got {}", features_,
                                 features_, to_string(input.shape())));
  }
  std::int64_t length = input.size(-2);
  bool known = first >= 0 && first <= options_.max_length && length <= options_.max_length - first;
  if (!known || input.dtype() != cosines_.dtype())
    return rotate_positions(input, options_.interleaved, options_.base, first);
  return turned(input, narrow(cosines_, 0, first, length), narrow(sines_, 0, first, length),
                options_.interleaved);
}

Tensor RotaryPositions::forward(const Tensor& input) { return forward(input, 0); }

std::string RotaryPositions::describe() const {
  return fmt::format("RotaryPositions({}, interleaved={}, base={})", features_, options_.interleaved,
                     options_.base);
}

}  // namespace xgrad::nn
