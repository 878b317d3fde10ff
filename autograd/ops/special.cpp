#include <xgrad/autograd/ops/special.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/special.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad {

namespace scalar = kernels::special;

// The gamma function. -------------------------------------------------------------------------------

Tensor lgamma(const Tensor& x) {
  if (!is_floating(x.dtype())) return lgamma(as_floating(x));
  return record(
      "lgamma", scalar::map(scalar::lgamma, x.array()),
      exact_gradient(x, [](const Tensor& g, const Tensor& saved) { return g * digamma(saved); }, x));
}

Tensor digamma(const Tensor& x) {
  if (!is_floating(x.dtype())) return digamma(as_floating(x));
  return record(
      "digamma", scalar::map(scalar::digamma, x.array()),
      exact_gradient(x, [](const Tensor& g, const Tensor& saved) { return g * polygamma(1, saved); }, x));
}

Tensor polygamma(std::int64_t n, const Tensor& x) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2;  // derivatives count on from n
  if (n < 0 || n > most) throw ValueError(fmt::format("polygamma: expected n from 0 to {}, got {}", most, n));
  if (n == 0) return digamma(x);
  if (!is_floating(x.dtype())) return polygamma(n, as_floating(x));
  return record("polygamma", scalar::map(scalar::polygamma, n, x.array()),
                exact_gradient(
                    x, [n](const Tensor& g, const Tensor& saved) { return g * polygamma(n + 1, saved); }, x));
}

Tensor mvlgamma(const Tensor& x, std::int64_t p) {
  constexpr std::int64_t most = 100000;
  if (p < 1 || p > most) throw ValueError(fmt::format("mvlgamma: expected p from 1 to {}, got {}", most, p));
  if (!is_floating(x.dtype())) return mvlgamma(as_floating(x), p);
  auto count = static_cast<double>(p);
  double constant = count * (count - 1) / 4 * std::log(std::numbers::pi);
  Tensor shifts = arange(0, p, 1, x.dtype()) * -0.5;
  return sum(lgamma(unsqueeze(x, -1) + shifts), Shape{-1}) + constant;
}

// The normal distribution. --------------------------------------------------------------------------

Tensor erfinv(const Tensor& x) {
  if (!is_floating(x.dtype())) return erfinv(as_floating(x));
  return record(
      "erfinv", scalar::map(scalar::erfinv, x.array()),
      exact_gradient(
          x,
          [](const Tensor& g, const Tensor& y) { return g * exp(y * y) * (0.5 / std::numbers::inv_sqrtpi); },
          result));
}

namespace special {

constexpr double root_of_two_over_pi = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;

Tensor erfcx(const Tensor& x) {
  if (!is_floating(x.dtype())) return erfcx(as_floating(x));
  return record("erfcx", scalar::map(scalar::erfcx, x.array()),
                exact_gradient(
                    x,
                    [](const Tensor& g, const Tensor& saved, const Tensor& y) {
                      return g * (2 * saved * y - 2 * std::numbers::inv_sqrtpi);
                    },
                    x, result));
}

Tensor ndtr(const Tensor& x) {
  if (!is_floating(x.dtype())) return ndtr(as_floating(x));
  return record("ndtr", scalar::map(scalar::ndtr, x.array()),
                exact_gradient(
                    x,
                    [](const Tensor& g, const Tensor& saved) {
                      return g * exp(saved * saved * -0.5) * (root_of_two_over_pi / 2);
                    },
                    x));
}

Tensor ndtri(const Tensor& x) {
  if (!is_floating(x.dtype())) return ndtri(as_floating(x));
  return record(
      "ndtri", scalar::map(scalar::ndtri, x.array()),
      exact_gradient(
          x,
          [](const Tensor& g, const Tensor& y) { return g * exp(y * y * 0.5) * (2 / root_of_two_over_pi); },
          result));
}

Tensor log_ndtr(const Tensor& x) {
  if (!is_floating(x.dtype())) return log_ndtr(as_floating(x));
  return record("log_ndtr", scalar::map(scalar::log_ndtr, x.array()),
                exact_gradient(
                    x,
                    [](const Tensor& g, const Tensor& saved) {
                      return g / erfcx(saved * (-1 / std::numbers::sqrt2)) * root_of_two_over_pi;
                    },
                    x));
}

Tensor entr(const Tensor& x) {
  if (!is_floating(x.dtype())) return entr(as_floating(x));
  return record(
      "entr", scalar::map(scalar::entr, x.array()),
      exact_gradient(x, [](const Tensor& g, const Tensor& saved) { return g * (-log(saved) - 1); }, x));
}

}  // namespace special

// Bessel functions and sinc. ------------------------------------------------------------------------

namespace {

/// I_n, whose derivative is (I_(n - 1) + I_(n + 1)) / 2. Source: Abramowitz and Stegun 9.6.26.
Tensor bessel_i(const char* name, std::int64_t n, const Tensor& x) {
  return record(name, scalar::map(scalar::bessel_i, n, x.array()),
                exact_gradient(
                    x,
                    [name, n](const Tensor& g, const Tensor& saved) {
                      if (n == 0) return g * bessel_i(name, 1, saved);
                      return g * ((bessel_i(name, n - 1, saved) + bessel_i(name, n + 1, saved)) * 0.5);
                    },
                    x));
}

/// I_n(x) * e^-|x|.
Tensor bessel_ie(const char* name, std::int64_t n, const Tensor& x) {
  return record(name, scalar::map(scalar::bessel_ie, n, x.array()),
                exact_gradient(
                    x,
                    [name, n](const Tensor& g, const Tensor& saved, const Tensor& y) {
                      Tensor slope =
                          n == 0 ? bessel_ie(name, 1, saved)
                                 : (bessel_ie(name, n - 1, saved) + bessel_ie(name, n + 1, saved)) * 0.5;
                      return g * (slope - sign(saved) * y);
                    },
                    x, result));
}

/// The n-th derivative of sinc.
Tensor sinc_derivative(std::int64_t n, const Tensor& x) {
  return record(
      "sinc", scalar::map(scalar::sinc, n, x.array()),
      exact_gradient(
          x, [n](const Tensor& g, const Tensor& saved) { return g * sinc_derivative(n + 1, saved); }, x));
}

}  // namespace

Tensor i0(const Tensor& x) { return bessel_i("i0", 0, as_floating(x)); }
Tensor special::i1(const Tensor& x) { return bessel_i("i1", 1, as_floating(x)); }
Tensor special::i0e(const Tensor& x) { return bessel_ie("i0e", 0, as_floating(x)); }
Tensor special::i1e(const Tensor& x) { return bessel_ie("i1e", 1, as_floating(x)); }
Tensor sinc(const Tensor& x) { return sinc_derivative(0, as_floating(x)); }

// logit ---------------------------------------------------------------------------------------------

Tensor logit(const Tensor& x, std::optional<double> eps) {
  if (!eps || *eps < 0) {
    return elementwise(
        "logit", [](auto x) { return log(x / (1 - x)); }, with_gradients([](auto g, auto x, auto) {
          // nan outside [0, 1]
          return g / select(x >= 0, select(x <= 1, x * (1 - x), NAN), NAN);
        }),
        x);
  }
  double low = *eps;
  double high = 1 - *eps;
  return elementwise(
      "logit",
      // At the bounds the value of float64, because 1 - eps may not be a float32.
      [=, at_low = std::log(low / (1 - low)), at_high = std::log(high / (1 - high))](auto x) {
        return select(x < low, at_low, select(x > high, at_high, log(x / (1 - x))));
      },
      with_gradients([=](auto g, auto x, auto) {
        auto within = select(x < low, 0.5, select(x > high, 0.5, x));
        return select(x < low, g * 0, select(x > high, g * 0, g / (within * (1 - within))));
      }),
      x);
}

}  // namespace xgrad
