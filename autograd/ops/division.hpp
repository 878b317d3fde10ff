#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Division with a rounded quotient, and what remains. Shapes broadcast and dtypes promote as in arithmetic.
/// Two integers give an integer, and an integer divisor of 0 throws ValueError; a floating one gives inf or
/// nan. bool throws DTypeError.
namespace xgrad {

/// What becomes of a quotient's fraction.
enum class RoundingMode {
  none,   ///< it stays: true division
  trunc,  ///< it is cut off: toward zero
  floor   ///< the next whole number below
};

/// a / b, rounded as `rounding_mode` says; a rounded quotient has gradient 0. Source: torch.div.
XGRAD_API Tensor div(const Tensor& a, const Tensor& b, RoundingMode rounding_mode);
XGRAD_API Tensor div(const Tensor& a, Scalar b, RoundingMode rounding_mode);
/// The largest whole number that is not above a / b. Not differentiable. Source: torch.floor_divide.
XGRAD_API Tensor floor_divide(const Tensor& a, const Tensor& b);
XGRAD_API Tensor floor_divide(const Tensor& a, Scalar b);
/// a - b * trunc(a / b), with the sign of a. Gradients: 1 and -trunc(a / b). Source: torch.fmod.
XGRAD_API Tensor fmod(const Tensor& a, const Tensor& b);
XGRAD_API Tensor fmod(const Tensor& a, Scalar b);
/// a - b * floor(a / b), with the sign of b. Gradients: 1 and -floor(a / b). Source: torch.remainder.
XGRAD_API Tensor remainder(const Tensor& a, const Tensor& b);
XGRAD_API Tensor remainder(const Tensor& a, Scalar b);

}  // namespace xgrad
