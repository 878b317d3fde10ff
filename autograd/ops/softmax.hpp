#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

/// e^x / sum of e^x along `dim`, computed without overflow. Integers give the default dtype. A slice of
/// nothing but -inf gives nan. Throws IndexError. Source: torch.softmax.
XGRAD_API Tensor softmax(const Tensor& x, std::int64_t dim);
/// softmax(-x). Source: torch.nn.functional.softmin.
XGRAD_API Tensor softmin(const Tensor& x, std::int64_t dim);
/// log(softmax(x)), computed without underflow. Source: torch.log_softmax.
XGRAD_API Tensor log_softmax(const Tensor& x, std::int64_t dim);
/// log(sum of e^x) over `dims`, computed without overflow; nothing but -inf gives -inf. Source:
/// torch.logsumexp.
XGRAD_API Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim = false);

}  // namespace xgrad
