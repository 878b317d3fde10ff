#pragma once

#include <array>
#include <cstdint>

/// Philox-4x32-10, which turns a counter and a key into a block of four random 32-bit numbers. Generators
/// count in the counter's lower half; its upper half is 0, and the key is the seed.
namespace xgrad::philox {

inline constexpr int rounds = 10;
inline constexpr std::array<std::uint32_t, 2> multipliers{0xD2511F53U, 0xCD9E8D57U};
inline constexpr std::array<std::uint32_t, 2> key_steps{0x9E3779B9U, 0xBB67AE85U};

constexpr std::uint32_t low_half(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high_half(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32U); }

using Block = std::array<std::uint32_t, 4>;

constexpr Block block(Block counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < rounds; ++round) {
    std::uint64_t a = std::uint64_t{multipliers[0]} * counter[0];
    std::uint64_t b = std::uint64_t{multipliers[1]} * counter[2];
    counter = {high_half(b) ^ counter[1] ^ key[0], low_half(b), high_half(a) ^ counter[3] ^ key[1],
               low_half(a)};
    key[0] += key_steps[0];
    key[1] += key_steps[1];
  }
  return counter;
}

/// Block number `position` of the stream that `seed` names.
constexpr Block block(std::uint64_t seed, std::uint64_t position) {
  return block({low_half(position), high_half(position), 0, 0}, {low_half(seed), high_half(seed)});
}

}  // namespace xgrad::philox
