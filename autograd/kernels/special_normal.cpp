#include <cmath>
#include <limits>
#include <numbers>

#include <xgrad/autograd/kernels/special.hpp>

/// The error function's family and the normal distribution.
namespace xgrad::kernels::special {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) {
  double sum = 0;
  for (std::size_t i = N; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

/// The normal deviate of probability 0.5 + q; `tail` is 0.5 - |q| without rounding. Source: Wichura 1988,
/// "The percentage points of the normal distribution", algorithm AS 241, PPND16.
double normal_deviate(double q, double tail) {
  if (std::abs(q) <= 0.425) {
    constexpr double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                            1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                            3.3430575583588128105e+4, 2.5090809287301226727e+3};
    constexpr double b[] = {1.0,
                            4.2313330701600911252e+1,
                            6.8718700749205790830e+2,
                            5.3941960214247511077e+3,
                            2.1213794301586595867e+4,
                            3.9307895800092710610e+4,
                            2.8729085735721942674e+4,
                            5.2264952788528545610e+3};
    double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  double r = std::sqrt(-std::log(tail));
  double deviate = 0;
  if (r <= 5) {
    constexpr double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                            3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                            2.27238449892691845833e-2, 7.74545014278341407640e-4};
    constexpr double d[] = {1.0,
                            2.05319162663775882187e0,
                            1.67638483018380384940e0,
                            6.89767334985100004550e-1,
                            1.48103976427480074590e-1,
                            1.51986665636164571966e-2,
                            5.47593808499534494600e-4,
                            1.05075007164441684324e-9};
    deviate = polynomial(c, r - 1.6) / polynomial(d, r - 1.6);
  } else {
    constexpr double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                            2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                            2.71155556874348757815e-5, 2.01033439929228813265e-7};
    constexpr double f[] = {1.0,
                            5.99832206555887937690e-1,
                            1.36929880922735805310e-1,
                            1.48753612908506148525e-2,
                            7.86869131145613259100e-4,
                            1.84631831751005468180e-5,
                            1.42151175831644588870e-7,
                            2.04426310338993978564e-15};
    deviate = polynomial(e, r - 5) / polynomial(f, r - 5);
  }
  return std::copysign(deviate, q);
}

}  // namespace

double erfinv(double x) {
  double size = std::abs(x);
  if (!(size <= 1)) return nan;
  if (size == 1) return std::copysign(infinity, x);
  return normal_deviate(x / 2, (1 - size) / 2) * (1 / std::numbers::sqrt2);
}

double ndtri(double p) {
  if (!(p >= 0 && p <= 1)) return nan;
  if (p == 0) return -infinity;
  if (p == 1) return infinity;
  return normal_deviate(p - 0.5, p < 0.5 ? p : 1 - p);
}

double erfcx(double x) {
  if (x < -27) return infinity;
  if (x <= 10) {
    double square = x * x;
    double rest = std::fma(x, x, -square);  // what rounding took from the square
    return std::exp(square) * (1 + rest) * std::erfc(x);
  }
  if (std::isnan(x)) return x;
  // Source: Abramowitz and Stegun 7.1.23.
  double z = -0.5 / (x * x);
  double term = 1;
  double sum = 1;
  for (int k = 1; k < 40; k += 2) {
    term *= z * k;
    sum += term;
    if (std::abs(term) < 1e-17) break;
  }
  return sum / x * std::numbers::inv_sqrtpi;
}

double ndtr(double x) {
  double t = x * (1 / std::numbers::sqrt2);
  if (!(x < -1)) return 0.5 * std::erfc(-t);
  if (x < -40) return 0;
  double square = x * x;
  double rest = std::fma(x, x, -square);
  return 0.5 * erfcx(-t) * (1 - 0.5 * rest) * std::exp(-0.5 * square);
}

double log_ndtr(double x) {
  double t = x * (1 / std::numbers::sqrt2);
  if (x < -1) return std::log(0.5 * erfcx(-t)) - 0.5 * (x * x);
  return std::log1p(-ndtr(-x));
}

double entr(double x) {
  if (x > 0) return -x * std::log(x);
  if (x == 0) return 0;
  return std::isnan(x) ? x : -infinity;
}

}  // namespace xgrad::kernels::special
