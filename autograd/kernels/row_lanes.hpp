#pragma once

#include <limits>

#include <xgrad/autograd/kernels/lane_loops.hpp>
#include <xgrad/autograd/kernels/math.hpp>

/// What softmax and its relatives do with one row of contiguous numbers.
namespace xgrad::kernels::detail {

/// The first `count` lanes from memory, `padding` in those behind them.
template <class T>
Lanes<T> fetch_padded(const T* source, T /*padding*/, Whole) {
  return load(source);
}
template <class T>
Lanes<T> fetch_padded(const T* source, T padding, Part part) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    return Lanes<T>(
        xsimd::batch<T>(_mm512_mask_loadu_ps(_mm512_set1_ps(padding), first_lanes_16(part.count), source)));
  } else if constexpr (std::is_same_v<T, double> && Lanes<T>::count == 8) {
    return Lanes<T>(
        xsimd::batch<T>(_mm512_mask_loadu_pd(_mm512_set1_pd(padding), first_lanes_8(part.count), source)));
  }
#endif
  alignas(64) T buffer[Lanes<T>::count];
  std::fill(std::begin(buffer), std::end(buffer), padding);
  std::copy(source, source + part.count, buffer);
  return load(buffer);
}

/// The largest lane. Where a lane is nan the result is nan or another lane.
template <class T>
T horizontal_max(Lanes<T> lanes) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    return _mm512_reduce_max_ps(lanes.values);
  } else if constexpr (std::is_same_v<T, double> && Lanes<T>::count == 8) {
    return _mm512_reduce_max_pd(lanes.values);
  }
#endif
  alignas(64) T values[Lanes<T>::count];
  store(lanes, values);
  return *std::max_element(std::begin(values), std::end(values));
}

/// The largest number of a row, -inf for none. In a row with a nan it may be any: what is computed from the
/// whole row with it is nan all the same.
template <class T>
T row_max(const T* x, std::int64_t count) {
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  constexpr T least = -std::numeric_limits<T>::infinity();
  auto larger = [](Lanes<T> a, Lanes<T> b) { return Lanes<T>(xsimd::max(a.values, b.values)); };
  Lanes<T> most[4] = {Lanes<T>(least), Lanes<T>(least), Lanes<T>(least), Lanes<T>(least)};
  std::int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    for (std::int64_t k = 0; k < 4; ++k) most[k] = larger(most[k], load(x + i + k * lanes));
  }
  for (; i + lanes <= count; i += lanes) most[0] = larger(most[0], load(x + i));
  if (i < count)
    most[1] = larger(most[1], fetch_padded(x + i, least, Part{static_cast<std::size_t>(count - i)}));
  return horizontal_max(larger(larger(most[0], most[1]), larger(most[2], most[3])));
}

/// The sum of e^(x - top) over a row; each(e, i, Whole or Part) is called with the lanes on the way.
template <class T, class Each>
T exp_sum(const T* x, std::int64_t count, T top, const Each& each) {
  return lane_sums<1, T>(count, [&](std::int64_t i, auto how) {
    Lanes<T> e = exp(fetch_padded(x + i, T(0), how) - top);
    each(e, i, how);
    return std::array{e};
  })[0];
}
template <class T>
T exp_sum(const T* x, std::int64_t count, T top) {
  return exp_sum(x, count, top, [](Lanes<T>, std::int64_t, auto) {});
}

}  // namespace xgrad::kernels::detail
