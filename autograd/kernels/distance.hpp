#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// p-norm distances between rows, float32 or float64; p is 0 or more, also infinity.
namespace xgrad::kernels {

/// a [batch, P, M] and b [batch, R, M] give [batch, P, R].
XGRAD_API Array distances(const Array& a, const Array& b, double p);

/// The gradient of a, from that of the distances; a distance of 0 passes nothing.
XGRAD_API Array distances_backward(const Array& g, const Array& a, const Array& b, const Array& distances,
                                   double p);

}  // namespace xgrad::kernels
