#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <xgrad/autograd/kernels/lane_loops.hpp>

namespace xgrad::kernels::detail {

/// How many numbers there were, their mean, and the sum of squared deviations from it. Two such join exactly.
/// Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
/// variances" (1979).
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  void join(const Moments& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    double total = count + other.count;
    double step = other.mean - mean;
    mean += step * (other.count / total);
    squares += other.squares + step * step * (count * other.count / total);
    count = total;
  }
  /// The biased variance.
  double variance() const { return squares / count; }
};

/// Of at most some thousand numbers, in two passes; what rounding does to the mean is taken out again.
template <class T>
Moments block_moments(const T* x, std::int64_t count) {
  auto n = static_cast<double>(count);
  T sum = lane_sums<1, T>(
      count, [x](std::int64_t i, auto how) { return std::array<Lanes<T>, 1>{fetch(x + i, how)}; })[0];
  T near = sum / static_cast<T>(count);
  Lanes<T> centre(near);
  auto [rest, squares] = lane_sums<2, T>(count, [=](std::int64_t i, auto how) {
    Lanes<T> deviation = fetch(x + i, how) - centre;
    return std::array<Lanes<T>, 2>{deviation, deviation * deviation};
  });
  double off = static_cast<double>(rest) / n;
  return {n, static_cast<double>(near) + off, std::max(static_cast<double>(squares) - off * off * n, 0.0)};
}

/// Of any count, in one pass over memory.
template <class T>
Moments moments_of(const T* x, std::int64_t count) {
  constexpr std::int64_t block = 4096;
  Moments result;
  for (std::int64_t begin = 0; begin < count; begin += block)
    result.join(block_moments(x + begin, std::min(block, count - begin)));
  return result;
}

/// 1 / sqrt(variance + eps).
template <class T>
T reciprocal_deviation(double variance, double eps) {
  return static_cast<T>(1 / std::sqrt(variance + eps));
}

}  // namespace xgrad::kernels::detail
