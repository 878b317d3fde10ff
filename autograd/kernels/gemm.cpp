#include <xgrad/autograd/kernels/gemm.hpp>

#include <cblas.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/serial_blas.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;

// Small products ------------------------------------------------------------------------------------

/// Reads `count` (at most all) lanes that are `stride` elements apart; the others hold arbitrary numbers.
template <class T>
Lanes<T> load_strided(const T* source, int64_t stride, std::size_t count) {
#if XGRAD_MASKED_LANES
  if constexpr (std::is_same_v<T, float> && Lanes<T>::count == 16) {
    // small_product() has seen that the last lane's offset fits.
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i offsets = _mm512_mullo_epi32(lane, _mm512_set1_epi32(static_cast<int>(stride)));
    return Lanes<T>(xsimd::batch<T>(_mm512_mask_i32gather_ps(
        _mm512_setzero_ps(), static_cast<__mmask16>((1U << count) - 1U), offsets, source, 4)));
  }
#endif
  alignas(64) T buffer[Lanes<T>::count] = {};
  for (std::size_t i = 0; i < count; ++i) buffer[i] = source[static_cast<int64_t>(i) * stride];
  return load(buffer);
}

/// `Rows` rows of the result, up to one register wide: the sums stay in registers.
template <int Rows, class T>
void small_block(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result, std::size_t width) {
  bool whole = width == Lanes<T>::count;
  Lanes<T> sums[Rows];
  for (int row = 0; row < Rows; ++row) {
    const T* start = result.start + row * result.start_stride;
    sums[row] = result.start == nullptr ? Lanes<T>(T(0)) : whole ? load(start) : load_first(start, width);
  }
  for (int64_t p = 0; p < a.columns; ++p) {
    const T* source = b.data + p * b.row_stride;
    Lanes<T> line = b.column_stride != 1 ? load_strided(source, b.column_stride, width)
                    : whole              ? load(source)
                                         : load_first(source, width);
    const T* factor = a.data + p * a.column_stride;
    for (int row = 0; row < Rows; ++row) {
      sums[row] =
          Lanes<T>(xsimd::fma(Lanes<T>(factor[row * a.row_stride]).values, line.values, sums[row].values));
    }
  }
  for (int row = 0; row < Rows; ++row) {
    T* destination = result.data + row * result.row_stride;
    if (whole)
      store(sums[row], destination);
    else
      store_first(sums[row], destination, width);
  }
}

template <class T>
void small_product(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result) {
  constexpr auto lanes = static_cast<int64_t>(Lanes<T>::count);
  for (int64_t column = 0; column < b.columns; column += lanes) {
    int64_t width = std::min(lanes, b.columns - column);
    Matrix<T> right = b.column_range(column, column + width);
    if (width == 1) right.column_stride = 1;
    int64_t row = 0;
    auto blocks = [&]<int Rows>(std::integral_constant<int, Rows>) {
      for (; row + Rows <= a.rows; row += Rows) {
        const T* start =
            result.start == nullptr ? nullptr : result.start + row * result.start_stride + column;
        Result<T> block{result.data + row * result.row_stride + column, result.row_stride, start,
                        result.start_stride};
        small_block<Rows>(a.row_range(row, row + Rows), right, block, static_cast<std::size_t>(width));
      }
    };
    blocks(std::integral_constant<int, 8>{});
    blocks(std::integral_constant<int, 4>{});
    blocks(std::integral_constant<int, 2>{});
    blocks(std::integral_constant<int, 1>{});
  }
}

/// Products for which small_product() beats a call of BLAS (measured).
template <class T>
bool is_small(const Matrix<T>& a, const Matrix<T>& b) {
  constexpr int64_t limit = 64;
  int64_t m = a.rows, k = a.columns, n = b.columns;
  if (m > limit || n > limit || k > limit) return false;
  if (b.column_stride != 1 && (b.column_stride > (1 << 24) || b.column_stride < -(1 << 24))) return false;
  constexpr auto lanes = static_cast<int64_t>(Lanes<T>::count);
  int64_t registers = (n + lanes - 1) / lanes;
  return m * registers * k <= (b.column_stride == 1 || n == 1 ? 256 : 128);
}

// Matrix times vector -------------------------------------------------------------------------------

template <class T>
T add_lanes(Lanes<T> lanes) {
  alignas(64) T buffer[Lanes<T>::count];
  store(lanes, buffer);
  for (std::size_t half = Lanes<T>::count / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) buffer[i] += buffer[i + half];
  }
  return buffer[0];
}

/// The dot products of `Rows` contiguous rows with x.
template <int Rows, class T>
void dot_rows(const T* matrix, int64_t stride, const T* x, int64_t length, T* sums) {
  constexpr auto lanes = static_cast<int64_t>(Lanes<T>::count);
  Lanes<T> even[Rows], odd[Rows];
  for (int row = 0; row < Rows; ++row) even[row] = odd[row] = Lanes<T>(T(0));
  int64_t i = 0;
  for (; i + 2 * lanes <= length; i += 2 * lanes) {
    auto first = load(x + i).values, second = load(x + i + lanes).values;
    for (int row = 0; row < Rows; ++row) {
      const T* line = matrix + row * stride + i;
      even[row].values = xsimd::fma(load(line).values, first, even[row].values);
      odd[row].values = xsimd::fma(load(line + lanes).values, second, odd[row].values);
    }
  }
  for (; i < length; i += lanes) {
    auto count = static_cast<std::size_t>(std::min(lanes, length - i));
    bool whole = count == Lanes<T>::count;
    auto first = whole ? load(x + i).values : load_first(x + i, count).values;
    for (int row = 0; row < Rows; ++row) {
      const T* line = matrix + row * stride + i;
      even[row].values =
          xsimd::fma(whole ? load(line).values : load_first(line, count).values, first, even[row].values);
    }
  }
  for (int row = 0; row < Rows; ++row) sums[row] = add_lanes(even[row] + odd[row]);
}

template <class T>
void multiply_rows(const Matrix<T>& matrix, const T* x, const Result<T>& y) {
  auto finish = [&](int64_t row, T sum) {
    y.data[row * y.row_stride] = y.start == nullptr ? sum : y.start[row * y.start_stride] + sum;
  };
  int64_t row = 0;
  T sums[4];
  for (; row + 4 <= matrix.rows; row += 4) {
    dot_rows<4>(matrix.data + row * matrix.row_stride, matrix.row_stride, x, matrix.columns, sums);
    for (int i = 0; i < 4; ++i) finish(row + i, sums[i]);
  }
  for (; row < matrix.rows; ++row) {
    dot_rows<1>(matrix.data + row * matrix.row_stride, matrix.row_stride, x, matrix.columns, sums);
    finish(row, sums[0]);
  }
}

/// y[j] += sum over `Rows` rows i of x[i] * row_i[j].
template <int Rows, class T>
void add_rows(const T* matrix, int64_t stride, const T* x, int64_t x_stride, int64_t length, T* y) {
  constexpr auto lanes = static_cast<int64_t>(Lanes<T>::count);
  Lanes<T> factors[Rows];
  for (int row = 0; row < Rows; ++row) factors[row] = Lanes<T>(x[row * x_stride]);
  for (int64_t j = 0; j < length; j += lanes) {
    auto count = static_cast<std::size_t>(std::min(lanes, length - j));
    bool whole = count == Lanes<T>::count;
    auto sum = whole ? load(y + j).values : load_first(y + j, count).values;
    for (int row = 0; row < Rows; ++row) {
      const T* line = matrix + row * stride + j;
      sum = xsimd::fma(whole ? load(line).values : load_first(line, count).values, factors[row].values, sum);
    }
    if (whole)
      store(Lanes<T>(sum), y + j);
    else
      store_first(Lanes<T>(sum), y + j, count);
  }
}

template <class T>
void set_start(const Result<T>& result, int64_t rows, int64_t columns) {
  if (result.start == result.data && result.start_stride == result.row_stride) return;
  for (int64_t row = 0; row < rows; ++row) {
    T* destination = result.data + row * result.row_stride;
    if (result.start == nullptr)
      std::fill_n(destination, columns, T(0));
    else
      std::copy_n(result.start + row * result.start_stride, columns, destination);
  }
}

/// The multiplications that make a range worth a thread of its own: memory-bound here, in registers below.
constexpr int64_t vector_grain = 1 << 15;
constexpr int64_t product_grain = 1 << 20;
/// The multiplications that BLAS does in one piece, and the number of pieces at most.
constexpr double piece_work = 1 << 25;
constexpr double max_pieces = 4;

int64_t grain_of(int64_t work, int64_t work_per_line, int64_t multiple) {
  int64_t lines = (work + work_per_line - 1) / std::max<int64_t>(work_per_line, 1);
  return std::max<int64_t>(1, (lines + multiple - 1) / multiple) * multiple;
}

/// a [m, k], contiguous rows, times a contiguous vector b [k, 1]
template <class T>
void matrix_vector(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result) {
  parallel_for(a.rows, grain_of(vector_grain, a.columns, 4), [&](int64_t begin, int64_t end) {
    const T* start = result.start == nullptr ? nullptr : result.start + begin * result.start_stride;
    multiply_rows(
        a.row_range(begin, end), b.data,
        Result<T>{result.data + begin * result.row_stride, result.row_stride, start, result.start_stride});
  });
}

/// The row a [1, k] times b [k, n], contiguous rows
template <class T>
void vector_matrix(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result) {
  parallel_for(b.columns, grain_of(vector_grain, b.rows, 64), [&](int64_t begin, int64_t end) {
    const T* start = result.start == nullptr ? nullptr : result.start + begin;
    T* y = result.data + begin;
    set_start(Result<T>{y, 0, start, 0}, 1, end - begin);
    int64_t row = 0;
    for (; row + 8 <= b.rows; row += 8) {
      add_rows<8>(b.data + row * b.row_stride + begin, b.row_stride, a.data + row * a.column_stride,
                  a.column_stride, end - begin, y);
    }
    for (; row < b.rows; ++row) {
      add_rows<1>(b.data + row * b.row_stride + begin, 0, a.data + row * a.column_stride, 0, end - begin, y);
    }
  });
}

// BLAS ----------------------------------------------------------------------------------------------

constexpr int64_t blas_limit = std::numeric_limits<int>::max();

struct Layout {
  CBLAS_TRANSPOSE transposed;
  int64_t leading;
};

template <class T>
Layout layout_of(const Matrix<T>& matrix) {
  bool by_rows = (matrix.column_stride == 1 || matrix.columns == 1) &&
                 (matrix.row_stride >= matrix.columns || matrix.rows == 1);
  if (by_rows) return {CblasNoTrans, matrix.rows == 1 ? matrix.columns : matrix.row_stride};
  return {CblasTrans, matrix.columns == 1 ? matrix.rows : matrix.column_stride};
}

template <class T>
bool fits_blas(const Matrix<T>& matrix) {
  return is_dense_enough(matrix) && matrix.rows <= blas_limit && matrix.columns <= blas_limit &&
         layout_of(matrix).leading <= blas_limit;
}

template <class T>
void call_blas(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result) {
  auto [a_transposed, a_leading] = layout_of(a);
  auto [b_transposed, b_leading] = layout_of(b);
  T beta = T(0);
  if (result.start != nullptr) {
    set_start(result, a.rows, b.columns);
    beta = T(1);
  }
  auto size = [](int64_t value) { return static_cast<int>(value); };
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasRowMajor, a_transposed, b_transposed, size(a.rows), size(b.columns), size(a.columns), 1,
                a.data, size(a_leading), b.data, size(b_leading), beta, result.data, size(result.row_stride));
  } else {
    cblas_dgemm(CblasRowMajor, a_transposed, b_transposed, size(a.rows), size(b.columns), size(a.columns), 1,
                a.data, size(a_leading), b.data, size(b_leading), beta, result.data, size(result.row_stride));
  }
}

/// Cuts the rows or the columns of the result, whichever are more, into pieces for the threads. The pieces
/// follow from the shapes alone: BLAS rounds differently in products of different sizes, and the result must
/// not depend on the number of threads.
template <class T>
void blas_product(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result) {
  bool cut_columns = b.columns >= a.rows;
  int64_t lines = cut_columns ? b.columns : a.rows;
  double work = static_cast<double>(a.rows) * static_cast<double>(a.columns) * static_cast<double>(b.columns);
  // Each piece packs the other operand anew, so they are few and large.
  auto pieces = static_cast<int64_t>(std::clamp(work / piece_work, 1.0, max_pieces));
  int64_t piece = (lines + pieces - 1) / pieces;
  parallel_for(pieces, 1, [&](int64_t first, int64_t last) {
    SerialBlas serial;
    for (int64_t begin = first * piece; begin < std::min(lines, last * piece); begin += piece) {
      int64_t end = std::min(lines, begin + piece);
      Result<T> part = result;
      if (cut_columns) {
        part.data += begin;
        if (part.start != nullptr) part.start += begin;
        call_blas(a, b.column_range(begin, end), part);
      } else {
        part.data += begin * result.row_stride;
        if (part.start != nullptr) part.start += begin * result.start_stride;
        call_blas(a.row_range(begin, end), b, part);
      }
    }
  });
}

// Everything else -----------------------------------------------------------------------------------

/// Any strides and any size: integers, and what BLAS's 32-bit sizes cannot say.
template <class T>
void plain_product(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result) {
  auto fused = [](T sum, T x, T y) {
    if constexpr (std::is_floating_point_v<T>) {
      return sum + x * y;
    } else {
      using Unsigned = std::make_unsigned_t<T>;
      return static_cast<T>(static_cast<Unsigned>(sum) + static_cast<Unsigned>(x) * static_cast<Unsigned>(y));
    }
  };
  int64_t work = std::max<int64_t>(1, a.columns) * std::min(b.columns, product_grain);
  parallel_for(a.rows, grain_of(product_grain / 16, work, 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      T* row = result.data + i * result.row_stride;
      const T* start = result.start == nullptr ? nullptr : result.start + i * result.start_stride;
      set_start(Result<T>{row, 0, start, 0}, 1, b.columns);
      for (int64_t p = 0; p < a.columns; ++p) {
        T factor = a.data[i * a.row_stride + p * a.column_stride];
        const T* line = b.data + p * b.row_stride;
        if (b.column_stride == 1) {
          for (int64_t j = 0; j < b.columns; ++j) row[j] = fused(row[j], factor, line[j]);
        } else {
          for (int64_t j = 0; j < b.columns; ++j) row[j] = fused(row[j], factor, line[j * b.column_stride]);
        }
      }
    }
  });
}

}  // namespace

template <class T>
void multiply(const Matrix<T>& a, const Matrix<T>& b, const Result<T>& result) {
  if (a.rows == 0 || b.columns == 0) return;
  if (a.columns == 0) return set_start(result, a.rows, b.columns);
  if constexpr (std::is_floating_point_v<T>) {
    if (is_small(a, b)) return small_product(a, b, result);
    if (b.columns == 1) {
      if (a.column_stride == 1 && b.row_stride == 1) return matrix_vector(a, b, result);
      if (a.row_stride == 1 && result.row_stride == 1 &&
          (result.start == nullptr || result.start_stride == 1)) {
        return vector_matrix(b.transposed(), a.transposed(),
                             Result<T>{result.data, a.rows, result.start, a.rows});
      }
    }
    if (a.rows == 1 && a.column_stride == 1) {
      if (b.column_stride == 1) return vector_matrix(a, b, result);
      if (b.row_stride == 1) {
        return matrix_vector(b.transposed(), a.transposed(), Result<T>{result.data, 1, result.start, 1});
      }
    }
    if (fits_blas(a) && fits_blas(b) && result.row_stride <= blas_limit) return blas_product(a, b, result);
  }
  plain_product(a, b, result);
}

template void multiply(const Matrix<float>&, const Matrix<float>&, const Result<float>&);
template void multiply(const Matrix<double>&, const Matrix<double>&, const Result<double>&);
template void multiply(const Matrix<int64_t>&, const Matrix<int64_t>&, const Result<int64_t>&);
template void multiply(const Matrix<std::int32_t>&, const Matrix<std::int32_t>&, const Result<std::int32_t>&);
template void multiply(const Matrix<std::uint8_t>&, const Matrix<std::uint8_t>&, const Result<std::uint8_t>&);

}  // namespace xgrad::kernels
