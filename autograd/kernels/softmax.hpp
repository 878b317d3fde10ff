#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// The softmax family over one dimension of a floating array, each in one pass over rows that stay in cache.
namespace xgrad::kernels {

/// e^(x - m) / sum of e^(x - m), m the largest element.
XGRAD_API Array softmax(const Array& x, std::size_t dim);
/// y * (g - sum of g*y) for y = softmax(x).
XGRAD_API Array softmax_backward(const Array& g, const Array& y, std::size_t dim);

/// x - m - log(sum of e^(x - m)).
XGRAD_API Array log_softmax(const Array& x, std::size_t dim);
/// g - e^y * sum of g for y = log_softmax(x).
XGRAD_API Array log_softmax_backward(const Array& g, const Array& y, std::size_t dim);

/// m + log(sum of e^(x - m)); the result keeps `dim` with size 1. All -inf gives -inf, any +inf gives +inf.
XGRAD_API Array logsumexp(const Array& x, std::size_t dim);

}  // namespace xgrad::kernels
