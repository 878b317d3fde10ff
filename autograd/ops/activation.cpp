#include <xgrad/autograd/ops/activation.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad {
namespace {

/// A bound as it acts on a dtype: for integers without its fraction, and within their range.
Scalar bound_for(const char* op, const char* operand, double bound, DType dtype) {
  if (is_floating(dtype)) return bound;
  if (std::isnan(bound)) throw ValueError(fmt::format("{}: expected a number as {}, got nan", op, operand));
  return dispatch(dtype, [&](auto tag) -> Scalar {
    using T = typename decltype(tag)::type;
    if (bound <= static_cast<double>(std::numeric_limits<T>::lowest()))
      return std::numeric_limits<T>::lowest();
    if (bound >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<std::int64_t>(bound);
  });
}

void require_no_bool(const char* op, const Tensor& x) {
  if (x.dtype() != boolean) return;
  throw DTypeError(
      fmt::format("{}: expected numbers, got bool {}; convert with to(...)", op, to_string(x.shape())));
}

Tensor bounded(const char* op, const Tensor& x, double min_val, double max_val) {
  require_no_bool(op, x);
  Scalar low = bound_for(op, "min_val", min_val, x.dtype());
  Scalar high = bound_for(op, "max_val", max_val, x.dtype());
  return elementwise<Domain::all>(
      op, Cost::cheap,
      [=](auto x) {
        auto above = select(x < low, low, x);
        return select(above > high, high, above);
      },
      with_gradients(
          [=](auto g, auto x, auto) { return select(x <= low, g * 0, select(x >= high, g * 0, g)); }),
      x);
}

}  // namespace

// Piecewise linear. ---------------------------------------------------------------------------------

Tensor hardtanh(const Tensor& x, double min_val, double max_val) {
  return bounded("hardtanh", x, min_val, max_val);
}

Tensor relu6(const Tensor& x) { return bounded("relu6", x, 0, 6); }

namespace {
constexpr double single_sixth = 1.0F / 6.0F;
}

Tensor hardsigmoid(const Tensor& x) {
  return elementwise(
      "hardsigmoid", Cost::cheap, [](auto x) { return select(x <= -3, 0, select(x >= 3, 6, x + 3)) / 6; },
      with_gradients([](auto g, auto x, auto) {
        return select(x <= -3, g * 0, select(x >= 3, g * 0, g * single_sixth));
      }),
      x);
}

Tensor hardswish(const Tensor& x) {
  return elementwise(
      "hardswish", Cost::cheap, [](auto x) { return x * select(x <= -3, 0, select(x >= 3, 6, x + 3)) / 6; },
      with_gradients(
          [](auto g, auto x, auto) { return select(x < -3, g * 0, select(x > 3, g, g * (x / 3 + 0.5))); }),
      x);
}

Tensor hardshrink(const Tensor& x, double lambd) {
  return elementwise(
      "hardshrink", Cost::cheap, [=](auto x) { return select((x >= -lambd) & (x <= lambd), 0, x); },
      with_gradients([=](auto g, auto x, auto) { return select((x >= -lambd) & (x <= lambd), g * 0, g); }),
      x);
}

Tensor softshrink(const Tensor& x, double lambd) {
  if (!(lambd >= 0)) {
    throw ValueError(fmt::format("softshrink: expected lambd of at least 0, got {}", lambd));
  }
  return elementwise(
      "softshrink", Cost::cheap,
      [=](auto x) { return select(x > lambd, x - lambd, select(x < -lambd, x + lambd, 0)); },
      with_gradients([=](auto g, auto x, auto) { return select((x >= -lambd) & (x <= lambd), g * 0, g); }),
      x);
}

Tensor threshold(const Tensor& x, double threshold, double value) {
  require_no_bool("threshold", x);
  Scalar least = bound_for("threshold", "threshold", std::floor(threshold), x.dtype());
  Scalar other = bound_for("threshold", "value", value, x.dtype());
  if (is_floating(x.dtype())) least = threshold;
  return elementwise<Domain::all>(
      "threshold", Cost::cheap, [=](auto x) { return select(x <= least, other, x); },
      with_gradients([=](auto g, auto x, auto) { return select(x <= least, g * 0, g); }), x);
}

Tensor prelu(const Tensor& x, const Tensor& weight) {
  if (!is_floating(x.dtype()) || x.dtype() != weight.dtype()) {
    throw DTypeError(fmt::format("prelu: expected x and weight of one floating dtype, got x {} and weight {}",
                                 name(x.dtype()), name(weight.dtype())));
  }
  if (weight.numel() != 1 || weight.ndim() > 1) {
    std::int64_t channels = x.ndim() > 1 ? x.shape()[1] : 1;
    if (weight.ndim() != 1 || weight.numel() != channels) {
      throw ShapeError(fmt::format("prelu: expected weight [1] or [{}] for x {}, got weight {}", channels,
                                   to_string(x.shape()), to_string(weight.shape())));
    }
  }
  Tensor slopes = weight;
  Shape along = Shape::filled(x.ndim(), 1);
  if (weight.numel() != 1) along[1] = weight.numel();
  if (!(along == weight.shape())) slopes = reshape(weight, along);
  return elementwise(
      "prelu", Cost::cheap, [](auto x, auto w) { return select(x > 0, x, x * w); },
      with_gradients([](auto g, auto x, auto w, auto) { return select(x > 0, g, g * w); },
                     [](auto g, auto x, auto, auto) { return select(x > 0, g * 0, g * x); }),
      x, slopes);
}

Tensor rrelu(const Tensor& x, double lower, double upper, bool training, Generator* generator) {
  if (!(lower <= upper)) {
    throw ValueError(fmt::format("rrelu: expected lower <= upper, got lower {} and upper {}", lower, upper));
  }
  if (!training) return leaky_relu(x, (lower + upper) / 2);
  Tensor number = as_floating(x);
  Tensor slopes;
  {
    NoGrad off;
    Tensor drawn = rand(number.shape(), number.dtype(), generator) * (upper - lower) + lower;
    slopes = where(number > 0, 1.0, drawn);
  }
  return number * slopes;
}

// Smooth. -------------------------------------------------------------------------------------------

Tensor tanhshrink(const Tensor& x) {
  return elementwise(
      "tanhshrink", [](auto x) { return x - tanh(x); }, with_gradients([](auto g, auto x, auto) {
        auto t = tanh(x);
        return g * (t * t);
      }),
      x);
}

Tensor softsign(const Tensor& x) {
  return elementwise(
      "softsign", Cost::cheap, [](auto x) { return x / (1 + abs(x)); },
      with_gradients([](auto g, auto x, auto) {
        auto d = 1 + abs(x);
        return g / (d * d);
      }),
      x);
}

Tensor selu(const Tensor& x) {
  constexpr double alpha = 1.6732632423543772848170429916717;
  constexpr double scale = 1.0507009873554804934193349852946;
  return elementwise(
      "selu", [](auto x) { return select(x > 0, x * scale, expm1(x) * (scale * alpha)); },
      with_gradients([](auto g, auto x, auto) {
        // e^x is taken where it counts alone: an overflow would spoil further derivatives.
        return g * select(x > 0, scale, exp(select(x > 0, 0, x)) * (scale * alpha));
      }),
      x);
}

Tensor celu(const Tensor& x, double alpha) {
  if (alpha == 0) throw ValueError("celu: expected alpha other than 0, got 0");
  double inverse = 1 / alpha;
  return elementwise(
      "celu", [=](auto x) { return select(x > 0, x, expm1(x * inverse) * alpha); },
      with_gradients(
          [=](auto g, auto x, auto) { return g * select(x > 0, 1.0, exp(select(x > 0, 0, x) * inverse)); }),
      x);
}

namespace {

/// tanh(softplus(x)) = u / (2 - u) with u = 1 - (1 - s)^2 and s = sigmoid(x), smooth everywhere.
constexpr auto mish_gate = [](auto s) {
  auto u = s * (2 - s);
  return u / (2 - u);
};

constexpr double tanh_scale = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
constexpr double tanh_cube = 0.044715;

}  // namespace

Tensor mish(const Tensor& x) {
  return elementwise(
      "mish", [](auto x) { return x * mish_gate(sigmoid(x)); }, with_gradients([](auto g, auto x, auto) {
        auto s = sigmoid(x);
        auto rest = 1 - s;
        auto d = 1 + rest * rest;  // 2 - u
        return g * (mish_gate(s) + x * 4 * s * rest * rest / (d * d));
      }),
      x);
}

Tensor gelu(const Tensor& x, std::string_view approximate) {
  if (approximate == "none") return gelu(x);
  if (approximate != "tanh") {
    throw ValueError(fmt::format("gelu: expected approximate \"none\" or \"tanh\", got \"{}\"", approximate));
  }
  return elementwise(
      "gelu", [](auto x) { return x * 0.5 * (1 + tanh(x * (1 + x * x * tanh_cube) * tanh_scale)); },
      with_gradients([](auto g, auto x, auto) {
        auto t = tanh(x * (1 + x * x * tanh_cube) * tanh_scale);
        auto slope = (1 - t * t) * (1 + x * x * (3 * tanh_cube)) * tanh_scale;
        return g * (1 + t + x * slope) * 0.5;
      }),
      x);
}

Tensor glu(const Tensor& x, std::int64_t dim) {
  if (x.ndim() == 0) throw ShapeError("glu: expected x of at least one dimension, got []");
  std::size_t at = wrap_dim("glu", dim, x.ndim());
  std::int64_t size = x.shape()[at];
  if (size % 2 != 0) {
    throw ShapeError(fmt::format("glu: expected an even size along dim {}, got x {} ({})", dim,
                                 to_string(x.shape()), size));
  }
  return narrow(x, dim, 0, size / 2) * sigmoid(narrow(x, dim, size / 2, size / 2));
}

}  // namespace xgrad
