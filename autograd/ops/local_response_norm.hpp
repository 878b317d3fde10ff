#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

/// x / (k + alpha * m)^beta for x [N, C, ...], m the sum of x^2 over `size` neighbouring channels (size / 2
/// of them before) divided by `size`. Throws ShapeError below three dimensions, ValueError unless `size` is
/// positive. Source: torch.nn.functional.local_response_norm.
XGRAD_API Tensor local_response_norm(const Tensor& x, std::int64_t size, double alpha = 1e-4,
                                     double beta = 0.75, double k = 1.0);

}  // namespace xgrad
