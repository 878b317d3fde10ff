#pragma once

#include <cstdint>

#include <xgrad/autograd/array/export.hpp>

namespace xgrad::kernels {

/// Makes `count` vectors of `length` numbers (row-major, count <= length) orthonormal in their order: each
/// loses its part along those before it, twice, so that rounding leaves nothing of it, and is divided by its
/// norm. They are the rows of Q^T of a QR decomposition whose R has a positive diagonal. A vector of which
/// nothing is left becomes 0. Giraud, Langou and Rozloznik, "The loss of orthogonality in the Gram-Schmidt
/// orthogonalization process" (2005).
XGRAD_API void orthonormalize(double* vectors, std::int64_t count, std::int64_t length);

}  // namespace xgrad::kernels
