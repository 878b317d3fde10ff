#include <xgrad/autograd/array/random.hpp>

#include <atomic>

#include <xgrad/autograd/array/philox.hpp>

namespace xgrad {
namespace {

/// 0 for the first thread that asks, then numbers far from those that people choose.
std::uint64_t next_thread_seed() noexcept {
  static std::atomic<std::uint64_t> threads{0};
  return threads.fetch_add(1, std::memory_order_relaxed) * 0x9E3779B97F4A7C15U;
}

}  // namespace

std::uint32_t Generator::operator()() noexcept { return philox::block(seed_, reserve(1))[0]; }

Generator& default_generator() noexcept {
  thread_local Generator generator(next_thread_seed());
  return generator;
}

void manual_seed(std::uint64_t seed) noexcept { default_generator().manual_seed(seed); }

}  // namespace xgrad
