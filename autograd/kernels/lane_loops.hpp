#pragma once

#include <array>
#include <cstdint>

#include <xgrad/autograd/kernels/reduce_loops.hpp>

/// Loops over contiguous numbers, a register of lanes at a time. What is done at place i is written once: it
/// is told whether the register is whole, and hands that on to `fetch` and `put`.
namespace xgrad::kernels::detail {

/// All lanes count.
struct Whole {};
/// The first `count` lanes count, which are fewer than all.
struct Part {
  std::size_t count;
};

template <class T>
Lanes<T> fetch(const T* source, Whole) {
  return load(source);
}
template <class T>
Lanes<T> fetch(const T* source, Part part) {
  return load_first(source, part.count);
}
template <class T>
void put(Lanes<T> lanes, T* destination, Whole) {
  store(lanes, destination);
}
template <class T>
void put(Lanes<T> lanes, T* destination, Part part) {
  store_first(lanes, destination, part.count);
}

/// body(i, Whole or Part) for i = 0, lanes, 2 * lanes, ... below count.
template <class T, class Body>
void for_lanes(std::int64_t count, const Body& body) {
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(i, Whole{});
  if (i < count) body(i, Part{static_cast<std::size_t>(count - i)});
}

/// a * b + c, rounded once.
template <class T>
Lanes<T> fused(Lanes<T> a, Lanes<T> b, Lanes<T> c) {
  return Lanes<T>(xsimd::fma(a.values, b.values, c.values));
}

/// The lanes that count, zeros behind them.
template <class T>
Lanes<T> kept_lanes(Lanes<T> lanes, Part part) {
  alignas(64) T buffer[Lanes<T>::count] = {};
  store_first(lanes, buffer, part.count);
  return load(buffer);
}

/// The sums over [0, count) of K terms: term(i, Whole or Part) gives an array of K Lanes. For at most some
/// thousand numbers: lanes are added one after the other.
template <std::size_t K, class T, class Term>
std::array<T, K> lane_sums(std::int64_t count, const Term& term) {
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  constexpr std::size_t chains = 4;
  Lanes<T> sums[chains][K];
  for (auto& chain : sums) {
    for (auto& sum : chain) sum = Lanes<T>(T(0));
  }
  constexpr auto stride = static_cast<std::int64_t>(chains) * lanes;
  std::int64_t i = 0;
  for (; i + stride <= count; i += stride) {
    for (std::size_t c = 0; c < chains; ++c) {
      std::array<Lanes<T>, K> terms = term(i + static_cast<std::int64_t>(c) * lanes, Whole{});
      for (std::size_t k = 0; k < K; ++k) sums[c][k] = sums[c][k] + terms[k];
    }
  }
  for (; i + lanes <= count; i += lanes) {
    std::array<Lanes<T>, K> terms = term(i, Whole{});
    for (std::size_t k = 0; k < K; ++k) sums[0][k] = sums[0][k] + terms[k];
  }
  if (i < count) {
    Part rest{static_cast<std::size_t>(count - i)};
    std::array<Lanes<T>, K> terms = term(i, rest);
    for (std::size_t k = 0; k < K; ++k) sums[1][k] = sums[1][k] + kept_lanes(terms[k], rest);
  }
  std::array<T, K> result;
  for (std::size_t k = 0; k < K; ++k)
    result[k] = horizontal_sum((sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]));
  return result;
}

/// lane_sums of any count: in blocks, whose sums are added in double precision.
template <std::size_t K, class T, class Term>
std::array<double, K> long_sums(std::int64_t count, const Term& term) {
  std::array<double, K> result{};
  for (std::int64_t begin = 0; begin < count; begin += block) {
    auto sums = lane_sums<K, T>(std::min(block, count - begin),
                                [&](std::int64_t i, auto how) { return term(begin + i, how); });
    for (std::size_t k = 0; k < K; ++k) result[k] += static_cast<double>(sums[k]);
  }
  return result;
}

}  // namespace xgrad::kernels::detail
