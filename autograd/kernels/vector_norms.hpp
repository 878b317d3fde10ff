#pragma once

#include <span>
#include <vector>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

namespace xgrad::kernels {

/// The p-norms of floating arrays, each taken as one vector, in one parallel pass: (sum |x|^p)^(1/p), the
/// largest |x| for inf, the smallest for -inf, the number of elements other than 0 for 0. Summed in float64,
/// in an order that depends on sizes alone. nan anywhere gives nan (but for p = 0, where it counts). No
/// elements: what the empty sum gives, 0 for inf, inf for -inf.
XGRAD_API std::vector<double> vector_norms(std::span<const Array> arrays, double p);

}  // namespace xgrad::kernels
