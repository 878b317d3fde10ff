#include <xgrad/autograd/kernels/matmul.hpp>

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/gemm.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;

/// Beyond this many multiplications a product is worth several threads of its own.
constexpr double large_product = 1 << 23;
/// The multiplications that make a range of batches worth a thread.
constexpr double batch_work = 1 << 18;

template <class Function>
void dispatch_numbers(DType dtype, const Function& function) {
  dispatch(dtype, [&]<class T>(TypeTag<T> tag) {
    if constexpr (std::is_same_v<T, bool>)
      throw DTypeError("matmul: expected numbers, got bool; cast to int64 first");
    else
      function(tag);
  });
}

/// The last two dimensions (one matrix) of an array, the leading ones at 0.
template <class T>
Matrix<T> last_matrix(const Array& array) {
  std::size_t n = array.ndim();
  return {array.data<T>(), array.shape()[n - 2], array.shape()[n - 1], array.strides()[n - 2],
          array.strides()[n - 1]};
}

double multiplications(const Array& a, const Array& b) {
  return static_cast<double>(a.shape()[a.ndim() - 2]) * static_cast<double>(a.shape().back()) *
         static_cast<double>(b.shape().back());
}

/// `array`, or `copy` made of it where its rows and columns have gaps and the product is not tiny.
const Array& ready(const Array& array, double work, Array& copy) {
  constexpr double tiny = 256;
  if (array.is_contiguous() || work <= tiny) return array;
  bool fits = false;
  dispatch(array.dtype(), [&]<class T>(TypeTag<T>) { fits = is_dense_enough(last_matrix<T>(array)); });
  if (fits) return array;
  copy = contiguous(array);
  return copy;
}

/// The same numbers as one matrix [rows, columns]: a view where possible.
Array flattened(const Array& array, int64_t rows, int64_t columns) {
  Array view = array.try_reshape({rows, columns});
  return view.defined() ? view : contiguous(array).try_reshape({rows, columns});
}

/// How far each operand moves from one batch to the next, dimension by dimension.
struct Batches {
  Shape sizes;
  Strides a, b;
  int64_t count;

  template <class T>
  std::pair<const T*, const T*> at(int64_t index, const T* a_data, const T* b_data) const {
    for (std::size_t i = sizes.size(); i-- > 0;) {
      int64_t position = index % sizes[i];
      index /= sizes[i];
      a_data += position * a[i];
      b_data += position * b[i];
    }
    return {a_data, b_data};
  }
};

Shape leading(const Shape& sizes) { return Shape(sizes.begin(), sizes.end() - 2); }

Strides broadcast_strides(const Array& array, const Shape& sizes) {
  Strides strides = Shape::filled(sizes.size(), 0);
  std::size_t own = array.ndim() - 2;
  for (std::size_t i = 0; i < own; ++i) {
    if (array.shape()[i] != 1) strides[sizes.size() - own + i] = array.strides()[i];
  }
  return strides;
}

}  // namespace

Array matmul_2d(const Array& a, const Array& b) {
  int64_t rows = a.shape()[0], columns = b.shape()[1];
  double work = multiplications(a, b);
  Array left_copy, right_copy;
  const Array& left = ready(a, work, left_copy);
  const Array& right = ready(b, work, right_copy);
  Array result({rows, columns}, a.dtype());
  dispatch_numbers(a.dtype(), [&]<class T>(TypeTag<T>) {
    multiply(last_matrix<T>(left), last_matrix<T>(right), Result<T>{result.data<T>(), columns});
  });
  return result;
}

Array matmul_batched(const Array& a, const Array& b) {
  Shape sizes = broadcast_shapes("matmul", leading(a.shape()), leading(b.shape()));
  int64_t rows = a.shape()[a.ndim() - 2], inner = a.shape().back(), columns = b.shape().back();
  Shape shape = sizes;
  shape.push_back(rows);
  shape.push_back(columns);

  int64_t count = sizes.elements();
  if (leading(b.shape()).elements() == 1 && leading(a.shape()).elements() == count && a.numel() > 0) {
    // One matrix b for all: the rows of all batches are rows of one product.
    Array flat = a.try_reshape({count * rows, inner});
    if (flat.defined()) return matmul_2d(flat, flattened(b, inner, columns)).try_reshape(shape);
  }

  double work = multiplications(a, b);
  Array left_copy, right_copy;
  const Array& left = ready(a, work, left_copy);
  const Array& right = ready(b, work, right_copy);
  Array result(std::move(shape), a.dtype());
  Batches batches{sizes, broadcast_strides(left, sizes), broadcast_strides(right, sizes), count};
  dispatch_numbers(a.dtype(), [&]<class T>(TypeTag<T>) {
    Matrix<T> first_left = last_matrix<T>(left), first_right = last_matrix<T>(right);
    auto run = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        Matrix<T> x = first_left, y = first_right;
        std::tie(x.data, y.data) = batches.at(i, first_left.data, first_right.data);
        multiply(x, y, Result<T>{result.data<T>() + i * rows * columns, columns});
      }
    };
    if (work >= large_product) return run(0, count);
    parallel_for(count, static_cast<int64_t>(batch_work / std::max(work, 1.0)) + 1, run);
  });
  return result;
}

Array linear(const Array& x, const Array& weight, const Array& bias) {
  int64_t inner = weight.shape()[1], columns = weight.shape()[0];
  Shape shape = x.shape();
  shape.back() = columns;
  int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];

  double work = static_cast<double>(rows) * static_cast<double>(inner) * static_cast<double>(columns);
  Array left_copy, right_copy;
  if (x.ndim() != 2) left_copy = flattened(x, rows, inner);
  const Array& left = ready(x.ndim() == 2 ? x : left_copy, work, left_copy);
  const Array& right = ready(weight, work, right_copy);
  Array bias_copy;
  if (bias.defined() && !bias.is_contiguous()) bias_copy = contiguous(bias);
  const Array& start = bias_copy.defined() ? bias_copy : bias;
  Array result(std::move(shape), x.dtype());
  dispatch_numbers(x.dtype(), [&]<class T>(TypeTag<T>) {
    multiply(last_matrix<T>(left), last_matrix<T>(right).transposed(),
             Result<T>{result.data<T>(), columns, start.defined() ? start.data<T>() : nullptr, 0});
  });
  return result;
}

}  // namespace xgrad::kernels
