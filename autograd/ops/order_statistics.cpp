#include <xgrad/autograd/ops/order_statistics.hpp>

#include <fmt/format.h>

#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/order_statistics.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/reduction_dims.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {

using namespace detail;

namespace {

/// The slices along a dimension as rows [R, n] of numbers outside the graph, and the shape R stands for.
struct Rows {
  Tensor rows;
  Shape kept;

  Rows(const Tensor& x, std::int64_t dim) {
    Tensor last = movedim(x.detach(), dim, -1);
    kept = Shape(last.shape().begin(), last.shape().end() - 1);
    rows = reshape(last, {kept.elements(), last.size(-1)});
  }
};

/// The elements at `places` [kept...] along `dim`, with their places.
std::pair<Tensor, Tensor> pick(const Tensor& x, std::int64_t dim, const Tensor& places, bool keepdim) {
  Tensor index = unsqueeze(places, dim);
  Tensor values = gather(x, dim, index);
  if (keepdim) return {values, index};
  return {squeeze(values, dim), places};
}

/// Picks in each slice the element at the place that search(rows [R, n]) finds.
template <class Search>
std::pair<Tensor, Tensor> picked(const char* name, const Tensor& x, std::int64_t dim, bool keepdim,
                                 const Search& search) {
  std::size_t at = wrap_dim(name, dim, x.ndim());
  if (x.ndim() == 0) {
    auto [value, place] = picked(name, reshape(x, {1}), 0, false, search);
    return {value, place};
  }
  require_elements(name, x, kernels::DimSet().set(at));
  Rows slices(x, static_cast<std::int64_t>(at));
  Tensor places = reshape(Tensor(search(slices.rows)), slices.kept);
  return pick(x, static_cast<std::int64_t>(at), places, keepdim);
}

/// The places [R] of one rank in every row.
Array places_of_rank(const Tensor& rows, const Tensor& ranks) {
  std::int64_t count = rows.size(0);
  return kernels::places_of_ranks(rows.array(), reshape(ranks, {1, count}).array()).view({count}, {1});
}

/// How many elements of each row are not nan, [R].
Tensor numbers_in(const Tensor& rows) { return count_nonzero(logical_not(isnan(rows)), Shape{1}); }

Array places_of_medians(const Tensor& rows) {
  Tensor numbers = numbers_in(rows);
  std::int64_t length = rows.size(1);
  Tensor middle = full({rows.size(0)}, (length - 1) / 2, int64);
  return places_of_rank(rows, where(numbers == length, middle, numbers));  // the first nan comes after them
}

Array places_of_nanmedians(const Tensor& rows) {
  Tensor numbers = numbers_in(rows);
  Tensor middle = to(div(to(clamp(numbers - 1, 0), float64), 2.0), int64);
  return places_of_rank(rows, middle);
}

template <class Search>
Tensor median_of_all(const char* name, const Tensor& x, const Search& search) {
  if (x.numel() > 0) return picked(name, reshape(x, {x.numel()}), 0, false, search).first;
  if (!is_floating(x.dtype()))
    throw ShapeError(fmt::format("{}: there is none of no integers: x is {}", name, to_string(x.shape())));
  return sum(x) + std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Tensor median(const Tensor& x) { return median_of_all("median", x, places_of_medians); }
std::pair<Tensor, Tensor> median(const Tensor& x, std::int64_t dim, bool keepdim) {
  return picked("median", x, dim, keepdim, places_of_medians);
}
Tensor nanmedian(const Tensor& x) { return median_of_all("nanmedian", x, places_of_nanmedians); }
std::pair<Tensor, Tensor> nanmedian(const Tensor& x, std::int64_t dim, bool keepdim) {
  return picked("nanmedian", x, dim, keepdim, places_of_nanmedians);
}

std::pair<Tensor, Tensor> kthvalue(const Tensor& x, std::int64_t k, std::int64_t dim, bool keepdim) {
  std::size_t at = wrap_dim("kthvalue", dim, x.ndim());
  std::int64_t length = x.ndim() == 0 ? 1 : x.shape()[at];
  if (k < 1 || k > length) {
    throw ValueError(fmt::format("kthvalue: expected k from 1 to {}, the size of dimension {} of {}, got {}",
                                 length, at, to_string(x.shape()), k));
  }
  return picked("kthvalue", x, dim, keepdim,
                [k](const Tensor& rows) { return places_of_rank(rows, full({rows.size(0)}, k - 1, int64)); });
}

std::pair<Tensor, Tensor> mode(const Tensor& x, std::int64_t dim, bool keepdim) {
  return picked("mode", x, dim, keepdim,
                [](const Tensor& rows) { return kernels::places_of_modes(rows.array()); });
}

// Quantiles -----------------------------------------------------------------------------------------

namespace {

enum class Interpolation { linear, lower, higher, nearest, midpoint };

Interpolation read_interpolation(const char* name, std::string_view text) {
  constexpr std::pair<std::string_view, Interpolation> all[] = {{"linear", Interpolation::linear},
                                                                {"lower", Interpolation::lower},
                                                                {"higher", Interpolation::higher},
                                                                {"nearest", Interpolation::nearest},
                                                                {"midpoint", Interpolation::midpoint}};
  for (const auto& [word, meaning] : all) {
    if (word == text) return meaning;
  }
  throw ValueError(fmt::format(
      "{}: expected interpolation \"linear\", \"lower\", \"higher\", \"nearest\" or \"midpoint\", got \"{}\"",
      name, text));
}

void check_quantile(const char* name, const Tensor& x, const Tensor& q) {
  require_floating(name, x);
  if (q.dtype() != x.dtype()) {
    throw DTypeError(fmt::format("{}: x and q must have one dtype: x is {}, q is {}", name,
                                 xgrad::name(x.dtype()), xgrad::name(q.dtype())));
  }
  if (q.ndim() > 1) {
    throw ShapeError(
        fmt::format("{}: expected q of no or one dimension, got shape {}", name, to_string(q.shape())));
  }
  if (x.numel() == 0)
    throw ShapeError(fmt::format("{}: there is none of no elements: x is {}", name, to_string(x.shape())));
  NoGrad off;
  if (!all(logical_and(ge(q, 0), le(q, 1))).item<bool>())
    throw ValueError(fmt::format("{}: expected every q in [0, 1], got {}", name, to_string(q)));
}

/// Torch's linear interpolation, which meets both ends.
Tensor between(const Tensor& below, const Tensor& above, const Tensor& weight) {
  Tensor distance = above - below;
  return where(weight < 0.5, below + weight * distance, above - distance * (1 - weight));
}

/// Quantiles of rows [R, n]: [Q, R].
Tensor quantiles_of_rows(const Tensor& x, const Tensor& q, bool ignore_nan, Interpolation interpolation) {
  std::int64_t count = x.size(0);
  std::int64_t length = x.size(1);
  std::int64_t quantiles = q.numel();
  Tensor numbers = numbers_in(x.detach());
  Tensor last = to(clamp(numbers - 1, 0), x.dtype());
  Tensor ranks = reshape(q, {quantiles, 1}) * last;
  if (!ignore_nan) ranks = where(numbers == length, ranks, static_cast<double>(length - 1));  // that of a nan
  if (interpolation == Interpolation::lower) ranks = floor(ranks);
  if (interpolation == Interpolation::higher) ranks = ceil(ranks);
  if (interpolation == Interpolation::nearest) ranks = round(ranks);
  Tensor low = floor(ranks.detach());
  Tensor both = to(cat({low, ceil(ranks.detach())}), int64);
  Tensor places(kernels::places_of_ranks(x.array(), both.array()));
  Tensor values = gather(x, 1, transpose(places, 0, 1));  // [R, 2Q]
  Tensor below = transpose(narrow(values, 1, 0, quantiles), 0, 1);
  if (interpolation != Interpolation::linear && interpolation != Interpolation::midpoint) return below;
  Tensor above = transpose(narrow(values, 1, quantiles, quantiles), 0, 1);
  bool linear = interpolation == Interpolation::linear;
  return between(below, above, linear ? ranks - low : full({quantiles, count}, 0.5, x.dtype()));
}

Tensor quantiles(const char* name, const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim,
                 bool keepdim, bool ignore_nan, std::string_view interpolation) {
  Interpolation way = read_interpolation(name, interpolation);
  check_quantile(name, x, q);
  Shape reduced = Shape::filled(keepdim ? x.ndim() : 0, 1);
  Tensor rows;
  if (dim && x.ndim() > 0) {
    std::size_t at = wrap_dim(name, *dim, x.ndim());
    rows = movedim(x, *dim, -1);
    rows = reshape(rows, {-1, rows.size(-1)});
    reduced = kernels::reduced_shape(x.shape(), kernels::DimSet().set(at), keepdim);
  } else {
    if (dim) wrap_dim(name, *dim, 0);
    rows = reshape(x, {1, x.numel()});
  }
  if (q.ndim() == 1) reduced.insert(0, q.numel());
  return reshape(quantiles_of_rows(rows, q, ignore_nan, way), reduced);
}

Tensor number_beside(const Tensor& x, double q) { return full({}, q, x.dtype()); }

}  // namespace

Tensor quantile(const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim, bool keepdim,
                std::string_view interpolation) {
  return quantiles("quantile", x, q, dim, keepdim, false, interpolation);
}
Tensor quantile(const Tensor& x, double q, std::optional<std::int64_t> dim, bool keepdim,
                std::string_view interpolation) {
  return quantile(x, number_beside(x, q), dim, keepdim, interpolation);
}
Tensor nanquantile(const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim, bool keepdim,
                   std::string_view interpolation) {
  return quantiles("nanquantile", x, q, dim, keepdim, true, interpolation);
}
Tensor nanquantile(const Tensor& x, double q, std::optional<std::int64_t> dim, bool keepdim,
                   std::string_view interpolation) {
  return nanquantile(x, number_beside(x, q), dim, keepdim, interpolation);
}

}  // namespace xgrad
