#include <xgrad/autograd/ops/similarity.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

/// 1 / x, and 0 where x is 0.
Tensor reciprocal_or_zero(const Tensor& x) {
  Tensor zero = eq(x, 0);
  return where(zero, 0, reciprocal(where(zero, 1, x)));
}

/// sqrt(sum of squares) along `dim`, which stays with size 1, but not below `least`. The gradient is x
/// divided by the result, also where `least` took its place (PyTorch has it so in cosine_similarity), and 0
/// at 0.
Tensor euclidean_norm(const Tensor& x, std::int64_t dim, double least = 0) {
  Tensor length;
  {
    NoGrad off;
    length = clamp(sqrt(sum(square(x), Shape{dim}, true)), least);
  }
  return record("norm", length.array(),
                exact_gradient(
                    x,
                    [](const Tensor& g, const Tensor& input, const Tensor& y) {
                      return input * (g * reciprocal_or_zero(y));
                    },
                    x, result));
}

/// The p-norm for finite p other than 0, 1 and 2; gradient 0 for zeros.
Tensor power_norm(const Tensor& x, std::int64_t dim, double p) {
  Tensor length;
  {
    NoGrad off;
    length = pow(sum(pow(abs(x), p), Shape{dim}, true), 1 / p);
  }
  return record("norm", length.array(),
                exact_gradient(
                    x,
                    [p](const Tensor& g, const Tensor& input, const Tensor& y) {
                      // sign(x) * (|x| / y)^(p - 1), with no power of 0.
                      Tensor zero = eq(input, 0);
                      Tensor share = where(zero, 1, abs(input)) * reciprocal_or_zero(y);
                      return g * sign(input) * where(zero, 0, pow(where(eq(share, 0), 1, share), p - 1)) *
                             ne(y, 0).to(y.dtype());
                    },
                    x, result));
}

/// The number of elements that are not 0; gradient 0.
Tensor count_along(const Tensor& x, std::int64_t dim) {
  Tensor count = sum(ne(x, 0).to(x.dtype()), Shape{dim}, true);
  return record("norm", count.array(),
                exact_gradient(x, [shape = x.shape()](const Tensor& g) { return expand(g * 0, shape); }));
}

/// The p-norm along `dim`, which stays with size 1.
Tensor norm_along(const char* name, const Tensor& x, double p, std::int64_t dim) {
  auto at = static_cast<std::int64_t>(wrap_dim(name, dim, x.ndim()));
  if (std::isnan(p)) throw ValueError(fmt::format("{}: expected a number for p, got nan", name));
  if (x.ndim() == 0) return reshape(norm_along(name, reshape(x, {1}), p, 0), {});
  if (x.shape()[static_cast<std::size_t>(at)] == 0) return sum(x, Shape{at}, true);  // 0 for nothing
  if (p == 2) return euclidean_norm(x, at);
  if (p == 1) return sum(abs(x), Shape{at}, true);
  if (p == 0) return count_along(x, at);
  if (p == INFINITY) return amax(abs(x), Shape{at}, true);
  if (p == -INFINITY) return amin(abs(x), Shape{at}, true);
  return power_norm(x, at, p);
}

}  // namespace

Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, std::int64_t dim, double eps) {
  DType dtype = result_type(x1, x2);
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("cosine_similarity: expected a floating tensor, x1 is {}, x2 is {}",
                                 name(x1.dtype()), name(x2.dtype())));
  }
  Shape shape = broadcast_shapes("cosine_similarity", x1.shape(), x2.shape());
  if (shape.empty()) {
    wrap_dim("cosine_similarity", dim, 0);
    return reshape(cosine_similarity(reshape(x1, {1}), reshape(x2, {1}), 0, eps), {});
  }
  auto at = static_cast<std::int64_t>(wrap_dim("cosine_similarity", dim, shape.size()));
  auto direction = [&](const Tensor& x) {
    Tensor full = expand(to(x, dtype), shape);
    return full / euclidean_norm(full, at, eps);
  };
  return sum(direction(x1) * direction(x2), Shape{at});
}

Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p, double eps, bool keepdim) {
  Tensor length = norm_along("pairwise_distance", x1 - x2 + eps, p, -1);
  return keepdim || length.ndim() == 0 ? length : squeeze(length, -1);
}

Tensor normalize(const Tensor& x, double p, std::int64_t dim, double eps) {
  if (!is_floating(x.dtype())) {
    throw DTypeError(
        fmt::format("normalize: expected a floating tensor, got {}; convert it with to()", name(x.dtype())));
  }
  return x / clamp(norm_along("normalize", x, p, dim), eps);
}

}  // namespace xgrad
