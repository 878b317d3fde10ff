#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include <xgrad/autograd/kernels/attention.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/panels.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

/// What forward and backward of attention have in common: blocks of rows of the scores, in the cache.
namespace xgrad::kernels::heads {

using panels::Layout;
using panels::Left;
using panels::max_rows;
using std::int64_t;

/// The matrix of one head.
template <class T>
Matrix<T> matrix_of(const Array& array, int64_t head) {
  std::size_t n = array.ndim();
  int64_t offset = 0;
  for (std::size_t i = n - 2; i-- > 0;) {
    offset += head % array.shape()[i] * array.strides()[i];
    head /= array.shape()[i];
  }
  return {array.data<T>() + offset, array.shape()[n - 2], array.shape()[n - 1], array.strides()[n - 2],
          array.strides()[n - 1]};
}

/// Uninitialized memory in which the dimensions follow each other as in an array of these strides; the last
/// one is innermost.
Array in_order_of(const Strides& model, const Shape& shape, DType dtype);

inline int64_t rounded_up(int64_t number, int64_t multiple) {
  return (number + multiple - 1) / multiple * multiple;
}

/// The sizes of a problem, and how it is cut into blocks of rows. These follow from the shapes alone: the
/// result must not depend on the number of threads.
template <class T>
struct Sizes {
  explicit Sizes(const AttentionInputs& inputs)
      : queries(inputs.query.shape()[inputs.query.ndim() - 2]),
        keys(inputs.key.shape()[inputs.key.ndim() - 2]),
        features(inputs.query.shape().back()),
        values(inputs.value.shape().back()),
        count(1),
        causal(inputs.causal),
        by_key(keys),
        by_feature(features),
        by_value(values) {
    for (std::size_t i = 0; i + 2 < inputs.query.ndim(); ++i) count *= inputs.query.shape()[i];
    constexpr int64_t block_numbers = 1 << 15;
    constexpr int64_t block_rows = 64;
    rows = std::clamp(block_numbers / std::max<int64_t>(keys, 1) / max_rows * max_rows, max_rows, block_rows);
    rows = std::min(rows, rounded_up(queries, max_rows));
    blocks = queries == 0 ? 0 : (queries + rows - 1) / rows;
  }

  int64_t queries, keys, features, values;
  int64_t count;  ///< of heads
  bool causal;
  Layout<T> by_key, by_feature, by_value;
  int64_t rows = 0;    ///< of a block
  int64_t blocks = 0;  ///< of a head

  /// The keys before this one are looked at by one of the queries before `query`.
  int64_t limit(int64_t query) const { return causal ? std::min(keys, query) : keys; }
  /// Multiplications, as a measure of time.
  double work() const {
    return static_cast<double>(count) * static_cast<double>(queries) * static_cast<double>(keys) *
           static_cast<double>(features + values + 16);
  }
};

/// Calls run(slot, first item, last item) so that all items are covered, each slot on a thread of its own.
template <class Run>
void in_slots(int64_t slots, int64_t items, const Run& run) {
  parallel_for(slots, 1, [&](int64_t first, int64_t last) {
    for (int64_t slot = first; slot < last; ++slot)
      run(slot, items * slot / slots, items * (slot + 1) / slots);
  });
}
inline int64_t slots_for(double work, int64_t items) {
  double threads = std::clamp(work / (1 << 18), 1.0, static_cast<double>(num_threads()));
  return std::min(static_cast<int64_t>(threads), items);
}

/// Calls tile(first, last) for the tiles of rows [begin, end).
template <class Tile>
void for_tiles(int64_t begin, int64_t end, const Tile& tile) {
  for (int64_t first = begin; first < end; first += max_rows) tile(first, std::min(end, first + max_rows));
}

/// scores [end - begin, by_key.width()] = rows [begin, end) of a times the transposed keys (or values) in
/// panels. Beyond the diagonal they are not all computed.
template <class T>
void multiply_keys(const Sizes<T>& sizes, const Matrix<T>& a, const T* panels, int64_t begin, int64_t end,
                   T* scores) {
  int64_t width = sizes.by_key.width();
  for (int64_t panel = 0; panel < sizes.by_key.count; ++panel) {
    int64_t column = sizes.by_key.first_column(panel);
    for_tiles(begin, end, [&](int64_t first, int64_t last) {
      if (column >= sizes.limit(last)) return;
      panels::multiply_rows(last - first, sizes.by_key.vectors_of(panel),
                            Left<T>{a.data + first * a.row_stride, a.row_stride, a.column_stride},
                            panels + column * a.columns, a.columns, scores + (first - begin) * width + column,
                            width, false);
    });
  }
}

/// result [end - begin, layout.width()] = weights of the queries [begin, end) times a matrix [keys, ...] in
/// panels. The weights are 0 between a query's limit and its tile's.
template <class T>
void multiply_weights(const Sizes<T>& sizes, const T* weights, const T* panels, const Layout<T>& layout,
                      int64_t begin, int64_t end, T* result) {
  int64_t width = sizes.by_key.width();
  for (int64_t key = 0; key < sizes.limit(end); key += panels::cached_depth) {
    for (int64_t panel = 0; panel < layout.count; ++panel) {
      int64_t column = layout.first_column(panel), vectors = layout.vectors_of(panel);
      const T* rows = panels + column * sizes.keys + key * vectors * lanes<T>;
      for_tiles(begin, end, [&](int64_t first, int64_t last) {
        int64_t depth = std::min(panels::cached_depth, sizes.limit(last) - key);
        if (depth <= 0) return;
        panels::multiply_rows(last - first, vectors,
                              Left<T>{weights + (first - begin) * width + key, width, 1}, rows, depth,
                              result + (first - begin) * layout.width() + column, layout.width(), key > 0);
      });
    }
  }
}

/// sums [keys, layout.width()] += the transposed weights of the queries [begin, end) times a matrix
/// [end - begin, ...] in panels.
template <class T>
void add_products(const Sizes<T>& sizes, const T* weights, const T* panels, const Layout<T>& layout,
                  int64_t begin, int64_t end, T* sums) {
  int64_t width = sizes.by_key.width();
  for (int64_t panel = 0; panel < layout.count; ++panel) {
    int64_t column = layout.first_column(panel), vectors = layout.vectors_of(panel);
    for_tiles(0, sizes.limit(end), [&](int64_t first, int64_t last) {
      int64_t start = sizes.causal ? std::max<int64_t>(0, first - begin) : 0;
      panels::multiply_rows(last - first, vectors, Left<T>{weights + start * width + first, 1, width},
                            panels + (column * (end - begin) + start * vectors * lanes<T>),
                            end - begin - start, sums + first * layout.width() + column, layout.width(),
                            true);
    });
  }
}

/// A row of the mask, as far as one is given.
template <class T>
struct MaskRow {
  const T* added = nullptr;
  const bool* allowed = nullptr;
  bool given() const { return added != nullptr || allowed != nullptr; }
};

/// The masks of one head.
template <class T>
struct HeadMask {
  explicit HeadMask(const Array& mask, int64_t head) {
    if (!mask.defined()) return;
    if (mask.dtype() == DType::boolean)
      allowed = matrix_of<bool>(mask, head);
    else
      added = matrix_of<T>(mask, head);
  }
  MaskRow<T> row(int64_t query) const {
    return {added.data == nullptr ? nullptr : added.data + query * added.row_stride,
            allowed.data == nullptr ? nullptr : allowed.data + query * allowed.row_stride};
  }
  Matrix<T> added{};
  Matrix<bool> allowed{};
};

template <class T>
Mask<T> fetch_mask(const bool* source, detail::Whole) {
  return load_mask<T>(source);
}
template <class T>
Mask<T> fetch_mask(const bool* source, detail::Part part) {
  return load_mask<T>(source, part.count);
}

/// As many ones as a register has lanes, then zeros.
template <class T>
inline constexpr auto ones_and_zeros = [] {
  std::array<T, 2 * Lanes<T>::count> numbers{};
  for (std::size_t i = 0; i < Lanes<T>::count; ++i) numbers[i] = T(1);
  return numbers;
}();

/// The numbers in the first `count` lanes, `other` in the rest.
template <class T>
Lanes<T> first_lanes(Lanes<T> numbers, int64_t count, T other) {
  return select(load(ones_and_zeros<T>.data() + lanes<T> - count) != T(0), numbers, Lanes<T>(other));
}

/// Zeros in the registers of a row from `begin` to `end`.
template <class T>
void clear(T* row, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i += lanes<T>) store(Lanes<T>(T(0)), row + i);
}

/// The sum of all lanes.
template <class T>
T total(Lanes<T> numbers) {
#if XGRAD_MASKED_LANES
  if constexpr (lanes<T> == 16) return _mm512_reduce_add_ps(numbers.values);
  if constexpr (lanes<T> == 8 && sizeof(T) == 8) return _mm512_reduce_add_pd(numbers.values);
#endif
  return detail::horizontal_sum(numbers);
}

/// The largest of all lanes.
template <class T>
T largest(Lanes<T> numbers) {
#if XGRAD_MASKED_LANES
  if constexpr (lanes<T> == 16) return _mm512_reduce_max_ps(numbers.values);
  if constexpr (lanes<T> == 8 && sizeof(T) == 8) return _mm512_reduce_max_pd(numbers.values);
#endif
  alignas(64) T all[lanes<T>];
  store(numbers, all);
  return *std::max_element(all, all + lanes<T>);
}

/// scores = scores * scale + mask, -inf where that is not allowed.
template <class T>
void apply_mask(T* scores, int64_t count, T scale, const MaskRow<T>& mask) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  detail::for_lanes<T>(count, [&](int64_t i, auto how) {
    Lanes<T> score = detail::fetch(scores + i, how);
    if (mask.added != nullptr)
      score = detail::fused(score, Lanes<T>(scale), detail::fetch(mask.added + i, how));
    else
      score = select(fetch_mask<T>(mask.allowed + i, how), score * scale, -infinity);
    detail::put(score, scores + i, how);
  });
}

}  // namespace xgrad::kernels::heads
