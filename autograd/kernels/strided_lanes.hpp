#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <xgrad/autograd/kernels/lanes.hpp>

/// Rows of an image read lane by lane, where some lanes lie outside the row: what convolution and pooling
/// have in common.
namespace xgrad::kernels {

template <class T>
inline constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);

/// Calls function(std::integral_constant<int, i>) for i below Count, written out: sums that are indexed by
/// constants stay in registers.
template <int Count, class Function>
[[gnu::always_inline]] inline void unrolled(const Function& function) {
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    (function(std::integral_constant<int, I>{}), ...);
  }(std::make_integer_sequence<int, Count>{});
}

/// Lanes begin to end - 1.
struct LaneRange {
  std::int64_t begin, end;
  bool empty() const { return begin >= end; }
};

/// The lanes l < count for which 0 <= first + l * step < size.
inline LaneRange lanes_inside(std::int64_t first, std::int64_t step, std::int64_t size, std::int64_t count) {
  auto steps_to = [step](std::int64_t distance) {
    if (distance <= 0) return std::int64_t{0};
    return step == 1 ? distance : (distance - 1) / step + 1;
  };
  LaneRange range{std::min(count, steps_to(-first)), std::min(count, steps_to(size - first))};
  range.end = std::max(range.begin, range.end);
  return range;
}

/// The first `count` lanes, which may be all.
template <class T>
Lanes<T> read_lanes(const T* from, std::int64_t count) {
  return count >= static_cast<std::int64_t>(Lanes<T>::count)
             ? load(from)
             : load_first(from, static_cast<std::size_t>(count));
}
template <class T>
void write_lanes(Lanes<T> numbers, T* to, std::int64_t count) {
  if (count >= static_cast<std::int64_t>(Lanes<T>::count))
    store(numbers, to);
  else
    store_first(numbers, to, static_cast<std::size_t>(count));
}

/// source[l * step] in the lanes l of a range, `other` in the others; the memory of those is not touched.
template <class T>
Lanes<T> load_lanes(const T* source, std::int64_t step, LaneRange range, T other = T(0)) {
  if (range.empty()) return Lanes<T>(other);
  if constexpr (Lanes<T>::count == 1) {
    return Lanes<T>(*source);
  } else {
#if XGRAD_MASKED_LANES
    auto bits = [](std::int64_t begin, std::int64_t end) { return (1ULL << end) - (1ULL << begin); };
    constexpr std::int64_t gather_limit = 1 << 26;
    if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
      __m512 rest = _mm512_set1_ps(other);
      if (step == 1) {
        auto mask = static_cast<__mmask16>(bits(range.begin, range.end));
        return Lanes<T>(xsimd::batch<T>(_mm512_mask_loadu_ps(rest, mask, source)));
      }
      if (step == 2) {
        const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        std::uint64_t mask = bits(2 * range.begin, 2 * range.end - 1);
        __m512 low = _mm512_mask_loadu_ps(rest, static_cast<__mmask16>(mask), source);
        __m512 high = _mm512_mask_loadu_ps(rest, static_cast<__mmask16>(mask >> 16), source + 16);
        return Lanes<T>(xsimd::batch<T>(_mm512_permutex2var_ps(low, even, high)));
      }
      if (step < gather_limit) {
        const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        __m512i offsets = _mm512_mullo_epi32(lane, _mm512_set1_epi32(static_cast<int>(step)));
        auto mask = static_cast<__mmask16>(bits(range.begin, range.end));
        return Lanes<T>(xsimd::batch<T>(_mm512_mask_i32gather_ps(rest, mask, offsets, source, 4)));
      }
    } else if constexpr (std::is_same_v<T, double> && Lanes<T>::count == 8) {
      __m512d rest = _mm512_set1_pd(other);
      if (step == 1) {
        auto mask = static_cast<__mmask8>(bits(range.begin, range.end));
        return Lanes<T>(xsimd::batch<T>(_mm512_mask_loadu_pd(rest, mask, source)));
      }
      if (step == 2) {
        const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
        std::uint64_t mask = bits(2 * range.begin, 2 * range.end - 1);
        __m512d low = _mm512_mask_loadu_pd(rest, static_cast<__mmask8>(mask), source);
        __m512d high = _mm512_mask_loadu_pd(rest, static_cast<__mmask8>(mask >> 8), source + 8);
        return Lanes<T>(xsimd::batch<T>(_mm512_permutex2var_pd(low, even, high)));
      }
      if (step < gather_limit) {
        const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        __m256i offsets = _mm256_mullo_epi32(lane, _mm256_set1_epi32(static_cast<int>(step)));
        auto mask = static_cast<__mmask8>(bits(range.begin, range.end));
        return Lanes<T>(xsimd::batch<T>(_mm512_mask_i32gather_pd(rest, mask, offsets, source, 8)));
      }
    }
#endif
    bool whole = range.begin == 0 && range.end == static_cast<std::int64_t>(Lanes<T>::count);
    if (step == 1 && whole) return load(source);
    alignas(64) T buffer[Lanes<T>::count];
    std::fill_n(buffer, Lanes<T>::count, other);
    for (std::int64_t lane = range.begin; lane < range.end; ++lane) buffer[lane] = source[lane * step];
    return load(buffer);
  }
}

/// Reads even[0], odd[0], even[1], odd[1], ...: `count` lanes of each.
template <class T>
void load_interleaved(const T* source, std::int64_t count, Lanes<T>& even, Lanes<T>& odd) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    std::uint64_t mask = (1ULL << (2 * count)) - 1;
    __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), source);
    __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask >> 16), source + 16);
    even = Lanes<T>(xsimd::batch<T>(_mm512_permutex2var_ps(low, evens, high)));
    odd = Lanes<T>(xsimd::batch<T>(_mm512_permutex2var_ps(low, odds, high)));
    return;
  }
#endif
  even = load_lanes(source, 2, {0, count});
  odd = load_lanes(source + 1, 2, {0, count});
}

/// Writes even[0], odd[0], even[1], odd[1], ...: the first `count` lanes of each.
template <class T>
void store_interleaved(Lanes<T> even, Lanes<T> odd, T* destination, std::int64_t count) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    std::uint64_t mask = (1ULL << (2 * count)) - 1;
    _mm512_mask_storeu_ps(destination, static_cast<__mmask16>(mask),
                          _mm512_permutex2var_ps(even.values, low, odd.values));
    _mm512_mask_storeu_ps(destination + 16, static_cast<__mmask16>(mask >> 16),
                          _mm512_permutex2var_ps(even.values, high, odd.values));
    return;
  }
#endif
  alignas(64) T first[Lanes<T>::count], second[Lanes<T>::count];
  store(even, first);
  store(odd, second);
  for (std::int64_t i = 0; i < count; ++i) {
    destination[2 * i] = first[i];
    destination[2 * i + 1] = second[i];
  }
}

/// Writes the first `count` lanes, whole numbers from 0 to 255, as bytes.
template <class T>
void store_bytes(Lanes<T> lanes, std::uint8_t* destination, std::int64_t count) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    _mm_mask_storeu_epi8(destination, static_cast<__mmask16>((1U << count) - 1U),
                         _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(lanes.values)));
    return;
  }
#endif
  alignas(64) T buffer[Lanes<T>::count];
  store(lanes, buffer);
  for (std::int64_t i = 0; i < count; ++i) destination[i] = static_cast<std::uint8_t>(buffer[i]);
}

/// Reads `count` bytes as numbers; the other lanes are 0.
template <class T>
Lanes<T> load_bytes(const std::uint8_t* source, std::int64_t count) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    __m128i bytes = _mm_maskz_loadu_epi8(static_cast<__mmask16>((1U << count) - 1U), source);
    return Lanes<T>(xsimd::batch<T>(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes))));
  }
#endif
  alignas(64) T buffer[Lanes<T>::count] = {};
  for (std::int64_t i = 0; i < count; ++i) buffer[i] = static_cast<T>(source[i]);
  return load(buffer);
}

#if XGRAD_MASKED_LANES
/// `transpose` for at most 16 by 16 numbers. In four rounds registers exchange pairs of lanes, pairs of
/// pairs, and so on.
inline void transpose_tile(const float* from, std::int64_t step, float* to, std::int64_t to_step,
                           std::int64_t rows, std::int64_t length) {
  auto in = static_cast<__mmask16>((1U << length) - 1U), out = static_cast<__mmask16>((1U << rows) - 1U);
  __m512 a[16], b[16];
  for (int i = 0; i < 16; ++i)
    a[i] = i < rows ? _mm512_maskz_loadu_ps(in, from + i * step) : _mm512_setzero_ps();
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
  }
  auto pairs = [](__m512 x, __m512 y, auto high) {
    __m512d p = _mm512_castps_pd(x), q = _mm512_castps_pd(y);
    return _mm512_castpd_ps(high ? _mm512_unpackhi_pd(p, q) : _mm512_unpacklo_pd(p, q));
  };
  for (int i = 0; i < 16; i += 4) {
    for (int j = 0; j < 2; ++j) {
      a[i + 2 * j] = pairs(b[i + j], b[i + j + 2], std::false_type{});
      a[i + 2 * j + 1] = pairs(b[i + j], b[i + j + 2], std::true_type{});
    }
  }
  // a[4k + c] holds, in its quarter q, column 4q + c of rows 4k to 4k + 3.
  for (int c = 0; c < 4; ++c) {
    __m512 low_01 = _mm512_shuffle_f32x4(a[c], a[c + 4], 0x88);  // quarters 0 and 2 of both
    __m512 low_13 = _mm512_shuffle_f32x4(a[c], a[c + 4], 0xdd);
    __m512 high_01 = _mm512_shuffle_f32x4(a[c + 8], a[c + 12], 0x88);
    __m512 high_13 = _mm512_shuffle_f32x4(a[c + 8], a[c + 12], 0xdd);
    b[c] = _mm512_shuffle_f32x4(low_01, high_01, 0x88);
    b[c + 8] = _mm512_shuffle_f32x4(low_01, high_01, 0xdd);
    b[c + 4] = _mm512_shuffle_f32x4(low_13, high_13, 0x88);
    b[c + 12] = _mm512_shuffle_f32x4(low_13, high_13, 0xdd);
  }
  for (int i = 0; i < length; ++i) _mm512_mask_storeu_ps(to + i * to_step, out, b[i]);
}
#endif

/// to[i * to_step + row] = from[row * step + i] for `rows` rows of `length` numbers.
template <class T>
void transpose(const T* from, std::int64_t step, T* to, std::int64_t to_step, std::int64_t rows,
               std::int64_t length) {
  constexpr std::int64_t tile = 16;
  for (std::int64_t row = 0; row < rows; row += tile) {
    std::int64_t height = std::min(tile, rows - row);
    for (std::int64_t next = row + tile; next < std::min(rows, row + 2 * tile); ++next) {
      for (std::int64_t i = 0; i < length; i += tile) __builtin_prefetch(from + next * step + i);
    }
    for (std::int64_t i = 0; i < length; i += tile) {
      std::int64_t width = std::min(tile, length - i);
      const T* corner = from + row * step + i;
      T* target = to + i * to_step + row;
#if XGRAD_MASKED_LANES
      if constexpr (std::is_same_v<T, float> && Lanes<T>::count == tile) {
        transpose_tile(corner, step, target, to_step, height, width);
        continue;
      }
#endif
      for (std::int64_t r = 0; r < height; ++r) {
        for (std::int64_t c = 0; c < width; ++c) target[c * to_step + r] = corner[r * step + c];
      }
    }
  }
}

/// x * y + sum.
template <class T>
Lanes<T> multiply_add(Lanes<T> x, Lanes<T> y, Lanes<T> sum) {
  if constexpr (is_vector<T>)
    return Lanes<T>(xsimd::fma(x.values, y.values, sum.values));
  else
    return x * y + sum;
}

}  // namespace xgrad::kernels
