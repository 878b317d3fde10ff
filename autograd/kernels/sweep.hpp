#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

/// One formula over many tensors in place: what an optimizer does to all parameters of a group, in one pass
/// over memory and one parallel sweep.
namespace xgrad::kernels {

/// One tensor's part in a sweep: row-major arrays of one dtype and size, and numbers that the formula takes.
struct Segment {
  std::array<std::byte*, 6> arrays{};
  std::int64_t count = 0;
  std::array<double, 3> numbers{};
};

namespace detail {

template <class T, std::size_t Arrays, class Formula, std::size_t... I>
void sweep_range(const Segment& segment, std::int64_t begin, std::int64_t end, const Formula& shared_formula,
                 std::index_sequence<I...>) {
  const Formula formula = shared_formula;  // a copy: what it captured stays in registers
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  std::array<T*, Arrays> arrays{reinterpret_cast<T*>(segment.arrays[I])...};
  std::array<Lanes<T>, 3> numbers{Lanes<T>(segment.numbers[0]), Lanes<T>(segment.numbers[1]),
                                  Lanes<T>(segment.numbers[2])};
  std::int64_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    std::array<Lanes<T>, Arrays> x{load(arrays[I] + i)...};
    formula(numbers, x[I]...);
    ((I != 1 ? store(x[I], arrays[I] + i) : void()), ...);
  }
  if (i < end) {
    auto rest = static_cast<std::size_t>(end - i);
    std::array<Lanes<T>, Arrays> x{load_first(arrays[I] + i, rest)...};
    formula(numbers, x[I]...);
    ((I != 1 ? store_first(x[I], arrays[I] + i, rest) : void()), ...);
  }
}

}  // namespace detail

/// Calls formula(numbers, x0, x1, ...) on Lanes<T> of the first `Arrays` arrays of every segment, and writes
/// back what the formula left in its arguments; array 1 (the gradient) is only read.
template <class T, std::size_t Arrays, class Formula>
void sweep(std::span<const Segment> segments, const Formula& formula) {
  constexpr std::int64_t grain = 32768;
  constexpr auto indices = std::make_index_sequence<Arrays>();
  std::int64_t total = 0;
  for (const Segment& segment : segments) total += segment.count;
  if (total <= grain) {
    for (const Segment& segment : segments)
      detail::sweep_range<T, Arrays>(segment, 0, segment.count, formula, indices);
    return;
  }
  parallel_for(total, grain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t first = 0;  // where the segment starts among all elements
    for (const Segment& segment : segments) {
      std::int64_t last = first + segment.count;
      if (first < end && last > begin) {
        detail::sweep_range<T, Arrays>(segment, std::max(begin, first) - first, std::min(end, last) - first,
                                       formula, indices);
      }
      first = last;
    }
  });
}

}  // namespace xgrad::kernels
