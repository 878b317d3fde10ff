#pragma once

#include <algorithm>
#include <cstdint>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/kernels/lane_loops.hpp>
#include <xgrad/autograd/kernels/moments.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

/// The loops of channel normalization where a channel of a sample (a plane) is long: plane by plane, and all
/// planes that are normalized together while they are in cache.
namespace xgrad::kernels::detail {

/// x [samples, channels, inner].
struct Channels {
  std::int64_t samples, channels, inner;
};

/// Statistics of every set; weight and bias of every channel.
template <class T>
struct ChannelNumbers {
  const T *mean, *deviation, *weight, *bias;

  ChannelNumbers(const Array& means, const Array& deviations, const Array& weights, const Array& biases)
      : mean(means.data<T>()),
        deviation(deviations.data<T>()),
        weight(weights.defined() ? weights.data<T>() : nullptr),
        bias(biases.defined() ? biases.data<T>() : nullptr) {}
  T weight_of(std::int64_t channel) const { return weight == nullptr ? T(1) : weight[channel]; }
  T bias_of(std::int64_t channel) const { return bias == nullptr ? T(0) : bias[channel]; }
};

template <class T>
class PlaneEngine {
 public:
  /// groups 0: a set is one channel of all samples.
  PlaneEngine(Channels channels, std::int64_t groups) : all_(channels) {
    if (groups == 0) {
      sets_ = all_.channels;
      planes_ = all_.samples;
      set_step_ = 1;
      plane_step_ = all_.channels;
    } else {
      sets_ = all_.samples * groups;
      planes_ = all_.channels / groups;
      set_step_ = planes_;
      plane_step_ = 1;
      per_sample_ = true;
    }
  }

  /// y = (x - mean) * deviation * weight + bias, the statistics of every set being told to
  /// found(set, moments) before.
  template <class Found>
  void normalize(const T* x, T* y, const ChannelNumbers<T>& numbers, const Found& found) const {
    for_sets([&](std::int64_t set) {
      Moments moments;
      if (plane_step_ == 1) {
        moments = moments_of(x + plane(set, 0) * all_.inner, planes_ * all_.inner);
      } else {
        for (std::int64_t k = 0; k < planes_; ++k)
          moments = join(moments, moments_of(x + plane(set, k) * all_.inner, all_.inner));
      }
      found(set, moments);
      apply_set(set, x, y, numbers);
    });
  }

  void apply(const T* x, T* y, const ChannelNumbers<T>& numbers) const {
    for_sets([&](std::int64_t set) { apply_set(set, x, y, numbers); });
  }

  /// The gradient of x, unless `to` is null; unless `totals` is null, for every channel (of every sample
  /// where sets lie within one) the sums of g and of g * (x - mean) * deviation.
  void backward(const T* g, const T* x, T* to, const ChannelNumbers<T>& numbers, bool own_statistics,
                double* totals, double* dots) const {
    for_sets([&](std::int64_t set) {
      T mean = numbers.mean[set], deviation = numbers.deviation[set];
      double set_total = 0, set_dot = 0;
      for (std::int64_t k = 0; totals != nullptr && k < planes_; ++k) {
        std::int64_t from = plane(set, k) * all_.inner;
        auto [total, dot] = plane_sums(g + from, x + from, mean);
        dot *= static_cast<double>(deviation);
        T weight = numbers.weight_of(channel(set, k));
        set_total += static_cast<double>(weight) * total;
        set_dot += static_cast<double>(weight) * dot;
        std::int64_t place = per_sample_ ? plane(set, k) : set;
        totals[place] += total;
        dots[place] += dot;
      }
      if (to == nullptr) return;
      double count = static_cast<double>(planes_) * static_cast<double>(all_.inner);
      T shift = own_statistics ? static_cast<T>(-static_cast<double>(deviation) * set_total / count) : T(0);
      T slope = own_statistics ? static_cast<T>(-static_cast<double>(deviation) *
                                                static_cast<double>(deviation) * set_dot / count)
                               : T(0);
      for (std::int64_t k = 0; k < planes_; ++k) {
        std::int64_t from = plane(set, k) * all_.inner;
        T factor = deviation * numbers.weight_of(channel(set, k));
        if (own_statistics)
          combine(g + from, x + from, to + from, factor, mean, slope, shift);
        else
          scale(g + from, to + from, factor);
      }
    });
  }

 private:
  std::int64_t plane(std::int64_t set, std::int64_t k) const { return set * set_step_ + k * plane_step_; }
  std::int64_t channel(std::int64_t set, std::int64_t k) const { return plane(set, k) % all_.channels; }

  template <class Body>
  void for_sets(const Body& body) const {
    std::int64_t numbers = planes_ * all_.inner;
    parallel_for(sets_, 16384 / std::max<std::int64_t>(numbers, 1) + 1,
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t set = begin; set < end; ++set) body(set);
                 });
  }

  void apply_set(std::int64_t set, const T* x, T* y, const ChannelNumbers<T>& numbers) const {
    for (std::int64_t k = 0; k < planes_; ++k) {
      std::int64_t c = channel(set, k);
      Lanes<T> centre(numbers.mean[set]), factor(numbers.deviation[set] * numbers.weight_of(c)),
          shift(numbers.bias_of(c));
      const T* from = x + plane(set, k) * all_.inner;
      T* to = y + plane(set, k) * all_.inner;
      for_lanes<T>(all_.inner, [=](std::int64_t i, auto how) {
        put(fused(fetch(from + i, how) - centre, factor, shift), to + i, how);
      });
    }
  }

  /// The sums of g and of g * (x - mean).
  std::array<double, 2> plane_sums(const T* g, const T* x, T mean) const {
    Lanes<T> centre(mean);
    return long_sums<2, T>(all_.inner, [=](std::int64_t i, auto how) {
      Lanes<T> slope = fetch(g + i, how);
      return std::array<Lanes<T>, 2>{slope, slope * (fetch(x + i, how) - centre)};
    });
  }

  /// g * factor + (x - mean) * slope + shift.
  void combine(const T* g, const T* x, T* to, T factor, T mean, T slope, T shift) const {
    Lanes<T> factors(factor), centre(mean), slopes(slope), shifts(shift);
    for_lanes<T>(all_.inner, [=](std::int64_t i, auto how) {
      Lanes<T> rest = fused(fetch(x + i, how) - centre, slopes, shifts);
      put(fused(fetch(g + i, how), factors, rest), to + i, how);
    });
  }
  void scale(const T* g, T* to, T factor) const {
    Lanes<T> factors(factor);
    for_lanes<T>(all_.inner,
                 [=](std::int64_t i, auto how) { put(fetch(g + i, how) * factors, to + i, how); });
  }

  Channels all_;
  std::int64_t sets_, planes_;          ///< planes of a set
  std::int64_t set_step_, plane_step_;  ///< in planes
  bool per_sample_ = false;
};

}  // namespace xgrad::kernels::detail
