#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <xgrad/autograd/kernels/lane_loops.hpp>

namespace xgrad::kernels::detail {

/// The mean of some numbers and the sum of the squares of their distances from it.
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  /// The biased variance.
  double variance() const { return squares / count; }
};

/// From sums of x - shift and its square, `shift` being near the mean: what rounding has left in it is taken
/// out again.
inline Moments moments_about(double shift, double count, double deviations, double squares) {
  double rest = deviations / count;
  return {count, rest == rest ? shift + rest : shift, std::max(squares - deviations * rest, 0.0)};
}

/// Those of two sets of numbers together. Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise
/// algorithm for computing sample variances", 1979.
inline Moments join(const Moments& a, const Moments& b) {
  if (a.count == 0) return b;
  double count = a.count + b.count;
  double distance = b.mean - a.mean;
  return {count, (a.mean * a.count + b.mean * b.count) / count,
          a.squares + b.squares + distance * distance * (a.count * b.count / count)};
}

/// Of at most a block of numbers, in two passes.
template <class T>
Moments block_moments(const T* x, std::int64_t count) {
  T sum = lane_sums<1, T>(
      count, [x](std::int64_t i, auto how) { return std::array<Lanes<T>, 1>{fetch(x + i, how)}; })[0];
  T shift = sum / static_cast<T>(count);
  Lanes<T> centre(shift);
  auto [deviations, squares] = lane_sums<2, T>(count, [=](std::int64_t i, auto how) {
    Lanes<T> deviation = fetch(x + i, how) - centre;
    return std::array<Lanes<T>, 2>{deviation, deviation * deviation};
  });
  return moments_about(static_cast<double>(shift), static_cast<double>(count),
                       static_cast<double>(deviations), static_cast<double>(squares));
}

/// Of any count, in one pass over memory.
template <class T>
Moments moments_of(const T* x, std::int64_t count) {
  Moments result;
  for (std::int64_t begin = 0; begin < count; begin += block)
    result = join(result, block_moments(x + begin, std::min(block, count - begin)));
  return result;
}

/// 1 / sqrt(variance + eps).
template <class T>
T reciprocal_deviation(double variance, double eps) {
  return static_cast<T>(1 / std::sqrt(variance + eps));
}

}  // namespace xgrad::kernels::detail
