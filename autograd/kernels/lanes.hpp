#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <xgrad/autograd/array/scalar.hpp>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>
#define XGRAD_MASKED_LANES 1
#else
#define XGRAD_MASKED_LANES 0
#endif

/// What elementwise formulas compute with: a SIMD register of float or double, or a single integer, under one
/// set of operators and functions. A formula written as a generic lambda runs over Lanes, over Tensors (and
/// records itself) and over dual numbers alike.
namespace xgrad::kernels {

template <class T>
inline constexpr bool is_vector = std::is_same_v<T, float> || std::is_same_v<T, double>;

namespace detail {
template <class T, bool = is_vector<T>>
struct LaneTypes {
  using Values = T;
  using Truths = bool;
  static constexpr std::size_t count = 1;
};
template <class T>
struct LaneTypes<T, true> {
  using Values = xsimd::batch<T>;
  using Truths = xsimd::batch_bool<T>;
  static constexpr std::size_t count = xsimd::batch<T>::size;
};
}  // namespace detail

/// The truth of a comparison, lane by lane.
template <class T>
struct Mask {
  typename detail::LaneTypes<T>::Truths truths;

  friend Mask operator&(Mask a, Mask b) {
    if constexpr (is_vector<T>)
      return {a.truths & b.truths};
    else
      return {a.truths && b.truths};
  }
  friend Mask operator|(Mask a, Mask b) {
    if constexpr (is_vector<T>)
      return {a.truths | b.truths};
    else
      return {a.truths || b.truths};
  }
  friend Mask operator!(Mask a) {
    if constexpr (is_vector<T>)
      return {~a.truths};
    else
      return {!a.truths};
  }
};

template <class N>
concept Number = std::is_arithmetic_v<N> || std::is_same_v<N, Scalar>;

template <class T>
struct Lanes {
  using Values = typename detail::LaneTypes<T>::Values;
  static constexpr std::size_t count = detail::LaneTypes<T>::count;

  Values values;

  Lanes() = default;
  template <class V>
    requires std::same_as<V, Values>
  explicit Lanes(V lanes) : values(lanes) {}
  /// The same number in every lane.
  template <Number N>
    requires(!std::same_as<N, Values>)
  explicit Lanes(N number) : values(convert(number)) {}

  static T convert(Number auto number) { return Scalar(number).template to<T>(); }

  // Integers wrap around: they are computed as unsigned numbers. bool computes as "or" and "and".
  friend Lanes operator+(Lanes a, Lanes b) {
    if constexpr (is_vector<T>)
      return Lanes(Values(a.values + b.values));
    else if constexpr (std::is_same_v<T, bool>)
      return Lanes(T(a.values || b.values));
    else
      return Lanes(
          static_cast<T>(static_cast<std::uint64_t>(a.values) + static_cast<std::uint64_t>(b.values)));
  }
  friend Lanes operator-(Lanes a, Lanes b) {
    if constexpr (is_vector<T>)
      return Lanes(Values(a.values - b.values));
    else if constexpr (std::is_same_v<T, bool>)
      return Lanes(T(a.values != b.values));
    else
      return Lanes(
          static_cast<T>(static_cast<std::uint64_t>(a.values) - static_cast<std::uint64_t>(b.values)));
  }
  friend Lanes operator*(Lanes a, Lanes b) {
    if constexpr (is_vector<T>)
      return Lanes(Values(a.values * b.values));
    else if constexpr (std::is_same_v<T, bool>)
      return Lanes(T(a.values && b.values));
    else
      return Lanes(
          static_cast<T>(static_cast<std::uint64_t>(a.values) * static_cast<std::uint64_t>(b.values)));
  }
  friend Lanes operator/(Lanes a, Lanes b)
    requires is_vector<T>
  {
    return Lanes(Values(a.values / b.values));
  }
  friend Lanes operator-(Lanes a) {
    if constexpr (is_vector<T>)
      return Lanes(Values(-a.values));
    else
      return Lanes(T(0)) - a;
  }
  friend Lanes operator+(Lanes a) { return a; }

#define XGRAD_WITH_NUMBER(op)                                                        \
  friend auto operator op(Lanes a, Number auto b) { return a op Lanes(convert(b)); } \
  friend auto operator op(Number auto a, Lanes b) { return Lanes(convert(a)) op b; }
#define XGRAD_COMPARISON(op)                                                      \
  friend Mask<T> operator op(Lanes a, Lanes b) { return {a.values op b.values}; } \
  XGRAD_WITH_NUMBER(op)
  XGRAD_WITH_NUMBER(+)
  XGRAD_WITH_NUMBER(-)
  XGRAD_WITH_NUMBER(*)
  XGRAD_WITH_NUMBER(/)
  XGRAD_COMPARISON(<)
  XGRAD_COMPARISON(<=)
  XGRAD_COMPARISON(>)
  XGRAD_COMPARISON(>=)
  XGRAD_COMPARISON(==)
#undef XGRAD_COMPARISON
  friend Mask<T> operator!=(Lanes a, Lanes b) { return !(a == b); }  // true for nan, which xsimd's own is not
  XGRAD_WITH_NUMBER(!=)
#undef XGRAD_WITH_NUMBER
};

/// a where the mask is true, else b.
template <class T>
Lanes<T> select(Mask<T> mask, Lanes<T> a, Lanes<T> b) {
  if constexpr (is_vector<T>)
    return Lanes<T>(xsimd::select(mask.truths, a.values, b.values));
  else
    return Lanes<T>(mask.truths ? a.values : b.values);
}
template <class T>
Lanes<T> select(Mask<T> mask, Lanes<T> a, Number auto b) {
  return select(mask, a, Lanes<T>(Lanes<T>::convert(b)));
}
template <class T>
Lanes<T> select(Mask<T> mask, Number auto a, Lanes<T> b) {
  return select(mask, Lanes<T>(Lanes<T>::convert(a)), b);
}
/// A number where the mask is true, else another one.
template <class T>
Lanes<T> select(Mask<T> mask, Number auto a, Number auto b) {
  return select(mask, Lanes<T>(Lanes<T>::convert(a)), Lanes<T>(Lanes<T>::convert(b)));
}

// Reading and writing -------------------------------------------------------------------------------

/// Reads a full set of lanes.
template <class T>
Lanes<T> load(const T* source) {
  if constexpr (is_vector<T>)
    return Lanes<T>(xsimd::batch<T>::load_unaligned(source));
  else
    return Lanes<T>(*source);
}

template <class T>
void store(Lanes<T> lanes, T* destination) {
  if constexpr (is_vector<T>)
    lanes.values.store_unaligned(destination);
  else
    *destination = lanes.values;
}

#if XGRAD_MASKED_LANES
inline __mmask16 first_lanes_16(std::size_t count) { return static_cast<__mmask16>((1U << count) - 1U); }
inline __mmask8 first_lanes_8(std::size_t count) { return static_cast<__mmask8>((1U << count) - 1U); }
#endif

/// Reads `count` (fewer than all) lanes; the others are 0.
template <class T>
Lanes<T> load_first(const T* source, std::size_t count) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    return Lanes<T>(xsimd::batch<T>(_mm512_maskz_loadu_ps(first_lanes_16(count), source)));
  } else if constexpr (std::is_same_v<T, double> && Lanes<T>::count == 8) {
    return Lanes<T>(xsimd::batch<T>(_mm512_maskz_loadu_pd(first_lanes_8(count), source)));
  }
#endif
  alignas(64) T buffer[Lanes<T>::count] = {};
  std::memcpy(buffer, source, count * sizeof(T));
  return load(buffer);
}

/// Writes the first `count` lanes.
template <class T>
void store_first(Lanes<T> lanes, T* destination, std::size_t count) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    _mm512_mask_storeu_ps(destination, first_lanes_16(count), lanes.values);
    return;
  } else if constexpr (std::is_same_v<T, double> && Lanes<T>::count == 8) {
    _mm512_mask_storeu_pd(destination, first_lanes_8(count), lanes.values);
    return;
  }
#endif
  alignas(64) T buffer[Lanes<T>::count];
  store(lanes, buffer);
  std::memcpy(destination, buffer, count * sizeof(T));
}

/// Reads truths from bytes (not 0 is true), `count` of them, as the mask of lanes of T.
template <class T>
Mask<T> load_mask(const bool* source, std::size_t count = Lanes<T>::count) {
  if constexpr (!is_vector<T>) {
    return {*source};
  } else {
#if XGRAD_MASKED_LANES
    if constexpr (Lanes<T>::count == 16) {
      __m128i bytes = _mm_maskz_loadu_epi8(first_lanes_16(count), source);
      return {xsimd::batch_bool<T>(_mm_test_epi8_mask(bytes, bytes))};
    } else if constexpr (Lanes<T>::count == 8) {
      __m128i bytes = _mm_maskz_loadu_epi8(first_lanes_8(count), source);
      return {xsimd::batch_bool<T>(static_cast<__mmask8>(_mm_test_epi8_mask(bytes, bytes)))};
    }
#endif
    alignas(64) T buffer[Lanes<T>::count] = {};
    for (std::size_t i = 0; i < count; ++i) buffer[i] = source[i] ? T(1) : T(0);
    return load(buffer) != T(0);
  }
}

/// Writes truths as bytes 0 and 1, `count` of them.
template <class T>
void store_mask(Mask<T> mask, bool* destination, std::size_t count = Lanes<T>::count) {
  if constexpr (!is_vector<T>) {
    *destination = mask.truths;
  } else {
#if XGRAD_MASKED_LANES
    if constexpr (Lanes<T>::count == 16 || Lanes<T>::count == 8) {
      __m128i bytes = _mm_maskz_set1_epi8(static_cast<__mmask16>(mask.truths.data), 1);
      _mm_mask_storeu_epi8(destination, first_lanes_16(count), bytes);
      return;
    }
#endif
    alignas(64) T buffer[Lanes<T>::count];
    store(select(mask, Lanes<T>(T(1)), Lanes<T>(T(0))), buffer);
    for (std::size_t i = 0; i < count; ++i) destination[i] = buffer[i] != T(0);
  }
}

}  // namespace xgrad::kernels
