#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Operations on the bits, and on the divisors, of integers. Shapes broadcast, dtypes promote; floating
/// tensors throw DTypeError. None has a gradient. (operator& and operator| are logical_and and logical_or.)
namespace xgrad {

/// For bool these are the logical operations.
XGRAD_API Tensor bitwise_and(const Tensor& a, const Tensor& b);
XGRAD_API Tensor bitwise_and(const Tensor& a, Scalar b);
XGRAD_API Tensor bitwise_or(const Tensor& a, const Tensor& b);
XGRAD_API Tensor bitwise_or(const Tensor& a, Scalar b);
XGRAD_API Tensor bitwise_xor(const Tensor& a, const Tensor& b);
XGRAD_API Tensor bitwise_xor(const Tensor& a, Scalar b);

/// a * 2^b, bits beyond the highest are lost; a shift below 0 or by all bits gives 0. Throws DTypeError for
/// bool. Source: torch.bitwise_left_shift.
XGRAD_API Tensor bitwise_left_shift(const Tensor& a, const Tensor& b);
XGRAD_API Tensor bitwise_left_shift(const Tensor& a, Scalar b);
/// a / 2^b rounded down; a shift below 0 or by all bits gives 0, or -1 for a negative a. Throws DTypeError
/// for bool. Source: torch.bitwise_right_shift.
XGRAD_API Tensor bitwise_right_shift(const Tensor& a, const Tensor& b);
XGRAD_API Tensor bitwise_right_shift(const Tensor& a, Scalar b);

/// The greatest common divisor, not negative; gcd(0, 0) is 0. Throws DTypeError for bool. Source: torch.gcd.
XGRAD_API Tensor gcd(const Tensor& a, const Tensor& b);
/// The least common multiple, not negative (it wraps around where it does not fit); 0 where a or b is 0.
/// Throws DTypeError for bool. Source: torch.lcm.
XGRAD_API Tensor lcm(const Tensor& a, const Tensor& b);

}  // namespace xgrad
