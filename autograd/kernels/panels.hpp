#pragma once

#include <algorithm>
#include <cstdint>

#include <xgrad/autograd/kernels/gemm.hpp>
#include <xgrad/autograd/kernels/lane_loops.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

/// Products of matrices that stay in the cache, whose right factor is copied into panels first: some
/// registers of columns each, row behind row, filled up with zeros. For kernels that use a factor several
/// times.
namespace xgrad::kernels::panels {

inline constexpr std::int64_t max_vectors = 3;
/// Rows of a tile of the result: with three registers a row, the sums fill the register file.
inline constexpr std::int64_t max_rows = XGRAD_MASKED_LANES ? 8 : 4;
/// The rows of a panel that the first cache holds.
inline constexpr std::int64_t cached_depth = 192;

/// How the columns of a matrix lie in panels.
template <class T>
struct Layout {
  explicit Layout(std::int64_t columns)
      : registers((columns + lanes<T> - 1) / lanes<T>),
        count((registers + max_vectors - 1) / max_vectors),
        vectors(count == 0 ? 0 : (registers + count - 1) / count) {}

  std::int64_t registers;  ///< of a row
  std::int64_t count;      ///< of panels
  std::int64_t vectors;    ///< registers of a panel's row; the last panel may have fewer

  /// Columns with those that fill up the last register.
  std::int64_t width() const { return registers * lanes<T>; }
  std::int64_t first_column(std::int64_t panel) const { return panel * vectors * lanes<T>; }
  std::int64_t vectors_of(std::int64_t panel) const { return std::min(vectors, registers - panel * vectors); }
};

/// Copies a matrix, whatever its strides, into panels: panel i begins at to + first_column(i) * rows.
template <class T>
void pack(const Matrix<T>& matrix, const Layout<T>& layout, T* to) {
  for (std::int64_t panel = 0; panel < layout.count; ++panel) {
    std::int64_t width = layout.vectors_of(panel) * lanes<T>;
    std::int64_t first = layout.first_column(panel);
    std::int64_t used = std::min(width, matrix.columns - first);
    T* target = to + first * matrix.rows;
    const T* source = matrix.data + first * matrix.column_stride;
    if (matrix.row_stride == 1 && matrix.column_stride != 1) {
      if (used < width) std::fill_n(target, matrix.rows * width, T(0));
      transpose(source, matrix.column_stride, target, width, used, matrix.rows);
      continue;
    }
    for (std::int64_t row = 0; row < matrix.rows; ++row, target += width, source += matrix.row_stride) {
      if (matrix.column_stride == 1) {
        for (std::int64_t i = 0; i < width; i += lanes<T>)
          store(i < used ? read_lanes(source + i, used - i) : Lanes<T>(T(0)), target + i);
      } else {
        for (std::int64_t i = 0; i < used; ++i) target[i] = source[i * matrix.column_stride];
        std::fill(target + used, target + width, T(0));
      }
    }
  }
}

/// The left factor; element (i, p) is data[i * row_stride + p * step].
template <class T>
struct Left {
  const T* data;
  std::int64_t row_stride, step;
};

/// result [Rows, Vectors registers] = (adds ? result : 0) + a [Rows, depth] times a panel [depth, Vectors].
template <int Rows, int Vectors, class T>
void multiply_tile(const Left<T>& a, const T* b, std::int64_t depth, T* result, std::int64_t result_stride,
                   bool adds) {
  Lanes<T> sums[Rows * Vectors];
  unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
      sums[row * Vectors + v] = adds ? load(result + row * result_stride + v * lanes<T>) : Lanes<T>(T(0));
    });
  });
  const T* factors = a.data;
  const std::int64_t stride = a.row_stride, step = a.step;
  for (std::int64_t p = 0; p < depth; ++p, factors += step, b += Vectors * lanes<T>) {
    Lanes<T> line[Vectors];
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { line[v] = load(b + v * lanes<T>); });
    unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
      Lanes<T> factor(factors[row * stride]);
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
        sums[row * Vectors + v] = multiply_add(factor, line[v], sums[row * Vectors + v]);
      });
    });
  }
  unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
      store(sums[row * Vectors + v], result + row * result_stride + v * lanes<T>);
    });
  });
}

template <int Rows, class T>
void multiply_tile(std::int64_t vectors, const Left<T>& a, const T* b, std::int64_t depth, T* result,
                   std::int64_t result_stride, bool adds) {
  if (vectors == 1) return multiply_tile<Rows, 1>(a, b, depth, result, result_stride, adds);
  if (vectors == 2) return multiply_tile<Rows, 2>(a, b, depth, result, result_stride, adds);
  multiply_tile<Rows, 3>(a, b, depth, result, result_stride, adds);
}

/// `rows` (at most max_rows) rows of the product with one panel; see multiply_tile. The result has room for
/// whole registers.
template <class T>
void multiply_rows(std::int64_t rows, std::int64_t vectors, Left<T> a, const T* b, std::int64_t depth,
                   T* result, std::int64_t result_stride, bool adds) {
  if (rows == max_rows) return multiply_tile<max_rows>(vectors, a, b, depth, result, result_stride, adds);
  while (rows > 0) {
    std::int64_t done = 1;
    if (rows >= 4) {
      multiply_tile<4>(vectors, a, b, depth, result, result_stride, adds);
      done = 4;
    } else if (rows >= 2) {
      multiply_tile<2>(vectors, a, b, depth, result, result_stride, adds);
      done = 2;
    } else {
      multiply_tile<1>(vectors, a, b, depth, result, result_stride, adds);
    }
    rows -= done;
    a.data += done * a.row_stride;
    result += done * result_stride;
  }
}

}  // namespace xgrad::kernels::panels
