#pragma once

#include <xgrad/autograd/kernels/convolution.hpp>

namespace xgrad::kernels {

/// The weight gradient of a convolution whose groups have few channels on either side, from row-major
/// numbers; does nothing and returns false where that is no gain. float and double.
template <class T>
bool convolve_weight_directly(const Convolution& s, const T* g, const T* input, T* result);

}  // namespace xgrad::kernels
