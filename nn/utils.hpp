#pragma once

#include <vector>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn::utils {

/// All elements of all parameters one after the other: one dimension, row-major. Recorded: gradients flow
/// back. Throws ValueError for no parameters. Source: torch.nn.utils.parameters_to_vector.
XGRAD_API Tensor parameters_to_vector(const std::vector<Tensor>& parameters);

/// The other way: copies the numbers of `vector` into the parameters, unrecorded, converting dtypes. Throws
/// ShapeError unless it has one dimension and as many elements as the parameters together; then nothing was
/// changed. Source: torch.nn.utils.vector_to_parameters.
XGRAD_API void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& parameters);

/// The parameters require no gradient any more: operations on them are not recorded, and an optimizer made
/// now does not take them. Throws GraphError for one that is no leaf; then nothing was changed.
XGRAD_API void freeze(const std::vector<Tensor>& parameters);
XGRAD_API void freeze(const Module& module);
/// The parameters require gradients again.
XGRAD_API void unfreeze(const std::vector<Tensor>& parameters);
XGRAD_API void unfreeze(const Module& module);

}  // namespace xgrad::nn::utils
