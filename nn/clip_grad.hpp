#pragma once

#include <vector>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad::nn::utils {

/// Multiplies all gradients by min(1, max_norm / (norm + 1e-6)), where norm is the norm of the norms of the
/// gradients; returns norm (0-d, of the gradients' dtype). norm_type is any number, inf (the largest |g|) and
/// -inf (the smallest) too. Gradients are read once and written once; the norm is the same for any number of
/// threads. Parameters without a gradient are passed over, one that occurs twice counts once, and memory that
/// gradients share is multiplied once.
///
/// A norm that is inf or nan goes into the gradients, or with error_if_nonfinite throws ValueError before
/// they are changed. Throws ValueError for the inf-norm of an empty gradient, GraphError for an undefined
/// parameter. Source: torch.nn.utils.clip_grad_norm_.
XGRAD_API Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                                 double norm_type = 2.0, bool error_if_nonfinite = false);

/// Clamps every element of every gradient to [-clip_value, clip_value]; nan stays. Throws GraphError for an
/// undefined parameter. Source: torch.nn.utils.clip_grad_value_.
XGRAD_API void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value);

}  // namespace xgrad::nn::utils
