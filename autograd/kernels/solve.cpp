#include <xgrad/autograd/kernels/solve.hpp>

#include <cmath>
#include <utility>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/lapack.hpp>

namespace xgrad::kernels {

using lapack::for_each_matrix;
using std::int64_t;

namespace {

double cube(int64_t n) { return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n); }

template <class T>
void call_trsm(CBLAS_SIDE side, CBLAS_UPLO uplo, CBLAS_TRANSPOSE transposed, CBLAS_DIAG diagonal,
               int64_t rows, int64_t columns, const T* a, int64_t leading, T* b) {
  int m = lapack::size(rows), n = lapack::size(columns), lda = lapack::size(std::max<int64_t>(leading, 1)),
      ldb = lapack::size(std::max<int64_t>(columns, 1));
  if constexpr (std::is_same_v<T, float>)
    cblas_strsm(CblasRowMajor, side, uplo, transposed, diagonal, m, n, 1, a, lda, b, ldb);
  else
    cblas_dtrsm(CblasRowMajor, side, uplo, transposed, diagonal, m, n, 1, a, lda, b, ldb);
}

/// Exchanges the rows of a row-major matrix as the pivots say, or undoes it.
template <class T>
void exchange_rows(T* matrix, int64_t columns, const std::int32_t* pivots, int64_t count, bool undo) {
  for (int64_t k = 0; k < count; ++k) {
    int64_t i = undo ? count - 1 - k : k;
    int64_t other = pivots[i] - 1;
    if (other != i)
      std::swap_ranges(matrix + i * columns, matrix + (i + 1) * columns, matrix + other * columns);
  }
}

/// Solves in place for one row-major matrix of right-hand sides [n, columns]. The column-major factors are
/// for row-major BLAS the transpose.
template <class T>
void solve_in_place(const T* factors, const std::int32_t* pivots, int64_t n, int64_t columns, bool transposed,
                    T* x) {
  if (transposed) {
    call_trsm(CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, n, columns, factors, n, x);
    call_trsm(CblasLeft, CblasUpper, CblasNoTrans, CblasUnit, n, columns, factors, n, x);
    exchange_rows(x, columns, pivots, n, true);
  } else {
    exchange_rows(x, columns, pivots, n, false);
    call_trsm(CblasLeft, CblasUpper, CblasTrans, CblasUnit, n, columns, factors, n, x);
    call_trsm(CblasLeft, CblasLower, CblasTrans, CblasNonUnit, n, columns, factors, n, x);
  }
}

/// The sign of the permutation and the diagonal of U, for each matrix.
template <class T, class Function>
void for_each_diagonal(const LuFactors& lu, const Function& function) {
  int64_t n = lu.factors.shape().back();
  int64_t count = lapack::batch_shape(lu.factors).elements();
  for (int64_t i = 0; i < count; ++i) {
    const std::int32_t* pivots = lu.pivots.data<std::int32_t>() + i * n;
    bool odd = false;
    for (int64_t k = 0; k < n; ++k) odd ^= pivots[k] != k + 1;
    function(i, n, odd ? T(-1) : T(1), lu.factors.data<T>() + i * n * n);
  }
}

}  // namespace

LuFactors lu_factor(const Array& a) {
  const Shape& shape = a.shape();
  int64_t rows = shape[a.ndim() - 2], columns = shape.back(), steps = std::min(rows, columns);
  Shape batch = lapack::batch_shape(a);
  Shape pivot_shape = batch;
  pivot_shape.push_back(steps);
  LuFactors result{lapack::column_major(shape, a.dtype()), Array(pivot_shape, int32), Array(batch, int32)};
  copy(a, result.factors);
  int m = lapack::size(rows), n = lapack::size(columns), leading = std::max(m, 1);
  dispatch_floating(a.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(batch.elements(), cube(std::max(rows, columns)), [&](int64_t i) {
      int* info = result.info.data<std::int32_t>() + i;
      *info = 0;
      if (steps > 0) {
        lapack::getrf<T>(&m, &n, result.factors.data<T>() + i * rows * columns, &leading,
                         result.pivots.data<std::int32_t>() + i * steps, info);
      }
    });
  });
  return result;
}

Array pivots_to_permutation(const Array& pivots, int64_t rows) {
  Array dense = contiguous(pivots);
  int64_t steps = pivots.shape().back();
  Shape shape = pivots.shape();
  shape.back() = rows;
  Array result(shape, int64);
  Shape batch(shape.begin(), shape.end() - 1);
  for (int64_t i = 0; i < batch.elements(); ++i) {
    int64_t* order = result.data<int64_t>() + i * rows;
    for (int64_t k = 0; k < rows; ++k) order[k] = k;
    exchange_rows(order, 1, dense.data<std::int32_t>() + i * steps, steps, false);
  }
  return result;
}

Array inverse_permutation(const Array& permutation) {
  Array order = contiguous(permutation);
  Array result(order.shape(), int64);
  int64_t m = order.shape().back();
  for (int64_t i = 0; i < order.numel(); ++i) {
    result.data<int64_t>()[i / m * m + order.data<int64_t>()[i]] = i % m;
  }
  return result;
}

Array determinants(const LuFactors& lu) {
  Array result(lapack::batch_shape(lu.factors), lu.factors.dtype());
  dispatch_floating(lu.factors.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_diagonal<T>(lu, [&](int64_t i, int64_t n, T sign, const T* matrix) {
      T product = sign;
      for (int64_t k = 0; k < n; ++k) product *= matrix[k * (n + 1)];
      result.data<T>()[i] = product;
    });
  });
  return result;
}

LogDeterminants log_determinants(const LuFactors& lu) {
  Shape batch = lapack::batch_shape(lu.factors);
  LogDeterminants result{Array(batch, lu.factors.dtype()), Array(batch, lu.factors.dtype())};
  dispatch_floating(lu.factors.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_diagonal<T>(lu, [&](int64_t i, int64_t n, T sign, const T* matrix) {
      T logarithm = 0;
      for (int64_t k = 0; k < n; ++k) {
        T element = matrix[k * (n + 1)];
        logarithm += std::log(std::abs(element));
        sign = element < 0 ? -sign : element == 0 ? T(0) : element > 0 ? sign : element;
      }
      result.sign.data<T>()[i] = sign;
      result.log.data<T>()[i] = sign == 0 ? -std::numeric_limits<T>::infinity() : logarithm;
    });
  });
  return result;
}

Array lu_solve(const LuFactors& lu, const Array& b, bool transposed) {
  Array result = clone(b);
  int64_t n = b.shape()[b.ndim() - 2], columns = b.shape().back();
  Shape batch = lapack::batch_shape(b);
  if (b.numel() == 0) return result;
  // The pivots, and the factors of a matrix, lie without gaps: both count matrices alike.
  double work = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(columns);
  dispatch_floating(b.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(batch.elements(), work, [&](int64_t i) {
      int64_t offset = lapack::batch_offset(lu.factors, batch, i);
      solve_in_place(lu.factors.data<T>() + offset, lu.pivots.data<std::int32_t>() + offset / n, n, columns,
                     transposed, result.data<T>() + i * n * columns);
    });
  });
  return result;
}

Array lu_inverse(const LuFactors& lu) {
  int64_t n = lu.factors.shape().back();
  Array result = Array::zeros(lu.factors.shape(), lu.factors.dtype());
  dispatch_floating(lu.factors.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(n == 0 ? 0 : lu.info.numel(), cube(n), [&](int64_t i) {
      T* matrix = result.data<T>() + i * n * n;
      if (lu.info.data<std::int32_t>()[i] != 0) {
        std::fill_n(matrix, n * n, std::numeric_limits<T>::quiet_NaN());
        return;
      }
      for (int64_t k = 0; k < n; ++k) matrix[k * (n + 1)] = T(1);
      solve_in_place(lu.factors.data<T>() + i * n * n, lu.pivots.data<std::int32_t>() + i * n, n, n, false,
                     matrix);
    });
  });
  return result;
}

CholeskyFactor cholesky(const Array& a, bool upper) {
  Shape batch = lapack::batch_shape(a);
  CholeskyFactor result{clone(a), Array::zeros(batch, int32)};
  int64_t size = a.shape().back();
  int n = lapack::size(size);
  // Row-major memory is for LAPACK the transpose.
  const char* triangle = upper ? "L" : "U";
  dispatch_floating(a.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(n == 0 ? 0 : batch.elements(), cube(size), [&](int64_t i) {
      T* matrix = result.factor.data<T>() + i * size * size;
      std::int32_t& info = result.info.data<std::int32_t>()[i];
      lapack::potrf<T>(triangle, &n, matrix, &n, &info, std::size_t{1});
      // Not every LAPACK notices nan.
      for (int64_t row = 0; info == 0 && row < size; ++row) {
        if (std::isnan(matrix[row * (size + 1)])) info = static_cast<std::int32_t>(row + 1);
      }
      for (int64_t row = 0; row < size; ++row) {
        T* line = matrix + row * size;
        if (upper)
          std::fill(line, line + row, T(0));
        else
          std::fill(line + row + 1, line + size, T(0));
      }
    });
  });
  return result;
}

Array solve_triangular(const Array& a, const Array& b, bool upper, bool left, bool unitriangular) {
  Array result = clone(b);
  if (b.numel() == 0) return result;
  int64_t n = a.shape().back(), rows = b.shape()[b.ndim() - 2], columns = b.shape().back();
  Shape batch = lapack::batch_shape(b);
  auto row_stride = [&](const Array& m) { return m.strides()[m.ndim() - 2]; };
  bool by_rows = a.strides().back() == 1 && row_stride(a) >= n;
  bool by_columns = row_stride(a) == 1 && a.strides().back() >= n;
  Array matrices = by_rows || by_columns ? a : contiguous(a);
  bool turned = !by_rows && by_columns;
  int64_t leading = turned ? matrices.strides().back() : row_stride(matrices);
  leading = std::max(leading, n);  // a dimension of size 1 may have any stride
  double work = static_cast<double>(n) * static_cast<double>(rows) * static_cast<double>(columns);
  dispatch_floating(b.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(batch.elements(), work, [&](int64_t i) {
      call_trsm(left ? CblasLeft : CblasRight, upper != turned ? CblasUpper : CblasLower,
                turned ? CblasTrans : CblasNoTrans, unitriangular ? CblasUnit : CblasNonUnit, rows, columns,
                matrices.data<T>() + lapack::batch_offset(matrices, batch, i), leading,
                result.data<T>() + i * rows * columns);
    });
  });
  return result;
}

}  // namespace xgrad::kernels
