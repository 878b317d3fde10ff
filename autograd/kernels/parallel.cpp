#include <xgrad/autograd/kernels/parallel.hpp>

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#if defined(__SANITIZE_THREAD__)
#include <thread>
#include <vector>
#endif

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
namespace {

#if defined(__SANITIZE_THREAD__)
constinit thread_local bool inside_team = false;

bool in_team() { return inside_team; }

/// Threads that the sanitizer knows: it does not see the barriers of OpenMP's.
template <class Part>
void run_team(int threads, const Part& part) {
  std::vector<std::thread> team;
  for (int rank = 0; rank < threads; ++rank) {
    team.emplace_back([&part, rank, threads] {
      inside_team = true;
      part(rank, threads);
    });
  }
  for (std::thread& member : team) member.join();
}
#else
bool in_team() { return omp_in_parallel() != 0; }

/// Calls part(rank, team size) in every thread of a team.
template <class Part>
void run_team(int threads, const Part& part) {
#pragma omp parallel num_threads(threads)
  part(omp_get_thread_num(), omp_get_num_threads());
}
#endif

}  // namespace

void parallel_ranges(std::int64_t count, std::int64_t grain, RangeFunction function, const void* context) {
  std::int64_t grains = (count + grain - 1) / grain;
  auto threads = static_cast<int>(std::min<std::int64_t>(num_threads(), grains));
  if (threads <= 1 || in_team()) {
    function(context, 0, count);
    return;
  }
  run_team(threads, [&](std::int64_t rank, std::int64_t team) {
    std::int64_t begin = std::min(count, grains * rank / team * grain);
    std::int64_t end = std::min(count, grains * (rank + 1) / team * grain);
    if (begin < end) function(context, begin, end);
  });
}

}  // namespace kernels
}  // namespace xgrad
