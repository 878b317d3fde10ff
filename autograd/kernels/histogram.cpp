#include <xgrad/autograd/kernels/histogram.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/kernels/copy.hpp>

namespace xgrad::kernels {

Array bincount(const Array& numbers, const Array& weights, std::int64_t length) {
  Array places = contiguous(numbers);
  const auto* place = places.data<std::int64_t>();
  if (!weights.defined()) {
    Array counts = Array::zeros({length}, int64);
    for (std::int64_t i = 0; i < places.numel(); ++i) ++counts.data<std::int64_t>()[place[i]];
    return counts;
  }
  Array summands = contiguous(weights);
  Array sums = Array::zeros({length}, summands.dtype());
  dispatch_floating(summands.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::int64_t i = 0; i < places.numel(); ++i) sums.data<T>()[place[i]] += summands.data<T>()[i];
  });
  return sums;
}

namespace {

/// Where x lies between low and high, as a number from 0 to `bins`.
template <class T>
std::int64_t part_of(T x, T low, T high, T bins) {
  T place = (x - low) * bins / (high - low);
  if (!std::isfinite(place))
    place = (x / 2 - low / 2) / (high / 2 - low / 2) * bins;           // the span was too wide
  return std::isfinite(place) ? static_cast<std::int64_t>(place) : 0;  // or there is none
}

}  // namespace

Array histc(const Array& input, std::int64_t bins, double low, double high) {
  Array x = contiguous(input);
  Array counts = Array::zeros({bins}, int64);
  dispatch_floating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto first = static_cast<T>(low);
    auto last = static_cast<T>(high);
    const T* element = x.data<T>();
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      if (!(element[i] >= first && element[i] <= last)) continue;
      std::int64_t part = part_of(element[i], first, last, static_cast<T>(bins));
      ++counts.data<std::int64_t>()[std::min(part, bins - 1)];
    }
  });
  return cast(counts, x.dtype());
}

}  // namespace xgrad::kernels
