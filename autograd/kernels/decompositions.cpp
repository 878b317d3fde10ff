#include <xgrad/autograd/kernels/decompositions.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/lapack.hpp>

namespace xgrad::kernels {

using lapack::for_each_matrix;
using std::int64_t;

namespace {

/// [batch..., sizes...].
Shape shaped(Shape batch, std::initializer_list<int64_t> sizes) {
  for (int64_t size : sizes) batch.push_back(size);
  return batch;
}

double work_of(int64_t rows, int64_t columns) {
  double k = static_cast<double>(std::min(rows, columns));
  return 4 * k * static_cast<double>(rows) * static_cast<double>(columns);
}

void require_finite(const char* name, const Array& a) {
  if (!lapack::all_finite(a)) {
    throw ValueError(
        fmt::format("{}: the matrix holds nan or infinity, for which no iteration converges", name));
  }
}

[[noreturn]] void fail_convergence(const char* name, int64_t matrix, int info) {
  throw ValueError(
      fmt::format("{}: LAPACK did not converge for matrix {} of the batch (info {})", name, matrix, info));
}

template <class T>
void set_identity(T* matrix, int64_t rows, int64_t columns) {
  std::fill_n(matrix, rows * columns, T(0));
  for (int64_t i = 0; i < std::min(rows, columns); ++i) matrix[i * (columns + 1)] = T(1);
}

}  // namespace

QrFactors qr(const Array& a, bool complete) {
  int64_t rows = a.shape()[a.ndim() - 2], columns = a.shape().back(), steps = std::min(rows, columns);
  int64_t width = complete ? rows : steps;
  Shape batch = lapack::batch_shape(a);
  Array work_copy = clone(a);
  QrFactors result{Array(shaped(batch, {rows, width}), a.dtype()),
                   Array(shaped(batch, {width, columns}), a.dtype())};
  // Row-major memory is for LAPACK the transpose: A = Q R is A^T = R^T Q^T, an LQ decomposition.
  int m = lapack::size(columns), n = lapack::size(rows), k = lapack::size(steps),
      q_rows = lapack::size(width);
  int a_leading = std::max(m, 1), q_leading = std::max(q_rows, 1);
  dispatch_floating(a.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(batch.elements(), work_of(rows, columns), [&](int64_t i) {
      T* matrix = work_copy.data<T>() + i * rows * columns;
      T* q = result.q.data<T>() + i * rows * width;
      T* r = result.r.data<T>() + i * width * columns;
      if (steps == 0) {
        set_identity(q, rows, width);
        std::fill_n(r, width * columns, T(0));
        return;
      }
      std::vector<T> tau(static_cast<std::size_t>(steps));
      int info = 0, ask = -1;
      T sizes[2] = {};
      lapack::gelqf<T>(&m, &n, matrix, &a_leading, tau.data(), &sizes[0], &ask, &info);
      lapack::orglq<T>(&q_rows, &n, &k, q, &q_leading, tau.data(), &sizes[1], &ask, &info);
      int length = lapack::workspace_size(std::max(sizes[0], sizes[1]));
      std::vector<T> workspace(static_cast<std::size_t>(length));
      lapack::gelqf<T>(&m, &n, matrix, &a_leading, tau.data(), workspace.data(), &length, &info);
      for (int64_t row = 0; row < width; ++row) {
        int64_t zeros = std::min(row, columns);
        std::fill_n(r + row * columns, zeros, T(0));
        std::copy(matrix + row * columns + zeros, matrix + (row + 1) * columns, r + row * columns + zeros);
      }
      for (int64_t row = 0; row < rows; ++row) {
        std::copy_n(matrix + row * columns, steps, q + row * width);
        std::fill_n(q + row * width + steps, width - steps, T(0));
      }
      lapack::orglq<T>(&q_rows, &n, &k, q, &q_leading, tau.data(), workspace.data(), &length, &info);
    });
  });
  return result;
}

Array householder_product(const Array& a, const Array& tau) {
  Array result = clone(a);
  if (a.numel() == 0) return result;
  Array factors = contiguous(tau);
  int64_t rows = a.shape()[a.ndim() - 2], columns = a.shape().back(), steps = tau.shape().back();
  int m = lapack::size(columns), n = lapack::size(rows), k = lapack::size(steps);
  dispatch_floating(a.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(lapack::batch_shape(a).elements(), work_of(rows, columns), [&](int64_t i) {
      T* matrix = result.data<T>() + i * rows * columns;
      const T* scales = factors.data<T>() + i * steps;
      int info = 0, ask = -1;
      T size = 0;
      lapack::orglq<T>(&m, &n, &k, matrix, &m, scales, &size, &ask, &info);
      int length = lapack::workspace_size(size);
      std::vector<T> workspace(static_cast<std::size_t>(length));
      lapack::orglq<T>(&m, &n, &k, matrix, &m, scales, workspace.data(), &length, &info);
    });
  });
  return result;
}

SymmetricEigen eigh(const char* name, const Array& a, bool upper, bool vectors) {
  require_finite(name, a);
  int64_t size = a.shape().back();
  Shape batch = lapack::batch_shape(a);
  Array matrices = clone(a);
  Array values(shaped(batch, {size}), a.dtype());
  int n = lapack::size(size);
  // Row-major memory is for LAPACK the transpose; the vectors come in its columns, which are our rows.
  const char* triangle = upper ? "L" : "U";
  const char* job = vectors ? "V" : "N";
  constexpr std::size_t one = 1;
  dispatch_floating(a.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(n == 0 ? 0 : batch.elements(), work_of(size, size) * 4, [&](int64_t i) {
      T* matrix = matrices.data<T>() + i * size * size;
      T* w = values.data<T>() + i * size;
      int info = 0, ask = -1, integers = 0;
      T asked = 0;
      lapack::syevd<T>(job, triangle, &n, matrix, &n, w, &asked, &ask, &integers, &ask, &info, one, one);
      int length = lapack::workspace_size(asked);
      std::vector<T> workspace(static_cast<std::size_t>(length));
      std::vector<int> integer_workspace(static_cast<std::size_t>(integers));
      lapack::syevd<T>(job, triangle, &n, matrix, &n, w, workspace.data(), &length, integer_workspace.data(),
                       &integers, &info, one, one);
      if (info != 0) fail_convergence(name, i, info);
    });
  });
  if (!vectors) return {values, Array()};
  Strides strides = matrices.strides();
  std::swap(strides[a.ndim() - 2], strides[a.ndim() - 1]);
  return {values, matrices.view(a.shape(), std::move(strides))};
}

SingularValues svd(const char* name, const Array& a, bool full_matrices, bool vectors) {
  require_finite(name, a);
  int64_t rows = a.shape()[a.ndim() - 2], columns = a.shape().back(), count = std::min(rows, columns);
  int64_t u_columns = full_matrices ? rows : count, v_rows = full_matrices ? columns : count;
  Shape batch = lapack::batch_shape(a);
  Array matrices = clone(a);
  SingularValues result;
  result.s = Array(shaped(batch, {count}), a.dtype());
  if (vectors) {
    result.u = Array(shaped(batch, {rows, u_columns}), a.dtype());
    result.vh = Array(shaped(batch, {v_rows, columns}), a.dtype());
  }
  // Row-major memory is for LAPACK the transpose, A^T = V S U^T: its U is our V^T and its V^T our U.
  int m = lapack::size(columns), n = lapack::size(rows), u_leading = std::max(m, 1),
      v_leading = std::max(lapack::size(u_columns), 1);
  const char* job = !vectors ? "N" : full_matrices ? "A" : "S";
  dispatch_floating(a.dtype(), [&]<class T>(TypeTag<T>) {
    for_each_matrix(batch.elements(), work_of(rows, columns) * 4, [&](int64_t i) {
      T* u = vectors ? result.u.data<T>() + i * rows * u_columns : nullptr;
      T* vh = vectors ? result.vh.data<T>() + i * v_rows * columns : nullptr;
      if (count == 0) {
        if (vectors) {
          set_identity(u, rows, u_columns);
          set_identity(vh, v_rows, columns);
        }
        return;
      }
      T* matrix = matrices.data<T>() + i * rows * columns;
      T* s = result.s.data<T>() + i * count;
      std::vector<int> integers(static_cast<std::size_t>(8 * count));
      int info = 0, ask = -1;
      T asked = 0;
      lapack::gesdd<T>(job, &m, &n, matrix, &m, s, vh, &u_leading, u, &v_leading, &asked, &ask,
                       integers.data(), &info, std::size_t{1});
      int length = lapack::workspace_size(asked);
      std::vector<T> workspace(static_cast<std::size_t>(length));
      lapack::gesdd<T>(job, &m, &n, matrix, &m, s, vh, &u_leading, u, &v_leading, workspace.data(), &length,
                       integers.data(), &info, std::size_t{1});
      if (info != 0) fail_convergence(name, i, info);
    });
  });
  return result;
}

LeastSquares lstsq(const char* name, const Array& a, const Array& b, double rcond,
                   LeastSquaresDriver driver) {
  require_finite(name, a);
  require_finite(name, b);
  int64_t rows = a.shape()[a.ndim() - 2], columns = a.shape().back(), count = std::min(rows, columns);
  int64_t sides = b.shape().back(), taller = std::max(rows, columns);
  Shape batch = lapack::batch_shape(a);
  DType dtype = a.dtype();
  LeastSquares result{Array::zeros(shaped(batch, {columns, sides}), dtype), Array(),
                      Array::zeros(batch, int64), Array::zeros(shaped(batch, {count}), dtype)};
  result.residuals = Array::zeros(shaped(batch, {sides}), dtype);
  if (count == 0 || batch.elements() == 0) return result;
  Array matrices = lapack::column_major(a.shape(), dtype);
  copy(a, matrices);
  Array unknowns = lapack::column_major(shaped(batch, {taller, sides}), dtype);
  fill(unknowns, 0);
  copy(b, unknowns.view(b.shape(), unknowns.strides()));
  int m = lapack::size(rows), n = lapack::size(columns), nrhs = lapack::size(sides),
      leading = lapack::size(taller);
  dispatch_floating(dtype, [&]<class T>(TypeTag<T>) {
    auto limit = static_cast<T>(rcond);
    for_each_matrix(batch.elements(), work_of(rows, columns) * 2, [&](int64_t i) {
      T* matrix = matrices.data<T>() + i * rows * columns;
      T* x = unknowns.data<T>() + i * taller * sides;
      T* s = result.singular_values.data<T>() + i * count;
      std::vector<int> integers(static_cast<std::size_t>(columns), 0);
      int info = 0, rank = lapack::size(count);
      auto call = [&](T* workspace, int length) {
        if (driver == LeastSquaresDriver::gelsy) {
          lapack::gelsy<T>(&m, &n, &nrhs, matrix, &m, x, &leading, integers.data(), &limit, &rank, workspace,
                           &length, &info);
        } else if (driver == LeastSquaresDriver::gels) {
          lapack::gels<T>("N", &m, &n, &nrhs, matrix, &m, x, &leading, workspace, &length, &info,
                          std::size_t{1});
        } else {
          lapack::gelsd<T>(&m, &n, &nrhs, matrix, &m, x, &leading, s, &limit, &rank, workspace, &length,
                           integers.data(), &info);
          if (length == -1) integers.resize(static_cast<std::size_t>(std::max(integers[0], 1)));
        }
      };
      T asked = 0;
      call(&asked, -1);
      std::fill(integers.begin(), integers.end(), 0);
      std::vector<T> workspace(static_cast<std::size_t>(lapack::workspace_size(asked)));
      call(workspace.data(), static_cast<int>(workspace.size()));
      if (info != 0) fail_convergence(name, i, info);
      result.rank.data<int64_t>()[i] = rank;
      for (int64_t column = 0; column < sides; ++column) {
        T sum = 0;
        for (int64_t row = columns; row < rows; ++row)
          sum += x[column * taller + row] * x[column * taller + row];
        result.residuals.data<T>()[i * sides + column] = sum;
      }
    });
  });
  Shape solved = shaped(batch, {columns, sides});
  copy(unknowns.view(solved, unknowns.strides()), result.solution);
  return result;
}

}  // namespace xgrad::kernels
