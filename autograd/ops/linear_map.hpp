#pragma once

#include <vector>

#include <xgrad/autograd/kernels/resampling.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad::detail {

/// A sparse matrix applied along one dimension.
struct LinearMap {
  std::size_t dim = 0;
  kernels::Taps taps;
};

/// The maps applied one after the other to a floating tensor, as one recorded operation. The gradient is that
/// of the transposed maps in reverse order.
XGRAD_API Tensor linear_maps(const char* name, const Tensor& x, std::vector<LinearMap> maps);

}  // namespace xgrad::detail
