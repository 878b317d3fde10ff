#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <xgrad/autograd/kernels/channel_planes.hpp>

/// The loops of channel normalization where a channel of a sample is short, down to one number: down the
/// columns of x [samples, channels * inner], a strip of whole channels at a time.
namespace xgrad::kernels::detail {

template <class T>
class ColumnEngine {
  static constexpr std::int64_t strip_width = 256;  ///< at least the longest inner size
  using Columns = std::array<T, strip_width>;

 public:
  explicit ColumnEngine(Channels channels) : all_(channels) {}

  /// See PlaneEngine.
  template <class Found>
  void normalize(const T* x, T* y, const ChannelNumbers<T>& numbers, const Found& found) const {
    for_strips([&](const Strip& strip) {
      alignas(64) Columns near, rest, squares;
      auto samples = static_cast<double>(all_.samples);
      column_sums<1>(strip, {near.data()}, [&](std::int64_t at, std::int64_t, auto how) {
        return std::array<Lanes<T>, 1>{fetch(x + at, how)};
      });
      for (std::int64_t j = 0; j < strip.width; ++j) near[to_index(j)] /= static_cast<T>(all_.samples);
      column_sums<2>(strip, {rest.data(), squares.data()}, [&](std::int64_t at, std::int64_t j, auto how) {
        Lanes<T> deviation = fetch(x + at, how) - fetch(near.data() + j, how);
        return std::array<Lanes<T>, 2>{deviation, deviation * deviation};
      });
      for (std::int64_t j = 0; j < strip.width;) {
        Moments moments;
        std::int64_t channel = (strip.first + j) / all_.inner;
        for (std::int64_t i = 0; i < all_.inner; ++i, ++j) {
          moments = join(moments, moments_about(static_cast<double>(near[to_index(j)]), samples,
                                                static_cast<double>(rest[to_index(j)]),
                                                static_cast<double>(squares[to_index(j)])));
        }
        found(channel, moments);
      }
      apply_strip(strip, x, y, numbers);
    });
  }

  void apply(const T* x, T* y, const ChannelNumbers<T>& numbers) const {
    for_strips([&](const Strip& strip) { apply_strip(strip, x, y, numbers); });
  }

  void backward(const T* g, const T* x, T* to, const ChannelNumbers<T>& numbers, bool own_statistics,
                double* totals, double* dots) const {
    for_strips([&](const Strip& strip) {
      alignas(64) Columns mean, factor, slope, shift;
      for (std::int64_t j = 0; j < strip.width; ++j) {
        std::int64_t channel = (strip.first + j) / all_.inner;
        mean[to_index(j)] = numbers.mean[channel];
        factor[to_index(j)] = numbers.deviation[channel] * numbers.weight_of(channel);
      }
      if (totals != nullptr) add_sums(strip, g, x, mean, numbers, totals, dots);
      if (to == nullptr) return;
      if (!own_statistics) {
        each(strip, [&](std::int64_t at, std::int64_t j, auto how) {
          put(fetch(g + at, how) * fetch(factor.data() + j, how), to + at, how);
        });
        return;
      }
      double count = static_cast<double>(all_.samples) * static_cast<double>(all_.inner);
      for (std::int64_t j = 0; j < strip.width; ++j) {
        std::int64_t channel = (strip.first + j) / all_.inner;
        double scale = -static_cast<double>(factor[to_index(j)]) / count;
        shift[to_index(j)] = static_cast<T>(scale * totals[channel]);
        slope[to_index(j)] =
            static_cast<T>(scale * static_cast<double>(numbers.deviation[channel]) * dots[channel]);
      }
      each(strip, [&](std::int64_t at, std::int64_t j, auto how) {
        Lanes<T> rest = fused(fetch(x + at, how) - fetch(mean.data() + j, how), fetch(slope.data() + j, how),
                              fetch(shift.data() + j, how));
        put(fused(fetch(g + at, how), fetch(factor.data() + j, how), rest), to + at, how);
      });
    });
  }

 private:
  struct Strip {
    std::int64_t first, width;  ///< columns
  };
  static std::size_t to_index(std::int64_t j) { return static_cast<std::size_t>(j); }

  template <class Body>
  void for_strips(const Body& body) const {
    std::int64_t columns = all_.channels * all_.inner;
    std::int64_t width = strip_width / all_.inner * all_.inner;
    std::int64_t strips = (columns + width - 1) / width;
    parallel_for(strips, 16384 / (width * all_.samples) + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t s = begin; s < end; ++s) body(Strip{s * width, std::min(width, columns - s * width)});
    });
  }

  /// body(place in x, column of the strip, Whole or Part) for all numbers of a strip.
  template <class Body>
  void each(const Strip& strip, const Body& body) const {
    std::int64_t columns = all_.channels * all_.inner;
    for (std::int64_t n = 0; n < all_.samples; ++n) {
      std::int64_t row = n * columns + strip.first;
      for_lanes<T>(strip.width, [&](std::int64_t j, auto how) { body(row + j, j, how); });
    }
  }

  /// The sums down each column of K terms, as `each` calls for them; runs of samples are summed apart, for
  /// accuracy.
  template <std::size_t K, class Term>
  void column_sums(const Strip& strip, std::array<T*, K> sums, const Term& term) const {
    constexpr std::int64_t run = 64;
    std::int64_t columns = all_.channels * all_.inner;
    for_lanes<T>(strip.width, [&](std::int64_t j, auto how) {
      std::array<Lanes<T>, K> total;
      total.fill(Lanes<T>(T(0)));
      for (std::int64_t start = 0; start < all_.samples; start += run) {
        std::array<Lanes<T>, K> part;
        part.fill(Lanes<T>(T(0)));
        for (std::int64_t n = start; n < std::min(all_.samples, start + run); ++n) {
          std::array<Lanes<T>, K> terms = term(n * columns + strip.first + j, j, how);
          for (std::size_t k = 0; k < K; ++k) part[k] = part[k] + terms[k];
        }
        for (std::size_t k = 0; k < K; ++k) total[k] = total[k] + part[k];
      }
      for (std::size_t k = 0; k < K; ++k) put(total[k], sums[k] + j, how);
    });
  }

  /// Adds to every channel the sums of g and of g * (x - mean) * deviation.
  void add_sums(const Strip& strip, const T* g, const T* x, const Columns& mean,
                const ChannelNumbers<T>& numbers, double* totals, double* dots) const {
    alignas(64) Columns total, dot;
    column_sums<2>(strip, {total.data(), dot.data()}, [&](std::int64_t at, std::int64_t j, auto how) {
      Lanes<T> slope = fetch(g + at, how);
      return std::array<Lanes<T>, 2>{slope, slope * (fetch(x + at, how) - fetch(mean.data() + j, how))};
    });
    for (std::int64_t j = 0; j < strip.width; ++j) {
      std::int64_t channel = (strip.first + j) / all_.inner;
      totals[channel] += static_cast<double>(total[to_index(j)]);
      dots[channel] +=
          static_cast<double>(dot[to_index(j)]) * static_cast<double>(numbers.deviation[channel]);
    }
  }

  void apply_strip(const Strip& strip, const T* x, T* y, const ChannelNumbers<T>& numbers) const {
    alignas(64) Columns mean, factor, shift;
    for (std::int64_t j = 0; j < strip.width; ++j) {
      std::int64_t channel = (strip.first + j) / all_.inner;
      mean[to_index(j)] = numbers.mean[channel];
      factor[to_index(j)] = numbers.deviation[channel] * numbers.weight_of(channel);
      shift[to_index(j)] = numbers.bias_of(channel);
    }
    each(strip, [&](std::int64_t at, std::int64_t j, auto how) {
      Lanes<T> deviation = fetch(x + at, how) - fetch(mean.data() + j, how);
      put(fused(deviation, fetch(factor.data() + j, how), fetch(shift.data() + j, how)), y + at, how);
    });
  }

  Channels all_;
};

}  // namespace xgrad::kernels::detail
