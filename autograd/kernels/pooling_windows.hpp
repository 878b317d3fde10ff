#pragma once

#include <cstdint>
#include <vector>

#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/kernels/pooling.hpp>

/// What the kernels for maxima and for means share.
namespace xgrad::kernels {

/// The windows of one dimension, cut to the input.
struct Windows {
  std::vector<std::int64_t> begin, end;  ///< the first place, and one that lies behind the last
  std::vector<std::int64_t> count;       ///< what a mean is divided by
  std::int64_t step;                     ///< from one place to the next

  Windows(const Pooling& pooling, std::size_t dim);
};

/// So many planes of the input are worth a thread.
std::int64_t planes_grain(const Pooling& pooling);

/// The first `count` lanes, which may be all.
template <class T>
Lanes<T> read_lanes(const T* from, std::int64_t count) {
  return count >= static_cast<std::int64_t>(Lanes<T>::count)
             ? load(from)
             : load_first(from, static_cast<std::size_t>(count));
}
template <class T>
void write_lanes(Lanes<T> numbers, T* to, std::int64_t count) {
  if (count >= static_cast<std::int64_t>(Lanes<T>::count))
    store(numbers, to);
  else
    store_first(numbers, to, static_cast<std::size_t>(count));
}

}  // namespace xgrad::kernels
