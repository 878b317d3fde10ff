#pragma once

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// What attention and attention in several heads have in common. The operands were checked.
namespace xgrad::detail {

/// softmax(query key^T * scale + mask), in differentiable operations. `mask` may be undefined; causal: query
/// i looks at keys j <= i, whatever it says.
Tensor attention_weights(const Tensor& query, const Tensor& key, const Tensor& mask, double scale,
                         bool causal);

/// The weights after dropout, times value. One fused operation, unless there is dropout or the mask's own
/// gradient is wanted.
Tensor attended(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask, double scale,
                bool causal, double dropout_p, Generator* generator);

/// Throws ValueError for a probability outside [0, 1].
void check_dropout(const char* name, double p);

}  // namespace xgrad::detail
