#include <xgrad/autograd/ops/reduction.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/reduce.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

using kernels::DimSet;

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

void require_floating(const char* name, const Tensor& x) {
  if (!is_floating(x.dtype())) {
    throw DTypeError(fmt::format("{}: expected a floating tensor, got {}; convert with to(float32) first",
                                 name, xgrad::name(x.dtype())));
  }
}

Tensor sum_over(const Tensor& x, const DimSet& dims, bool keepdim);

/// A reduced tensor (with or without its dimensions of size 1) stretched over the full shape again.
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

std::int64_t reduced_count(const Shape& shape, const DimSet& dims) {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (dims[i]) count *= shape[i];
  }
  return count;
}

}  // namespace

Tensor sum(const Tensor& x, const Dims& dims, bool keepdim) {
  return sum_over(x, dim_set("sum", x, dims), keepdim);
}

Tensor mean(const Tensor& x, const Dims& dims, bool keepdim) {
  require_floating("mean", x);
  DimSet set = dim_set("mean", x, dims);
  return record("mean", kernels::mean(x.array(), set, keepdim),
                exact_gradient(x, [full = x.shape(), set](const Tensor& g) {
                  return spread(div(g, reduced_count(full, set)), full, set);
                }));
}

Tensor sum_to_shape(const Tensor& gradient_of_result, const Shape& shape) {
  return record("sum_to_shape", kernels::sum_to_shape(gradient_of_result.array(), shape),
                gradient(gradient_of_result,
                         [full = gradient_of_result.shape()](const Tensor& g) { return expand(g, full); }));
}

Tensor var(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  require_floating("var", x);
  DimSet set = dim_set("var", x, dims);
  Array numbers = kernels::var_mean(x.array(), set, correction, keepdim).first;
  return record(
      "var", std::move(numbers),
      gradient(
          x,
          [set, correction](const Tensor& g, const Tensor& input) {
            const Shape& full = input.shape();
            double divisor = std::max(0.0, static_cast<double>(reduced_count(full, set)) - correction);
            Shape kept = kernels::reduced_shape(full, set, true);
            Tensor deviation =
                sub(input, div(sum_to_shape(input, kept), static_cast<double>(reduced_count(full, set))));
            return mul(spread(mul(g, 2.0 / divisor), full, set), deviation);
          },
          x));
}

Tensor std(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  Tensor variance = var(x, dims, correction, keepdim);
  return elementwise(
      "std", Cost::cheap, [](auto v) { return sqrt(v); },
      with_gradients([](auto g, auto, auto y) { return select(y == 0, 0, g / (y + y)); }), variance);
}

namespace {

/// The products of all other factors in each slice along `dim`: forward products times backward products.
Tensor product_of_others(const Tensor& x, std::int64_t dim) {
  std::int64_t size = x.size(dim);
  std::vector<Tensor> parts = unbind(x, dim);
  std::vector<Tensor> others(parts.size());
  for (std::int64_t pass = 0; pass < 2; ++pass) {
    Tensor running;
    for (std::int64_t k = 0; k < size; ++k) {
      auto i = static_cast<std::size_t>(pass == 0 ? k : size - 1 - k);
      if (running.defined()) others[i] = others[i].defined() ? mul(others[i], running) : running;
      running = running.defined() ? mul(running, parts[i]) : parts[i];
    }
  }
  for (auto& other : others) {
    if (!other.defined()) other = add(mul(parts[0], 0), 1);  // the only factor
  }
  return stack(others, dim);
}

Tensor prod_over(const Tensor& x, const DimSet& set, bool keepdim, std::int64_t dim) {
  Tensor input = is_floating(x.dtype()) ? x : to(x, int64);
  return record("prod", kernels::prod(input.array(), set, keepdim),
                gradient(
                    input,
                    [set, dim](const Tensor& g, const Tensor& factors, const Tensor& y) {
                      const Shape& full = factors.shape();
                      if (factors.numel() == 0) return mul(factors, 0);
                      Tensor spread_g = spread(g, full, set);
                      bool zeros =
                          kernels::any(eq(factors, 0).array(), kernels::all_dims(factors.array()), false)
                              .data<bool>()[0];
                      if (!zeros && !is_grad_enabled())
                        return div(mul(spread_g, spread(y, full, set)), factors);
                      return mul(spread_g, product_of_others(factors, dim));
                    },
                    input, result));
}

}  // namespace

Tensor prod(const Tensor& x) {
  Tensor flat = reshape(x, {-1});
  return prod_over(flat, kernels::all_dims(flat.array()), false, 0);
}

Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim) {
  std::size_t at = wrap_dim("prod", dim, x.ndim());
  if (x.ndim() == 0) return reshape(prod(x), {});
  return prod_over(x, DimSet().set(at), keepdim, static_cast<std::int64_t>(at));
}

// Extremes
// -----------------------------------------------------------------------------------------------------

namespace {

void require_elements(const char* name, const Tensor& x, const DimSet& set) {
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    if (set[i] && x.shape()[i] == 0) {
      throw ShapeError(fmt::format("{}: nothing to choose from: dimension {} of {} has size 0", name, i,
                                   to_string(x.shape())));
    }
  }
}

using Reduction = Array (*)(const Array&, const DimSet&, bool);

Tensor extreme(const char* name, Reduction kernel, const Tensor& x, const Dims& dims, bool keepdim) {
  DimSet set = dim_set(name, x, dims);
  require_elements(name, x, set);
  return record(name, kernel(x.array(), set, keepdim),
                gradient(
                    x,
                    [set](const Tensor& g, const Tensor& input, const Tensor& y) {
                      const Shape& full = input.shape();
                      Tensor hits = to(eq(input, spread(y, full, set)), g.dtype());
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

Tensor place(const char* name, Search kernel, const Tensor& x) {
  NoGrad off;
  return extreme_with_index(name, kernel, reshape(x, {-1}), 0, false).second;
}

Tensor place(const char* name, Search kernel, const Tensor& x, std::int64_t dim, bool keepdim) {
  NoGrad off;
  return extreme_with_index(name, kernel, x, dim, keepdim).second;
}

}  // namespace

Tensor amax(const Tensor& x, const Dims& dims, bool keepdim) {
  return extreme("amax", kernels::amax, x, dims, keepdim);
}
Tensor amin(const Tensor& x, const Dims& dims, bool keepdim) {
  return extreme("amin", kernels::amin, x, dims, keepdim);
}
Tensor max(const Tensor& x) { return extreme("max", kernels::amax, x, std::nullopt, false); }
Tensor min(const Tensor& x) { return extreme("min", kernels::amin, x, std::nullopt, false); }

std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim) {
  return extreme_with_index("max", kernels::max_with_index, x, dim, keepdim);
}
std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim) {
  return extreme_with_index("min", kernels::min_with_index, x, dim, keepdim);
}
Tensor argmax(const Tensor& x) { return place("argmax", kernels::max_with_index, x); }
Tensor argmin(const Tensor& x) { return place("argmin", kernels::min_with_index, x); }
Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim) {
  return place("argmax", kernels::max_with_index, x, dim, keepdim);
}
Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim) {
  return place("argmin", kernels::min_with_index, x, dim, keepdim);
}

Tensor all(const Tensor& x, const Dims& dims, bool keepdim) {
  return Tensor(kernels::all(x.array(), dim_set("all", x, dims), keepdim));
}
Tensor any(const Tensor& x, const Dims& dims, bool keepdim) {
  return Tensor(kernels::any(x.array(), dim_set("any", x, dims), keepdim));
}

}  // namespace xgrad
