#include <xgrad/autograd/ops/advanced_indexing.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/sorting.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// How many of x's dimensions an entry uses.
std::size_t dimensions_used(const Index& index) {
  if (std::holds_alternative<NewAxis>(index) || std::holds_alternative<Ellipsis>(index)) return 0;
  const auto* tensor = std::get_if<Tensor>(&index);
  return tensor != nullptr && tensor->dtype() == boolean ? tensor->ndim() : 1;
}

/// A tensor and, for each of its dimensions, the tensor of places that indexes it, or an undefined one.
struct Indexed {
  Tensor x;
  std::vector<Tensor> places;
};

/// A bool tensor as one vector of places for each dimension that it uses.
void add_mask(Indexed& result, std::size_t dim, const Tensor& mask) {
  for (std::size_t d = 0; d < mask.ndim(); ++d) {
    if (mask.shape()[d] == result.x.shape()[dim + d]) continue;
    throw IndexError(fmt::format("indexing: the mask {} does not fit the dimensions from {} of {}",
                                 to_string(mask.shape()), dim, to_string(result.x.shape())));
  }
  if (mask.ndim() == 0) {  // a dimension of size 1, kept or dropped
    result.x = unsqueeze(result.x, static_cast<std::int64_t>(dim));
    result.places.push_back(zeros({mask.item<bool>() ? 1 : 0}, int64));
    return;
  }
  for (const Tensor& column : unbind(nonzero(mask), 1)) result.places.push_back(column);
}

/// Takes places, ranges, new dimensions and the ellipsis as views; tensors are left for the caller.
Indexed apply_basic(const Tensor& x, const std::vector<Index>& indices) {
  std::size_t used = 0;
  std::size_t ellipses = 0;
  for (const Index& index : indices) {
    used += dimensions_used(index);
    ellipses += std::holds_alternative<Ellipsis>(index) ? 1 : 0;
  }
  if (used > x.ndim())
    throw IndexError(
        fmt::format("indexing: {} dimensions are indexed of a tensor {}", used, to_string(x.shape())));
  if (ellipses > 1) throw IndexError("indexing: at most one ellipsis");

  Indexed result{x, {}};
  for (const Index& index : indices) {
    std::size_t dim = result.places.size();
    auto at = static_cast<std::int64_t>(dim);
    if (const auto* place = std::get_if<std::int64_t>(&index)) {
      result.x = select(result.x, at, *place);
    } else if (const auto* range = std::get_if<Range>(&index)) {
      result.x = slice(result.x, at, range->start, range->end, range->step);
      result.places.emplace_back();
    } else if (std::holds_alternative<NewAxis>(index)) {
      result.x = unsqueeze(result.x, at);
      result.places.emplace_back();
    } else if (std::holds_alternative<Ellipsis>(index)) {
      result.places.resize(dim + x.ndim() - used);
    } else {
      const Tensor& tensor = std::get<Tensor>(index);
      if (is_floating(tensor.dtype()))
        throw DTypeError(
            fmt::format("indexing: expected an integer or bool tensor, got {}", name(tensor.dtype())));
      if (tensor.dtype() == boolean)
        add_mask(result, dim, tensor);
      else
        result.places.push_back(to(tensor, int64));
    }
  }
  result.places.resize(result.x.ndim());
  return result;
}

Tensor pick(const Indexed& indexed) {
  const Tensor& x = indexed.x;
  std::vector<std::size_t> by_tensor;
  Shape order;
  Shape broadcast;
  for (std::size_t d = 0; d < x.ndim(); ++d) {
    if (!indexed.places[d].defined()) continue;
    by_tensor.push_back(d);
    order.push_back(static_cast<std::int64_t>(d));
    broadcast = broadcast_shapes("indexing", broadcast, indexed.places[d].shape());
  }
  bool adjacent = by_tensor.back() - by_tensor.front() + 1 == by_tensor.size();
  Shape rest;
  for (std::size_t d = 0; d < x.ndim(); ++d) {
    if (indexed.places[d].defined()) continue;
    order.push_back(static_cast<std::int64_t>(d));
    rest.push_back(x.shape()[d]);
  }

  // The indexed dimensions become one, at the front.
  Tensor flat = zeros(broadcast, int64);
  std::int64_t elements = 1;
  {
    NoGrad off;
    for (std::size_t d : by_tensor) {
      std::int64_t size = x.shape()[d];
      Tensor places = indexed.places[d].detach();
      Tensor wrapped = where(places < 0, places + size, places);
      if (!all((wrapped >= 0) & (wrapped < size)).item<bool>()) {
        throw IndexError(fmt::format(
            "indexing: a place in an index tensor is out of range for dimension {} of size {}", d, size));
      }
      flat = flat * size + wrapped;
      elements *= size;
    }
  }
  Shape front = rest;
  front.insert(0, elements);
  Tensor rows = reshape(permute(x, order), front);
  Tensor picked = index_select(rows, 0, reshape(flat, {-1}));
  Shape shape = broadcast;
  for (std::int64_t size : rest) shape.push_back(size);
  picked = reshape(picked, shape);
  if (!adjacent || by_tensor.front() == 0) return picked;
  Shape back;  // the picked dimensions behind the first by_tensor.front() others
  for (std::size_t d = 0; d < by_tensor.front(); ++d)
    back.push_back(static_cast<std::int64_t>(broadcast.size() + d));
  for (std::size_t d = 0; d < broadcast.size(); ++d) back.push_back(static_cast<std::int64_t>(d));
  for (std::size_t d = back.size(); d < shape.size(); ++d) back.push_back(static_cast<std::int64_t>(d));
  return permute(picked, back);
}

void check_mask(const char* name, const Tensor& mask) {
  if (mask.dtype() != boolean)
    throw DTypeError(fmt::format("{}: expected a bool mask, got {}; compare it with something, as in x != 0",
                                 name, xgrad::name(mask.dtype())));
}

}  // namespace

Tensor getitem(const Tensor& x, const std::vector<Index>& indices) {
  Indexed indexed = apply_basic(x, indices);
  bool basic = std::ranges::none_of(indexed.places, [](const Tensor& places) { return places.defined(); });
  if (!basic) return pick(indexed);
  return indexed.x.is_same(x) ? as_strided(x, x.shape(), x.strides()) : indexed.x;
}

namespace {

/// Throws unless `value` broadcasts to what is indexed; dimensions of size 1 in front may be too many.
Tensor fitted(const Tensor& value, const Tensor& places) {
  Tensor fit = value;
  while (fit.ndim() > places.ndim() && fit.shape()[0] == 1) fit = squeeze(fit, 0);
  return expand(fit, places.shape());
}

}  // namespace

Tensor setitem(const Tensor& x, const std::vector<Index>& indices, const Tensor& value) {
  Tensor places = getitem(detail::places_in(x.shape()), indices);
  return detail::write_at(x, places, fitted(to(value, x.dtype()), places));
}
Tensor setitem(const Tensor& x, const std::vector<Index>& indices, Scalar value) {
  return setitem(x, indices, Tensor(Array::full({}, value, x.dtype())));
}

Tensor index_put(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& values, bool accumulate) {
  if (values.dtype() != x.dtype()) {
    throw DTypeError(
        fmt::format("index_put: expected values of the tensor's dtype {}, got {}; convert with to()",
                    name(x.dtype()), name(values.dtype())));
  }
  Tensor places = getitem(detail::places_in(x.shape()), std::vector<Index>(indices.begin(), indices.end()));
  Tensor source = expand(values, places.shape());
  return accumulate ? detail::add_at(x, places, source) : detail::write_at(x, places, source);
}

Tensor nonzero(const Tensor& x) { return Tensor(kernels::nonzero(x.array())); }

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", mask);
  Shape full = broadcast_shapes("masked_select", x.shape(), mask.shape());
  Tensor places = nonzero(reshape(expand(mask, full), {-1})).reshape({-1});
  return index_select(reshape(expand(x, full), {-1}), 0, places);
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value) {
  check_mask("masked_fill", mask);
  if (value.ndim() != 0)
    throw ShapeError(
        fmt::format("masked_fill: expected a number or a 0-d tensor, got {}", to_string(value.shape())));
  if (is_floating(value.dtype()) && !is_floating(x.dtype())) {
    throw DTypeError(fmt::format("masked_fill: a {} value does not fit a {} tensor", name(value.dtype()),
                                 name(x.dtype())));
  }
  return where(mask, to(value, x.dtype()), x);
}
Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value) {
  return masked_fill(
      x, mask,
      Tensor(Array::full({}, value,
                         value.is_floating() && !is_floating(x.dtype()) ? default_dtype() : x.dtype())));
}

Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source) {
  check_mask("masked_scatter", mask);
  if (source.dtype() != x.dtype()) {
    throw DTypeError(fmt::format("masked_scatter: expected a source of the tensor's dtype {}, got {}",
                                 name(x.dtype()), name(source.dtype())));
  }
  Shape full = broadcast_shapes("masked_scatter", x.shape(), mask.shape());
  Tensor places = nonzero(reshape(expand(mask, full), {-1})).reshape({-1});
  if (source.numel() < places.numel()) {
    throw ValueError(fmt::format("masked_scatter: the mask has {} places, but the source {} only {} elements",
                                 places.numel(), to_string(source.shape()), source.numel()));
  }
  return detail::write_at(expand(x, full), places, narrow(reshape(source, {-1}), 0, 0, places.numel()));
}

}  // namespace xgrad
