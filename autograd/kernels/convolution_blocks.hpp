#pragma once

#include <cstdint>
#include <vector>

#include <xgrad/autograd/kernels/strided_lanes.hpp>

/// The innermost loop of weight gradients: blocks of sums that stay in registers.
namespace xgrad::kernels::blocks {

inline constexpr int max_vectors = XGRAD_MASKED_LANES ? 4 : 3;
/// Rows of a block with so many registers each.
constexpr int most_rows(std::int64_t vectors) {
  if (!XGRAD_MASKED_LANES) return 4;
  return vectors == 4 ? 6 : 8;
}

/// The positions of a tile, as g and the band have them: `columns` in each of some lines of the band.
struct Positions {
  const std::vector<std::int64_t>& lines;
  std::int64_t columns, column_step;
  std::int64_t g_step;
};

/// sums [Rows, Vectors] += over the positions: band[position + offset of the row] times g[position].
template <int Rows, int Vectors, class T>
void add_products(const T* g, const T* band, const std::int64_t* offsets, const Positions& positions, T* sums,
                  std::int64_t sums_step) {
  const std::int64_t columns = positions.columns, column_step = positions.column_step,
                     g_step = positions.g_step;
  Lanes<T> totals[Rows * Vectors];
  std::int64_t places[Rows];
  unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
    places[row] = offsets[row];
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
      totals[row * Vectors + v] = load(sums + row * sums_step + v * lanes<T>);
    });
  });
  for (std::int64_t line_offset : positions.lines) {
    const T* place = band + line_offset;
    for (std::int64_t i = 0; i < columns; ++i) {
      Lanes<T> line[Vectors];
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { line[v] = load(g + v * lanes<T>); });
      unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
        Lanes<T> factor(place[places[row]]);
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
          totals[row * Vectors + v] = multiply_add(factor, line[v], totals[row * Vectors + v]);
        });
      });
      g += g_step;
      place += column_step;
    }
  }
  unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
      store(totals[row * Vectors + v], sums + row * sums_step + v * lanes<T>);
    });
  });
}

template <class T>
using ProductFunction = void (*)(const T*, const T*, const std::int64_t*, const Positions&, T*, std::int64_t);

template <int Vectors, class T>
ProductFunction<T> product_function(std::int64_t rows) {
  if (rows == most_rows(Vectors)) return &add_products<most_rows(Vectors), Vectors, T>;
  if (rows == 4) return &add_products<4, Vectors, T>;
  if (rows == 2) return &add_products<2, Vectors, T>;
  return &add_products<1, Vectors, T>;
}

/// add_products for so many rows and registers.
template <class T>
ProductFunction<T> product_function(std::int64_t rows, std::int64_t vectors) {
  if (vectors == 1) return product_function<1, T>(rows);
  if (vectors == 2) return product_function<2, T>(rows);
  if (vectors == 3) return product_function<3, T>(rows);
  return product_function<max_vectors, T>(rows);
}

}  // namespace xgrad::kernels::blocks
