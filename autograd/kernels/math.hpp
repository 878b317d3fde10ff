#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include <xgrad/autograd/kernels/lanes.hpp>

/// Mathematical functions on Lanes. Those that training spends its time in (exp, expm1, tanh, sigmoid, erf)
/// are written here; float32 takes the rest from xsimd; float64, where the last digits matter, from the C++
/// library unless xsimd is as exact.
namespace xgrad::kernels {

namespace detail {

template <class T, class Function>
Lanes<T> by_element(Lanes<T> x, Function function) {
  alignas(64) T buffer[Lanes<T>::count];
  store(x, buffer);
  for (T& element : buffer) element = function(element);
  return load(buffer);
}
template <class T, class Function>
Lanes<T> by_element(Lanes<T> x, Lanes<T> y, Function function) {
  alignas(64) T a[Lanes<T>::count];
  alignas(64) T b[Lanes<T>::count];
  store(x, a);
  store(y, b);
  for (std::size_t i = 0; i < Lanes<T>::count; ++i) a[i] = function(a[i], b[i]);
  return load(a);
}

/// a * b + c, rounded once.
template <class B>
B fused(B a, B b, B c) {
  return xsimd::fma(a, b, c);
}

/// c[0] + x * (c[1] + x * (...)), the coefficients from the constant up.
template <class B, class... Rest>
B polynomial(B x, double first, Rest... rest) {
  using T = typename B::value_type;
  if constexpr (sizeof...(rest) == 0)
    return B(static_cast<T>(first));
  else
    return fused(x, polynomial(x, rest...), B(static_cast<T>(first)));
}

/// x * 2^n for whole n, right also where the result is denormal or infinite.
template <class B>
B scale(B x, B n) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<typename B::value_type, float>)
    return B(_mm512_scalef_ps(x, n));
  else
    return B(_mm512_scalef_pd(x, n));
#else
  // In two steps, because 2^n itself may lie outside the range of normal numbers.
  B half = xsimd::trunc(n * B(0.5F));
  auto first = xsimd::ldexp(B(1), xsimd::to_int(half));
  auto second = xsimd::ldexp(B(1), xsimd::to_int(n - half));
  return x * first * second;
#endif
}

/// x = n ln 2 + r with |r| at most half of ln 2: returns e^r - 1 and n.
template <class B>
B reduced_expm1(B x, B& n) {
  using T = typename B::value_type;
  n = xsimd::nearbyint(x * B(static_cast<T>(std::numbers::log2e)));
  if constexpr (std::is_same_v<T, float>) {
    B r = fused(n, B(-0.693145751953125F), x);  // ln 2 in two parts, the first exact in a few bits
    r = fused(n, B(-1.42860682030941723e-6F), r);
    B q = polynomial(r, 0.5, 1.66665769896987753e-1, 4.16665546172045737e-2, 8.36317905272257814e-3,
                     1.39261835877134942e-3);
    return fused(r * r, q, r);
  } else {
    B r = fused(n, B(-6.93147180369123816490e-01), x);
    r = fused(n, B(-1.90821492927058770002e-10), r);
    B q = polynomial(r, 0.5, 1.66666666666666713e-1, 4.16666666666666713e-2, 8.33333333332613585e-3,
                     1.38888888888837481e-3, 1.98412698748206266e-4, 2.48015873255477427e-5,
                     2.75572554002064223e-6, 2.75572736431102974e-7, 2.51052170047207447e-8,
                     2.09146869680868758e-9);
    return fused(r * r, q, r);
  }
}

/// x where it lies between the bounds; nan stays nan.
template <class B>
B bounded(B x, double low, double high) {
  using T = typename B::value_type;
  B result = xsimd::select(x > B(static_cast<T>(high)), B(static_cast<T>(high)), x);
  return xsimd::select(result < B(static_cast<T>(low)), B(static_cast<T>(low)), result);
}

template <class T>
inline constexpr bool is_float = std::is_same_v<T, float>;

}  // namespace detail

template <class T>
Lanes<T> exp(Lanes<T> x) {
  using B = typename Lanes<T>::Values;
  constexpr double low = detail::is_float<T> ? -104.0 : -746.0;
  constexpr double high = detail::is_float<T> ? 89.0 : 710.0;
  B n;
  B p = detail::reduced_expm1(detail::bounded(x.values, low, high), n);
  return Lanes<T>(detail::scale(B(p + B(T(1))), n));
}

/// e^x - 1, exact to the last digits also near 0.
template <class T>
Lanes<T> expm1(Lanes<T> x) {
  using B = typename Lanes<T>::Values;
  constexpr double low = detail::is_float<T> ? -30.0 : -60.0;
  constexpr double high = detail::is_float<T> ? 88.0 : 709.0;
  B n;
  B p = detail::reduced_expm1(detail::bounded(x.values, low, high), n);
  B power = detail::scale(B(T(1)), n);
  B result = detail::fused(p, power, B(power - B(T(1))));
  B above = detail::scale(B(p + B(T(1))), n);  // near the largest number, 2^n overflows before e^x does
  return Lanes<T>(xsimd::select(x.values > B(static_cast<T>(high - 2)), exp(x).values,
                                xsimd::select(x.values != x.values, above, result)));
}

/// (e^2|x| - 1) / (e^2|x| + 1) with the sign of x.
template <class T>
Lanes<T> tanh(Lanes<T> x) {
  using B = typename Lanes<T>::Values;
  constexpr T limit = detail::is_float<T> ? T(9.02) : T(19.1);  // 1 in this precision
  B magnitude = xsimd::abs(x.values);
  magnitude = xsimd::select(magnitude > B(limit), B(limit), magnitude);
  B n;
  B p = detail::reduced_expm1(B(magnitude + magnitude), n);
  B power = detail::scale(B(T(1)), n);
  B e = detail::fused(p, power, B(power - B(T(1))));
  return Lanes<T>(xsimd::copysign(B(e / (e + B(T(2)))), x.values));
}

/// float32: a quotient of polynomials in x^2, within 6 units in the last place (measured over all numbers);
/// float64 from the C++ library.
template <class T>
Lanes<T> erf(Lanes<T> x) {
  if constexpr (detail::is_float<T>) {
    using B = typename Lanes<T>::Values;
    B bounded = detail::bounded(x.values, -3.93, 3.93);  // 1 beyond, in this precision
    B s = bounded * bounded;
    B above = detail::polynomial(s, 1.12837910652160645, 0.190780237317085266, 0.0527897737920284271,
                                 0.00377944461070001125, 0.000284803158137947321, 2.04197613129508682e-6);
    B below = detail::polynomial(s, 1.0, 0.502407312393188477, 0.114256002008914948, 0.0149971088394522667,
                                 0.00116516952402889729, 3.80038436560425907e-5);
    return Lanes<T>(detail::bounded(B(bounded * above / below), -1.0, 1.0));
  } else {
    return detail::by_element(x, [](double element) { return std::erf(element); });
  }
}

/// 1 / (1 + e^-x), without overflow at either end.
template <class T>
Lanes<T> sigmoid(Lanes<T> x) {
  return Lanes<T>(T(1)) / (Lanes<T>(T(1)) + exp(-x));
}

template <class T>
Lanes<T> abs(Lanes<T> x) {
  if constexpr (is_vector<T>)
    return Lanes<T>(xsimd::abs(x.values));
  else
    return select(x < T(0), -x, x);
}
template <class T>
Lanes<T> sqrt(Lanes<T> x) {
  return Lanes<T>(xsimd::sqrt(x.values));
}
template <class T>
Lanes<T> floor(Lanes<T> x) {
  if constexpr (is_vector<T>)
    return Lanes<T>(xsimd::floor(x.values));
  else
    return x;
}
template <class T>
Lanes<T> ceil(Lanes<T> x) {
  if constexpr (is_vector<T>)
    return Lanes<T>(xsimd::ceil(x.values));
  else
    return x;
}
template <class T>
Lanes<T> trunc(Lanes<T> x) {
  if constexpr (is_vector<T>)
    return Lanes<T>(xsimd::trunc(x.values));
  else
    return x;
}
/// The nearest whole number, halves to even.
template <class T>
Lanes<T> round(Lanes<T> x) {
  if constexpr (is_vector<T>)
    return Lanes<T>(xsimd::nearbyint(x.values));
  else
    return x;
}
/// The larger (smaller) of two; nan in either gives nan.
template <class T>
Lanes<T> maximum(Lanes<T> a, Lanes<T> b) {
  return select((!(a <= b)) & (b == b), a, b);
}
template <class T>
Lanes<T> minimum(Lanes<T> a, Lanes<T> b) {
  return select((!(a >= b)) & (b == b), a, b);
}

// float32 from xsimd, float64 from the C++ library.
#define XGRAD_FUNCTION(name)                                                           \
  template <class T>                                                                   \
  Lanes<T> name(Lanes<T> x) {                                                          \
    if constexpr (detail::is_float<T>)                                                 \
      return Lanes<T>(xsimd::name(x.values));                                          \
    else                                                                               \
      return detail::by_element(x, [](double element) { return std::name(element); }); \
  }
XGRAD_FUNCTION(log1p)
XGRAD_FUNCTION(log2)
XGRAD_FUNCTION(log10)
XGRAD_FUNCTION(tan)
XGRAD_FUNCTION(asin)
XGRAD_FUNCTION(acos)
XGRAD_FUNCTION(atan)
XGRAD_FUNCTION(sinh)
XGRAD_FUNCTION(cosh)
XGRAD_FUNCTION(asinh)
XGRAD_FUNCTION(acosh)
XGRAD_FUNCTION(atanh)
XGRAD_FUNCTION(erfc)
XGRAD_FUNCTION(exp2)
#undef XGRAD_FUNCTION

// Both from xsimd.
#define XGRAD_FUNCTION(name)                \
  template <class T>                        \
  Lanes<T> name(Lanes<T> x) {               \
    return Lanes<T>(xsimd::name(x.values)); \
  }
XGRAD_FUNCTION(log)
XGRAD_FUNCTION(sin)
XGRAD_FUNCTION(cos)
#undef XGRAD_FUNCTION

namespace detail {
/// base^exponent by repeated squaring, wrapping around; a negative exponent gives the whole part of the
/// fraction.
template <class T>
T integer_power(T base, T exponent) {
  if constexpr (std::is_signed_v<T>) {
    if (exponent < 0) {
      if (base == 1) return 1;
      return base == -1 ? static_cast<T>(exponent % 2 == 0 ? 1 : -1) : T(0);
    }
  }
  std::uint64_t power = 1;
  auto square = static_cast<std::uint64_t>(base);
  for (auto rest = static_cast<std::uint64_t>(exponent); rest != 0; rest >>= 1U) {
    if ((rest & 1U) != 0) power *= square;
    square *= square;
  }
  return static_cast<T>(power);
}
}  // namespace detail

template <class T>
Lanes<T> pow(Lanes<T> base, Lanes<T> exponent) {
  if constexpr (is_vector<T>)
    return detail::by_element(base, exponent, [](T b, T e) { return std::pow(b, e); });
  else if constexpr (std::is_same_v<T, bool>)
    return Lanes<T>(base.values || !exponent.values);
  else
    return Lanes<T>(detail::integer_power(base.values, exponent.values));
}
template <class T>
Lanes<T> pow(Lanes<T> base, Number auto exponent) {
  return pow(base, Lanes<T>(Lanes<T>::convert(exponent)));
}
template <class T>
Lanes<T> atan2(Lanes<T> y, Lanes<T> x) {
  return detail::by_element(y, x, [](T a, T b) { return std::atan2(a, b); });
}

}  // namespace xgrad::kernels
