#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// What operations of every family ask of their inputs.
namespace xgrad::detail {

/// Throws DTypeError unless x is floating.
void require_floating(const char* name, const Tensor& x);

/// Throws DTypeError unless both have one dtype.
void require_same_dtype(const char* name, const char* a_name, const Tensor& a, const char* b_name,
                        const Tensor& b);

/// Throws DTypeError unless the parameter has x's dtype, ShapeError unless it has this shape.
void require_parameter(const char* name, const char* operand, const Tensor& parameter, const char* x_name,
                       const Tensor& x, const Shape& shape);

}  // namespace xgrad::detail
