#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Matrix products. Floating dtypes go to BLAS, tiny ones to a loop of our own; integers use plain loops and
/// wrap around. Transposed operands (and row- or column-major views with gaps) are used as they are, others
/// are copied first. Shapes and equal dtypes are checked by the caller; bool is a DTypeError. Results do not
/// depend on the number of threads. Products without Arrays: gemm.hpp.
namespace xgrad::kernels {

/// a [m, k] times b [k, n].
XGRAD_API Array matmul_2d(const Array& a, const Array& b);

/// a [..., m, k] times b [..., k, n]; the leading dimensions broadcast. Where b is one matrix for all of a
/// (or the other way round) the whole is one product.
XGRAD_API Array matmul_batched(const Array& a, const Array& b);

/// x [..., in] times the transpose of weight [out, in], plus bias [out] (undefined: none): [..., out].
XGRAD_API Array linear(const Array& x, const Array& weight, const Array& bias);

}  // namespace xgrad::kernels
