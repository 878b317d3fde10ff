#pragma once

#include <bitset>
#include <utility>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Reductions over any set of dimensions of any strided array. Results are row-major; with `keepdim` the
/// reduced dimensions stay with size 1. The order of every sum follows from the shape alone, so results do
/// not depend on the number of threads.
namespace xgrad::kernels {

/// A set of dimensions; bit i stands for dimension i.
using DimSet = std::bitset<64>;

/// All dimensions of an array.
XGRAD_API DimSet all_dims(const Array& input);

/// The shape that is left.
XGRAD_API Shape reduced_shape(const Shape& shape, const DimSet& dims, bool keepdim);

/// Sums. bool and integers give int64. The sum of nothing is 0.
XGRAD_API Array sum(const Array& input, const DimSet& dims, bool keepdim);

/// Sums of a floating array in which nan counts as 0.
XGRAD_API Array nansum(const Array& input, const DimSet& dims, bool keepdim);

/// Sums of |x|^p of a floating array; for p = 0 the number of elements that are not 0.
XGRAD_API Array power_sum(const Array& input, double p, const DimSet& dims, bool keepdim);

/// Arithmetic means of a floating array. The mean of nothing is nan.
XGRAD_API Array mean(const Array& input, const DimSet& dims, bool keepdim);

/// Products. bool and integers give int64. The product of nothing is 1.
XGRAD_API Array prod(const Array& input, const DimSet& dims, bool keepdim);

/// Sums of squared deviations from the mean divided by max(0, N - correction), of a floating array, exact
/// also where the mean is large beside the deviations. Second: the means.
XGRAD_API std::pair<Array, Array> var_mean(const Array& input, const DimSet& dims, double correction,
                                           bool keepdim);

/// scale * (x - mean), `scale` having one number for every mean: the gradient of var_mean's first. Undefined
/// where the dimensions do not stand together in a row-major input.
XGRAD_API Array scaled_deviations(const Array& input, const Array& scale, const DimSet& dims);

/// Largest and smallest elements; nan wins. The caller refuses an empty reduction.
XGRAD_API Array amax(const Array& input, const DimSet& dims, bool keepdim);
XGRAD_API Array amin(const Array& input, const DimSet& dims, bool keepdim);

/// Whether all, or any, elements are not zero (nan is not). Result bool.
XGRAD_API Array all(const Array& input, const DimSet& dims, bool keepdim);
XGRAD_API Array any(const Array& input, const DimSet& dims, bool keepdim);

/// The number of elements that are not zero. Result int64.
XGRAD_API Array count_nonzero(const Array& input, const DimSet& dims, bool keepdim);

/// Largest (smallest) elements along one dimension and the int64 positions of their first occurrence; the
/// first nan wins.
XGRAD_API std::pair<Array, Array> max_with_index(const Array& input, std::size_t dim, bool keepdim);
XGRAD_API std::pair<Array, Array> min_with_index(const Array& input, std::size_t dim, bool keepdim);

/// Sums `input` down to `shape`, to which it is the broadcast result: the reverse of broadcasting.
XGRAD_API Array sum_to_shape(const Array& input, const Shape& shape);

}  // namespace xgrad::kernels
