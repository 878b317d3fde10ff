#pragma once

#include <algorithm>
#include <memory>

#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/reduce_plan.hpp>

/// The two loops of every reduction (see ReducePlan): along rows, and down columns. Their order follows from
/// the shape alone.
namespace xgrad::kernels::detail {

inline constexpr std::int64_t block = 4096;     // numbers summed by one run of vector accumulators
inline constexpr std::int64_t chunk = 1 << 16;  // numbers of a long row that one thread takes at a time

/// The sum of all lanes.
template <class T>
T horizontal_sum(Lanes<T> lanes) {
  return xsimd::hadd(lanes.values);
}

/// The sum of term(x[i]) over at most a block of numbers.
template <class T, class Term>
T block_sum(const T* x, std::int64_t count, const Term& term) {
  if constexpr (is_vector<T>) {
    constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
    Lanes<T> sums[4] = {Lanes<T>(T(0)), Lanes<T>(T(0)), Lanes<T>(T(0)), Lanes<T>(T(0))};
    std::int64_t i = 0;
    for (; i + 4 * width <= count; i += 4 * width) {
      for (std::int64_t k = 0; k < 4; ++k) sums[k] = sums[k] + term(load(x + i + k * width));
    }
    for (; i + width <= count; i += width) sums[0] = sums[0] + term(load(x + i));
    T total = horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    if (i < count) {
      alignas(64) T rest[Lanes<T>::count];
      store(term(load_first(x + i, static_cast<std::size_t>(count - i))), rest);
      for (std::int64_t k = 0; k < count - i; ++k) total += rest[k];
    }
    return total;
  } else {
    std::uint64_t total = 0;
    for (std::int64_t i = 0; i < count; ++i) total += static_cast<std::uint64_t>(x[i]);
    return static_cast<T>(total);
  }
}

/// The parts of block_of(begin, count), each of at most a block, joined in pairs, so that the rounding error
/// grows with the logarithm of the count.
template <class Block, class Join>
auto pairwise(std::int64_t begin, std::int64_t count, const Block& block_of, const Join& join) {
  if (count <= block) return block_of(begin, count);
  std::int64_t half = (count / block + 1) / 2 * block;
  auto first = pairwise(begin, half, block_of, join);
  return join(first, pairwise(begin + half, count - half, block_of, join));
}

/// `pairwise` over chunks of a long row, on several threads.
template <class Block, class Join>
auto over_row(std::int64_t count, const Block& block_of, const Join& join) {
  if (count <= chunk) return pairwise(0, count, block_of, join);
  std::int64_t chunks = (count + chunk - 1) / chunk;
  auto parts = std::make_unique<decltype(block_of(0, 0))[]>(static_cast<std::size_t>(chunks));
  parallel_for(chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      parts[i] = pairwise(i * chunk, std::min(chunk, count - i * chunk), block_of, join);
  });
  for (std::int64_t step = 1; step < chunks; step *= 2) {
    for (std::int64_t i = 0; i + step < chunks; i += 2 * step) parts[i] = join(parts[i], parts[i + step]);
  }
  return parts[0];
}

/// Integers wrap around: they are added as unsigned numbers.
template <class T>
T wrapping_sum(T a, T b) {
  if constexpr (is_vector<T>)
    return a + b;
  else
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

template <class T, class Term>
T row_sum(const T* x, std::int64_t count, const Term& term) {
  return over_row(
      count, [&](std::int64_t begin, std::int64_t size) { return block_sum(x + begin, size, term); },
      [](T a, T b) { return wrapping_sum(a, b); });
}

/// Calls row(i) for every row, on several threads when that pays.
template <class Row>
void for_rows(const ReducePlan& plan, const Row& row) {
  std::int64_t grain = std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(plan.length, 1));
  parallel_for(plan.outer, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) row(i);
  });
}

/// Calls strip(first input element, width, first result place) for strips of columns of every outer block, on
/// several threads when that pays. A strip is short enough for several of its rows to stay in the first
/// cache.
template <std::int64_t strip_width, class Strip>
void for_strips(const ReducePlan& plan, const Strip& strip) {
  std::int64_t strips = (plan.inner + strip_width - 1) / strip_width;
  std::int64_t work = plan.length * std::min(strip_width, plan.inner) + 1;
  parallel_for(plan.outer * strips, std::max<std::int64_t>(1, 32768 / work),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t s = begin; s < end; ++s) {
                   std::int64_t first = s % strips * strip_width;
                   std::int64_t block_of_rows = s / strips;
                   strip(block_of_rows * plan.length * plan.inner + first,
                         std::min(strip_width, plan.inner - first), block_of_rows * plan.inner + first);
                 }
               });
}

/// result[o, j] = fold(... fold(start, input[o, 0, j]) ..., input[o, n, j]).
template <class T, class Folded, class Fold>
void fold_columns(const ReducePlan& plan, const T* input, Folded* result, Folded start, const Fold& fold) {
  constexpr std::int64_t width_of_strip = 512;
  for_strips<width_of_strip>(plan, [&](std::int64_t from, std::int64_t width, std::int64_t to) {
    alignas(64) Folded folded[width_of_strip];
    std::fill_n(folded, width, start);
    for (std::int64_t i = 0; i < plan.length; ++i) {
      const T* row = input + from + i * plan.inner;
      for (std::int64_t j = 0; j < width; ++j) folded[j] = fold(folded[j], row[j]);
    }
    std::copy_n(folded, width, result + to);
  });
}

inline constexpr std::int64_t sum_strip_width = 1024;

/// to[j] = sum over i of term(from[i, j], j), for rows `inner` apart; runs of rows are summed apart, for
/// accuracy. `width` is at most sum_strip_width.
template <class T, class Term>
void sum_strip(const T* from, std::int64_t length, std::int64_t inner, std::int64_t width, T* to,
               const Term& term) {
  constexpr std::int64_t run = 256;
  alignas(64) T part[sum_strip_width];
  std::fill_n(to, width, T(0));
  for (std::int64_t start = 0; start < length; start += run) {
    std::int64_t stop = std::min(length, start + run);
    std::fill_n(part, width, T(0));
    std::int64_t i = start;
    for (; i + 4 <= stop; i += 4) {
      const T* row = from + i * inner;
      for (std::int64_t j = 0; j < width; ++j) {
        T four = wrapping_sum(wrapping_sum(term(row[j], j), term(row[j + inner], j)),
                              wrapping_sum(term(row[j + 2 * inner], j), term(row[j + 3 * inner], j)));
        part[j] = wrapping_sum(part[j], four);
      }
    }
    for (; i < stop; ++i) {
      const T* row = from + i * inner;
      for (std::int64_t j = 0; j < width; ++j) part[j] = wrapping_sum(part[j], term(row[j], j));
    }
    for (std::int64_t j = 0; j < width; ++j) to[j] = wrapping_sum(to[j], part[j]);
  }
}

}  // namespace xgrad::kernels::detail
