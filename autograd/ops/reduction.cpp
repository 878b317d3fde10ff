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
#include <xgrad/autograd/ops/checks.hpp>
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

Tensor narrowed(const Tensor& result, std::optional<DType> dtype) {
  return dtype && is_integral(*dtype) ? to(result, *dtype) : result;
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

/// What a reduction with this dtype starts from.
Tensor converted(const Tensor& x, std::optional<DType> dtype) { return dtype ? to(x, *dtype) : x; }

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

}  // namespace xgrad
