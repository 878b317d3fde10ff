// Largest and smallest elements and their places, truths and counts.

#include <xgrad/autograd/graph/accumulate.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/reduction_dims.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {

using kernels::DimSet;
using namespace detail;

namespace {

using Reduction = Array (*)(const Array&, const DimSet&, bool);

/// `nan_shares`: where nan has won, all nan share the gradient; else it is nan there.
Tensor extreme(const char* name, Reduction kernel, const Tensor& x, const Dims& dims, bool keepdim,
               bool nan_shares) {
  DimSet set = dim_set(name, x, dims);
  require_elements(name, x, set);
  return record(name, kernel(x.array(), set, keepdim),
                gradient(
                    x,
                    [set, nan_shares](const Tensor& g, const Tensor& input, const Tensor& y) {
                      const Shape& full = input.shape();
                      Tensor best = spread(y, full, set);
                      Tensor equal_best = eq(input, best);
                      if (nan_shares)
                        equal_best = logical_or(equal_best, logical_and(isnan(input), isnan(best)));
                      Tensor hits = to(equal_best, g.dtype());
                      Tensor shares = div(hits, sum_to_shape(hits, kernels::reduced_shape(full, set, true)));
                      return mul(spread(g, full, set), shares);
                    },
                    x, result));
}

using Search = std::pair<Array, Array> (*)(const Array&, std::size_t, bool);

std::pair<Tensor, Tensor> extreme_with_index(const char* name, Search kernel, const Tensor& x,
                                             std::int64_t dim, bool keepdim) {
  std::size_t at = wrap_dim(name, dim, x.ndim());
  if (x.ndim() == 0) {
    auto [value, index] = extreme_with_index(name, kernel, reshape(x, {1}), 0, false);
    return {value, index};
  }
  require_elements(name, x, DimSet().set(at));
  auto [values, places] = kernel(x.array(), at, keepdim);
  Tensor index(std::move(places));
  auto along = static_cast<std::int64_t>(at);
  return {record(name, std::move(values),
                 gradient(
                     x,
                     [full = x.shape(), along, keepdim](const Tensor& g, const Tensor& chosen) {
                       Tensor column = keepdim ? g : unsqueeze(g, along);
                       return scatter_add(column, full, along, keepdim ? chosen : unsqueeze(chosen, along));
                     },
                     index)),
          index};
}

Tensor place(const char* name, Search kernel, const Tensor& x, std::optional<std::int64_t> dim,
             bool keepdim) {
  NoGrad off;
  if (dim) return extreme_with_index(name, kernel, x, *dim, keepdim).second;
  Tensor found = extreme_with_index(name, kernel, reshape(x, {x.numel()}), 0, false).second;
  return keepdim ? reshape(found, Shape::filled(x.ndim(), 1)) : found;
}

}  // namespace

Tensor amax(const Tensor& x, const Dims& dims, bool keepdim) {
  return extreme("amax", kernels::amax, x, dims, keepdim, false);
}
Tensor amin(const Tensor& x, const Dims& dims, bool keepdim) {
  return extreme("amin", kernels::amin, x, dims, keepdim, false);
}
Tensor max(const Tensor& x) { return extreme("max", kernels::amax, x, std::nullopt, false, true); }
Tensor min(const Tensor& x) { return extreme("min", kernels::amin, x, std::nullopt, false, true); }

std::pair<Tensor, Tensor> aminmax(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  if (x.ndim() == 0 && dim && keepdim) {
    wrap_dim("aminmax", *dim, 0);
    return aminmax(reshape(x, {1}), 0, true);
  }
  Dims dims = dim ? Dims(Shape{*dim}) : std::nullopt;
  return {extreme("aminmax", kernels::amin, x, dims, keepdim, false),
          extreme("aminmax", kernels::amax, x, dims, keepdim, false)};
}

std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim) {
  return extreme_with_index("max", kernels::max_with_index, x, dim, keepdim);
}
std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim) {
  return extreme_with_index("min", kernels::min_with_index, x, dim, keepdim);
}
Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  return place("argmax", kernels::max_with_index, x, dim, keepdim);
}
Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  return place("argmin", kernels::min_with_index, x, dim, keepdim);
}

Tensor all(const Tensor& x, const Dims& dims, bool keepdim) {
  return Tensor(kernels::all(x.array(), dim_set("all", x, dims), keepdim));
}
Tensor any(const Tensor& x, const Dims& dims, bool keepdim) {
  return Tensor(kernels::any(x.array(), dim_set("any", x, dims), keepdim));
}
Tensor count_nonzero(const Tensor& x, const Dims& dims) {
  return Tensor(kernels::count_nonzero(x.array(), dim_set("count_nonzero", x, dims), false));
}

}  // namespace xgrad
