#include <xgrad/autograd/kernels/parallel.hpp>

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad {
namespace {

int initial_threads() noexcept {
  if (const char* text = std::getenv("XGRAD_NUM_THREADS"); text != nullptr) {
    long threads = std::strtol(text, nullptr, 10);
    if (threads >= 1 && threads <= 4096) {
      omp_set_num_threads(static_cast<int>(threads));
      return static_cast<int>(threads);
    }
  }
  return omp_get_max_threads();
}

std::atomic<int>& thread_setting() noexcept {
  static std::atomic<int> threads{initial_threads()};
  return threads;
}

}  // namespace

int num_threads() noexcept { return thread_setting().load(std::memory_order_relaxed); }

void set_num_threads(int threads) {
  if (threads < 1) throw ValueError(fmt::format("set_num_threads: expected at least 1, got {}", threads));
  thread_setting().store(threads, std::memory_order_relaxed);
  omp_set_num_threads(threads);  // OpenBLAS's OpenMP build asks OpenMP for its number
}

namespace kernels {

void parallel_ranges(std::int64_t count, std::int64_t grain, RangeFunction function, const void* context) {
  std::int64_t grains = (count + grain - 1) / grain;
  auto threads = static_cast<int>(std::min<std::int64_t>(num_threads(), grains));
  if (threads <= 1 || omp_in_parallel()) {
    function(context, 0, count);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    std::int64_t team = omp_get_num_threads();
    std::int64_t rank = omp_get_thread_num();
    std::int64_t begin = std::min(count, grains * rank / team * grain);
    std::int64_t end = std::min(count, grains * (rank + 1) / team * grain);
    if (begin < end) function(context, begin, end);
  }
}

}  // namespace kernels
}  // namespace xgrad
