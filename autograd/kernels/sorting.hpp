#pragma once

#include <utility>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Orders of numbers. nan counts as larger than everything, and 0 and -0 are equal.
namespace xgrad::kernels {

/// For each row along the last dimension of a row-major array the int64 places of its elements in order,
/// equal ones in the order that they stand in. With `count` (at most the row's length) only the first so
/// many.
XGRAD_API Array sort_places(const Array& rows, bool descending, std::int64_t count);

/// For every value the first place in its sorted row with an element that is not below it (right: above it).
/// `sorted` is one row for all, or has one for each row of `values`. Both are row-major and of one dtype.
XGRAD_API Array search_sorted(const Array& sorted, const Array& values, bool right);

/// The int64 places of elements that are not 0, [count, ndim].
XGRAD_API Array nonzero(const Array& input);

}  // namespace xgrad::kernels
