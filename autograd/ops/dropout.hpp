#pragma once

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad::detail {

/// Each element of a floating x set to 0 with probability p in [0, 1], the others multiplied by 1 / (1 - p).
/// Without a generator the thread's own draws.
XGRAD_API Tensor dropped(const Tensor& x, double p, Generator* generator);

}  // namespace xgrad::detail
