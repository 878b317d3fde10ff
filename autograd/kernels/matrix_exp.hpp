#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

namespace xgrad::kernels {

/// The exponentials of square float32 or float64 matrices [..., n, n], computed in double. nan or infinity in
/// a matrix makes its result nan.
XGRAD_API Array matrix_exp(const Array& a);

}  // namespace xgrad::kernels
