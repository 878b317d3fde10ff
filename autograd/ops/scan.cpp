#include <xgrad/autograd/ops/scan.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/scan.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/reduction_dims.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

using kernels::Direction;

constexpr Direction opposite(Direction direction) {
  return direction == Direction::forward ? Direction::backward : Direction::forward;
}

/// Calls operation(tensor, dimension); a 0-d tensor goes through as a 1-d one.
template <class Operation>
Tensor along(const char* name, const Tensor& x, std::int64_t dim, const Operation& operation) {
  std::size_t at = wrap_dim(name, dim, x.ndim());
  if (x.ndim() > 0) return operation(x, at);
  return reshape(operation(reshape(x, {1}), 0), {});
}

/// A tensor as a scan of sums or products starts from: floating, or int64.
Tensor scannable(const char* name, const Tensor& x, std::optional<DType> dtype) {
  if (dtype == boolean)
    throw DTypeError(fmt::format("{}: not defined for dtype bool; use int64, or logical operations", name));
  Tensor input = dtype ? to(x, *dtype) : x;
  return is_floating(input.dtype()) ? input : to(input, int64);
}

/// Element i - 1 (backward: i + 1) in place of element i, and `end` where there is none.
Tensor shifted(const Tensor& x, std::size_t dim, Direction direction, double end) {
  auto at = static_cast<std::int64_t>(dim);
  std::int64_t size = x.size(at);
  if (size == 0) return x;
  Shape edge = x.shape();
  edge[dim] = 1;
  Tensor filler = full(edge, end, x.dtype());
  if (direction == Direction::forward) return cat({filler, narrow(x, at, 0, size - 1)}, at);
  return cat({narrow(x, at, 1, size - 1), filler}, at);
}

Tensor running_sum(const Tensor& x, std::size_t dim, Direction direction) {
  return record(
      "cumsum", kernels::cumsum(x.array(), dim, direction),
      gradient(x, [dim, direction](const Tensor& g) { return running_sum(g, dim, opposite(direction)); }));
}

/// y[i] = b[i] + link[i] * y[i - 1], or backward y[i] = b[i] + link[i + 1] * y[i + 1]. Its gradients are such
/// recurrences again, in the other direction.
Tensor linear_recurrence(const Tensor& b, const Tensor& link, std::size_t dim, Direction direction) {
  return record("linear_recurrence", kernels::linear_recurrence(b.array(), link.array(), dim, direction),
                gradient(
                    b,
                    [dim, direction](const Tensor& g, const Tensor& links) {
                      return linear_recurrence(g, links, dim, opposite(direction));
                    },
                    link),
                gradient(
                    link,
                    [dim, direction](const Tensor& g, const Tensor& links, const Tensor& y) {
                      Tensor slope = linear_recurrence(g, links, dim, opposite(direction));
                      if (direction == Direction::forward)
                        return mul(slope, shifted(y, dim, Direction::forward, 0));
                      return mul(shifted(slope, dim, Direction::forward, 0), y);
                    },
                    link, result));
}

/// The product of the factors before i, times the sum over k from i on of g[k] times those between i and k.
Tensor running_product(const Tensor& x, std::size_t dim, Direction direction) {
  return record("cumprod", kernels::cumprod(x.array(), dim, direction),
                gradient(
                    x,
                    [dim, direction](const Tensor& g, const Tensor& factors, const Tensor& y) {
                      bool forward = direction == Direction::forward;
                      if (forward && !is_grad_enabled()) {
                        return Tensor(kernels::cumprod_backward(g.array(), factors.array(), y.array(), dim));
                      }
                      Tensor links = forward ? factors : shifted(factors, dim, Direction::forward, 0);
                      return mul(shifted(y, dim, direction, 1),
                                 linear_recurrence(g, links, dim, opposite(direction)));
                    },
                    x, result));
}

}  // namespace

Tensor detail::product_of_others(const Tensor& x, std::size_t dim) {
  return mul(shifted(running_product(x, dim, Direction::forward), dim, Direction::forward, 1),
             shifted(running_product(x, dim, Direction::backward), dim, Direction::backward, 1));
}

Tensor cumsum(const Tensor& x, std::int64_t dim, std::optional<DType> dtype) {
  return along("cumsum", x, dim, [dtype](const Tensor& input, std::size_t at) {
    return detail::narrowed(running_sum(scannable("cumsum", input, dtype), at, Direction::forward), dtype);
  });
}

Tensor cumprod(const Tensor& x, std::int64_t dim, std::optional<DType> dtype) {
  return along("cumprod", x, dim, [dtype](const Tensor& input, std::size_t at) {
    return detail::narrowed(running_product(scannable("cumprod", input, dtype), at, Direction::forward),
                            dtype);
  });
}

namespace {

/// e^(x[i] - y[i]) times the sum over k from i on of g[k] * e^(y[i] - y[k]): no exponent is above 0.
Tensor logcumsumexp_gradient(const Tensor& g, const Tensor& x, const Tensor& y, std::size_t dim) {
  if (!is_grad_enabled()) return Tensor(kernels::logcumsumexp_backward(g.array(), x.array(), y.array(), dim));
  auto at = static_cast<std::int64_t>(dim);
  std::int64_t size = x.size(at);
  if (size == 0) return g;
  Tensor before = narrow(y, at, 0, size - 1);
  Tensor after = narrow(y, at, 1, size - 1);
  Tensor links = exp(where(before == after, 0, before - after));  // equal infinities have no difference
  Shape edge = x.shape();
  edge[dim] = 1;
  Tensor sums = linear_recurrence(g, cat({zeros(edge, x.dtype()), links}, at), dim, Direction::backward);
  return exp(where(y == -INFINITY, y, x - y)) * sums;
}

}  // namespace

Tensor logcumsumexp(const Tensor& x, std::int64_t dim) {
  if (!is_floating(x.dtype())) return logcumsumexp(as_floating(x), dim);
  return along("logcumsumexp", x, dim, [](const Tensor& input, std::size_t at) {
    return record("logcumsumexp", kernels::logcumsumexp(input.array(), at),
                  gradient(
                      input,
                      [at](const Tensor& g, const Tensor& terms, const Tensor& y) {
                        return logcumsumexp_gradient(g, terms, y, at);
                      },
                      input, result));
  });
}

namespace {

using ExtremesKernel = std::pair<Array, Array> (*)(const Array&, std::size_t);

std::pair<Tensor, Tensor> running_extremes(const char* name, ExtremesKernel kernel, const Tensor& x,
                                           std::int64_t dim) {
  std::size_t at = wrap_dim(name, dim, x.ndim());
  if (x.ndim() == 0) {
    auto [value, place] = running_extremes(name, kernel, reshape(x, {1}), 0);
    return {reshape(value, {}), reshape(place, {})};
  }
  auto [values, places] = kernel(x.array(), at);
  Tensor index(std::move(places));
  return {record(name, std::move(values),
                 gradient(
                     x,
                     [full = x.shape(), at](const Tensor& g, const Tensor& chosen) {
                       return scatter_add(g, full, static_cast<std::int64_t>(at), chosen);
                     },
                     index)),
          index};
}

}  // namespace

std::pair<Tensor, Tensor> cummax(const Tensor& x, std::int64_t dim) {
  return running_extremes("cummax", kernels::cummax, x, dim);
}
std::pair<Tensor, Tensor> cummin(const Tensor& x, std::int64_t dim) {
  return running_extremes("cummin", kernels::cummin, x, dim);
}

// Differences and integrals ---------------------------------------------------------------------------------

namespace {

/// All but the last, and all but the first, along `dim`.
std::pair<Tensor, Tensor> neighbours(const Tensor& x, std::int64_t dim) {
  std::int64_t pairs = std::max<std::int64_t>(x.size(dim) - 1, 0);
  return {narrow(x, dim, 0, pairs), narrow(x, dim, x.size(dim) - pairs, pairs)};
}

}  // namespace

Tensor diff(const Tensor& x, std::int64_t n, std::int64_t dim, const Tensor& prepend, const Tensor& append) {
  if (n < 0) throw ValueError(fmt::format("diff: expected n of 0 or more, got {}", n));
  if (x.ndim() == 0) throw ShapeError("diff: expected at least one dimension, got a 0-d tensor");
  auto at = static_cast<std::int64_t>(wrap_dim("diff", dim, x.ndim()));
  std::vector<Tensor> parts;
  for (const Tensor* part : {&prepend, &x, &append}) {
    if (!part->defined()) continue;
    if (part->ndim() != x.ndim()) {
      throw ShapeError(
          fmt::format("diff: prepend and append must have as many dimensions as x: x is {}, one is {}",
                      to_string(x.shape()), to_string(part->shape())));
    }
    parts.push_back(*part);
  }
  Tensor joined = parts.size() > 1 ? cat(parts, at) : x;
  if (n == 0) return clone(x);
  if (n >= joined.size(at)) return narrow(joined, at, 0, 0);
  for (std::int64_t i = 0; i < n; ++i) {
    auto [before, after] = neighbours(joined, at);
    joined = joined.dtype() == boolean ? logical_xor(after, before) : sub(after, before);
  }
  return joined;
}

namespace {

std::int64_t check_integral(const char* name, const Tensor& y, std::int64_t dim) {
  if (y.dtype() == boolean) throw DTypeError(fmt::format("{}: not defined for bool; use to(float32)", name));
  if (y.ndim() == 0)
    throw ShapeError(fmt::format("{}: expected at least one dimension, got a 0-d tensor", name));
  return static_cast<std::int64_t>(wrap_dim(name, dim, y.ndim()));
}

/// The distances between points at `x`, in a shape that broadcasts with y.
Tensor steps_between(const char* name, const Tensor& y, const Tensor& x, std::int64_t dim) {
  if (x.dtype() == boolean) throw DTypeError(fmt::format("{}: x must not be bool; use to(float32)", name));
  Shape shape = Shape::filled(y.ndim(), 1);
  Tensor points = x;
  if (x.ndim() == 1) {
    if (x.size(0) != y.size(dim)) {
      throw ShapeError(fmt::format("{}: expected one x for each of the {} points of y {}, got {}", name,
                                   y.size(dim), to_string(y.shape()), to_string(x.shape())));
    }
    shape[static_cast<std::size_t>(dim)] = x.size(0);
    points = reshape(x, shape);
  } else if (x.ndim() < y.ndim()) {
    std::copy(x.shape().begin(), x.shape().end(), shape.end() - static_cast<std::ptrdiff_t>(x.ndim()));
    points = reshape(x, shape);
  }
  if (points.ndim() == y.ndim() && points.size(dim) != 1 && points.size(dim) != y.size(dim)) {
    throw ShapeError(fmt::format("{}: expected as many x as points along dimension {}: y is {}, x is {}",
                                 name, dim, to_string(y.shape()), to_string(x.shape())));
  }
  auto [before, after] = neighbours(points, dim);
  return sub(after, before);
}

/// y[i] + y[i + 1].
Tensor sums_of_pairs(const Tensor& y, std::int64_t dim) {
  auto [before, after] = neighbours(y, dim);
  return add(before, after);
}

}  // namespace

Tensor trapezoid(const Tensor& y, Scalar dx, std::int64_t dim) {
  std::int64_t at = check_integral("trapezoid", y, dim);
  if (y.size(at) == 0) return sum(y, Shape{at}, false, y.dtype());
  Tensor ends = add(select(y, at, 0), select(y, at, -1));
  return mul(sub(sum(y, Shape{at}), mul(ends, 0.5)), dx.to<double>());
}

Tensor trapezoid(const Tensor& y, const Tensor& x, std::int64_t dim) {
  std::int64_t at = check_integral("trapezoid", y, dim);
  if (y.size(at) == 0) return sum(y, Shape{at}, false, y.dtype());
  return div(sum(mul(sums_of_pairs(y, at), steps_between("trapezoid", y, x, at)), Shape{at}), 2.0);
}

Tensor cumulative_trapezoid(const Tensor& y, Scalar dx, std::int64_t dim) {
  std::int64_t at = check_integral("cumulative_trapezoid", y, dim);
  return cumsum(mul(sums_of_pairs(y, at), dx.to<double>() / 2), at);
}

Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, std::int64_t dim) {
  std::int64_t at = check_integral("cumulative_trapezoid", y, dim);
  return cumsum(mul(sums_of_pairs(y, at), div(steps_between("cumulative_trapezoid", y, x, at), 2.0)), at);
}

}  // namespace xgrad
