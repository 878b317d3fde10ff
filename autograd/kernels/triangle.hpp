#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Triangles of the matrices in the last two dimensions (there are two at least), zeros elsewhere.
namespace xgrad::kernels {

/// The elements on and below a diagonal: those with column - row <= diagonal.
XGRAD_API Array lower_triangle(const Array& source, std::int64_t diagonal);
/// The elements on and above it.
XGRAD_API Array upper_triangle(const Array& source, std::int64_t diagonal);

}  // namespace xgrad::kernels
