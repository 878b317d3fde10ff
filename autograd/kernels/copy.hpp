#pragma once

#include <span>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

namespace xgrad::kernels {

/// The same numbers in fresh row-major memory.
XGRAD_API Array clone(const Array& source);

/// The array itself when it is row-major without gaps, else a clone.
XGRAD_API Array contiguous(const Array& source);

/// The numbers converted to `dtype`: floating to integer truncates toward zero, anything but 0 is true.
/// The array itself when it has this dtype already.
XGRAD_API Array cast(const Array& source, DType dtype);

/// Writes `source`, broadcast to the destination's shape and converted to its dtype, into the destination's
/// memory, whatever the strides of either. Overlapping memory is copied as if the source were read first.
/// Throws ShapeError where the source does not broadcast.
XGRAD_API void copy(const Array& source, const Array& destination);

/// Writes `value` into every element.
XGRAD_API void fill(const Array& destination, Scalar value);

/// The arrays one after the other along `dim`, in fresh memory. They have one dtype and shapes that differ in
/// `dim` alone (checked by the caller).
XGRAD_API Array concatenate(std::span<const Array> parts, std::size_t dim);

/// Adds `source` (same shape and dtype, floating) to `destination`, element by element in row-major order,
/// also where elements of the destination share memory: then they receive every summand.
XGRAD_API void accumulate(const Array& source, const Array& destination);

}  // namespace xgrad::kernels
