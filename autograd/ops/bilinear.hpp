#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

/// Products of two inputs: element k of the result is x1^T weight[k] x2 + bias[k] over the last dimensions of
/// x1 [..., in1] and x2 [..., in2]; weight is [out, in1, in2], bias [out] or undefined. Throws ShapeError,
/// DTypeError. Source: torch.nn.functional.bilinear.
XGRAD_API Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight,
                          const Tensor& bias = Tensor());

}  // namespace xgrad
