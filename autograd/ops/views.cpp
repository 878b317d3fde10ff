#include <xgrad/autograd/ops/views.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>

namespace xgrad {
namespace {

/// Whether all elements lie within [0, items), counted from `first`. Sizes and strides are not negative.
bool stays_within(std::int64_t items, const Shape& shape, const Strides& strides, std::int64_t first) {
  if (first < 0 || first > items) return false;
  if (std::ranges::any_of(shape, [](std::int64_t size) { return size == 0; })) return true;
  std::int64_t last = first;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(shape[i] - 1, strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return false;
    }
  }
  return last < items;
}

/// How far the last element lies from the first, in elements.
std::int64_t span_of(const Shape& shape, const Strides& strides) {
  std::int64_t span = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) span += (shape[i] - 1) * strides[i];
  return span;
}

/// Zeros of this shape in memory with these strides.
Array zeros_laid_out(const Shape& shape, const Strides& strides, DType dtype) {
  if (shape.elements() == 0) return Array(shape, dtype);
  return Array::zeros({span_of(shape, strides) + 1}, dtype).view(shape, strides);
}

/// The numbers of `source` in memory with these strides.
Array laid_out(const Array& source, const Strides& strides) {
  if (source.strides() == strides) return source;
  Array result = zeros_laid_out(source.shape(), strides, source.dtype());
  kernels::copy(source, result);
  return result;
}

}  // namespace

Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset) {
  if (shape.size() != strides.size()) {
    throw ShapeError(
        fmt::format("as_strided: expected a stride for each dimension, got shape {} and strides {}",
                    to_string(shape), to_string(strides)));
  }
  const Array& array = x.array();
  auto items = static_cast<std::int64_t>(array.storage()->bytes() / item_size(array.dtype()));
  std::int64_t first = 0;
  bool overflow = __builtin_add_overflow(array.offset(), offset, &first);
  bool negative = std::ranges::any_of(strides, [](std::int64_t s) { return s < 0; }) ||
                  std::ranges::any_of(shape, [](std::int64_t s) { return s < 0; });
  if (overflow || negative || !stays_within(items, shape, strides, first)) {
    throw IndexError(
        fmt::format("as_strided: shape {} with strides {} from offset {} leaves the memory of {} elements "
                    "(the tensor's first is number {})",
                    to_string(shape), to_string(strides), offset, items, array.offset()));
  }
  Array view = array.view(shape, strides, offset);
  return record_view("as_strided", x, std::move(view),
                     [full = x.shape(), layout = x.strides(), shape, strides, offset](const Tensor& g) {
                       return add_strided(g, full, layout, shape, strides, offset);
                     });
}

Tensor read_strided(const Tensor& g, const Strides& layout, const Shape& shape, const Strides& strides,
                    std::int64_t offset) {
  Array part = kernels::clone(laid_out(g.array(), layout).view(shape, strides, offset));
  return record("read_strided", std::move(part), gradient(g, [=, full = g.shape()](const Tensor& gg) {
                  return add_strided(gg, full, layout, shape, strides, offset);
                }));
}

Tensor add_strided(const Tensor& g, const Shape& full, const Strides& layout, const Shape& shape,
                   const Strides& strides, std::int64_t offset) {
  Array sum = zeros_laid_out(full, layout, g.dtype());
  kernels::accumulate(g.array(), sum.view(shape, strides, offset));
  return record("add_strided", std::move(sum), gradient(g, [=](const Tensor& gg) {
                  return read_strided(gg, layout, shape, strides, offset);
                }));
}

Tensor zero_strided(const Tensor& g, const Strides& layout, const Shape& shape, const Strides& strides,
                    std::int64_t offset) {
  Array rest = zeros_laid_out(g.shape(), layout, g.dtype());
  kernels::copy(g.array(), rest);
  kernels::fill(rest.view(shape, strides, offset), 0);
  return record("zero_strided", std::move(rest), gradient(g, [=](const Tensor& gg) {
                  return zero_strided(gg, layout, shape, strides, offset);
                }));
}

Tensor permute(const Tensor& x, const Shape& dims) {
  const Array& array = x.array();
  if (dims.size() != array.ndim()) {
    throw ShapeError(fmt::format("permute: expected {} dimensions, got {} for a tensor of shape {}",
                                 array.ndim(), to_string(dims), to_string(array.shape())));
  }
  Shape shape = array.shape();
  Strides strides = array.strides();
  Shape inverse = Shape::filled(dims.size(), -1);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    std::size_t from = wrap_dim("permute", dims[i], dims.size());
    if (inverse[from] != -1) {
      throw ShapeError(fmt::format("permute: dimension {} occurs twice in {}", from, to_string(dims)));
    }
    inverse[from] = static_cast<std::int64_t>(i);
    shape[i] = array.shape()[from];
    strides[i] = array.strides()[from];
  }
  Array view = array.view(shape, strides);
  return record_view("permute", x, std::move(view),
                     [inverse](const Tensor& g) { return permute(g, inverse); });
}

Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1) {
  const Array& array = x.array();
  std::size_t first = wrap_dim("transpose", dim0, array.ndim());
  std::size_t second = wrap_dim("transpose", dim1, array.ndim());
  Shape shape = array.shape();
  Strides strides = array.strides();
  if (array.ndim() > 0) {
    std::swap(shape[first], shape[second]);
    std::swap(strides[first], strides[second]);
  }
  Array view = array.view(std::move(shape), std::move(strides));
  return record_view("transpose", x, std::move(view),
                     [dim0, dim1](const Tensor& g) { return transpose(g, dim0, dim1); });
}

Tensor t(const Tensor& x) {
  if (x.ndim() > 2) {
    throw ShapeError(fmt::format("t: expected at most two dimensions, got shape {}; use mT() or transpose()",
                                 to_string(x.shape())));
  }
  return x.ndim() == 2 ? transpose(x, 0, 1) : as_strided(x, x.shape(), x.strides());
}

Tensor swapaxes(const Tensor& x, std::int64_t axis0, std::int64_t axis1) {
  return transpose(x, axis0, axis1);
}

Tensor mT(const Tensor& x) { return x.mT(); }

Tensor movedim(const Tensor& x, std::int64_t source, std::int64_t destination) {
  return movedim(x, Shape{source}, Shape{destination});
}

Tensor movedim(const Tensor& x, const Shape& source, const Shape& destination) {
  if (source.size() != destination.size()) {
    throw ShapeError(fmt::format("movedim: expected a destination for each source, got {} and {}",
                                 to_string(source), to_string(destination)));
  }
  Shape dims = Shape::filled(x.ndim(), -1);  // for each place of the result, the dimension that it takes
  std::vector<bool> moved(x.ndim() + 1, false);
  for (std::size_t i = 0; i < source.size(); ++i) {
    std::size_t from = wrap_dim("movedim", source[i], x.ndim());
    std::size_t to = wrap_dim("movedim", destination[i], x.ndim());
    if (moved[from] || (x.ndim() > 0 && dims[to] != -1)) {
      throw ShapeError(fmt::format("movedim: a dimension is named twice in {} or {}", to_string(source),
                                   to_string(destination)));
    }
    moved[from] = true;
    if (x.ndim() > 0) dims[to] = static_cast<std::int64_t>(from);
  }
  std::size_t next = 0;
  for (std::int64_t& dim : dims) {
    if (dim != -1) continue;
    while (moved[next]) ++next;
    dim = static_cast<std::int64_t>(next++);
  }
  return permute(x, dims);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  Shape full = shape;
  for (std::size_t i = 0; i < full.size(); ++i) {
    if (full[i] != -1) {
      if (full[i] < 0)
        throw ShapeError(fmt::format("expand: expected sizes of 0 or more, or -1, got {}", to_string(shape)));
      continue;
    }
    if (full.size() - i > x.ndim()) {
      throw ShapeError(
          fmt::format("expand: -1 keeps a size, but dimension {} of {} is new", i, to_string(shape)));
    }
    full[i] = x.shape()[x.ndim() - (full.size() - i)];
  }
  Array view = x.array().broadcast_to("expand", full);
  return record_view("expand", x, std::move(view),
                     [from = x.shape()](const Tensor& g) { return sum_to_shape(g, from); });
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) { return expand(x, shape); }

Tensor expand_as(const Tensor& x, const Tensor& other) { return expand(x, other.shape()); }

std::vector<Tensor> broadcast_tensors(std::span<const Tensor> tensors) {
  Shape shape;
  for (const Tensor& tensor : tensors) shape = broadcast_shapes("broadcast_tensors", shape, tensor.shape());
  std::vector<Tensor> results;
  results.reserve(tensors.size());
  for (const Tensor& tensor : tensors) results.push_back(expand(tensor, shape));
  return results;
}

Shape broadcast_shapes(std::span<const Shape> shapes) {
  Shape result;
  for (const Shape& shape : shapes) {
    if (std::ranges::any_of(shape, [](std::int64_t size) { return size < 0; })) {
      throw ShapeError(
          fmt::format("broadcast_shapes: expected sizes of 0 or more, got {}", to_string(shape)));
    }
    result = broadcast_shapes("broadcast_shapes", result, shape);
  }
  return result;
}

namespace {
/// A view with dimensions of size 1 added or removed; the gradient takes the old shape again.
Tensor with_shape(const char* name, const Tensor& x, Shape shape, Strides strides) {
  Array view = x.array().view(std::move(shape), std::move(strides));
  return record_view(name, x, std::move(view),
                     [from = x.shape()](const Tensor& g) { return g.reshape(from); });
}
}  // namespace

Tensor squeeze(const Tensor& x) {
  Shape shape;
  Strides strides;
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    if (x.shape()[i] == 1) continue;
    shape.push_back(x.shape()[i]);
    strides.push_back(x.strides()[i]);
  }
  return with_shape("squeeze", x, std::move(shape), std::move(strides));
}

Tensor squeeze(const Tensor& x, std::int64_t dim) {
  std::size_t at = wrap_dim("squeeze", dim, x.ndim());
  Shape shape = x.shape();
  Strides strides = x.strides();
  if (x.ndim() > 0 && shape[at] == 1) {
    shape.erase(at);
    strides.erase(at);
  }
  return with_shape("squeeze", x, std::move(shape), std::move(strides));
}

Tensor unsqueeze(const Tensor& x, std::int64_t dim) {
  std::size_t at = wrap_dim("unsqueeze", dim, x.ndim() + 1);
  Shape shape = x.shape();
  Strides strides = x.strides();
  strides.insert(at, at < x.ndim() ? strides[at] * shape[at] : 1);
  shape.insert(at, 1);
  return with_shape("unsqueeze", x, std::move(shape), std::move(strides));
}

Tensor atleast_1d(const Tensor& x) { return x.ndim() == 0 ? unsqueeze(x, 0) : x; }

Tensor atleast_2d(const Tensor& x) { return x.ndim() < 2 ? unsqueeze(atleast_1d(x), 0) : x; }

Tensor atleast_3d(const Tensor& x) { return x.ndim() < 3 ? unsqueeze(atleast_2d(x), -1) : x; }

Tensor slice(const Tensor& x, std::int64_t dim, std::optional<std::int64_t> start,
             std::optional<std::int64_t> end, std::int64_t step) {
  if (x.ndim() == 0) throw IndexError("slice: a 0-d tensor has no dimension to slice");
  if (step <= 0)
    throw ValueError(fmt::format("slice: expected a positive step, got {}; use flip() to reverse", step));
  std::size_t at = wrap_dim("slice", dim, x.ndim());
  std::int64_t size = x.shape()[at];
  auto position = [size](std::int64_t p) { return std::clamp<std::int64_t>(p < 0 ? p + size : p, 0, size); };
  std::int64_t first = position(start.value_or(0));
  std::int64_t last = std::max(first, position(end.value_or(size)));
  Shape shape = x.shape();
  Strides strides = x.strides();
  shape[at] = (last - first) / step + ((last - first) % step != 0 ? 1 : 0);
  std::int64_t offset = shape[at] == 0 ? 0 : first * strides[at];
  if (step < size) strides[at] *= step;  // one element at most otherwise
  Array view = x.array().view(shape, strides, offset);
  return record_view("slice", x, std::move(view), [full = x.shape(), at, first, step](const Tensor& g) {
    Strides layout = contiguous_strides(full);
    Strides steps = layout;
    if (step < full[at]) steps[at] *= step;
    return add_strided(g, full, layout, g.shape(), steps, g.shape()[at] == 0 ? 0 : first * layout[at]);
  });
}

Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length) {
  if (x.ndim() == 0) throw IndexError("narrow: a 0-d tensor has no dimension to narrow");
  std::int64_t size = x.size(dim);
  std::int64_t first = start < 0 ? start + size : start;
  if (length < 0 || first < 0 || first > size || length > size - first) {
    throw IndexError(fmt::format("narrow: {} elements from {} are not all within dimension {} of size {}",
                                 length, start, dim, size));
  }
  return slice(x, dim, first, first + length);
}

Tensor narrow(const Tensor& x, std::int64_t dim, const Tensor& start, std::int64_t length) {
  if (is_floating(start.dtype()) || start.dtype() == boolean) {
    throw DTypeError(fmt::format("narrow: expected a start of integer dtype, got {}", name(start.dtype())));
  }
  if (start.ndim() != 0)
    throw ShapeError(fmt::format("narrow: expected a 0-d start, got shape {}", to_string(start.shape())));
  return narrow(x, dim, start.item<std::int64_t>(), length);
}

Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index) {
  if (x.ndim() == 0) throw IndexError("select: a 0-d tensor has no dimension to index");
  std::size_t at = wrap_dim("select", dim, x.ndim());
  std::int64_t size = x.shape()[at];
  std::int64_t i = index < 0 ? index + size : index;
  if (i < 0 || i >= size) {
    throw IndexError(
        fmt::format("select: index {} is out of range for dimension {} of size {}", index, dim, size));
  }
  Shape shape = x.shape();
  Strides strides = x.strides();
  std::int64_t offset = i * strides[at];
  shape.erase(at);
  strides.erase(at);
  Array view = x.array().view(std::move(shape), std::move(strides), offset);
  return record_view("select", x, std::move(view), [full = x.shape(), at, i](const Tensor& g) {
    Strides layout = contiguous_strides(full);
    Strides steps = layout;
    steps.erase(at);
    return add_strided(g, full, layout, g.shape(), steps, i * layout[at]);
  });
}

namespace {

/// The strides of windows over memory with these strides.
Strides window_strides(Strides strides, std::size_t dim, std::int64_t count, std::int64_t step) {
  std::int64_t between = strides.empty() ? 1 : strides[dim];
  if (count > 1) strides[dim] *= step;
  strides.push_back(between);
  return strides;
}

}  // namespace

Tensor unfold(const Tensor& x, std::int64_t dimension, std::int64_t size, std::int64_t step) {
  std::size_t at = wrap_dim("unfold", dimension, x.ndim());
  if (step <= 0) throw ValueError(fmt::format("unfold: expected a positive step, got {}", step));
  std::int64_t total = x.ndim() == 0 ? 1 : x.shape()[at];
  if (size < 0 || size > total) {
    throw IndexError(fmt::format("unfold: windows of {} elements do not fit dimension {} of size {}", size,
                                 dimension, total));
  }
  std::int64_t count = (total - size) / step + 1;
  Shape shape = x.shape();
  if (x.ndim() > 0) shape[at] = count;
  shape.push_back(size);
  Array view = x.array().view(shape, window_strides(x.strides(), at, count, step));
  return record_view("unfold", x, std::move(view), [full = x.shape(), at, count, step](const Tensor& g) {
    Strides layout = contiguous_strides(full);
    return add_strided(g, full, layout, g.shape(), window_strides(layout, at, count, step), 0);
  });
}

}  // namespace xgrad
