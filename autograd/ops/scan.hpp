#pragma once

#include <optional>
#include <utility>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Running sums, products, extremes and differences along one dimension, which may be negative. Results have
/// the shape of the input where not said otherwise. All throw IndexError for a dimension that is not there.
namespace xgrad {

/// y[i] = x[0] + ... + x[i] along `dim`. Integers and bool give int64; a `dtype` converts the input first.
/// Throws DTypeError for dtype bool. Source: torch.cumsum.
XGRAD_API Tensor cumsum(const Tensor& x, std::int64_t dim, std::optional<DType> dtype = std::nullopt);
/// y[i] = x[0] * ... * x[i] along `dim`; dtypes as with cumsum. The gradient, to any order, divides by
/// nothing and is right also where factors are 0. Source: torch.cumprod.
XGRAD_API Tensor cumprod(const Tensor& x, std::int64_t dim, std::optional<DType> dtype = std::nullopt);
/// y[i] = log(e^x[0] + ... + e^x[i]) along `dim`, computed without overflow. Integers give the default dtype.
/// Where the sum is still 0 (x = -inf) the gradient is 0. Source: torch.logcumsumexp.
XGRAD_API Tensor logcumsumexp(const Tensor& x, std::int64_t dim);

/// Running maxima (minima) along `dim`, and the int64 place of the latest element equal to each, which
/// receives the gradient. nan wins from where it stands. Source: torch.cummax.
XGRAD_API std::pair<Tensor, Tensor> cummax(const Tensor& x, std::int64_t dim);
XGRAD_API std::pair<Tensor, Tensor> cummin(const Tensor& x, std::int64_t dim);

/// The difference y[i] = x[i + 1] - x[i] along `dim`, taken n times, each of which makes `dim` shorter by 1
/// until nothing is left. `prepend` and `append`, if defined, are joined to x first (not for n = 0). bool
/// differs by "exclusive or". Throws ShapeError for a 0-d tensor and for parts that do not fit, ValueError
/// for a negative n. Source: torch.diff.
XGRAD_API Tensor diff(const Tensor& x, std::int64_t n = 1, std::int64_t dim = -1, const Tensor& prepend = {},
                      const Tensor& append = {});

/// The integral of y along `dim` by the trapezoidal rule, for points `dx` apart: the sum of (y[i] + y[i + 1])
/// / 2 * dx, without `dim`. No points give 0. Throws DTypeError for bool. Source: torch.trapezoid.
XGRAD_API Tensor trapezoid(const Tensor& y, Scalar dx = 1, std::int64_t dim = -1);
/// The same for points at x: as many numbers as `dim` has, or a tensor that broadcasts to y (with its own
/// missing dimensions in front). Throws ShapeError.
XGRAD_API Tensor trapezoid(const Tensor& y, const Tensor& x, std::int64_t dim = -1);
/// The integral up to every point but the first, which makes `dim` shorter by 1; arguments as with trapezoid.
/// Source: torch.cumulative_trapezoid.
XGRAD_API Tensor cumulative_trapezoid(const Tensor& y, Scalar dx = 1, std::int64_t dim = -1);
XGRAD_API Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, std::int64_t dim = -1);

namespace detail {
/// In each line along `dim`, the product of all elements but one, for every one of them. Differentiable.
Tensor product_of_others(const Tensor& x, std::size_t dim);
}  // namespace detail

}  // namespace xgrad
