#pragma once

#include <algorithm>

#include <xgrad/autograd/array/shape.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels::detail {

/// A row-major array as [outer, length, inner], the scan running over the middle.
struct Lines {
  std::int64_t outer = 1;
  std::int64_t length = 1;
  std::int64_t inner = 1;

  Lines(const Shape& shape, std::size_t dim) : length(shape[dim]) {
    for (std::size_t i = 0; i < dim; ++i) outer *= shape[i];
    for (std::size_t i = dim + 1; i < shape.size(); ++i) inner *= shape[i];
  }

  /// Calls strip(first element, width) for strips of neighbouring lines (inner > 1), or of lines that follow
  /// each other (inner == 1), on several threads when that pays.
  template <class Strip>
  void for_strips(std::int64_t most, const Strip& strip) const {
    std::int64_t side = inner > 1 ? inner : outer;
    std::int64_t strips = (side + most - 1) / most;
    std::int64_t blocks = inner > 1 ? outer : 1;
    std::int64_t step = inner > 1 ? 1 : length;
    std::int64_t work = length * std::min(side, most) + 1;
    parallel_for(blocks * strips, std::max<std::int64_t>(1, 16384 / work),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t s = begin; s < end; ++s) {
                     std::int64_t first = s % strips * most;
                     strip(s / strips * length * inner + first * step, std::min(most, side - first));
                   }
                 });
  }
};

}  // namespace xgrad::kernels::detail
