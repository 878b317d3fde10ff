#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Counts of values. Results have no gradient.
namespace xgrad {

/// How often each of 0, 1, ..., max(x) occurs in a 1-d integer x, int64; with `weights` (as long as x) the
/// sums of these, in float64, or float32 for float32 weights. At least `minlength` long. Throws ShapeError,
/// DTypeError for floating or bool x, ValueError for a negative number or minlength. Source: torch.bincount.
XGRAD_API Tensor bincount(const Tensor& x, const Tensor& weights = {}, std::int64_t minlength = 0);

/// How many elements of a floating x lie in each of `bins` equal parts of [min, max], in the dtype of x. An
/// edge belongs to the part above it, max to the last. Elements outside, and nan, do not count. Equal min and
/// max stand for the smallest and largest elements, or, where these are equal as well, for 1 less and 1 more.
/// Throws DTypeError, and ValueError for bins below 1, for max below min, and for limits that are not finite.
/// Source: torch.histc.
XGRAD_API Tensor histc(const Tensor& x, std::int64_t bins = 100, double min = 0, double max = 0);

}  // namespace xgrad
