#include <xgrad/autograd/ops/sorting.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/sorting.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// The places of the first `count` elements in order along `dim`.
Tensor ordered_places(const Tensor& x, std::size_t dim, bool descending, std::int64_t count) {
  NoGrad off;
  if (x.size(static_cast<std::int64_t>(dim)) > std::int64_t{UINT32_MAX})
    throw ShapeError(
        fmt::format("sort: expected at most {} elements in a row, got {}", UINT32_MAX, to_string(x.shape())));
  Tensor rows = movedim(x.detach(), static_cast<std::int64_t>(dim), -1);
  Tensor places(kernels::sort_places(kernels::contiguous(rows.array()), descending, count));
  return movedim(places, -1, static_cast<std::int64_t>(dim));
}

std::pair<Tensor, Tensor> ordered(const char* name, const Tensor& x, std::int64_t dim, bool descending,
                                  std::optional<std::int64_t> count) {
  std::size_t at = wrap_dim(name, dim, x.ndim());
  std::int64_t size = x.ndim() == 0 ? 1 : x.shape()[at];
  std::int64_t k = count.value_or(size);
  if (k < 0 || k > size)
    throw IndexError(
        fmt::format("{}: expected k from 0 to {}, the size of dimension {}, got {}", name, size, dim, k));
  if (x.ndim() == 0) {
    auto [values, places] = ordered(name, reshape(x, {1}), 0, descending, k);
    return {k == 1 ? reshape(values, {}) : values, k == 1 ? reshape(places, {}) : places};
  }
  Tensor places = contiguous(ordered_places(x, at, descending, k));
  return {gather(x, static_cast<std::int64_t>(at), places), places};
}

}  // namespace

std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim, bool descending, bool) {
  return ordered("sort", x, dim, descending, std::nullopt);
}
Tensor argsort(const Tensor& x, std::int64_t dim, bool descending, bool) {
  return ordered("argsort", x.detach(), dim, descending, std::nullopt).second;
}
Tensor msort(const Tensor& x) { return ordered("msort", x, 0, false, std::nullopt).first; }
std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest) {
  return ordered("topk", x, dim, largest, k);
}

Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& values, bool right) {
  bool fits = sorted_sequence.ndim() == 1;
  if (!fits && sorted_sequence.ndim() > 1 && sorted_sequence.ndim() == values.ndim()) {
    fits = std::equal(values.shape().begin(), values.shape().end() - 1, sorted_sequence.shape().begin());
  }
  if (!fits) {
    throw ShapeError(
        fmt::format("searchsorted: expected a sorted vector, or rows for rows of values: the sequence is {}, "
                    "values are {}",
                    to_string(sorted_sequence.shape()), to_string(values.shape())));
  }
  if (sorted_sequence.dtype() != values.dtype()) {
    throw DTypeError(
        fmt::format("searchsorted: expected one dtype, the sequence is {}, values are {}; convert with to()",
                    name(sorted_sequence.dtype()), name(values.dtype())));
  }
  return Tensor(kernels::search_sorted(kernels::contiguous(sorted_sequence.array()),
                                       kernels::contiguous(values.array()), right));
}
Tensor bucketize(const Tensor& input, const Tensor& boundaries, bool right) {
  if (boundaries.ndim() != 1)
    throw ShapeError(
        fmt::format("bucketize: expected a vector of boundaries, got {}", to_string(boundaries.shape())));
  return searchsorted(boundaries, input, right);
}

namespace {

/// The slices of a matrix [count, width] in order (or as they stand), equal neighbours merged.
template <class T>
Unique merged_rows(const Array& rows, bool sorted) {
  std::int64_t count = rows.shape()[0];
  std::int64_t width = rows.shape()[1];
  auto row = [&](std::int64_t i) { return rows.data<T>() + i * width; };
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (sorted) {
    auto below = [](T a, T b) { return a < b || (b != b && a == a); };
    auto precedes = [&](std::int64_t a, std::int64_t b) {
      return std::lexicographical_compare(row(a), row(a) + width, row(b), row(b) + width, below);
    };
    std::sort(order.begin(), order.end(),
              [&](std::int64_t a, std::int64_t b) { return precedes(a, b) || (!precedes(b, a) && a < b); });
  }
  std::vector<std::int64_t> kept;
  std::vector<std::int64_t> counts;
  Array inverse({count}, int64);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || !std::equal(row(order[i]), row(order[i]) + width, row(order[i - 1]))) {
      kept.push_back(order[i]);
      counts.push_back(0);
    }
    ++counts.back();
    inverse.data<std::int64_t>()[order[i]] = static_cast<std::int64_t>(kept.size()) - 1;
  }
  Tensor values = index_select(Tensor(rows), 0, tensor(kept));
  return {values, Tensor(std::move(inverse)), tensor(counts)};
}

Unique merged(const char* name, const Tensor& given, std::optional<std::int64_t> dim, bool sorted) {
  NoGrad off;
  Tensor x = given.detach();
  std::size_t at = dim ? wrap_dim(name, *dim, x.ndim()) : 0;
  bool slices = dim.has_value() && x.ndim() > 0;
  Tensor front = slices ? movedim(x, static_cast<std::int64_t>(at), 0) : reshape(x, {-1});
  std::int64_t count = front.size(0);
  Shape rest(front.shape().begin() + 1, front.shape().end());
  Array rows = kernels::contiguous(reshape(front, {count, rest.elements()}).array());
  Unique found = dispatch(x.dtype(), [&]<class T>(TypeTag<T>) { return merged_rows<T>(rows, sorted); });
  Shape shape = rest;
  shape.insert(0, found.values.size(0));
  found.values = reshape(found.values, shape);
  if (slices)
    found.values = contiguous(movedim(found.values, 0, static_cast<std::int64_t>(at)));
  else if (!dim)
    found.inverse = reshape(found.inverse, x.shape());
  return found;
}

}  // namespace

Unique unique(const Tensor& x, std::optional<std::int64_t> dim) { return merged("unique", x, dim, true); }
Unique unique_consecutive(const Tensor& x, std::optional<std::int64_t> dim) {
  return merged("unique_consecutive", x, dim, false);
}

}  // namespace xgrad
