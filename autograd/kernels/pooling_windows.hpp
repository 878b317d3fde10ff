#pragma once

#include <cstdint>
#include <vector>

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

}  // namespace xgrad::kernels
