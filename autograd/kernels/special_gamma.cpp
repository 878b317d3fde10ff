#include <xgrad/autograd/kernels/special.hpp>

#include <cmath>
#include <limits>
#include <numbers>

/// lgamma and its derivatives.
namespace xgrad::kernels::special {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double epsilon = std::numeric_limits<double>::epsilon();

template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) {
  double sum = 0;
  for (std::size_t i = N; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

/// digamma on [1, 2]: (x - root) * (Y + P(x - 1) / Q(x - 1)), relatively accurate also beside the root.
/// Source of the approximation: Boost.Math, digamma for 53 bits.
double digamma_middle(double x) {
  constexpr double p[] = {0.25479851061131551,  -0.32555031186804491,  -0.65031853770896507,
                          -0.28919126444774784, -0.045251321448739056, -0.0020713321167745952};
  constexpr double q[] = {1.0,
                          2.0767117023730469,
                          1.4606242909763515,
                          0.43593529692665969,
                          0.054151797245674225,
                          0.0021284987017821144,
                          -0.55789841321675513e-6};
  // The root in three parts: x minus the first is exact.
  double distance = x - 1569415565.0 / 1073741824.0;
  distance -= 381566830.0 / 1073741824.0 / 1073741824.0;
  distance -= 0.9016312093258695918615325266959189453125e-19;
  return distance * (0.99558162689208984375 + polynomial(p, x - 1) / polynomial(q, x - 1));
}

}  // namespace

double lgamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);  // std::lgamma writes a global variable
}

double digamma(double x) {
  if (x == 0) return std::copysign(infinity, -x);
  if (x < 0) {
    if (x == std::trunc(x)) return nan;
    // Reflection; the fraction is exact. Source: Abramowitz and Stegun 6.3.7.
    double fraction = x - std::nearbyint(x);
    return digamma(1 - x) - std::numbers::pi / std::tan(std::numbers::pi * fraction);
  }
  if (x >= 10) {
    if (std::isinf(x)) return x;
    // B_2k / 2k. Source: Abramowitz and Stegun 6.3.18.
    constexpr double series[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                                 1.0 / 132, -691.0 / 32760, 1.0 / 12,  -3617.0 / 8160};
    double z = 1 / (x * x);
    return std::log(x) - 0.5 / x - z * polynomial(series, z);
  }
  double shift = 0;
  for (; x > 2; x -= 1) shift += 1 / (x - 1);
  if (x < 1) {
    shift = -1 / x;
    x += 1;
  }
  return shift + digamma_middle(x);
}

namespace {

/// unit^s * zeta(s, q) for q > 0, by Euler and Maclaurin's formula from a term beyond 9 on. Source:
/// Abramowitz and Stegun 23.1.30 and 23.2.7.
double zeta_positive(double s, double q, double unit = 1) {
  auto power = [s, unit](double a) { return s == 2 ? unit / a * (unit / a) : std::pow(a / unit, -s); };
  double sum = 0;
  double a = q;
  double term = 0;
  for (int i = 0; i < 10 || a <= 9; ++i, a += 1) {
    term = power(a);
    if (term <= epsilon / 16 * sum && i > 0) return sum + term;
    sum += term;
  }
  term = power(a);
  sum += term * a / (s - 1) + 0.5 * term;
  // B_2k / (2k)!, times s (s + 1) ... (s + 2k - 2) a^(-s - 2k + 1)
  constexpr double bernoulli[] = {1.0 / 12,          -1.0 / 720,
                                  1.0 / 30240,       -1.0 / 1209600,
                                  1.0 / 47900160,    -691.0 / 1307674368000,
                                  1.0 / 74724249600, -3617.0 / 10670622842880000};
  double factor = term * s / a;
  double k = s;
  for (double number : bernoulli) {
    double next = number * factor;
    sum += next;
    if (std::abs(next) <= epsilon / 4 * sum) break;
    factor *= (k + 1) / a * ((k + 2) / a);
    k += 2;
  }
  return sum;
}

}  // namespace

double zeta(double s, double q) {
  if (std::isnan(q) || !(s > 1)) return q == q && s == 1 ? infinity : nan;
  if (q > 0) return std::isinf(q) ? 0.0 : zeta_positive(s, q);
  if (q == std::floor(q)) return std::isinf(q) ? nan : infinity;
  if (s != std::floor(s)) return nan;
  // With q = fraction - m the terms before the fraction are those of (1 - fraction), mirrored.
  double mirrored = -q - std::floor(-q);  // 1 - fraction, exactly
  double sign = std::fmod(s, 2.0) == 0 ? 1 : -1;
  if (-q < 64) {
    double sum = 0;
    double a = -q;
    for (; a > 0; a -= 1) sum += std::pow(a, -s);
    return sign * sum + zeta_positive(s, 1 - mirrored);
  }
  return sign * (zeta_positive(s, mirrored) - zeta_positive(s, 1 - q)) + zeta_positive(s, 1 - mirrored);
}

double polygamma(std::int64_t n, double x) {
  if (n == 0) return digamma(x);
  double sign = n % 2 == 0 ? -1 : 1;
  double order = static_cast<double>(n) + 1;
  double sum = zeta(order, x);
  if (std::isnan(sum) || std::isinf(sum) || std::isinf(x)) return sign * sum;
  bool normal = std::abs(sum) >= std::numeric_limits<double>::min();
  if (n <= 170 && normal) return sign * std::tgamma(order) * sum;
  // The factorial overflows or the sum underflows, perhaps not their product.
  if (normal) return std::copysign(std::exp(lgamma(order) + std::log(std::abs(sum))), sign * sum);
  if (x < 0) return 0;
  return sign * std::exp(lgamma(order) - order * std::log(x) + std::log(zeta_positive(order, x, x)));
}

}  // namespace xgrad::kernels::special
