#include <xgrad/autograd/ops/binary_math.hpp>

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/norm.hpp>
#include <xgrad/autograd/ops/promotion.hpp>

namespace xgrad {
namespace {

/// A number as a tensor that promotes as a number does.
Tensor beside(const Tensor& a, Scalar b) { return Tensor(Array::full({}, b, b.promote(a.dtype()))); }

Tensor fmax_same(const Tensor& a, const Tensor& b) {
  return elementwise<Domain::all>(
      "fmax", Cost::cheap, [](auto x, auto y) { return select((x >= y) | (y != y), x, y); },
      with_gradients([](auto g, auto x, auto y, auto) { return select((x >= y) | (y != y), g, 0); },
                     [](auto g, auto x, auto y, auto) { return select((x >= y) | (y != y), 0, g); }),
      a, b);
}

Tensor fmin_same(const Tensor& a, const Tensor& b) {
  return elementwise<Domain::all>(
      "fmin", Cost::cheap, [](auto x, auto y) { return select((x <= y) | (y != y), x, y); },
      with_gradients([](auto g, auto x, auto y, auto) { return select((x <= y) | (y != y), g, 0); },
                     [](auto g, auto x, auto y, auto) { return select((x <= y) | (y != y), 0, g); }),
      a, b);
}

Tensor hypot_same(const Tensor& a, const Tensor& b) {
  return elementwise(
      "hypot",
      [](auto x, auto y) {
        return kernels::detail::by_element(x, y, [](auto p, auto q) { return std::hypot(p, q); });
      },
      with_gradients([](auto g, auto x, auto, auto z) { return g * (x / z); },
                     [](auto g, auto, auto y, auto z) { return g * (y / z); }),
      a, b);
}

Tensor copysign_same(const Tensor& a, const Tensor& b) {
  return elementwise(
      "copysign", Cost::cheap,
      [](auto x, auto y) { return decltype(x)(xsimd::copysign(x.values, y.values)); },
      with_gradients([](auto g, auto x, auto, auto z) { return select(x == 0, 0, g * (z / x)); },
                     [](auto g, auto, auto, auto) { return g * 0; }),
      a, b);
}

Tensor xlogy_same(const Tensor& a, const Tensor& b) {
  return elementwise(
      "xlogy", [](auto x, auto y) { return select((x == 0) & (y == y), 0, x * log(y)); },
      with_gradients([](auto g, auto x, auto y, auto) { return select((x == 0) & (y <= 0), 0, g * log(y)); },
                     [](auto g, auto x, auto y, auto) { return g * x / y; }),
      a, b);
}

Tensor xlog1py_same(const Tensor& a, const Tensor& b) {
  return elementwise(
      "xlog1py", [](auto x, auto y) { return select((x == 0) & (y == y), 0, x * log1p(y)); },
      with_gradients(
          [](auto g, auto x, auto y, auto) { return select((x == 0) & (y <= -1), 0, g * log1p(y)); },
          [](auto g, auto x, auto y, auto) { return g * x / (y + 1); }),
      a, b);
}

// Equal infinities have no difference, and are their own sum.
Tensor logaddexp_same(const Tensor& a, const Tensor& b) {
  return elementwise(
      "logaddexp",
      [](auto x, auto y) {
        auto distance = select(x == y, 0, abs(x - y));
        return maximum(x, y) + log1p(exp(-distance));
      },
      with_gradients([](auto g, auto x, auto y, auto) { return g / (1 + exp(y - x)); },
                     [](auto g, auto x, auto y, auto) { return g / (1 + exp(x - y)); }),
      a, b);
}

Tensor logaddexp2_same(const Tensor& a, const Tensor& b) {
  return elementwise(
      "logaddexp2",
      [](auto x, auto y) {
        auto distance = select(x == y, 0, abs(x - y));
        return maximum(x, y) + log1p(exp2(-distance)) * std::numbers::log2e;
      },
      with_gradients([](auto g, auto x, auto y, auto) { return g / (1 + exp2(y - x)); },
                     [](auto g, auto x, auto y, auto) { return g / (1 + exp2(x - y)); }),
      a, b);
}

DType meeting_dtype(const Tensor& x, const Tensor& a, const Tensor& b) {
  DType dtype = result_type(a, b);
  return result_type(x, Tensor(Array(a.ndim() > 0 ? a.shape() : b.shape(), dtype)));
}

void check_one_dtype(const char* name, const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return;
  throw DTypeError(fmt::format("{}: expected one dtype, got {} and {}; convert with to()", name,
                               xgrad::name(a.dtype()), xgrad::name(b.dtype())));
}

}  // namespace

Tensor fmax(const Tensor& a, const Tensor& b) { return detail::promoted(a, b, fmax_same); }
Tensor fmin(const Tensor& a, const Tensor& b) { return detail::promoted(a, b, fmin_same); }
Tensor hypot(const Tensor& a, const Tensor& b) { return detail::promoted(a, b, hypot_same); }
Tensor copysign(const Tensor& a, const Tensor& b) { return detail::promoted(a, b, copysign_same); }
Tensor copysign(const Tensor& a, Scalar b) { return copysign(a, beside(a, b)); }
Tensor xlogy(const Tensor& x, const Tensor& y) { return detail::promoted(x, y, xlogy_same); }
Tensor xlogy(const Tensor& x, Scalar y) { return xlogy(x, beside(x, y)); }
Tensor xlogy(Scalar x, const Tensor& y) { return xlogy(beside(y, x), y); }
Tensor logaddexp(const Tensor& a, const Tensor& b) { return detail::promoted(a, b, logaddexp_same); }
Tensor logaddexp2(const Tensor& a, const Tensor& b) { return detail::promoted(a, b, logaddexp2_same); }
Tensor special::xlog1py(const Tensor& x, const Tensor& y) { return detail::promoted(x, y, xlog1py_same); }

Tensor ldexp(const Tensor& x, const Tensor& exponent) { return mul(x, pow(2.0, exponent)); }

Tensor float_power(const Tensor& base, const Tensor& exponent) {
  return pow(to(base, float64), to(exponent, float64));
}
Tensor float_power(const Tensor& base, Scalar exponent) {
  return pow(to(base, float64), Scalar(exponent.to<double>()));
}
Tensor float_power(Scalar base, const Tensor& exponent) {
  return pow(Scalar(base.to<double>()), to(exponent, float64));
}

Tensor heaviside(const Tensor& x, const Tensor& values) {
  check_one_dtype("heaviside", x, values);
  NoGrad off;
  return elementwise<Domain::all>(
      "heaviside", Cost::cheap, [](auto p, auto v) { return select(p == 0, v, select(p > 0, 1, 0)); },
      with_gradients([](auto g, auto, auto, auto) { return g * 0; },
                     [](auto g, auto, auto, auto) { return g * 0; }),
      x, values);
}

Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight) {
  check_one_dtype("lerp", start, end);
  check_one_dtype("lerp", start, weight);
  if (!is_floating(start.dtype()))
    throw DTypeError(fmt::format("lerp: expected floating tensors, got {}", name(start.dtype())));
  return elementwise(
      "lerp", Cost::cheap,
      [](auto a, auto b, auto w) { return select(abs(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w)); },
      with_gradients([](auto g, auto, auto, auto w, auto) { return g * (1 - w); },
                     [](auto g, auto, auto, auto w, auto) { return g * w; },
                     [](auto g, auto a, auto b, auto, auto) { return g * (b - a); }),
      start, end, weight);
}
Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight) {
  return lerp(start, end, Tensor(Array::full({}, weight, start.dtype())));
}

Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) {
  DType dtype = meeting_dtype(x, a, b);
  if (value.is_floating() && !is_floating(dtype)) {
    throw DTypeError(fmt::format("addcmul: value {} is floating, but the result is {}; use a whole value",
                                 value.to<double>(), name(dtype)));
  }
  return elementwise<Domain::all>(
      "addcmul", Cost::cheap, [value](auto p, auto q, auto r) { return p + q * r * value; },
      with_gradients([](auto g, auto, auto, auto, auto) { return g; },
                     [value](auto g, auto, auto, auto r, auto) { return g * r * value; },
                     [value](auto g, auto, auto q, auto, auto) { return g * q * value; }),
      to(x, dtype), to(a, dtype), to(b, dtype));
}

Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) {
  DType dtype = meeting_dtype(x, a, b);
  if (!is_floating(a.dtype()) && !is_floating(b.dtype())) {
    throw DTypeError(
        fmt::format("addcdiv: expected a floating quotient, got {} / {}; convert with to(float32) first",
                    name(a.dtype()), name(b.dtype())));
  }
  return elementwise(
      "addcdiv", Cost::cheap, [value](auto p, auto q, auto r) { return p + q / r * value; },
      with_gradients([](auto g, auto, auto, auto, auto) { return g; },
                     [value](auto g, auto, auto, auto r, auto) { return g / r * value; },
                     [value](auto g, auto, auto q, auto r, auto) { return -g * q / (r * r) * value; }),
      to(x, dtype), to(a, dtype), to(b, dtype));
}

Tensor dist(const Tensor& a, const Tensor& b, double p) { return linalg::vector_norm(sub(a, b), p); }

}  // namespace xgrad
