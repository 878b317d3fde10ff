#include <cmath>
#include <limits>
#include <numbers>

#include <xgrad/autograd/kernels/elementwise.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/special.hpp>

/// Bessel functions, sinc, and the loops of all special functions.
namespace xgrad::kernels::special {
namespace {

/// I_n(x) for x >= 0 as mantissa * e^exponent.
struct Scaled {
  double mantissa;
  double exponent;
};

Scaled bessel_parts(std::int64_t n, double x) {
  auto order = static_cast<double>(n);
  if (x <= std::max(20.0, order * order)) {
    // All terms are positive. Source: Abramowitz and Stegun 9.6.10.
    double square = x * x / 4;
    double sum = 1;
    double term = 1;
    for (double k = 1; term > 1e-17 * sum; k += 1) {
      term *= square / (k * (k + order));
      sum += term;
    }
    for (std::int64_t k = 1; k <= n; ++k) sum *= x / 2 / static_cast<double>(k);
    return {sum, 0};
  }
  // Source: Abramowitz and Stegun 9.7.1.
  double mu = 4 * order * order;
  double sum = 1;
  double term = 1;
  for (int k = 1; k < 100; ++k) {
    double odd = 2 * k - 1;
    term *= (odd * odd - mu) / (8 * k * x);
    sum += term;
    if (std::abs(term) < 1e-17) break;
  }
  return {sum / std::sqrt(2 * std::numbers::pi * x), x};
}

}  // namespace

double bessel_i(std::int64_t n, double x) {
  double size = std::abs(x);
  if (std::isnan(x)) return x;
  double sign = x < 0 && n % 2 == 1 ? -1 : 1;
  if (std::isinf(size)) return sign * size;
  Scaled parts = bessel_parts(n, size);
  double half = std::exp(parts.exponent / 2);  // e^x may overflow where the result does not
  return sign * (parts.mantissa * half * half);
}

double bessel_ie(std::int64_t n, double x) {
  double size = std::abs(x);
  if (std::isnan(x)) return x;
  double sign = x < 0 && n % 2 == 1 ? -1 : 1;
  if (std::isinf(size)) return sign * 0.0;
  Scaled parts = bessel_parts(n, size);
  return sign * (parts.exponent == 0 ? parts.mantissa * std::exp(-size) : parts.mantissa);
}

double sinc(std::int64_t n, double x) {
  // Up to the power of pi the integral over t from 0 to 1 of t^n cos(z t + n pi / 2), z = pi x.
  double z = std::numbers::pi * x;
  auto order = static_cast<double>(n);
  double power = std::pow(std::numbers::pi, order);
  if (std::abs(z) <= order + 1) {
    // Term by term.
    double sum = 0;
    auto first = (n + 1) / 2;
    double term = first % 2 == 0 ? 1 : -1;  // (-1)^k z^(2k - n) / (2k - n)!
    if (n % 2 == 1) term *= z;
    for (double k = static_cast<double>(first);; k += 1) {
      double next = term / (2 * k + 1);
      sum += next;
      if (std::abs(next) <= 1e-18 * std::abs(sum) || std::abs(next) < 1e-300) break;
      double degree = 2 * k - order;
      term *= -z * z / ((degree + 1) * (degree + 2));
    }
    return power * sum;
  }
  double turn = std::remainder(x, 2.0) * std::numbers::pi;
  double value = std::sin(turn) / z;
  for (std::int64_t k = 1; k <= n; ++k) {
    constexpr double signs[] = {1, 1, -1, -1};
    double boundary = signs[k % 4] * (k % 2 == 0 ? std::sin(turn) : std::cos(turn));  // sin(z + k pi / 2)
    value = (boundary - static_cast<double>(k) * value) / z;
  }
  return power * value;
}

namespace {

template <class Function>
Array mapped(const Function& function, const Array& x) {
  Array result = Array::empty_like(x);
  dispatch_floating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    kernels::map<T>(
        result,
        [function](Lanes<T> lanes) {
          return kernels::detail::by_element(
              lanes, [&](T element) { return static_cast<T>(function(static_cast<double>(element))); });
        },
        Cost::heavy, x);
  });
  return result;
}

}  // namespace

Array map(double (*f)(double), const Array& x) { return mapped(f, x); }
Array map(double (*f)(std::int64_t, double), std::int64_t n, const Array& x) {
  return mapped([=](double element) { return f(n, element); }, x);
}

}  // namespace xgrad::kernels::special
