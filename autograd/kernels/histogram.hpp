#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Counts of values.
namespace xgrad::kernels {

/// How often each of 0 .. length - 1 occurs in int64 numbers that all lie there, as int64; with `weights` (if
/// defined: floating, of the numbers' shape) the sums of these, in their dtype.
XGRAD_API Array bincount(const Array& numbers, const Array& weights, std::int64_t length);

/// How many elements of a floating array lie in each of `bins` equal parts of [low, high], finite and low at
/// most high, in the array's dtype; elements outside and nan do not count.
XGRAD_API Array histc(const Array& x, std::int64_t bins, double low, double high);

}  // namespace xgrad::kernels
