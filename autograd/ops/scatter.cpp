#include <xgrad/autograd/ops/scatter.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/division.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// The part of src that index names. Throws for what does not fit.
Tensor matching_part(const char* name, const Tensor& x, const Tensor& index, const Tensor& src) {
  if (x.dtype() != src.dtype()) {
    throw DTypeError(fmt::format("{}: expected src of the tensor's dtype {}, got {}; convert with to()", name,
                                 xgrad::name(x.dtype()), xgrad::name(src.dtype())));
  }
  Tensor part = src;
  bool fits =
      src.ndim() == index.ndim() || (src.ndim() <= 1 && index.ndim() <= 1 && index.numel() <= src.numel());
  if (fits && src.ndim() != index.ndim())
    part = reshape(src, index.ndim() == 0 ? Shape{} : Shape{src.numel()});
  for (std::size_t d = 0; fits && d < index.ndim(); ++d) {
    fits = index.shape()[d] <= part.shape()[d];
    if (fits) part = narrow(part, static_cast<std::int64_t>(d), 0, index.shape()[d]);
  }
  if (!fits) {
    throw ShapeError(fmt::format("{}: expected src nowhere smaller than the index: src is {}, index is {}",
                                 name, to_string(src.shape()), to_string(index.shape())));
  }
  return part;
}

/// Where in the flattened x each element of the index points to.
Tensor targets(const Tensor& x, std::int64_t dim, const Tensor& index) {
  return gather(detail::places_in(x.shape()), dim, index);
}

Tensor replaced(const char* name, const Tensor& x, const Tensor& places, const Tensor& src) {
  if (!(src.shape() == places.shape())) {
    throw ShapeError(fmt::format("{}: expected src {}, the shape of what it replaces, got {}", name,
                                 to_string(places.shape()), to_string(src.shape())));
  }
  return detail::write_at(x, places, to(src, x.dtype()));
}

}  // namespace

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
  if (index.numel() == 0) return clone(x);
  Tensor part = matching_part("scatter", x, index, src);
  return detail::write_at(x, targets(x, dim, index), part);
}
Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value) {
  if (index.numel() == 0) return clone(x);
  return detail::write_at(x, targets(x, dim, index), Tensor(Array::full({}, value, x.dtype())));
}

Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
  if (index.numel() == 0) return clone(x);
  Tensor part = matching_part("scatter_add", x, index, src);
  return detail::add_at(x, targets(x, dim, index), part);
}

namespace {

/// The largest (smallest) of what meets at each place; nan wins.
Tensor extremes(const Tensor& x, const Tensor& places, const Tensor& src, bool largest, bool include_self) {
  Array result = kernels::clone(x.array());
  Array from = kernels::contiguous(src.array());
  Array to_places = kernels::contiguous(places.array());
  dispatch(result.dtype(), [&]<class T>(TypeTag<T>) {
    std::vector<bool> taken(static_cast<std::size_t>(result.numel()), include_self);
    for (std::int64_t i = 0; i < from.numel(); ++i) {
      std::int64_t place = to_places.data<std::int64_t>()[i];
      T& held = result.data<T>()[place];
      T value = from.data<T>()[i];
      bool better = value != value || (held == held && (largest ? value > held : value < held));
      if (better || !taken[static_cast<std::size_t>(place)]) held = value;
      taken[static_cast<std::size_t>(place)] = true;
    }
  });
  return Tensor(std::move(result));
}

/// What meets where.
struct Meeting {
  Tensor places;   ///< in the flattened x, of every element of src
  Tensor arrives;  ///< bool, x's shape: something does
  Tensor counts;   ///< int64, x's shape: how many meet, at least 1
};

Tensor sum_of(const Tensor& x, const Meeting& meeting, const Tensor& src, bool include_self) {
  return detail::add_at(include_self ? x : where(meeting.arrives, 0, x), meeting.places, src);
}

/// Equal extremes share the gradient; the shares are constant.
Tensor extreme_of(const Tensor& x, const Meeting& meeting, const Tensor& src, bool largest,
                  bool include_self) {
  Tensor result;
  Tensor self_share;
  Tensor source_share;
  {
    NoGrad off;
    result = extremes(x.detach(), meeting.places, src.detach(), largest, include_self);
    if (!is_floating(x.dtype())) return result;
    Tensor self_hit =
        to((x == result) & (include_self ? full_like(meeting.arrives, true) : !meeting.arrives), x.dtype());
    Tensor flat = reshape(meeting.places, {-1});
    Tensor reached = reshape(index_select(reshape(result, {-1}), 0, flat), src.shape());
    Tensor source_hit = to(src == reached, x.dtype());
    Tensor hits = detail::add_at(self_hit, meeting.places, source_hit);
    hits = where(hits == 0, 1, hits);
    self_share = self_hit / hits;
    source_share = source_hit / reshape(index_select(reshape(hits, {-1}), 0, flat), src.shape());
  }
  return record("scatter_reduce", result.array(),
                gradient(
                    x, [](const Tensor& g, const Tensor& share) { return g * share; }, self_share),
                exact_gradient(
                    src,
                    [](const Tensor& g, const Tensor& share, const Tensor& places) {
                      Tensor arriving = index_select(reshape(g, {-1}), 0, reshape(places, {-1}));
                      return reshape(arriving, share.shape()) * share;
                    },
                    source_share, meeting.places));
}

/// The gradient of a product's gradient divides by each factor.
void refuse_zeros(bool zeros_met) {
  if (!zeros_met) return;
  throw GraphError("scatter_reduce: a product with factors of 0 can be differentiated only once");
}

/// The product of what meets. Zeros are counted apart, so that each factor's gradient is the product of the
/// others.
Tensor product_of(const Tensor& x, const Meeting& meeting, const Tensor& src, bool include_self) {
  bool recording = is_grad_enabled();
  NoGrad off;
  Tensor start = include_self ? x : where(meeting.arrives, 1, x);
  Array product = kernels::clone(where(start == 0, 1, start).array());
  Array zeros_met = kernels::contiguous(to(start == 0, int64).array());
  Array from = kernels::contiguous(src.array());
  Array places = kernels::contiguous(meeting.places.array());
  dispatch(product.dtype(), [&]<class T>(TypeTag<T>) {
    if constexpr (!std::is_same_v<T, bool>) {
      for (std::int64_t i = 0; i < from.numel(); ++i) {
        std::int64_t place = places.data<std::int64_t>()[i];
        T value = from.data<T>()[i];
        if (value == T(0))
          ++zeros_met.data<std::int64_t>()[place];
        else
          product.data<T>()[place] = static_cast<T>(product.data<T>()[place] * value);
      }
    }
  });
  Tensor others(product);  // of all that is not 0
  Tensor count(zeros_met);
  Tensor value = where(count > 0, 0, others);
  if (!is_floating(x.dtype())) return value;
  auto without = [](const Tensor& factor, const Tensor& nonzero_product, const Tensor& zero_count) {
    Tensor is_zero = factor == 0;
    return where(zero_count - to(is_zero, int64) > 0, 0, nonzero_product / where(is_zero, 1, factor));
  };
  Tensor self_factor = without(start, others, count);
  if (!include_self) self_factor = where(meeting.arrives, 0, self_factor);
  Tensor flat = reshape(meeting.places, {-1});
  auto at_source = [&](const Tensor& t) {
    return reshape(index_select(reshape(t, {-1}), 0, flat), src.shape());
  };
  Tensor source_factor = without(src, at_source(others), at_source(count));
  bool zeros_met_somewhere = any(count > 0).item<bool>();
  GradMode as_before(recording);
  return record("scatter_reduce", value.array(),
                gradient(
                    x,
                    [=](const Tensor& g, const Tensor& factor, const Tensor& input, const Tensor& y,
                        const Tensor& arrives) {
                      if (!is_grad_enabled() || !include_self) return g * factor;
                      refuse_zeros(zeros_met_somewhere);
                      return where(arrives, g * y / where(arrives, input, 1), g);
                    },
                    self_factor, x, result, meeting.arrives),
                exact_gradient(
                    src,
                    [=](const Tensor& g, const Tensor& factor, const Tensor& input, const Tensor& y,
                        const Tensor& to_places) {
                      auto arriving = [&](const Tensor& t) {
                        return reshape(index_select(reshape(t, {-1}), 0, reshape(to_places, {-1})),
                                       factor.shape());
                      };
                      if (!is_grad_enabled()) return arriving(g) * factor;
                      refuse_zeros(zeros_met_somewhere);
                      return arriving(g * y) / input;
                    },
                    source_factor, src, result, meeting.places));
}

}  // namespace

Tensor scatter_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                      ScatterReduction reduction, bool include_self) {
  if (index.numel() == 0) return clone(x);
  Tensor part = contiguous(matching_part("scatter_reduce", x, index, src));
  Meeting meeting;
  meeting.places = contiguous(targets(x, dim, index));
  {
    NoGrad off;
    Tensor counts =
        detail::add_at(zeros(x.shape(), int64), meeting.places, ones(meeting.places.shape(), int64));
    meeting.arrives = counts > 0;
    if (include_self) counts = counts + 1;
    meeting.counts = where(meeting.arrives, counts, 1);
  }
  switch (reduction) {
    case ScatterReduction::sum:
      return sum_of(x, meeting, part, include_self);
    case ScatterReduction::mean: {
      Tensor sums = sum_of(x, meeting, part, include_self);
      return is_floating(x.dtype()) ? sums / to(meeting.counts, x.dtype())
                                    : div(sums, meeting.counts, RoundingMode::floor);
    }
    case ScatterReduction::prod:
      return product_of(x, meeting, part, include_self);
    case ScatterReduction::amax:
    case ScatterReduction::amin:
      break;
  }
  return extreme_of(x, meeting, part, reduction == ScatterReduction::amax, include_self);
}

Tensor select_scatter(const Tensor& x, const Tensor& src, std::int64_t dim, std::int64_t index) {
  return replaced("select_scatter", x, select(detail::places_in(x.shape()), dim, index), src);
}
Tensor slice_scatter(const Tensor& x, const Tensor& src, std::int64_t dim, std::optional<std::int64_t> start,
                     std::optional<std::int64_t> end, std::int64_t step) {
  return replaced("slice_scatter", x, slice(detail::places_in(x.shape()), dim, start, end, step), src);
}
Tensor diagonal_scatter(const Tensor& x, const Tensor& src, std::int64_t offset, std::int64_t dim1,
                        std::int64_t dim2) {
  return replaced("diagonal_scatter", x, diagonal(detail::places_in(x.shape()), offset, dim1, dim2), src);
}

}  // namespace xgrad
