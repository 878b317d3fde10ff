#pragma once

#include <cstdint>

#include <xgrad/autograd/kernels/strided_lanes.hpp>

/// The innermost loops of correlations: blocks of sums that stay in registers.
namespace xgrad::kernels::blocks {

/// Rows of a block: with three registers of positions and a weight, the sums fill the register file.
inline constexpr int max_rows = XGRAD_MASKED_LANES ? 8 : 4;

/// Rows of the block that starts where `rows` are left: a power of two.
inline std::int64_t rows_of_block(std::int64_t rows) {
  std::int64_t size = max_rows;
  while (size > rows) size /= 2;
  return size;
}

// Packed positions ----------------------------------------------------------------------------------

inline constexpr int panel_vectors = 3;
template <class T>
inline constexpr std::int64_t panel_width = panel_vectors * lanes<T>;

/// Where a block of the result is written, and what it is added to.
template <class T>
struct Block {
  T* data;
  std::int64_t row_step;
  const T* bias;      ///< one number a row, or null
  bool accumulates;   ///< adds to what is there, not to the bias
  std::int64_t last;  ///< lanes of the last vector that are written
};

/// Places that will be read soon.
template <class T>
struct Ahead {
  const T* first;
  std::int64_t step, count;
};

/// block [Rows, Vectors] += a [depth, Rows] transposed times b [depth, panel].
/// Meanwhile the memory of the places `ahead`, at most `depth`, is asked for.
template <int Rows, int Vectors, class T>
void multiply_block(const T* a, const T* b, std::int64_t depth, const Ahead<T>& ahead,
                    const Block<T>& block) {
  bool whole = block.last == lanes<T>;
  auto last = static_cast<std::size_t>(block.last);
  Lanes<T> sums[Rows * Vectors];
  if (!block.accumulates) {
    unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
      Lanes<T> start(block.bias == nullptr ? T(0) : block.bias[row]);
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { sums[row * Vectors + v] = start; });
    });
  } else {
    unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
      const T* line = block.data + row * block.row_step;
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
        bool full = v + 1 < Vectors || whole;
        sums[row * Vectors + v] = full ? load(line + v * lanes<T>) : load_first(line + v * lanes<T>, last);
      });
    });
  }
  auto add_products = [&]() __attribute__((always_inline)) {
    Lanes<T> line[Vectors];
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { line[v] = load(b + v * lanes<T>); });
    unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
      Lanes<T> factor(a[row]);
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
        sums[row * Vectors + v] = multiply_add(factor, line[v], sums[row * Vectors + v]);
      });
    });
    a += Rows;
    b += panel_width<T>;
  };
  const T* place = ahead.first;
  for (std::int64_t k = 0; k < ahead.count; ++k, place += ahead.step) {
    __builtin_prefetch(place, 0, 2);
    add_products();
  }
  for (std::int64_t k = ahead.count; k < depth; ++k) add_products();
  unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
    T* line = block.data + row * block.row_step;
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
      if (v + 1 < Vectors || whole)
        store(sums[row * Vectors + v], line + v * lanes<T>);
      else
        store_first(sums[row * Vectors + v], line + v * lanes<T>, last);
    });
  });
}

template <class T>
using PanelFunction = void (*)(const T*, const T*, std::int64_t, const Ahead<T>&, const Block<T>&);

template <class T, int Rows>
PanelFunction<T> panel_function(std::int64_t vectors) {
  if (vectors == 1) return &multiply_block<Rows, 1, T>;
  if (vectors == 2) return &multiply_block<Rows, 2, T>;
  return &multiply_block<Rows, panel_vectors, T>;
}

/// multiply_block for so many rows and registers.
template <class T>
PanelFunction<T> panel_function(std::int64_t rows, std::int64_t vectors) {
  if (rows == 8) return panel_function<T, max_rows>(vectors);
  if (rows == 4) return panel_function<T, 4>(vectors);
  if (rows == 2) return panel_function<T, 2>(vectors);
  return panel_function<T, 1>(vectors);
}

// Positions read in place ---------------------------------------------------------------------------

/// Registers of positions beside so many rows.
constexpr int vectors_beside(int rows) {
  if (!XGRAD_MASKED_LANES) return rows == 4 ? 2 : 4;
  return rows == 8 ? 3 : rows == 4 ? 6 : 8;
}

/// block [Rows, Vectors] = bias + the sum over k of a [depth, Rows] times what lies at b + offsets[k].
template <int Rows, int Vectors, class T>
void multiply_in_place(const T* a, const T* b, const std::int64_t* offsets, std::int64_t depth, const T* bias,
                       T* block) {
  Lanes<T> sums[Rows * Vectors];
  unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
    Lanes<T> start(bias == nullptr ? T(0) : bias[row]);
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { sums[row * Vectors + v] = start; });
  });
  for (std::int64_t k = 0; k < depth; ++k) {
    const T* place = b + offsets[k];
    Lanes<T> line[Vectors];
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { line[v] = load(place + v * lanes<T>); });
    unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
      Lanes<T> factor(a[row]);
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
        sums[row * Vectors + v] = multiply_add(factor, line[v], sums[row * Vectors + v]);
      });
    });
    a += Rows;
  }
  unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
      store(sums[row * Vectors + v], block + (row * Vectors + v) * lanes<T>);
    });
  });
}

template <class T>
using InPlaceFunction = void (*)(const T*, const T*, const std::int64_t*, std::int64_t, const T*, T*);

/// The largest number of registers up to `most` that multiply_in_place has a loop for.
constexpr std::int64_t registers_up_to(std::int64_t most) {
  for (std::int64_t count : {8, 6, 4, 3, 2}) {
    if (count <= most) return count;
  }
  return 1;
}

template <class T, int Rows>
InPlaceFunction<T> function_in_place(std::int64_t vectors) {
  constexpr int most = vectors_beside(Rows);
  if constexpr (most >= 8) {
    if (vectors == 8) return &multiply_in_place<Rows, 8, T>;
  }
  if constexpr (most >= 6) {
    if (vectors == 6) return &multiply_in_place<Rows, 6, T>;
  }
  if constexpr (most >= 4) {
    if (vectors == 4) return &multiply_in_place<Rows, 4, T>;
  }
  if constexpr (most >= 3) {
    if (vectors == 3) return &multiply_in_place<Rows, 3, T>;
  }
  if (vectors == 2) return &multiply_in_place<Rows, 2, T>;
  return &multiply_in_place<Rows, 1, T>;
}

/// multiply_in_place for so many rows and registers: registers_up_to(vectors_beside(rows)) at most.
template <class T>
InPlaceFunction<T> function_in_place(std::int64_t rows, std::int64_t vectors) {
  if (rows == 8) return function_in_place<T, max_rows>(vectors);
  if (rows == 4) return function_in_place<T, 4>(vectors);
  if (rows == 2) return function_in_place<T, 2>(vectors);
  return function_in_place<T, 1>(vectors);
}

}  // namespace xgrad::kernels::blocks
