#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/kernels/lanes.hpp>

/// Elementwise loops: a formula over Lanes, applied to arrays of any strides that broadcast to one shape. The
/// dimensions are collapsed first; the inner loop reads contiguous memory, one repeated element, or a strided
/// run gathered into a small buffer; large loops run on several threads.
namespace xgrad::kernels {

/// How much work a formula is; it decides from which size on several threads pay.
enum class Cost : std::int64_t { cheap = 32768, heavy = 4096 };

inline constexpr std::size_t max_operands = 12;

/// Results of so many bytes are larger than the last cache, and are written past it.
inline constexpr std::int64_t stream_bytes = std::int64_t{24} << 20;

/// The innermost loop over `count` elements. Pointers and byte strides: the results first, then the inputs.
/// `stream` asks for stores that pass the caches by.
using InnerLoop = void (*)(const void* formula, std::byte* const* pointers, const std::int64_t* strides,
                           std::int64_t count, bool stream);

/// Runs `inner` over all elements of the results' shape. `operands`: the results (of one shape), then the
/// inputs, which broadcast to it.
XGRAD_API void run_elementwise(const Array* const* operands, std::size_t count, std::size_t results,
                               InnerLoop inner, const void* formula, Cost cost);

/// Stands for an input of dtype bool that the formula takes as a Mask.
struct Truth {};

namespace detail {

template <class Kind>
inline constexpr std::int64_t item_bytes =
    std::is_same_v<Kind, Truth> ? 1 : static_cast<std::int64_t>(sizeof(Kind));

template <class C, class Kind>
auto read(const std::byte* source) {
  if constexpr (std::is_same_v<Kind, Truth>)
    return load_mask<C>(reinterpret_cast<const bool*>(source));
  else
    return load(reinterpret_cast<const C*>(source));
}
template <class C, class Kind>
auto read_first(const std::byte* source, std::size_t count) {
  if constexpr (std::is_same_v<Kind, Truth>)
    return load_mask<C>(reinterpret_cast<const bool*>(source), count);
  else
    return load_first(reinterpret_cast<const C*>(source), count);
}

/// Copies `count` items that lie `stride` bytes apart into a row (or back out of it).
template <std::int64_t Bytes>
void gather(const std::byte* source, std::int64_t stride, std::byte* row, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) std::memcpy(row + i * Bytes, source + i * stride, Bytes);
}
template <std::int64_t Bytes>
void scatter(const std::byte* row, std::byte* destination, std::int64_t stride, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) std::memcpy(destination + i * stride, row + i * Bytes, Bytes);
}

template <class C>
void write(Lanes<C> lanes, std::byte* destination, bool stream) {
#if XGRAD_MASKED_LANES
  if (stream) {
    if constexpr (std::is_same_v<C, float> && Lanes<C>::count == 16) {
      _mm512_stream_ps(reinterpret_cast<float*>(destination), lanes.values);
      return;
    } else if constexpr (std::is_same_v<C, double> && Lanes<C>::count == 8) {
      _mm512_stream_pd(reinterpret_cast<double*>(destination), lanes.values);
      return;
    }
  }
#else
  static_cast<void>(stream);
#endif
  store(lanes, reinterpret_cast<C*>(destination));
}
template <class C>
void write(Mask<C> mask, std::byte* destination, bool) {
  store_mask(mask, reinterpret_cast<bool*>(destination));
}
template <class C>
void write_first(Lanes<C> lanes, std::byte* destination, std::size_t count) {
  store_first(lanes, reinterpret_cast<C*>(destination), count);
}
template <class C>
void write_first(Mask<C> mask, std::byte* destination, std::size_t count) {
  store_mask(mask, reinterpret_cast<bool*>(destination), count);
}

template <class Result>
inline constexpr std::size_t result_count = 1;
template <class Result, std::size_t N>
inline constexpr std::size_t result_count<std::array<Result, N>> = N;

template <class Result>
auto& result_at(Result& result, std::size_t) {
  return result;
}
template <class Result, std::size_t N>
auto& result_at(std::array<Result, N>& results, std::size_t i) {
  return results[i];
}

template <class Result>
inline constexpr std::int64_t result_bytes = 1;  // a mask is stored as bool
template <class C>
inline constexpr std::int64_t result_bytes<Lanes<C>> = sizeof(C);
template <class Result, std::size_t N>
inline constexpr std::int64_t result_bytes<std::array<Result, N>> = result_bytes<Result>;

template <class C, class Formula, class... Kinds>
class Loop {
  using Result = decltype(std::declval<const Formula&>()(read<C, Kinds>(nullptr)...));
  static constexpr std::size_t results = result_count<Result>;
  static constexpr std::size_t inputs = sizeof...(Kinds);
  static constexpr std::size_t lanes = Lanes<C>::count;
  static constexpr std::int64_t result_size = result_bytes<Result>;
  static constexpr std::int64_t sizes[] = {item_bytes<Kinds>..., 0};

  /// Unit-stride results; an input's step is its item size or 0 (a repeated row of equal items). Flattened:
  /// every call in the formula is inlined, also a user's at a lower optimization level.
  template <bool stream, std::size_t... I>
  [[gnu::flatten]] static void contiguous(const Formula& formula, std::byte* const* result,
                                          const std::byte* const* input, const std::int64_t* step,
                                          std::int64_t count, std::index_sequence<I...>) {
    std::int64_t i = 0;
    for (; i + static_cast<std::int64_t>(lanes) <= count; i += static_cast<std::int64_t>(lanes)) {
      auto value = formula(read<C, Kinds>(input[I] + i * step[I])...);
      for (std::size_t r = 0; r < results; ++r)
        write(result_at(value, r), result[r] + i * result_size, stream);
    }
    if (i < count) {
      auto rest = static_cast<std::size_t>(count - i);
      auto value = formula(read_first<C, Kinds>(input[I] + i * step[I], rest)...);
      for (std::size_t r = 0; r < results; ++r)
        write_first(result_at(value, r), result[r] + i * result_size, rest);
    }
#if XGRAD_MASKED_LANES
    if constexpr (stream) _mm_sfence();
#endif
  }

  template <std::size_t I, class Kind>
  static void repeat(const std::byte* item, std::byte* row) {
    gather<item_bytes<Kind>>(item, 0, row, static_cast<std::int64_t>(lanes));
  }

 public:
  static constexpr std::size_t result_operands = results;

  static void inner(const void* formula_pointer, std::byte* const* pointers, const std::int64_t* strides,
                    std::int64_t count, bool stream) {
    const Formula formula =
        *static_cast<const Formula*>(formula_pointer);  // a copy: what it captured stays in registers
    inner(formula, pointers, strides, count, stream, std::index_sequence_for<Kinds...>());
  }

 private:
  template <std::size_t... I>
  static void inner(const Formula& formula, std::byte* const* pointers, const std::int64_t* strides,
                    std::int64_t count, bool stream, std::index_sequence<I...> indices) {
    std::array<std::byte*, results> result{};
    std::array<const std::byte*, inputs + 1> input{};
    std::array<std::int64_t, inputs + 1> step{};
    alignas(64) std::byte repeated[inputs + 1][64];
    bool strided = false;
    for (std::size_t r = 0; r < results; ++r) {
      result[r] = pointers[r];
      strided |= strides[r] != result_size && count > 1;
    }
    auto prepare = [&]<std::size_t K, class Kind>(std::integral_constant<std::size_t, K>, TypeTag<Kind>) {
      std::int64_t stride = strides[results + K];
      input[K] = pointers[results + K];
      step[K] = item_bytes<Kind>;
      if (stride == 0 && count > 1) {
        repeat<K, Kind>(input[K], repeated[K]);
        input[K] = repeated[K];
        step[K] = 0;
      } else if (stride != item_bytes<Kind> && count > 1) {
        strided = true;
      }
    };
    (prepare(std::integral_constant<std::size_t, I>(), TypeTag<Kinds>()), ...);
    if (!strided) {
      if (stream)
        contiguous<true>(formula, result.data(), input.data(), step.data(), count, indices);
      else
        contiguous<false>(formula, result.data(), input.data(), step.data(), count, indices);
      return;
    }
    constexpr std::int64_t block = 256;
    alignas(64) std::byte rows[results + inputs][block * sizeof(C)];
    for (std::int64_t first = 0; first < count; first += block) {
      std::int64_t length = std::min(block, count - first);
      std::array<std::byte*, results> block_result{};
      std::array<const std::byte*, inputs + 1> block_input{};
      for (std::size_t r = 0; r < results; ++r) {
        block_result[r] = strides[r] == result_size ? result[r] + first * result_size : rows[r];
      }
      auto fetch = [&]<std::size_t K, class Kind>(std::integral_constant<std::size_t, K>, TypeTag<Kind>) {
        std::int64_t stride = strides[results + K];
        if (step[K] == 0) {
          block_input[K] = input[K];
        } else if (stride == item_bytes<Kind>) {
          block_input[K] = input[K] + first * stride;
        } else {
          gather<item_bytes<Kind>>(input[K] + first * stride, stride, rows[results + K], length);
          block_input[K] = rows[results + K];
        }
      };
      (fetch(std::integral_constant<std::size_t, I>(), TypeTag<Kinds>()), ...);
      contiguous<false>(formula, block_result.data(), block_input.data(), step.data(), length, indices);
      for (std::size_t r = 0; r < results; ++r) {
        if (strides[r] != result_size) {
          scatter<result_size>(rows[r], result[r] + first * strides[r], strides[r], length);
        }
      }
    }
  }
};

}  // namespace detail

/// result = formula(inputs...), element by element, computed in Lanes<C>. Kinds: C for an input of that type,
/// Truth for a bool input that the formula takes as a Mask. A formula that returns a Mask writes bool.
template <class C, class... Kinds, class Formula, class... Inputs>
  requires(sizeof...(Kinds) == sizeof...(Inputs))
void map_kinds(const Array& result, const Formula& formula, Cost cost, const Inputs&... inputs) {
  const Array* operands[] = {&result, &inputs...};
  run_elementwise(operands, 1 + sizeof...(Inputs), 1, &detail::Loop<C, Formula, Kinds...>::inner, &formula,
                  cost);
}

namespace detail {
template <class C, class>
using Same = C;
}  // namespace detail

/// map_kinds for inputs that are all of type C.
template <class C, class Formula, class... Inputs>
void map(const Array& result, const Formula& formula, Cost cost, const Inputs&... inputs) {
  map_kinds<C, detail::Same<C, Inputs>...>(result, formula, cost, inputs...);
}

}  // namespace xgrad::kernels
