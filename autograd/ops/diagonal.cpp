#include <xgrad/autograd/ops/diagonal.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/triangle.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// A diagonal as a view of memory with these sizes and strides.
struct Line {
  Shape shape;
  Strides strides;
  std::int64_t first = 0;  ///< how far its first element lies from the memory's, in elements
};

Line line_of(const Shape& shape, const Strides& strides, std::int64_t offset, std::size_t dim1,
             std::size_t dim2) {
  Line line;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i == dim1 || i == dim2) continue;
    line.shape.push_back(shape[i]);
    line.strides.push_back(strides[i]);
  }
  // Beyond the corners there is nothing, however far.
  std::int64_t shift = std::clamp(offset, -shape[dim1], shape[dim2]);
  std::int64_t length =
      shift >= 0 ? std::min(shape[dim1], shape[dim2] - shift) : std::min(shape[dim1] + shift, shape[dim2]);
  line.shape.push_back(length);
  line.strides.push_back(strides[dim1] + strides[dim2]);
  if (line.shape.elements() > 0) line.first = shift >= 0 ? shift * strides[dim2] : -shift * strides[dim1];
  return line;
}

void check_different(const char* name, std::int64_t dim1, std::int64_t dim2, bool same) {
  if (same) {
    throw ShapeError(
        fmt::format("{}: expected two different dimensions, got dim1 {} and dim2 {}", name, dim1, dim2));
  }
}

std::pair<std::size_t, std::size_t> two_dims(const char* name, std::int64_t dim1, std::int64_t dim2,
                                             std::size_t ndim) {
  std::size_t first = wrap_dim(name, dim1, ndim);
  std::size_t second = wrap_dim(name, dim2, ndim);
  check_different(name, dim1, dim2, first == second);
  return {first, second};
}

}  // namespace

Tensor diagonal(const Tensor& x, std::int64_t offset, std::int64_t dim1, std::int64_t dim2) {
  auto [first, second] = two_dims("diagonal", dim1, dim2, x.ndim());
  Line line = line_of(x.shape(), x.strides(), offset, first, second);
  return record_view("diagonal", x, x.array().view(line.shape, line.strides, line.first),
                     [full = x.shape(), offset, first, second](const Tensor& g) {
                       Strides layout = contiguous_strides(full);
                       Line to = line_of(full, layout, offset, first, second);
                       return add_strided(g, full, layout, to.shape, to.strides, to.first);
                     });
}

Tensor diag_embed(const Tensor& x, std::int64_t offset, std::int64_t dim1, std::int64_t dim2) {
  if (x.ndim() == 0) throw IndexError("diag_embed: a 0-d tensor has no dimension to put on a diagonal");
  auto [first, second] = two_dims("diag_embed", dim1, dim2, x.ndim() + 1);
  std::int64_t size = x.shape()[x.ndim() - 1];
  // |offset| + size, for any offset.
  bool fits = !__builtin_add_overflow(size, offset < 0 ? -(offset + 1) : offset, &size) &&
              !__builtin_add_overflow(size, offset < 0 ? 1 : 0, &size);
  if (!fits)
    throw ShapeError(fmt::format("diag_embed: no memory can hold a matrix with diagonal {}", offset));
  Shape shape(x.shape().begin(), x.shape().end() - 1);
  shape.insert(std::min(first, second), size);
  shape.insert(std::max(first, second), size);
  Array numbers = Array::zeros(shape, x.dtype());
  Line line = line_of(shape, numbers.strides(), offset, first, second);
  kernels::copy(x.array(), numbers.view(line.shape, line.strides, line.first));
  return record("diag_embed", std::move(numbers), exact_gradient(x, [offset, dim1, dim2](const Tensor& g) {
                  return diagonal(g, offset, dim1, dim2);
                }));
}

Tensor diag(const Tensor& x, std::int64_t diagonal) {
  if (x.ndim() == 1) return diag_embed(x, diagonal);
  if (x.ndim() != 2) {
    throw ShapeError(
        fmt::format("diag: expected a vector or a matrix, got shape {}; use diagonal() or "
                    "diag_embed() for batches",
                    to_string(x.shape())));
  }
  return clone(xgrad::diagonal(x, diagonal));
}

Tensor diagflat(const Tensor& x, std::int64_t offset) { return diag_embed(reshape(x, {-1}), offset); }

namespace {

void check_matrices(const char* name, const Tensor& x) {
  if (x.ndim() < 2) {
    throw ShapeError(
        fmt::format("{}: expected at least two dimensions, got shape {}", name, to_string(x.shape())));
  }
}

}  // namespace

Tensor tril(const Tensor& x, std::int64_t diagonal) {
  check_matrices("tril", x);
  return record("tril", kernels::lower_triangle(x.array(), diagonal),
                exact_gradient(x, [diagonal](const Tensor& g) { return tril(g, diagonal); }));
}

Tensor triu(const Tensor& x, std::int64_t diagonal) {
  check_matrices("triu", x);
  return record("triu", kernels::upper_triangle(x.array(), diagonal),
                exact_gradient(x, [diagonal](const Tensor& g) { return triu(g, diagonal); }));
}

}  // namespace xgrad
