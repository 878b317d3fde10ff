#pragma once

#include <utility>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Running sums, products and the like along one dimension. Each line is computed in its own order, so
/// results do not depend on the number of threads; float32 runs on in double precision.
namespace xgrad::kernels {

/// The end of a dimension that a scan starts at.
enum class Direction { forward, backward };

/// Running sums (products) of float32, float64 or int64; int64 wraps around.
XGRAD_API Array cumsum(const Array& x, std::size_t dim, Direction direction);
XGRAD_API Array cumprod(const Array& x, std::size_t dim, Direction direction);

/// y[i] = b[i] + link[i] * y[i - 1], or backward y[i] = b[i] + link[i + 1] * y[i + 1]: link[i] stands between
/// i - 1 and i, and link[0] is not read. Floating, of one shape.
XGRAD_API Array linear_recurrence(const Array& b, const Array& link, std::size_t dim, Direction direction);

/// The gradient of a running product from the front: y[i - 1] * s[i] for y = cumprod(x) and s[i] = g[i] +
/// x[i + 1] * s[i + 1].
XGRAD_API Array cumprod_backward(const Array& g, const Array& x, const Array& y, std::size_t dim);

/// log of the running sums of e^x, without overflow; floating.
XGRAD_API Array logcumsumexp(const Array& x, std::size_t dim);
/// The sum over k from i on of g[k] * e^(x[i] - y[k]) for y = logcumsumexp(x); 0 where y[i] is -inf.
XGRAD_API Array logcumsumexp_backward(const Array& g, const Array& x, const Array& y, std::size_t dim);

/// Running maxima (minima) and the int64 places of their latest occurrence; nan wins.
XGRAD_API std::pair<Array, Array> cummax(const Array& x, std::size_t dim);
XGRAD_API std::pair<Array, Array> cummin(const Array& x, std::size_t dim);

}  // namespace xgrad::kernels
