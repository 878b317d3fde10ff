#include <xgrad/autograd/ops/matrix_checks.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad::detail {

void require_matrix(const char* name, const char* operand, const Tensor& x) {
  if (x.ndim() < 2) {
    throw ShapeError(fmt::format("{}: expected matrices, with at least two dimensions: {} is {}", name,
                                 operand, to_string(x.shape())));
  }
}

void require_square(const char* name, const char* operand, const Tensor& x) {
  require_matrix(name, operand, x);
  if (x.size(-1) != x.size(-2)) {
    throw ShapeError(
        fmt::format("{}: expected square matrices: {} is {}", name, operand, to_string(x.shape())));
  }
}

void require_ndim(const char* name, const char* operand, const Tensor& x, std::size_t ndim) {
  if (x.ndim() != ndim) {
    throw ShapeError(fmt::format("{}: expected {} dimension{}: {} is {}", name, ndim, ndim == 1 ? "" : "s",
                                 operand, to_string(x.shape())));
  }
}

Shape batch_shape(const Tensor& x) { return Shape(x.shape().begin(), x.shape().end() - 2); }

Shape with_matrix(Shape batch, std::int64_t rows, std::int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

Tensor expand_batch(const Tensor& x, const Shape& batch) {
  if (batch_shape(x) == batch) return x;
  return expand(x, with_matrix(batch, x.size(-2), x.size(-1)));
}

Tensor identity_like(const Tensor& x) { return eye(x.size(-1), std::nullopt, x.dtype()); }

}  // namespace xgrad::detail
