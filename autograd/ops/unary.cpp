#include <xgrad/autograd/ops/unary.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>

namespace xgrad {

Tensor abs(const Tensor& x) {
  return elementwise<Domain::all>(
      "abs", Cost::cheap, [](auto x) { return abs(x); },
      with_gradients([](auto g, auto x, auto) { return select(x > 0, g, select(x < 0, -g, g * 0)); }), x);
}

Tensor square(const Tensor& x) {
  return elementwise<Domain::all>(
      "square", Cost::cheap, [](auto x) { return x * x; },
      with_gradients([](auto g, auto x, auto) { return g * (x + x); }), x);
}

Tensor exp(const Tensor& x) {
  return elementwise(
      "exp", [](auto x) { return exp(x); }, with_gradients([](auto g, auto, auto y) { return g * y; }), x);
}

Tensor exp2(const Tensor& x) {
  return elementwise(
      "exp2", [](auto x) { return exp2(x); },
      with_gradients([](auto g, auto, auto y) { return g * y * std::numbers::ln2; }), x);
}

Tensor expm1(const Tensor& x) {
  return elementwise(
      "expm1", [](auto x) { return expm1(x); },
      with_gradients([](auto g, auto, auto y) { return g * (y + 1); }), x);
}

Tensor log(const Tensor& x) {
  return elementwise(
      "log", [](auto x) { return log(x); }, with_gradients([](auto g, auto x, auto) { return g / x; }), x);
}

Tensor log1p(const Tensor& x) {
  return elementwise(
      "log1p", [](auto x) { return log1p(x); },
      with_gradients([](auto g, auto x, auto) { return g / (x + 1); }), x);
}

Tensor log2(const Tensor& x) {
  return elementwise(
      "log2", [](auto x) { return log2(x); },
      with_gradients([](auto g, auto x, auto) { return g / (x * std::numbers::ln2); }), x);
}

Tensor log10(const Tensor& x) {
  return elementwise(
      "log10", [](auto x) { return log10(x); },
      with_gradients([](auto g, auto x, auto) { return g / (x * std::numbers::ln10); }), x);
}

Tensor sqrt(const Tensor& x) {
  return elementwise(
      "sqrt", Cost::cheap, [](auto x) { return sqrt(x); },
      with_gradients([](auto g, auto, auto y) { return g / (y + y); }), x);
}

Tensor rsqrt(const Tensor& x) {
  return elementwise(
      "rsqrt", [](auto x) { return 1 / sqrt(x); },
      with_gradients([](auto g, auto, auto y) { return g * -0.5 * (y * y * y); }), x);
}

Tensor reciprocal(const Tensor& x) {
  return elementwise(
      "reciprocal", Cost::cheap, [](auto x) { return 1 / x; },
      with_gradients([](auto g, auto, auto y) { return -g * (y * y); }), x);
}

Tensor sin(const Tensor& x) {
  return elementwise(
      "sin", [](auto x) { return sin(x); }, with_gradients([](auto g, auto x, auto) { return g * cos(x); }),
      x);
}

Tensor cos(const Tensor& x) {
  return elementwise(
      "cos", [](auto x) { return cos(x); }, with_gradients([](auto g, auto x, auto) { return -g * sin(x); }),
      x);
}

Tensor tan(const Tensor& x) {
  return elementwise(
      "tan", [](auto x) { return tan(x); },
      with_gradients([](auto g, auto, auto y) { return g * (1 + y * y); }), x);
}

Tensor asin(const Tensor& x) {
  return elementwise(
      "asin", [](auto x) { return asin(x); },
      with_gradients([](auto g, auto x, auto) { return g / sqrt(1 - x * x); }), x);
}

Tensor acos(const Tensor& x) {
  return elementwise(
      "acos", [](auto x) { return acos(x); },
      with_gradients([](auto g, auto x, auto) { return -g / sqrt(1 - x * x); }), x);
}

Tensor atan(const Tensor& x) {
  return elementwise(
      "atan", [](auto x) { return atan(x); },
      with_gradients([](auto g, auto x, auto) { return g / (1 + x * x); }), x);
}

Tensor sinh(const Tensor& x) {
  return elementwise(
      "sinh", [](auto x) { return sinh(x); },
      with_gradients([](auto g, auto x, auto) { return g * cosh(x); }), x);
}

Tensor cosh(const Tensor& x) {
  return elementwise(
      "cosh", [](auto x) { return cosh(x); },
      with_gradients([](auto g, auto x, auto) { return g * sinh(x); }), x);
}

Tensor tanh(const Tensor& x) {
  return elementwise(
      "tanh", [](auto x) { return tanh(x); },
      with_gradients([](auto g, auto, auto y) { return g * (1 - y * y); }), x);
}

Tensor asinh(const Tensor& x) {
  return elementwise(
      "asinh", [](auto x) { return asinh(x); },
      with_gradients([](auto g, auto x, auto) { return g / sqrt(x * x + 1); }), x);
}

Tensor acosh(const Tensor& x) {
  return elementwise(
      "acosh", [](auto x) { return acosh(x); },
      with_gradients([](auto g, auto x, auto) { return g / sqrt(x * x - 1); }), x);
}

Tensor atanh(const Tensor& x) {
  return elementwise(
      "atanh", [](auto x) { return atanh(x); },
      with_gradients([](auto g, auto x, auto) { return g / (1 - x * x); }), x);
}

Tensor erf(const Tensor& x) {
  return elementwise(
      "erf", [](auto x) { return erf(x); },
      with_gradients([](auto g, auto x, auto) { return g * exp(-(x * x)) * (2 * std::numbers::inv_sqrtpi); }),
      x);
}

Tensor erfc(const Tensor& x) {
  return elementwise(
      "erfc", [](auto x) { return erfc(x); }, with_gradients([](auto g, auto x, auto) {
        return g * exp(-(x * x)) * (-2 * std::numbers::inv_sqrtpi);
      }),
      x);
}

Tensor sigmoid(const Tensor& x) {
  return elementwise(
      "sigmoid", [](auto x) { return sigmoid(x); },
      with_gradients([](auto g, auto, auto y) { return g * ((1 - y) * y); }), x);
}

Tensor logsigmoid(const Tensor& x) {
  return elementwise(
      "logsigmoid", [](auto x) { return select(x < 0, x, 0) - log1p(exp(-abs(x))); },
      with_gradients([](auto g, auto x, auto) { return g * sigmoid(-x); }), x);
}

Tensor relu(const Tensor& x) {
  // Written so that nan passes through.
  return elementwise<Domain::all>(
      "relu", Cost::cheap, [](auto x) { return select(x <= 0, 0, x); },
      with_gradients([](auto g, auto, auto y) { return select(y > 0, g, 0); }), x);
}

Tensor leaky_relu(const Tensor& x, double negative_slope) {
  return elementwise(
      "leaky_relu", Cost::cheap, [=](auto x) { return select(x > 0, x, x * negative_slope); },
      with_gradients([=](auto g, auto x, auto) { return select(x > 0, g, g * negative_slope); }), x);
}

Tensor elu(const Tensor& x, double alpha) {
  return elementwise(
      "elu", [=](auto x) { return select(x > 0, x, expm1(x) * alpha); },
      with_gradients([=](auto g, auto x, auto) {
        // e^x is taken where it counts alone: an overflow would spoil further derivatives.
        return select(x > 0, g, g * exp(select(x > 0, 0, x)) * alpha);
      }),
      x);
}

Tensor gelu(const Tensor& x) {
  return elementwise(
      "gelu", [](auto x) { return x * 0.5 * (1 + erf(x * (1 / std::numbers::sqrt2))); },
      with_gradients([](auto g, auto x, auto) {
        return g * (0.5 * (1 + erf(x * (1 / std::numbers::sqrt2))) +
                    x * exp(x * x * -0.5) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2));
      }),
      x);
}

Tensor silu(const Tensor& x) {
  return elementwise(
      "silu", [](auto x) { return x * sigmoid(x); }, with_gradients([](auto g, auto x, auto) {
        auto s = sigmoid(x);
        return g * (s * (1 + x * (1 - s)));
      }),
      x);
}

Tensor softplus(const Tensor& x, double beta, double threshold) {
  return elementwise(
      "softplus",
      [=](auto x) {
        auto scaled = x * beta;
        return select(scaled > threshold, x, log1p(exp(select(scaled > threshold, 0, scaled))) / beta);
      },
      with_gradients(
          [=](auto g, auto x, auto) { return select(x * beta > threshold, g, g * sigmoid(x * beta)); }),
      x);
}

namespace {
/// A function that is constant between its jumps.
template <class Forward>
Tensor step_function(const char* name, const Forward& forward, const Tensor& x) {
  return elementwise<Domain::all>(name, Cost::cheap, forward,
                                  with_gradients([](auto g, auto, auto) { return g * 0; }), x);
}
}  // namespace

Tensor sign(const Tensor& x) {
  return step_function("sign", [](auto x) { return select(x > 0, 1, select(x < 0, -1, 0)); }, x);
}
Tensor floor(const Tensor& x) {
  return step_function("floor", [](auto x) { return floor(x); }, x);
}
Tensor ceil(const Tensor& x) {
  return step_function("ceil", [](auto x) { return ceil(x); }, x);
}
Tensor trunc(const Tensor& x) {
  return step_function("trunc", [](auto x) { return trunc(x); }, x);
}
Tensor round(const Tensor& x) {
  return step_function("round", [](auto x) { return round(x); }, x);
}

namespace {

void refuse_bool(DType dtype) {
  if (dtype == boolean) throw DTypeError("clamp: expected numbers, got bool; convert with to(...)");
}

/// A bound as it acts on a dtype: one beyond the range of an integer dtype is the end of the range.
Scalar bound_within(DType dtype, Scalar bound) {
  if (is_floating(dtype)) return bound;
  return dispatch(dtype, [&](auto tag) -> Scalar {
    using Limits = std::numeric_limits<typename decltype(tag)::type>;
    return std::clamp(bound.to<std::int64_t>(), static_cast<std::int64_t>(Limits::lowest()),
                      static_cast<std::int64_t>(Limits::max()));
  });
}

/// `result_type` of the tensors that are defined.
DType meeting_dtype(std::initializer_list<const Tensor*> tensors) {
  auto kind = [](DType dtype) { return is_floating(dtype) ? 2 : dtype == boolean ? 0 : 1; };
  std::optional<DType> with_dims;
  std::optional<DType> single;
  for (const Tensor* tensor : tensors) {
    if (!tensor->defined()) continue;
    std::optional<DType>& meeting = tensor->ndim() == 0 ? single : with_dims;
    meeting = meeting ? promote_types(*meeting, tensor->dtype()) : tensor->dtype();
  }
  if (!with_dims || !single) return with_dims ? *with_dims : *single;
  return kind(*single) > kind(*with_dims) ? *single : *with_dims;
}

}  // namespace

Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
  if (!min && !max) throw ValueError("clamp: expected min, max or both, got neither");
  DType dtype = x.dtype();
  if (min) dtype = min->promote(dtype);
  if (max) dtype = max->promote(dtype);
  refuse_bool(dtype);
  auto is_nan = [](const std::optional<Scalar>& bound) { return bound && std::isnan(bound->to<double>()); };
  if (is_nan(min) || is_nan(max)) return x.to(dtype) * NAN;
  if (min) min = bound_within(dtype, *min);
  if (max) max = bound_within(dtype, *max);
  if (dtype != x.dtype()) return clamp(x.to(dtype), min, max);
  if (min && max) {
    return elementwise<Domain::all>(
        "clamp", Cost::cheap,
        [low = *min, high = *max](auto x) {
          auto above = select(x < low, low, x);
          return select(above > high, high, above);
        },
        with_gradients([low = *min, high = *max](auto g, auto x, auto) {
          return select(x >= low, select(x <= high, g, 0), 0);
        }),
        x);
  }
  if (min) {
    return elementwise<Domain::all>(
        "clamp", Cost::cheap, [low = *min](auto x) { return select(x < low, low, x); },
        with_gradients([low = *min](auto g, auto x, auto) { return select(x >= low, g, 0); }), x);
  }
  return elementwise<Domain::all>(
      "clamp", Cost::cheap, [high = *max](auto x) { return select(x > high, high, x); },
      with_gradients([high = *max](auto g, auto x, auto) { return select(x <= high, g, 0); }), x);
}

Tensor clamp(const Tensor& x, const Tensor& min, const Tensor& max) {
  Shape shape = x.shape();
  if (!min.defined() && !max.defined()) throw ValueError("clamp: expected min, max or both, got neither");
  if (min.defined()) shape = broadcast_shapes("clamp", shape, min.shape());
  if (max.defined()) broadcast_shapes("clamp", shape, max.shape());
  DType dtype = meeting_dtype({&x, &min, &max});
  refuse_bool(dtype);
  Tensor value = x.to(dtype);
  if (!max.defined()) {
    return elementwise<Domain::all>(
        "clamp", Cost::cheap, [](auto x, auto low) { return select((x < low) | (low != low), low, x); },
        with_gradients([](auto g, auto x, auto low, auto) { return select(x >= low, g, 0); },
                       [](auto g, auto x, auto low, auto) { return select(x < low, g, 0); }),
        value, min.to(dtype));
  }
  if (!min.defined()) {
    return elementwise<Domain::all>(
        "clamp", Cost::cheap, [](auto x, auto high) { return select((x > high) | (high != high), high, x); },
        with_gradients([](auto g, auto x, auto high, auto) { return select(x <= high, g, 0); },
                       [](auto g, auto x, auto high, auto) { return select(x > high, g, 0); }),
        value, max.to(dtype));
  }
  return elementwise<Domain::all>(
      "clamp", Cost::cheap,
      [](auto x, auto low, auto high) {
        auto above = select((x < low) | (low != low), low, x);
        return select((above > high) | ((high != high) & (above == above)), high, above);
      },
      with_gradients(
          [](auto g, auto x, auto low, auto high, auto) { return select((x >= low) & (x <= high), g, 0); },
          [](auto g, auto x, auto low, auto high, auto) { return select((x < low) & (low < high), g, 0); },
          [](auto g, auto x, auto low, auto high, auto) { return select((x > high) | (high < low), g, 0); }),
      value, min.to(dtype), max.to(dtype));
}

Tensor heaviside(const Tensor& x, double at_zero) {
  NoGrad off;
  return elementwise<Domain::all>(
      "heaviside", Cost::cheap,
      [=](auto x) { return select(x > 0, 1, select(x == 0, at_zero, select(x < 0, 0, x))); },
      with_gradients([](auto g, auto, auto) { return g * 0; }), x);
}

}  // namespace xgrad
