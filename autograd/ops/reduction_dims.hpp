#pragma once

#include <optional>

#include <xgrad/autograd/kernels/reduce.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// What operations that reduce dimensions share.
namespace xgrad::detail {

/// The dimensions as a set: all, where none are named. Throws IndexError, and ShapeError for one named twice.
kernels::DimSet dim_set(const char* name, const Tensor& x, const Dims& dims);

/// The number of elements that each result is made of.
std::int64_t reduced_count(const Shape& shape, const kernels::DimSet& dims);

/// Throws ShapeError where a reduced dimension has size 0.
void require_elements(const char* name, const Tensor& x, const kernels::DimSet& dims);

/// A sum or product of integers, which is computed as int64, in the integer dtype that was asked for.
Tensor narrowed(const Tensor& result, std::optional<DType> dtype);

/// A reduced tensor (with or without its dimensions of size 1) stretched over the full shape again.
Tensor spread(const Tensor& reduced, const Shape& full, const kernels::DimSet& dims);

/// `sum` over a set of dimensions.
Tensor sum_over(const Tensor& x, const kernels::DimSet& dims, bool keepdim);

}  // namespace xgrad::detail
