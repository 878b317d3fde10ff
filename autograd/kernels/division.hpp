#pragma once

#include <cmath>

#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/kernels/math.hpp>

/// Quotients and remainders of Lanes, rounded down or toward zero. Integer divisors must not be 0 (the caller
/// has looked); the lowest number divided by -1 wraps around.
namespace xgrad::kernels {

namespace detail {

/// a / b and a % b as C++ has them, but for the lowest number by -1.
template <class T>
T whole_quotient(T a, T b) {
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(a));
  }
  return static_cast<T>(a / b);
}
template <class T>
T whole_remainder(T a, T b) {
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return 0;
  }
  return static_cast<T>(a % b);
}

/// Whether a remainder that has the sign of the dividend lies on the other side of 0 than the divisor.
template <class T>
bool other_side(T remainder, T divisor) {
  if constexpr (std::is_unsigned_v<T>)
    return false;
  else
    return remainder != 0 && (remainder < 0) != (divisor < 0);
}

}  // namespace detail

/// a / b rounded toward zero.
template <class T>
Lanes<T> trunc_quotient(Lanes<T> a, Lanes<T> b) {
  if constexpr (is_vector<T>)
    return trunc(a / b);
  else
    return Lanes<T>(detail::whole_quotient(a.values, b.values));
}

/// a - b * trunc_quotient(a, b), exactly: it has the sign of a.
template <class T>
Lanes<T> trunc_remainder(Lanes<T> a, Lanes<T> b) {
  if constexpr (is_vector<T>)
    return detail::by_element(a, b, [](T x, T y) { return std::fmod(x, y); });
  else
    return Lanes<T>(detail::whole_remainder(a.values, b.values));
}

/// a / b rounded down. From the exact remainder, because the rounded quotient may lie on a whole number that
/// the true one stays below.
template <class T>
Lanes<T> floor_quotient(Lanes<T> a, Lanes<T> b) {
  if constexpr (is_vector<T>) {
    return detail::by_element(a, b, [](T x, T y) {
      if (y == 0) return x / y;
      T remainder = std::fmod(x, y);
      T quotient = (x - remainder) / y;
      if (detail::other_side(remainder, y)) quotient -= 1;
      if (quotient == 0) return std::copysign(T(0), x / y);
      T below = std::floor(quotient);
      return quotient - below > T(0.5) ? below + 1 : below;
    });
  } else {
    T remainder = detail::whole_remainder(a.values, b.values);
    T quotient = detail::whole_quotient(a.values, b.values);
    return Lanes<T>(detail::other_side(remainder, b.values) ? static_cast<T>(quotient - 1) : quotient);
  }
}

/// a - b * floor_quotient(a, b), exactly: it has the sign of b.
template <class T>
Lanes<T> floor_remainder(Lanes<T> a, Lanes<T> b) {
  auto moved = [](T remainder, T y) {
    return detail::other_side(remainder, y) ? static_cast<T>(remainder + y) : remainder;
  };
  if constexpr (is_vector<T>)
    return detail::by_element(a, b, [moved](T x, T y) { return moved(std::fmod(x, y), y); });
  else
    return Lanes<T>(moved(detail::whole_remainder(a.values, b.values), b.values));
}

}  // namespace xgrad::kernels
