#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// What operations of every family ask of their inputs.
namespace xgrad::detail {

/// Throws DTypeError unless x is floating.
void require_floating(const char* name, const Tensor& x);

}  // namespace xgrad::detail
