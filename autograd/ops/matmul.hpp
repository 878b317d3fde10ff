#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

/// The matrix product. Two vectors: their dot product, 0-d. Matrix [m, k] and matrix [k, n]: [m, n]. A vector
/// in front of a matrix counts as a row, behind it as a column, which disappears from the result. More
/// dimensions: a batch of products [..., m, k] x [..., k, n] whose leading dimensions broadcast. Throws
/// ShapeError for 0-d operands and for inner sizes that differ, DTypeError unless both have one dtype.
/// Source: torch.matmul.
XGRAD_API Tensor matmul(const Tensor& a, const Tensor& b);

/// The dot product of two vectors of one length.
XGRAD_API Tensor dot(const Tensor& a, const Tensor& b);

/// x [..., in] times the transpose of weight [out, in], plus bias [out] if it is defined: [..., out].
/// Throws ShapeError, DTypeError. Source: torch.nn.functional.linear.
XGRAD_API Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = Tensor());

}  // namespace xgrad
