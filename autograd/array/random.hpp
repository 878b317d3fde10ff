#pragma once

#include <cstdint>

#include <xgrad/autograd/array/export.hpp>

namespace xgrad {

/// A source of random numbers that is a function of a seed and a position: number i of a stream is the same
/// however the work is split over threads. Philox-4x32-10, from Salmon, Moraes, Dror and Shaw, "Parallel
/// random numbers: as easy as 1, 2, 3" (2011).
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0) noexcept : seed_(seed) {}

  std::uint64_t seed() const noexcept { return seed_; }
  void manual_seed(std::uint64_t seed) noexcept {
    seed_ = seed;
    position_ = 0;
  }

  /// Where the stream stands, counted in blocks of four 32-bit numbers. With the seed it is all the state.
  std::uint64_t position() const noexcept { return position_; }
  void set_position(std::uint64_t position) noexcept { position_ = position; }
  /// Reserves the next `blocks` blocks and returns the first one's position.
  std::uint64_t reserve(std::uint64_t blocks) noexcept {
    std::uint64_t first = position_;
    position_ += blocks;
    return first;
  }

  using result_type = std::uint32_t;  // with what follows, a generator as the standard library knows them
  /// The next 32 random bits (a whole block is used up).
  XGRAD_API std::uint32_t operator()() noexcept;
  static constexpr std::uint32_t min() { return 0; }
  static constexpr std::uint32_t max() { return 0xFFFFFFFFU; }

 private:
  std::uint64_t seed_;
  std::uint64_t position_ = 0;
};

/// The calling thread's generator, used where none is given. The first thread's starts with seed 0.
XGRAD_API Generator& default_generator() noexcept;

/// Seeds the calling thread's generator.
XGRAD_API void manual_seed(std::uint64_t seed) noexcept;

}  // namespace xgrad
