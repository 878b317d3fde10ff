#pragma once

#include <cstdint>
#include <type_traits>

#include <xgrad/autograd/array/export.hpp>

namespace xgrad {

/// The number of threads that large operations use. At first: what XGRAD_NUM_THREADS, OMP_NUM_THREADS or
/// the machine says, in this order.
XGRAD_API int num_threads() noexcept;

/// Sets the number of threads, for our loops and for BLAS. Throws ValueError below 1.
XGRAD_API void set_num_threads(int threads);

namespace kernels {

using RangeFunction = void (*)(const void* context, std::int64_t begin, std::int64_t end);

/// Calls `function(context, begin, end)` for ranges that cover [0, count), each a multiple of `grain` but the
/// last, on several threads when count > grain. Inside a parallel region it runs on the calling thread.
/// The function must not throw.
XGRAD_API void parallel_ranges(std::int64_t count, std::int64_t grain, RangeFunction function,
                               const void* context);

/// Calls `function(begin, end)` for ranges that cover [0, count); see parallel_ranges. What a result depends
/// on must not depend on how the ranges are cut: number them by `grain` where their order matters.
template <class Function>
void parallel_for(std::int64_t count, std::int64_t grain, const Function& function) {
  if (count <= grain) {
    if (count > 0) function(std::int64_t{0}, count);
    return;
  }
  parallel_ranges(
      count, grain,
      [](const void* context, std::int64_t begin, std::int64_t end) {
        (*static_cast<const Function*>(context))(begin, end);
      },
      &function);
}

}  // namespace kernels
}  // namespace xgrad
