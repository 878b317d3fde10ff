#include <xgrad/autograd/ops/matrix_norm.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/solve.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/decompositions.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/norm.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/solve.hpp>

namespace xgrad {

using namespace detail;

namespace {

constexpr const char* norm_name = "linalg.matrix_norm";

/// The dimensions of the rows and of the columns, counted from the front.
std::pair<std::int64_t, std::int64_t> matrix_dims(const Tensor& a, const Shape& dim) {
  require_floating(norm_name, a);
  require_matrix(norm_name, "A", a);
  if (dim.size() != 2)
    throw ShapeError(fmt::format("{}: expected two dimensions, got {}", norm_name, to_string(dim)));
  std::size_t rows = wrap_dim(norm_name, dim[0], a.ndim()), columns = wrap_dim(norm_name, dim[1], a.ndim());
  if (rows == columns)
    throw ShapeError(fmt::format("{}: dimension {} is named twice in {}", norm_name, rows, to_string(dim)));
  return {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
}

/// The singular values in the last dimension.
Tensor singular_values(const Tensor& a, std::int64_t rows, std::int64_t columns) {
  Shape order;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(a.ndim()); ++i) {
    if (i != rows && i != columns) order.push_back(i);
  }
  order.push_back(rows);
  order.push_back(columns);
  return linalg::svdvals(permute(a, order));
}

/// Numbers, one for each matrix, with the dimensions of the matrices put back at size 1.
Tensor with_dims(const Tensor& numbers, std::int64_t rows, std::int64_t columns, bool keepdim) {
  if (!keepdim) return numbers;
  return unsqueeze(unsqueeze(numbers, std::min(rows, columns)), std::max(rows, columns));
}

}  // namespace

Tensor linalg::matrix_norm(const Tensor& A, double ord, const Shape& dim, bool keepdim,
                           std::optional<DType> dtype) {
  auto [rows, columns] = matrix_dims(A, dim);
  double kind = std::abs(ord);
  if (kind != 1 && kind != 2 && !std::isinf(kind)) {
    throw ValueError(
        fmt::format("{}: expected ord 1, -1, 2, -2, inf, -inf, \"fro\" or \"nuc\", got {}", norm_name, ord));
  }
  Tensor x = norm_input(norm_name, A, dtype);
  auto extreme = ord > 0 ? amax : amin;
  if (kind == 2) {
    Tensor values = singular_values(x, rows, columns);
    return with_dims(extreme(values, Shape{-1}, false), rows, columns, keepdim);
  }
  std::int64_t summed = kind == 1 ? rows : columns, compared = kind == 1 ? columns : rows;
  Tensor sums = vector_norm(x, 1, Shape{summed}, true);
  Tensor norms = extreme(sums, Shape{compared}, true);
  return keepdim ? norms : squeeze(squeeze(norms, std::max(rows, columns)), std::min(rows, columns));
}

Tensor linalg::matrix_norm(const Tensor& A, std::string_view ord, const Shape& dim, bool keepdim,
                           std::optional<DType> dtype) {
  auto [rows, columns] = matrix_dims(A, dim);
  if (ord == "fro") return vector_norm(A, 2, Shape{rows, columns}, keepdim, dtype);
  if (ord != "nuc") {
    throw ValueError(
        fmt::format("{}: expected ord \"fro\", \"nuc\" or a number, got \"{}\"", norm_name, ord));
  }
  Tensor values = singular_values(norm_input(norm_name, A, dtype), rows, columns);
  return with_dims(sum(values, Shape{-1}), rows, columns, keepdim);
}

namespace {

/// The two dimensions of a matrix norm, or undefined where one dimension is meant.
Dims dims_for(const Tensor& a, const Dims& dim) {
  if (dim && dim->size() != 1 && dim->size() != 2) {
    throw ShapeError(
        fmt::format("linalg.norm: expected one or two dimensions for this ord, got {}", to_string(*dim)));
  }
  if (!dim && a.ndim() != 1 && a.ndim() != 2) {
    throw ShapeError(
        fmt::format("linalg.norm: with an ord A must be a vector or a matrix, or dimensions given: "
                    "A is {}",
                    to_string(a.shape())));
  }
  if (dim ? dim->size() == 1 : a.ndim() == 1) return std::nullopt;
  return dim ? *dim : Shape{0, 1};
}

}  // namespace

Tensor linalg::norm(const Tensor& A, std::optional<double> ord, const Dims& dim, bool keepdim,
                    std::optional<DType> dtype) {
  if (!ord) return vector_norm(A, 2, dim, keepdim, dtype);
  Dims matrix = dims_for(A, dim);
  return matrix ? matrix_norm(A, *ord, *matrix, keepdim, dtype) : vector_norm(A, *ord, dim, keepdim, dtype);
}

Tensor linalg::norm(const Tensor& A, std::string_view ord, const Dims& dim, bool keepdim,
                    std::optional<DType> dtype) {
  Dims matrix = dims_for(A, dim);
  if (!matrix) {
    throw ShapeError(fmt::format("linalg.norm: \"{}\" is a norm of matrices, over two dimensions: A is {}",
                                 ord, to_string(A.shape())));
  }
  return matrix_norm(A, ord, *matrix, keepdim, dtype);
}

namespace {

/// A norm of A times that of its inverse.
template <class Order>
Tensor condition(const Tensor& a, Order order) {
  const char* name = "linalg.cond";
  require_floating(name, a);
  require_square(name, "A", a);
  if (a.numel() == 0) return zeros(batch_shape(a), a.dtype());
  Tensor singular = Tensor(kernels::lu_factor(a.array()).info) != 0;
  Tensor mask = unsqueeze(unsqueeze(singular, -1), -1);
  Tensor inverse = where(mask, 0, inverse_or_nan(a));
  Tensor product = mul(linalg::matrix_norm(a, order), linalg::matrix_norm(inverse, order));
  return where(singular, std::numeric_limits<double>::infinity(), product);
}

}  // namespace

Tensor linalg::cond(const Tensor& A, std::optional<double> p) {
  if (p && std::abs(*p) != 2) return condition(A, *p);
  require_floating("linalg.cond", A);
  require_matrix("linalg.cond", "A", A);
  if (A.numel() == 0) return zeros(batch_shape(A), A.dtype());
  Tensor values = svdvals(A);
  Tensor largest = select(values, -1, 0), smallest = select(values, -1, -1);
  return p && *p < 0 ? div(smallest, largest) : div(largest, smallest);
}

Tensor linalg::cond(const Tensor& A, std::string_view p) { return condition(A, p); }

}  // namespace xgrad
