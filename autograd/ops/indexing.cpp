#include <xgrad/autograd/ops/indexing.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/indexing.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {

Tensor detail::checked_index(const char* name, const Tensor& index, std::int64_t size) {
  if (is_floating(index.dtype()) || index.dtype() == boolean) {
    throw DTypeError(fmt::format("{}: expected an integer index, got {}", name, xgrad::name(index.dtype())));
  }
  Tensor places = to(index, int64);
  std::int64_t bad = kernels::find_out_of_range(places.array(), size);
  if (bad >= 0) {
    std::int64_t value = reshape(places, {-1}).select(0, bad).item<std::int64_t>();
    throw IndexError(
        fmt::format("{}: index {} (element {} of the index) is out of range for a dimension of size {}", name,
                    value, bad, size));
  }
  return places;
}

namespace {

/// Positions that may count from the end, as int64 in [0, size).
Tensor wrapped_index(const char* name, const Tensor& index, std::int64_t size) {
  if (is_floating(index.dtype()) || index.dtype() == boolean) {
    throw DTypeError(fmt::format("{}: expected an integer index, got {}", name, xgrad::name(index.dtype())));
  }
  NoGrad off;
  Tensor places = to(index, int64);
  return detail::checked_index(name, where(places < 0, places + size, places), size);
}

Tensor index_add_zeros(const Tensor& source, const Shape& shape, std::size_t dim, const Tensor& places) {
  return record("index_add", kernels::index_add(source.array(), shape, dim, places.array()),
                gradient(
                    source,
                    [dim](const Tensor& g, const Tensor& at) {
                      return index_select(g, static_cast<std::int64_t>(dim), at);
                    },
                    places));
}

}  // namespace

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index) {
  std::size_t at = wrap_dim("index_select", dim, x.ndim());
  if (index.ndim() > 1) {
    throw ShapeError(
        fmt::format("index_select: expected a 1-d index, got shape {}", to_string(index.shape())));
  }
  if (x.ndim() == 0) {
    if (index.numel() != 1) {
      throw ShapeError(
          fmt::format("index_select: of a 0-d tensor one element can be picked, not {}", index.numel()));
    }
    return reshape(index_select(reshape(x, {1}), 0, index), {});
  }
  Tensor places = detail::checked_index("index_select", index, x.shape()[at]);
  if (places.ndim() == 0) places = reshape(places, {1});
  return record("index_select", kernels::index_select(x.array(), at, places.array()),
                gradient(
                    x,
                    [full = x.shape(), at](const Tensor& g, const Tensor& p) {
                      return index_add_zeros(g, full, at, p);
                    },
                    places));
}

namespace {
void check_gather_shapes(const char* name, const Shape& source, const Shape& index, std::size_t dim,
                         bool bound_dim) {
  bool fits = source.size() == index.size();
  for (std::size_t d = 0; fits && d < index.size(); ++d)
    fits = (d == dim && !bound_dim) || index[d] <= source[d];
  if (!fits) {
    throw ShapeError(fmt::format(
        "{}: the index must have as many dimensions as the tensor and be nowhere larger but in dimension {}: "
        "the tensor is {}, the index is {}",
        name, dim, to_string(source), to_string(index)));
  }
}
}  // namespace

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index) {
  std::size_t at = wrap_dim("gather", dim, x.ndim());
  if (x.ndim() == 0) return reshape(gather(reshape(x, {1}), 0, reshape(index, {-1})), index.shape());
  check_gather_shapes("gather", x.shape(), index.shape(), at, false);
  Tensor places = detail::checked_index("gather", index, x.shape()[at]);
  return record(
      "gather", kernels::gather(x.array(), at, places.array()),
      gradient(
          x,
          [full = x.shape(), dim](const Tensor& g, const Tensor& p) { return scatter_add(g, full, dim, p); },
          places));
}

Tensor scatter_add(const Tensor& source, const Shape& shape, std::int64_t dim, const Tensor& index) {
  std::size_t at = wrap_dim("scatter_add", dim, shape.size());
  if (shape.empty()) return reshape(scatter_add(reshape(source, {-1}), {1}, 0, reshape(index, {-1})), {});
  check_gather_shapes("scatter_add", shape, index.shape(), at, false);
  if (!(source.shape() == index.shape())) {
    throw ShapeError(
        fmt::format("scatter_add: expected source and index of one shape: source is {}, index is {}",
                    to_string(source.shape()), to_string(index.shape())));
  }
  Tensor places = detail::checked_index("scatter_add", index, shape[at]);
  return record(
      "scatter_add", kernels::scatter_add(source.array(), shape, at, places.array()),
      gradient(source, [dim](const Tensor& g, const Tensor& p) { return gather(g, dim, p); }, places));
}

Tensor one_hot(const Tensor& numbers, std::int64_t classes) {
  if (classes < -1 || classes == 0)
    throw ValueError(fmt::format("one_hot: expected a positive number of classes, got {}", classes));
  if (is_floating(numbers.dtype()))
    throw DTypeError(fmt::format("one_hot: expected integers, got {}", name(numbers.dtype())));
  Tensor places = to(numbers, int64);
  if (classes == -1) {
    if (places.numel() == 0)
      throw ValueError("one_hot: the number of classes cannot follow from an empty tensor; pass it");
    std::int64_t largest = max(places).item<std::int64_t>();
    if (largest == INT64_MAX) throw ValueError("one_hot: a class number is too large");
    classes = largest + 1;
  }
  Tensor column = unsqueeze(places, -1);
  Shape shape = places.shape();
  shape.push_back(classes);
  if (std::int64_t bad = kernels::find_out_of_range(places.array(), classes); bad >= 0) {
    throw ValueError(fmt::format("one_hot: class number {} is outside 0 to {}",
                                 reshape(places, {-1}).select(0, bad).item<std::int64_t>(), classes - 1));
  }
  return scatter_add(ones_like(column), shape, -1, column);
}

Tensor take_along_dim(const Tensor& x, const Tensor& indices, std::optional<std::int64_t> dim) {
  if (!dim) {
    Tensor places = wrapped_index("take_along_dim", reshape(indices, {-1}), x.numel());
    return gather(reshape(x, {-1}), 0, places);
  }
  if (x.ndim() != indices.ndim()) {
    throw ShapeError(
        fmt::format("take_along_dim: expected as many dimensions in both: x is {}, indices are {}",
                    to_string(x.shape()), to_string(indices.shape())));
  }
  std::size_t at = wrap_dim("take_along_dim", *dim, x.ndim());
  if (x.ndim() == 0) return gather(x, 0, indices);
  Shape outside_x = x.shape();
  Shape outside_indices = indices.shape();
  outside_x[at] = outside_indices[at] = 1;
  Shape full = broadcast_shapes("take_along_dim", outside_x, outside_indices);
  Shape wide = full;
  wide[at] = x.shape()[at];
  full[at] = indices.shape()[at];
  Tensor places = wrapped_index("take_along_dim", expand(indices, full), x.shape()[at]);
  return gather(expand(x, wide), *dim, places);
}

Tensor take(const Tensor& x, const Tensor& index) {
  Tensor places = wrapped_index("take", reshape(index, {-1}), x.numel());
  return reshape(index_select(reshape(x, {-1}), 0, places), index.shape());
}

namespace {

/// x with source[i] written at places[i]; all three 1-d.
Tensor put_flat(const Tensor& x, const Tensor& places, const Tensor& source) {
  return record(
      "put", kernels::put(x.array(), places.array(), source.array()),
      gradient(
          x,
          [](const Tensor& g, const Tensor& at) { return put_flat(g, at, zeros({at.numel()}, g.dtype())); },
          places),
      gradient(source, [](const Tensor& g, const Tensor& at) { return index_select(g, 0, at); }, places));
}

void require_dtype(const char* name, const Tensor& x, const Tensor& source) {
  if (x.dtype() == source.dtype()) return;
  throw DTypeError(fmt::format("{}: expected a source of the tensor's dtype {}, got {}; convert with to()",
                               name, xgrad::name(x.dtype()), xgrad::name(source.dtype())));
}

}  // namespace

Tensor detail::write_at(const Tensor& x, const Tensor& places, const Tensor& values) {
  Tensor source = expand(values, places.shape());
  Tensor written = put_flat(contiguous(reshape(x, {-1})), contiguous(reshape(places, {-1})),
                            contiguous(reshape(source, {-1})));
  return reshape(written, x.shape());
}

Tensor detail::add_at(const Tensor& x, const Tensor& places, const Tensor& values) {
  Tensor source = reshape(expand(values, places.shape()), {-1});
  Tensor sums = index_add_zeros(source, {x.numel()}, 0, contiguous(reshape(places, {-1})));
  return x + reshape(sums, x.shape());
}

Tensor detail::places_in(const Shape& shape) { return reshape(arange(shape.elements()), shape); }

Tensor put(const Tensor& x, const Tensor& index, const Tensor& source, bool accumulate) {
  require_dtype("put", x, source);
  if (index.numel() != source.numel()) {
    throw ShapeError(fmt::format("put: expected as many values as places: index is {}, source is {}",
                                 to_string(index.shape()), to_string(source.shape())));
  }
  Tensor places = wrapped_index("put", reshape(index, {-1}), x.numel());
  Tensor values = reshape(source, {-1});
  return accumulate ? detail::add_at(x, places, values) : detail::write_at(x, places, values);
}

namespace {

/// The index of index_add and its like: a vector (or 0-d) of places in `dim`.
Tensor slice_index(const char* name, const Tensor& x, std::size_t dim, const Tensor& index) {
  if (index.ndim() > 1)
    throw ShapeError(fmt::format("{}: expected a vector of places, got {}", name, to_string(index.shape())));
  return detail::checked_index(name, reshape(index, {-1}), x.ndim() == 0 ? 1 : x.shape()[dim]);
}

/// Throws unless `source` has the slices that x takes at an index of this size.
void check_slices(const char* name, const Tensor& x, std::size_t dim, const Tensor& index,
                  const Tensor& source) {
  require_dtype(name, x, source);
  Shape expected = x.shape();
  if (!expected.empty()) expected[dim] = index.numel();
  bool fits =
      source.shape() == expected || (x.ndim() <= 1 && source.numel() == index.numel() && source.ndim() <= 1);
  if (!fits) {
    throw ShapeError(fmt::format("{}: expected a source {}, one slice for each place, got {}", name,
                                 to_string(expected), to_string(source.shape())));
  }
}

}  // namespace

Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, Scalar alpha) {
  std::size_t at = wrap_dim("index_add", dim, x.ndim());
  Tensor places = slice_index("index_add", x, at, index);
  check_slices("index_add", x, at, places, source);
  if (alpha.is_floating() && !is_floating(x.dtype()))
    throw DTypeError("index_add: a floating alpha does not fit an integer tensor");
  Tensor scaled = alpha.to<double>() == 1 ? source : mul(source, alpha);
  if (x.ndim() == 0) return x + reshape(sum(scaled), {});
  return x + index_add_zeros(reshape(scaled,
                                     [&] {
                                       Shape s = x.shape();
                                       s[at] = places.numel();
                                       return s;
                                     }()),
                             x.shape(), at, places);
}

Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  std::size_t at = wrap_dim("index_copy", dim, x.ndim());
  Tensor places = slice_index("index_copy", x, at, index);
  check_slices("index_copy", x, at, places, source);
  Tensor where_to = index_select(detail::places_in(x.shape()), dim, places);
  return detail::write_at(x, where_to, reshape(source, where_to.shape()));
}

Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& value) {
  std::size_t at = wrap_dim("index_fill", dim, x.ndim());
  if (value.ndim() != 0)
    throw ShapeError(
        fmt::format("index_fill: expected a number or a 0-d tensor, got {}", to_string(value.shape())));
  Tensor vector = reshape(index, {-1});
  if (index.ndim() > 1)
    throw ShapeError(
        fmt::format("index_fill: expected a vector of places, got {}", to_string(index.shape())));
  Tensor places = wrapped_index("index_fill", vector, x.ndim() == 0 ? 1 : x.shape()[at]);
  return detail::write_at(x, index_select(detail::places_in(x.shape()), dim, places), to(value, x.dtype()));
}
Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value) {
  return index_fill(x, dim, index, Tensor(Array::full({}, value, x.dtype())));
}

}  // namespace xgrad
