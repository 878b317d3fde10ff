#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// What the engine computes itself: sums of gradients. The recorded ones are operations, defined with the
/// others.
namespace xgrad {

/// a + b, recorded.
Tensor add_gradients(const Tensor& a, const Tensor& b);

/// `gradient` summed down to `shape`, of which it is a broadcast result; recorded when gradients are on.
XGRAD_API Tensor sum_to_shape(const Tensor& gradient, const Shape& shape);

/// sum + gradient, in the memory of `sum` when nobody else looks at it.
Tensor add_into(Tensor sum, const Tensor& gradient);

/// target += gradient in the target's memory, whoever looks at it.
void add_in_place(const Tensor& target, const Tensor& gradient);

/// The gradient as a leaf keeps it: row-major memory that nobody else looks at, outside of any graph.
Tensor keep_gradient(Tensor gradient);

}  // namespace xgrad
