#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <xgrad/autograd/kernels/parallel.hpp>
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

/// Calls function(plane, scratch) for all planes, on several threads.
template <class T, class Function>
void for_each_plane(const Pooling& p, int64_t planes, int64_t scratch, const Function& function) {
  int64_t grain = planes_grain(p);
  int64_t slots = std::clamp<int64_t>(planes / grain, 1, num_threads());
  Array buffer({slots, scratch}, dtype_of<T>);
  parallel_for(slots, 1, [&](int64_t first, int64_t last) {
    for (int64_t slot = first; slot < last; ++slot) {
      for (int64_t plane = planes * slot / slots; plane < planes * (slot + 1) / slots; ++plane)
        function(plane, buffer.data<T>() + slot * scratch);
    }
  });
}

}  // namespace xgrad::kernels
