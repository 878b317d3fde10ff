#include <xgrad/autograd/kernels/copy.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include <xgrad/autograd/kernels/elementwise.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

/// memcpy for a few hundred bytes, without its call.
inline void copy_short(std::byte* to, const std::byte* from, std::size_t bytes) {
  constexpr std::size_t piece = 32;
  if (bytes < piece) {
    std::memcpy(to, from, bytes);
    return;
  }
  for (std::size_t i = 0; i + piece <= bytes; i += piece) std::memcpy(to + i, from + i, piece);
  std::memcpy(to + bytes - piece, from + bytes - piece, piece);
}

/// Copies items of Bytes bytes; the destination is pointer 0.
template <std::int64_t Bytes>
void copy_items(const void*, std::byte* const* pointers, const std::int64_t* strides, std::int64_t count,
                bool) {
  std::byte* to = pointers[0];
  const std::byte* from = pointers[1];
  if (strides[0] == Bytes && strides[1] == Bytes) {
    auto bytes = static_cast<std::size_t>(count * Bytes);
    if (bytes <= 512)
      copy_short(to, from, bytes);
    else
      std::memcpy(to, from, bytes);
    return;
  }
  std::int64_t step_to = strides[0];
  std::int64_t step_from = strides[1];
  for (std::int64_t i = 0; i < count; ++i) std::memcpy(to + i * step_to, from + i * step_from, Bytes);
}

InnerLoop item_copier(DType dtype) {
  switch (item_size(dtype)) {
    case 1:
      return &copy_items<1>;
    case 4:
      return &copy_items<4>;
    default:
      return &copy_items<8>;
  }
}

template <class To, class From>
To converted(From value) {
  if constexpr (std::is_same_v<To, bool>)
    return value != From(0);
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
    return whole<To>(value);
  else
    return static_cast<To>(value);
}

template <class To, class From>
void convert_items(const void*, std::byte* const* pointers, const std::int64_t* strides, std::int64_t count,
                   bool) {
  constexpr std::int64_t to_size = sizeof(To);
  constexpr std::int64_t from_size = sizeof(From);
  if (strides[0] == to_size && strides[1] == from_size) {
    auto* to = reinterpret_cast<To*>(pointers[0]);
    const auto* from = reinterpret_cast<const From*>(pointers[1]);
    for (std::int64_t i = 0; i < count; ++i) to[i] = converted<To>(from[i]);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    *reinterpret_cast<To*>(pointers[0] + i * strides[0]) =
        converted<To>(*reinterpret_cast<const From*>(pointers[1] + i * strides[1]));
  }
}

InnerLoop converter(DType to, DType from) {
  return dispatch(to, [&](auto to_tag) {
    return dispatch(from, [](auto from_tag) -> InnerLoop {
      return &convert_items<typename decltype(to_tag)::type, typename decltype(from_tag)::type>;
    });
  });
}

/// Small tiles, so that both the lines that are read and those that are written stay in the first cache.
constexpr std::int64_t tile = 16;

/// A tile [height, width] whose rows lie `from_step` items apart, written transposed.
template <class T>
void transpose_tile(const T* from, std::int64_t from_step, T* to, std::int64_t to_step, std::int64_t height,
                    std::int64_t width) {
  T buffer[tile * tile];
  for (std::int64_t i = 0; i < height; ++i) {
    for (std::int64_t j = 0; j < width; ++j) buffer[j * tile + i] = from[i * from_step + j];
  }
  for (std::int64_t j = 0; j < width; ++j)
    std::memcpy(to + j * to_step, buffer + j * tile, static_cast<std::size_t>(height) * sizeof(T));
}

#if XGRAD_MASKED_LANES
/// A whole tile of 4-byte items in 16 registers: pairs, fours, eights and halves of rows change places. With
/// `stream` the lines that are written, which lie at multiples of 64 bytes, pass the caches by.
void transpose_registers(const float* from, std::int64_t from_step, float* to, std::int64_t to_step,
                         bool stream) {
  __m512 rows[16];
  __m512 mixed[16];
  for (int i = 0; i < 16; ++i) rows[i] = _mm512_loadu_ps(from + i * from_step);
  for (int i = 0; i < 16; i += 2) {
    mixed[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    mixed[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  auto pairs = [](__m512 a, __m512 b, bool high) {
    __m512d x = _mm512_castps_pd(a);
    __m512d y = _mm512_castps_pd(b);
    return _mm512_castpd_ps(high ? _mm512_unpackhi_pd(x, y) : _mm512_unpacklo_pd(x, y));
  };
  for (int i = 0; i < 16; i += 4) {
    rows[i] = pairs(mixed[i], mixed[i + 2], false);
    rows[i + 1] = pairs(mixed[i], mixed[i + 2], true);
    rows[i + 2] = pairs(mixed[i + 1], mixed[i + 3], false);
    rows[i + 3] = pairs(mixed[i + 1], mixed[i + 3], true);
  }
  for (int i = 0; i < 4; ++i) {
    mixed[i] = _mm512_shuffle_f32x4(rows[i], rows[i + 4], 0x88);
    mixed[i + 4] = _mm512_shuffle_f32x4(rows[i], rows[i + 4], 0xdd);
    mixed[i + 8] = _mm512_shuffle_f32x4(rows[i + 8], rows[i + 12], 0x88);
    mixed[i + 12] = _mm512_shuffle_f32x4(rows[i + 8], rows[i + 12], 0xdd);
  }
  for (int i = 0; i < 8; ++i) {
    rows[i] = _mm512_shuffle_f32x4(mixed[i], mixed[i + 8], 0x88);
    rows[i + 8] = _mm512_shuffle_f32x4(mixed[i], mixed[i + 8], 0xdd);
  }
  for (int i = 0; i < 16; ++i) {
    if (stream)
      _mm512_stream_ps(to + i * to_step, rows[i]);
    else
      _mm512_storeu_ps(to + i * to_step, rows[i]);
  }
}
#endif

/// A matrix [rows, columns] whose rows lie `from_step` items apart, written transposed.
template <class T>
void transpose_block(const T* from, std::int64_t from_step, T* to, std::int64_t to_step, std::int64_t rows,
                     std::int64_t columns, [[maybe_unused]] bool stream) {
  for (std::int64_t r = 0; r < rows; r += tile) {
    for (std::int64_t c = 0; c < columns; c += tile) {
      std::int64_t height = std::min(tile, rows - r);
      std::int64_t width = std::min(tile, columns - c);
      const T* here = from + r * from_step + c;
      T* there = to + c * to_step + r;
#if XGRAD_MASKED_LANES
      if constexpr (sizeof(T) == 4) {
        if (height == tile && width == tile) {
          transpose_registers(reinterpret_cast<const float*>(here), from_step,
                              reinterpret_cast<float*>(there), to_step, stream);
          continue;
        }
      }
#endif
      transpose_tile(here, from_step, there, to_step, height, width);
    }
  }
#if XGRAD_MASKED_LANES
  if (stream) _mm_sfence();
#endif
}

/// Whether `source` is a transposed matrix (or a batch of one) for a row-major destination, large enough for
/// tiles.
bool is_transposed_matrix(const Array& source, const Array& destination) {
  return source.ndim() == 2 && destination.is_contiguous() && source.dtype() == destination.dtype() &&
         source.strides()[0] == 1 && source.strides()[1] > 1 && source.shape()[0] >= 16 &&
         source.shape()[1] >= 16;
}

void copy_transposed(const Array& source, const Array& destination) {
  std::int64_t rows = source.shape()[1];  // as the source's memory has them
  std::int64_t columns = source.shape()[0];
  std::int64_t step = source.strides()[1];
  auto run = [&](auto zero) {
    using T = decltype(zero);
    constexpr std::int64_t band = 64;
    bool stream = destination.numel() * static_cast<std::int64_t>(sizeof(T)) >= stream_bytes &&
                  reinterpret_cast<std::uintptr_t>(destination.bytes()) % 64 == 0 && rows % tile == 0;
    parallel_for((columns + band - 1) / band, std::max<std::int64_t>(1, 65536 / (rows * band)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t c = begin * band; c < std::min(columns, end * band); c += band) {
                     transpose_block(reinterpret_cast<const T*>(source.bytes()) + c, step,
                                     reinterpret_cast<T*>(destination.bytes()) + c * rows, rows, rows,
                                     std::min(band, columns - c), stream);
                   }
                 });
  };
  switch (item_size(source.dtype())) {
    case 1:
      run(std::uint8_t{});
      break;
    case 4:
      run(std::uint32_t{});
      break;
    default:
      run(std::uint64_t{});
      break;
  }
}

/// The bytes between the first and the last element, for arrays whose strides are not negative.
std::pair<const std::byte*, const std::byte*> extent(const Array& array) {
  std::int64_t last = 0;
  for (std::size_t i = 0; i < array.ndim(); ++i) last += (array.shape()[i] - 1) * array.strides()[i];
  return {array.bytes(), array.bytes() + (last + 1) * static_cast<std::int64_t>(item_size(array.dtype()))};
}

bool overlap(const Array& a, const Array& b) {
  if (!(a.storage() == b.storage()) || a.numel() == 0 || b.numel() == 0) return false;
  if (a.bytes() == b.bytes() && a.strides() == b.strides() && a.shape() == b.shape())
    return false;  // item by item
  auto [a_first, a_last] = extent(a);
  auto [b_first, b_last] = extent(b);
  return a_first < b_last && b_first < a_last;
}

/// Copies arrays whose last dimensions are short runs of memory in both, as a permutation of heads leaves
/// them; returns false for others.
bool copy_runs(const Array& source, const Array& destination) {
  constexpr std::int64_t longest_run = 512;
  const Shape& shape = source.shape();
  std::size_t outer = shape.size();
  std::int64_t run = 1;
  while (outer > 0 && source.strides()[outer - 1] == run && destination.strides()[outer - 1] == run)
    run *= shape[--outer];
  auto size = static_cast<std::int64_t>(item_size(source.dtype()));
  if (source.dtype() != destination.dtype() || run == 1 || run * size > longest_run || outer == 0)
    return false;
  std::size_t line = outer - 1;
  std::int64_t length = shape[line];
  std::int64_t step_from = source.strides()[line] * size, step_to = destination.strides()[line] * size;
  std::int64_t lines = 1;
  for (std::size_t d = 0; d < line; ++d) lines *= shape[d];
  auto bytes = static_cast<std::size_t>(run * size);
  std::int64_t grain = std::max<std::int64_t>(1, 131072 / (run * size * std::max<std::int64_t>(1, length)));
  parallel_for(lines, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::byte* from = source.bytes();
      std::byte* to = destination.bytes();
      std::int64_t rest = i;
      for (std::size_t d = line; d-- > 0;) {
        std::int64_t place = rest % shape[d] * size;
        rest /= shape[d];
        from += place * source.strides()[d];
        to += place * destination.strides()[d];
      }
      for (std::int64_t j = 0; j < length; ++j, from += step_from, to += step_to) copy_short(to, from, bytes);
    }
  });
  return true;
}

void copy_apart(const Array& source, const Array& destination) {
  if (is_transposed_matrix(source, destination)) {
    copy_transposed(source, destination);
    return;
  }
  if (copy_runs(source, destination)) return;
  const Array* operands[] = {&destination, &source};
  bool same = source.dtype() == destination.dtype();
  run_elementwise(operands, 2, 1,
                  same ? item_copier(source.dtype()) : converter(destination.dtype(), source.dtype()),
                  nullptr, Cost::cheap);
}

}  // namespace

Array clone(const Array& source) {
  Array result(source.shape(), source.dtype());
  copy_apart(source, result);
  return result;
}

Array contiguous(const Array& source) { return source.is_contiguous() ? source : clone(source); }

Array cast(const Array& source, DType dtype) {
  if (dtype == source.dtype()) return source;
  Array result(source.shape(), dtype);
  copy_apart(source, result);
  return result;
}

void copy(const Array& source, const Array& destination) {
  Array spread = source.broadcast_to("copy", destination.shape());
  copy_apart(overlap(spread, destination) ? clone(spread) : spread, destination);
}

void fill(const Array& destination, Scalar value) {
  const Array* operands[] = {&destination};
  dispatch(destination.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T item = value.template to<T>();
    auto inner = [](const void* context, std::byte* const* pointers, const std::int64_t* strides,
                    std::int64_t count, bool) {
      T number = *static_cast<const T*>(context);
      if (strides[0] == static_cast<std::int64_t>(sizeof(T))) {
        std::fill_n(reinterpret_cast<T*>(pointers[0]), count, number);
        return;
      }
      for (std::int64_t i = 0; i < count; ++i) *reinterpret_cast<T*>(pointers[0] + i * strides[0]) = number;
    };
    run_elementwise(operands, 1, 1, inner, &item, Cost::cheap);
  });
}

Array concatenate(std::span<const Array> parts, std::size_t dim) {
  Shape shape = parts[0].shape();
  shape[dim] = 0;
  for (const Array& part : parts) shape[dim] += part.shape()[dim];
  Array result(shape, parts[0].dtype());
  std::int64_t start = 0;
  for (const Array& part : parts) {
    copy_apart(part, result.view(part.shape(), result.strides(), start * result.strides()[dim]));
    start += part.shape()[dim];
  }
  return result;
}

void accumulate(const Array& source, const Array& destination) {
  if (source.numel() == 0) return;
  // In one thread and in order: elements of the destination may share memory.
  Array from = contiguous(source);
  dispatch_floating(destination.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const Shape& shape = destination.shape();
    const Strides& steps = destination.strides();
    std::size_t rank = shape.size();
    std::int64_t row = rank == 0 ? 1 : shape.back();
    std::int64_t step = rank == 0 ? 1 : steps.back();
    Shape position = Shape::filled(rank, 0);
    const T* read = from.data<T>();
    T* written = destination.data<T>();
    for (std::int64_t done = 0; done < from.numel(); done += row) {
      for (std::int64_t i = 0; i < row; ++i) written[i * step] += read[done + i];
      for (std::size_t d = rank == 0 ? 0 : rank - 1; d-- > 0;) {
        written += steps[d];
        if (++position[d] < shape[d]) break;
        written -= shape[d] * steps[d];
        position[d] = 0;
      }
    }
  });
}

}  // namespace xgrad::kernels
