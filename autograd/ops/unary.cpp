#include <xgrad/autograd/ops/unary.hpp>

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

Tensor heaviside(const Tensor& x, double at_zero) {
  NoGrad off;
  return elementwise<Domain::all>(
      "heaviside", Cost::cheap,
      [=](auto x) { return select(x > 0, 1, select(x == 0, at_zero, select(x < 0, 0, x))); },
      with_gradients([](auto g, auto, auto) { return g * 0; }), x);
}

}  // namespace xgrad
