#pragma once

#include <cstdint>

/// Matrix products on bare memory, for kernels that have no Array at hand (convolution, recurrent layers,
/// batches). Array versions stand in matmul.hpp.
namespace xgrad::kernels {

/// A matrix in somebody else's memory; element (i, j) is data[i * row_stride + j * column_stride].
template <class T>
struct Matrix {
  const T* data;
  std::int64_t rows, columns;
  std::int64_t row_stride, column_stride;

  /// Row-major without gaps.
  static Matrix dense(const T* data, std::int64_t rows, std::int64_t columns) {
    return {data, rows, columns, columns, 1};
  }
  Matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  Matrix row_range(std::int64_t begin, std::int64_t end) const {
    return {data + begin * row_stride, end - begin, columns, row_stride, column_stride};
  }
  Matrix column_range(std::int64_t begin, std::int64_t end) const {
    return {data + begin * column_stride, rows, end - begin, row_stride, column_stride};
  }
};

/// Where the product is written, and what it is added to.
template <class T>
struct Result {
  T* data;  ///< element (i, j) is data[i * row_stride + j]
  std::int64_t row_stride;
  const T* start = nullptr;       ///< added to the product: row i is start + i * start_stride; null: zeros
  std::int64_t start_stride = 0;  ///< 0: one row (a bias) for all; `data` and row_stride: accumulate
};

/// result = start + a b, for a [m, k] and b [k, n]; no size or stride is special, but products beyond a few
/// thousand multiplications are fast only where is_dense_enough(a) and is_dense_enough(b). Large products run
/// on several threads, unless called from a parallel region. The result does not depend on the number of
/// threads. Integers wrap around. Defined for float, double, int64, int32, uint8.
template <class T>
void multiply(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result);

/// Rows or columns lie in memory without gaps inside them, not overlapping: BLAS takes such a matrix as it
/// is.
template <class T>
bool is_dense_enough(const Matrix<T>& matrix) {
  auto dense = [](std::int64_t lines, std::int64_t length, std::int64_t line_stride, std::int64_t stride) {
    return (stride == 1 || length <= 1) && (line_stride >= length || lines <= 1);
  };
  bool vector = matrix.rows == 1 || matrix.columns == 1;
  return dense(matrix.rows, matrix.columns, matrix.row_stride, matrix.column_stride) ||
         (!vector && dense(matrix.columns, matrix.rows, matrix.column_stride, matrix.row_stride));
}

}  // namespace xgrad::kernels
