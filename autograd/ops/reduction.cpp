#include <xgrad/autograd/ops/reduction.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/reduce.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/reduction_dims.hpp>
#include <xgrad/autograd/ops/scan.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {

using kernels::DimSet;

namespace detail {

DimSet dim_set(const char* name, const Tensor& x, const Dims& dims) {
  if (!dims || dims->empty()) return kernels::all_dims(x.array());
  DimSet set;
  for (std::int64_t dim : *dims) {
    std::size_t at = wrap_dim(name, dim, x.ndim());
    if (set[at])
      throw ShapeError(fmt::format("{}: dimension {} is named twice in {}", name, at, to_string(*dims)));
    set[at] = true;
  }
  if (x.ndim() == 0) set.reset();
  return set;
}

std::int64_t reduced_count(const Shape& shape, const DimSet& dims) {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (dims[i]) count *= shape[i];
  }
  return count;
}

void require_elements(const char* name, const Tensor& x, const DimSet& dims) {
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    if (dims[i] && x.shape()[i] == 0) {
      throw ShapeError(fmt::format("{}: nothing to choose from: dimension {} of {} has size 0", name, i,
                                   to_string(x.shape())));
    }
  }
}

void require_floating(const char* name, const Tensor& x) {
  if (!is_floating(x.dtype())) {
    throw DTypeError(fmt::format("{}: expected a floating tensor, got {}; convert with to(float32) first",
                                 name, xgrad::name(x.dtype())));
  }
}

Tensor spread(const Tensor& reduced, const Shape& full, const DimSet& dims) {
  bool kept = reduced.ndim() == full.size();
  Strides strides = Shape::filled(full.size(), 0);
  std::size_t next = 0;
  for (std::size_t i = 0; i < full.size(); ++i) {
    if (!dims[i]) strides[i] = reduced.strides()[next];
    if (!dims[i] || kept) ++next;
  }
  return record("spread", reduced.array().view(full, std::move(strides)),
                exact_gradient(reduced, [dims, kept](const Tensor& g) { return sum_over(g, dims, kept); }));
}

Tensor sum_over(const Tensor& x, const DimSet& dims, bool keepdim) {
  return record(
      "sum", kernels::sum(x.array(), dims, keepdim),
      exact_gradient(x, [full = x.shape(), dims](const Tensor& g) { return spread(g, full, dims); }));
}

}  // namespace detail

using namespace detail;

namespace {

/// The input as a sum or product with this dtype starts from; floating without one stays, and so do integers,
/// whose results are int64.
Tensor converted(const Tensor& x, std::optional<DType> dtype) { return dtype ? to(x, *dtype) : x; }

/// The result in the dtype that was asked for: integers are summed as int64.
Tensor narrowed(const Tensor& reduced, std::optional<DType> dtype) {
  return dtype && is_integral(*dtype) ? to(reduced, *dtype) : reduced;
}

}  // namespace

Tensor sum(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  DimSet set = dim_set("sum", x, dims);
  if (!dtype) return sum_over(x, set, keepdim);
  return narrowed(sum_over(converted(x, dtype), set, keepdim), dtype);
}

Tensor nansum(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  DimSet set = dim_set("nansum", x, dims);
  Tensor input = converted(x, dtype);
  if (!is_floating(input.dtype())) return narrowed(sum_over(input, set, keepdim), dtype);
  return record("nansum", kernels::nansum(input.array(), set, keepdim),
                gradient(
                    input,
                    [set](const Tensor& g, const Tensor& terms) {
                      return where(isnan(terms), 0, spread(g, terms.shape(), set));
                    },
                    input));
}

Tensor mean(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  if (dtype && !is_floating(*dtype))
    throw DTypeError(fmt::format("mean: expected a floating dtype, got {}", name(*dtype)));
  Tensor input = converted(x, dtype);
  require_floating("mean", input);
  DimSet set = dim_set("mean", input, dims);
  return record("mean", kernels::mean(input.array(), set, keepdim),
                exact_gradient(input, [full = input.shape(), set](const Tensor& g) {
                  return spread(div(g, reduced_count(full, set)), full, set);
                }));
}

Tensor nanmean(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  require_floating("nanmean", x);
  DimSet set = dim_set("nanmean", x, dims);
  Tensor count(kernels::count_nonzero(logical_not(isnan(x)).array(), set, keepdim));
  return div(nansum(x, dims, keepdim, dtype), count);
}

Tensor sum_to_shape(const Tensor& gradient_of_result, const Shape& shape) {
  return record("sum_to_shape", kernels::sum_to_shape(gradient_of_result.array(), shape),
                gradient(gradient_of_result,
                         [full = gradient_of_result.shape()](const Tensor& g) { return expand(g, full); }));
}

namespace {

/// 2 / (N - correction) * (x - mean) * g.
Tensor variance_gradient(const Tensor& g, const Tensor& x, const DimSet& dims, double correction) {
  auto count = static_cast<double>(reduced_count(x.shape(), dims));
  Tensor slope = mul(g, 2.0 / std::max(0.0, count - correction));
  if (!is_grad_enabled()) {
    Array product = kernels::scaled_deviations(x.array(), slope.array(), dims);
    if (product.defined()) return Tensor(std::move(product));
  }
  Shape kept = kernels::reduced_shape(x.shape(), dims, true);
  auto centred = [&](const Tensor& input) { return sub(input, div(sum_to_shape(input, kept), count)); };
  return mul(spread(slope, x.shape(), dims),
             centred(centred(x)));  // again, for what rounding left in the mean
}

/// Both results of one pass, each recorded by itself.
std::pair<Tensor, Tensor> moments(const char* name, const Tensor& x, const Dims& dims,
                                  std::optional<double> correction, bool keepdim) {
  require_floating(name, x);
  DimSet set = dim_set(name, x, dims);
  double taken = correction.value_or(1);
  auto [variances, means] = kernels::var_mean(x.array(), set, taken, keepdim);
  Tensor variance = record(name, std::move(variances),
                           gradient(
                               x,
                               [set, taken](const Tensor& g, const Tensor& input) {
                                 return variance_gradient(g, input, set, taken);
                               },
                               x));
  Tensor mean = record("mean", std::move(means), exact_gradient(x, [full = x.shape(), set](const Tensor& g) {
                         return spread(div(g, reduced_count(full, set)), full, set);
                       }));
  return {variance, mean};
}

Tensor root_of_variance(const Tensor& variance) {
  return elementwise(
      "std", Cost::cheap, [](auto v) { return sqrt(v); },
      with_gradients([](auto g, auto, auto y) { return select(y == 0, 0, g / (y + y)); }), variance);
}

}  // namespace

Tensor var(const Tensor& x, const Dims& dims, std::optional<double> correction, bool keepdim) {
  return moments("var", x, dims, correction, keepdim).first;
}
std::pair<Tensor, Tensor> var_mean(const Tensor& x, const Dims& dims, std::optional<double> correction,
                                   bool keepdim) {
  return moments("var_mean", x, dims, correction, keepdim);
}
Tensor std(const Tensor& x, const Dims& dims, std::optional<double> correction, bool keepdim) {
  return root_of_variance(moments("std", x, dims, correction, keepdim).first);
}
std::pair<Tensor, Tensor> std_mean(const Tensor& x, const Dims& dims, std::optional<double> correction,
                                   bool keepdim) {
  auto [variance, mean] = moments("std_mean", x, dims, correction, keepdim);
  return {root_of_variance(variance), mean};
}

namespace {

/// Whether products are normal numbers, so that dividing by a factor gives the product of the others.
bool can_divide(const Tensor& products) {
  double least =
      products.dtype() == float32 ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
  return all(logical_and(isfinite(products), ge(abs(products), least))).item<bool>();
}

Tensor prod_over(const Tensor& x, const DimSet& set, bool keepdim, std::size_t dim) {
  return record("prod", kernels::prod(x.array(), set, keepdim),
                gradient(
                    x,
                    [set, dim](const Tensor& g, const Tensor& factors, const Tensor& y) {
                      const Shape& full = factors.shape();
                      Tensor slopes = spread(g, full, set);
                      if (!is_grad_enabled() && can_divide(y))
                        return div(mul(slopes, spread(y, full, set)), factors);
                      return mul(slopes, product_of_others(factors, dim));
                    },
                    x, result));
}

}  // namespace

Tensor prod(const Tensor& x, std::optional<DType> dtype) {
  Tensor flat = reshape(converted(x, dtype), {x.numel()});
  return narrowed(prod_over(flat, kernels::all_dims(flat.array()), false, 0), dtype);
}

Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim, std::optional<DType> dtype) {
  std::size_t at = wrap_dim("prod", dim, x.ndim());
  if (x.ndim() == 0) return prod(x, dtype);
  return narrowed(prod_over(converted(x, dtype), DimSet().set(at), keepdim, at), dtype);
}

// Extremes
// -----------------------------------------------------------------------------------------------------

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
