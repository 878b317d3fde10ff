#pragma once

#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/reduction_dims.hpp>

/// What operations on matrices share. Matrices stand in the last two dimensions, batches in front.
namespace xgrad::detail {

/// Throws ShapeError unless x has at least two dimensions.
void require_matrix(const char* name, const char* operand, const Tensor& x);
/// Throws ShapeError unless x holds square matrices.
void require_square(const char* name, const char* operand, const Tensor& x);
/// Throws ShapeError unless x has this number of dimensions.
void require_ndim(const char* name, const char* operand, const Tensor& x, std::size_t ndim);
/// All dimensions but the last two.
Shape batch_shape(const Tensor& x);
/// [batch..., rows, columns].
Shape with_matrix(Shape batch, std::int64_t rows, std::int64_t columns);
/// x with its matrices repeated over a batch that its own broadcasts to.
Tensor expand_batch(const Tensor& x, const Shape& batch);

/// The identity of x's last dimension, in x's dtype.
Tensor identity_like(const Tensor& x);

}  // namespace xgrad::detail
