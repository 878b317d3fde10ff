#pragma once

#include <cstdint>

#include <xgrad/autograd/array/array.hpp>

/// Special functions of one number, in float64 to a few units of the last digit, and over arrays: float32 is
/// computed in float64 and rounded once.
namespace xgrad::kernels::special {

/// log |Gamma(x)|: inf at 0 and the negative whole numbers.
XGRAD_API double lgamma(double x);
/// The derivative of lgamma: -inf at 0, inf at -0, nan at the negative whole numbers.
XGRAD_API double digamma(double x);
/// Sum over k >= 0 of (q + k)^-s for s > 1; negative q need a whole s. inf at q = 0, -1, ...
XGRAD_API double zeta(double s, double q);
/// The n-th derivative of digamma, n >= 0; for n > 0 infinite at 0, -1, ...
XGRAD_API double polygamma(std::int64_t n, double x);

/// The inverse of the error function: infinite at -1 and 1, nan outside.
XGRAD_API double erfinv(double x);
/// e^(x^2) * erfc(x), without underflow.
XGRAD_API double erfcx(double x);
/// The distribution function of the standard normal distribution.
XGRAD_API double ndtr(double x);
/// Its inverse: infinite at 0 and 1, nan outside.
XGRAD_API double ndtri(double p);
/// Its logarithm, accurate at both ends.
XGRAD_API double log_ndtr(double x);
/// -x log x; 0 at 0, -inf for negative x.
XGRAD_API double entr(double x);

/// The modified Bessel function of the first kind I_n(x), n >= 0, and I_n(x) * e^-|x|.
XGRAD_API double bessel_i(std::int64_t n, double x);
XGRAD_API double bessel_ie(std::int64_t n, double x);
/// The n-th derivative of sin(pi x) / (pi x), n >= 0.
XGRAD_API double sinc(std::int64_t n, double x);

/// f of every element of a floating array.
XGRAD_API Array map(double (*f)(double), const Array& x);
/// f(n, element) for every element of a floating array.
XGRAD_API Array map(double (*f)(std::int64_t, double), std::int64_t n, const Array& x);

}  // namespace xgrad::kernels::special
