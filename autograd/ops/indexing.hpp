#pragma once

#include <optional>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Elements picked and written by index tensors. An index holds integers; a place that is not there throws
/// IndexError, an index that is not of integers DTypeError. Elements that are picked several times receive
/// the sum of their gradients.
namespace xgrad {

/// Rows picked along `dim` by a vector of places.
XGRAD_API Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index);
/// result[i][j] = x[i][index[i][j]] for dim 1, and alike in other dimensions; index has x's number of
/// dimensions and is nowhere larger but in `dim`. Source: torch.gather.
XGRAD_API Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index);
/// The reverse of gather: zeros of shape `shape` to which `source` is added at `index` along `dim`.
XGRAD_API Tensor scatter_add(const Tensor& source, const Shape& shape, std::int64_t dim, const Tensor& index);
/// gather with places that may count from the end, x and indices broadcast outside `dim`; without dim a
/// vector of elements of the flattened tensor. Source: torch.take_along_dim.
XGRAD_API Tensor take_along_dim(const Tensor& x, const Tensor& indices,
                                std::optional<std::int64_t> dim = std::nullopt);
/// Elements of the flattened tensor, in the shape of index; places may count from the end. Source:
/// torch.take.
XGRAD_API Tensor take(const Tensor& x, const Tensor& index);

// Copies of x in which something is written. What is overwritten receives the gradient 0.

/// `source` written (or with `accumulate` added) at places of the flattened x. Throws ShapeError unless index
/// and source have as many elements. Source: torch.put.
XGRAD_API Tensor put(const Tensor& x, const Tensor& index, const Tensor& source, bool accumulate = false);
/// alpha * source[k] added to slice index[k] along `dim`. Throws ShapeError. Source: torch.index_add.
XGRAD_API Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                           Scalar alpha = 1);
/// Slice index[k] along `dim` replaced by source[k]. Throws ShapeError. Source: torch.index_copy.
XGRAD_API Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
/// The slices of index along `dim` set to a number or a 0-d tensor. Source: torch.index_fill.
XGRAD_API Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& value);
XGRAD_API Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value);

/// 1 at the place that each class number says, 0 elsewhere: [...] gives [..., classes]. -1 classes: one more
/// than the largest number. int64. Throws ValueError for a number outside 0 .. classes - 1. Source:
/// torch.nn.functional.one_hot.
XGRAD_API Tensor one_hot(const Tensor& numbers, std::int64_t classes = -1);

namespace detail {
/// An index as int64. Throws DTypeError unless it holds integers, IndexError unless all lie in [0, size).
Tensor checked_index(const char* name, const Tensor& index, std::int64_t size);
/// The number of each element in row-major order, in this shape. Any way of picking elements, applied to
/// it, tells the places of what it picks.
Tensor places_in(const Shape& shape);
/// x with `values` (which broadcast to the places) written, or added, at places of the flattened x.
Tensor write_at(const Tensor& x, const Tensor& places, const Tensor& values);
Tensor add_at(const Tensor& x, const Tensor& places, const Tensor& values);
}  // namespace detail

}  // namespace xgrad
