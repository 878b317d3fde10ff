#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

namespace examples {

/// How many probabilities lie on their target's side of 0.5. Targets are 0 or 1, of the same shape.
int count_right(const xgrad::Tensor& probabilities, const xgrad::Tensor& targets);

}  // namespace examples
