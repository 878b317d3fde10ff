#pragma once

#include <array>
#include <cstddef>
#include <numbers>
#include <type_traits>
#include <utility>

#include <xgrad/autograd/array/scalar.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/ops/trace.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

namespace detail {
/// Zeros where a slope does not exist yet cost nothing over Lanes; over Tensors a slope may simply be
/// missing.
template <class T>
inline constexpr bool is_tensor = std::is_same_v<T, Tensor>;
}  // namespace detail

/// A value with its slopes in N directions: numbers for forward differentiation. T is a kernels::Lanes, or a
/// Tensor, over which every step is recorded.
template <class T, std::size_t N>
struct Dual {
  T value;
  std::array<T, N> slope{};
  unsigned depends = 0;  ///< bit i: slope[i] is not known to be 0

  static Dual variable(const T& x, std::size_t direction) {
    Dual result{x};
    for (std::size_t i = 0; i < N; ++i) {
      if constexpr (!detail::is_tensor<T>) result.slope[i] = T(i == direction ? 1 : 0);
    }
    if constexpr (detail::is_tensor<T>) result.slope[direction] = x * 0 + 1;
    result.depends = 1U << direction;
    return result;
  }
  static Dual constant(const T& x) {
    Dual result{x};
    if constexpr (!detail::is_tensor<T>) result.slope.fill(T(0));
    return result;
  }

  bool has(std::size_t i) const { return !detail::is_tensor<T> || (depends >> i & 1U) != 0; }

  /// slope[i] * g; a missing slope is 0.
  T scaled_slope(std::size_t i, const T& g) const {
    if constexpr (detail::is_tensor<T>) {
      if (!has(i)) return g * 0;
    }
    return slope[i] * g;
  }

  /// f(value) with slopes scaled by f'.
  template <class Slope>
  Dual chain(T new_value, const Slope& scaled) const {
    Dual result{std::move(new_value)};
    result.depends = depends;
    for (std::size_t i = 0; i < N; ++i) {
      if (has(i)) result.slope[i] = scaled(slope[i]);
    }
    return result;
  }
  /// f(a, b) from how each slope contributes.
  template <class FromA, class FromB>
  static Dual join(T new_value, const Dual& a, const Dual& b, const FromA& from_a, const FromB& from_b) {
    Dual result{std::move(new_value)};
    result.depends = a.depends | b.depends;
    for (std::size_t i = 0; i < N; ++i) {
      if (a.has(i) && b.has(i))
        result.slope[i] = from_a(a.slope[i]) + from_b(b.slope[i]);
      else if (a.has(i))
        result.slope[i] = from_a(a.slope[i]);
      else if (b.has(i))
        result.slope[i] = from_b(b.slope[i]);
    }
    return result;
  }

  friend Dual operator+(const Dual& a) { return a; }
  friend Dual operator-(const Dual& a) {
    return a.chain(-a.value, [](const T& s) { return -s; });
  }
  friend Dual operator+(const Dual& a, const Dual& b) {
    return join(a.value + b.value, a, b, [](const T& s) { return s; }, [](const T& s) { return s; });
  }
  friend Dual operator-(const Dual& a, const Dual& b) {
    return join(a.value - b.value, a, b, [](const T& s) { return s; }, [](const T& s) { return -s; });
  }
  friend Dual operator*(const Dual& a, const Dual& b) {
    return join(
        a.value * b.value, a, b, [&](const T& s) { return s * b.value; },
        [&](const T& s) { return s * a.value; });
  }
  friend Dual operator/(const Dual& a, const Dual& b) {
    T quotient = a.value / b.value;
    return join(
        quotient, a, b, [&](const T& s) { return s / b.value; },
        [&](const T& s) { return -(s * quotient / b.value); });
  }
  friend Dual operator+(const Dual& a, PlainNumber auto b) {
    return a.chain(a.value + b, [](const T& s) { return s; });
  }
  friend Dual operator+(PlainNumber auto a, const Dual& b) { return b + a; }
  friend Dual operator-(const Dual& a, PlainNumber auto b) {
    return a.chain(a.value - b, [](const T& s) { return s; });
  }
  friend Dual operator-(PlainNumber auto a, const Dual& b) {
    return b.chain(a - b.value, [](const T& s) { return -s; });
  }
  friend Dual operator*(const Dual& a, PlainNumber auto b) {
    return a.chain(a.value * b, [&](const T& s) { return s * b; });
  }
  friend Dual operator*(PlainNumber auto a, const Dual& b) { return b * a; }
  friend Dual operator/(const Dual& a, PlainNumber auto b) {
    return a.chain(a.value / b, [&](const T& s) { return s / b; });
  }
  friend Dual operator/(PlainNumber auto a, const Dual& b) {
    T quotient = a / b.value;
    return b.chain(quotient, [&](const T& s) { return -(s * quotient / b.value); });
  }

#define XGRAD_DUAL(op)                                                                 \
  friend auto operator op(const Dual& a, const Dual& b) { return a.value op b.value; } \
  friend auto operator op(const Dual& a, PlainNumber auto b) { return a.value op b; }
  XGRAD_DUAL(<)
  XGRAD_DUAL(<=)
  XGRAD_DUAL(>)
  XGRAD_DUAL(>=)
  XGRAD_DUAL(==)
  XGRAD_DUAL(!=)
#undef XGRAD_DUAL

  // f(x) with f'(x) as a formula of the slope s, the value x and the result y. Friends, so that the names of
  // the operations on tensors stay single functions.
#define XGRAD_DUAL(name, derivative)                                            \
  friend Dual name(const Dual& a) {                                             \
    const T& x = a.value;                                                       \
    T y = name(x);                                                              \
    return a.chain(y, [&]([[maybe_unused]] const T& s) { return derivative; }); \
  }
  XGRAD_DUAL(exp, s* y)
  XGRAD_DUAL(exp2, s* y* std::numbers::ln2)
  XGRAD_DUAL(expm1, s*(y + 1))
  XGRAD_DUAL(log, s / x)
  XGRAD_DUAL(log1p, s / (x + 1))
  XGRAD_DUAL(log2, s / (x * std::numbers::ln2))
  XGRAD_DUAL(log10, s / (x * std::numbers::ln10))
  XGRAD_DUAL(sqrt, s / (y + y))
  XGRAD_DUAL(sin, s* cos(x))
  XGRAD_DUAL(cos, -(s* sin(x)))
  XGRAD_DUAL(tan, s * (1 + y * y))
  XGRAD_DUAL(asin, s / sqrt(1 - x * x))
  XGRAD_DUAL(acos, -(s / sqrt(1 - x * x)))
  XGRAD_DUAL(atan, s / (1 + x * x))
  XGRAD_DUAL(sinh, s* cosh(x))
  XGRAD_DUAL(cosh, s* sinh(x))
  XGRAD_DUAL(tanh, s * (1 - y * y))
  XGRAD_DUAL(asinh, s / sqrt(x * x + 1))
  XGRAD_DUAL(acosh, s / sqrt(x * x - 1))
  XGRAD_DUAL(atanh, s / (1 - x * x))
  XGRAD_DUAL(sigmoid, s * ((1 - y) * y))
  XGRAD_DUAL(erf, s* exp(-(x* x)) * (2 * std::numbers::inv_sqrtpi))
  XGRAD_DUAL(erfc, s* exp(-(x* x)) * (-2 * std::numbers::inv_sqrtpi))
  XGRAD_DUAL(abs, select(x > 0, s, select(x < 0, -s, s * 0)))
  XGRAD_DUAL(floor, s * 0)
  XGRAD_DUAL(ceil, s * 0)
  XGRAD_DUAL(trunc, s * 0)
  XGRAD_DUAL(round, s * 0)
#undef XGRAD_DUAL
};

template <class T, std::size_t N>
Dual<T, N> pow(const Dual<T, N>& base, PlainNumber auto exponent) {
  return base.chain(pow(base.value, exponent), [&](const T& s) {
    return exponent == 0 ? s * 0 : s * (pow(base.value, exponent - 1) * exponent);
  });
}
template <class T, std::size_t N>
Dual<T, N> pow(const Dual<T, N>& b, const Dual<T, N>& e) {
  T y = pow(b.value, e.value);
  return Dual<T, N>::join(
      y, b, e, [&](const T& s) { return select(e.value == 0, 0, s * e.value * pow(b.value, e.value - 1)); },
      [&](const T& s) { return select((b.value == 0) & (e.value >= 0), 0, s * y * log(b.value)); });
}

/// a where the mask holds, else b.
template <class Mask, class T, std::size_t N>
Dual<T, N> select(const Mask& mask, const Dual<T, N>& a, const Dual<T, N>& b) {
  return Dual<T, N>::join(
      select(mask, a.value, b.value), a, b, [&](const T& s) { return select(mask, s, 0); },
      [&](const T& s) { return select(mask, 0, s); });
}
template <class Mask, class T, std::size_t N>
Dual<T, N> select(const Mask& mask, const Dual<T, N>& a, PlainNumber auto b) {
  return a.chain(select(mask, a.value, b), [&](const T& s) { return select(mask, s, 0); });
}
template <class Mask, class T, std::size_t N>
Dual<T, N> select(const Mask& mask, PlainNumber auto a, const Dual<T, N>& b) {
  return b.chain(select(mask, a, b.value), [&](const T& s) { return select(mask, 0, s); });
}
template <class T, std::size_t N>
Dual<T, N> maximum(const Dual<T, N>& a, const Dual<T, N>& b) {
  return select(a.value >= b.value, a, b);
}
template <class T, std::size_t N>
Dual<T, N> minimum(const Dual<T, N>& a, const Dual<T, N>& b) {
  return select(a.value <= b.value, a, b);
}

}  // namespace xgrad
