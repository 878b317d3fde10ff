#pragma once

#include <utility>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/pooling.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// What all kinds of pooling are made of.
namespace xgrad::detail {

/// Means over windows, recorded under `name`.
Tensor mean_pool(const char* name, const kernels::Pooling& pooling, const Tensor& x);

/// Maxima over windows, recorded under `name`, and if they are asked for their places. Throws DTypeError
/// unless x is floating.
std::pair<Tensor, Tensor> max_pool(const char* name, const kernels::Pooling& pooling, const Tensor& x,
                                   bool with_places);

/// The shape with the spatial dimensions as one: [..., plane].
Shape flattened(const kernels::Pooling& pooling, const Shape& shape, std::int64_t plane);

/// Throws ValueError unless least <= number < 2^31.
void check_number(const char* name, const char* option, std::int64_t number, std::int64_t least);

/// Throws ShapeError unless the input has so many spatial dimensions below 2^31, channels and perhaps a
/// batch, of which only the batch is empty.
void check_pool_input(const char* name, const Tensor& x, std::size_t spatial);

}  // namespace xgrad::detail
