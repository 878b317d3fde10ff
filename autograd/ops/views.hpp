#pragma once

#include <optional>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Views: other geometries over the same memory. Nothing is copied, writing through a view is seen by its
/// base, and gradients follow.
namespace xgrad {

/// Element [i, j, ...] of the result is the element of x's memory at offset + i * strides[0] + j * strides[1]
/// + ..., counted in elements from x's first. Elements that occur several times receive the sum of their
/// gradients. Throws IndexError when the geometry leaves the memory. Source: torch.as_strided.
XGRAD_API Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides,
                            std::int64_t offset = 0);

/// The dimensions in another order: result.shape()[i] is x.shape()[dims[i]]. Throws ShapeError unless every
/// dimension occurs once.
XGRAD_API Tensor permute(const Tensor& x, const Shape& dims);
/// Two dimensions exchanged.
XGRAD_API Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1);
/// A matrix transposed; tensors of fewer dimensions stay as they are. Throws ShapeError beyond two.
XGRAD_API Tensor t(const Tensor& x);
/// One dimension moved from place `source` to place `destination`.
XGRAD_API Tensor movedim(const Tensor& x, std::int64_t source, std::int64_t destination);

/// Stretched to `shape`: dimensions of size 1 repeat without copying, -1 keeps a size, new dimensions come in
/// front. The gradient is summed over what was repeated. Throws ShapeError.
XGRAD_API Tensor expand(const Tensor& x, const Shape& shape);
XGRAD_API Tensor broadcast_to(const Tensor& x, const Shape& shape);

/// Without the dimensions of size 1 (or without `dim`, if its size is 1).
XGRAD_API Tensor squeeze(const Tensor& x);
XGRAD_API Tensor squeeze(const Tensor& x, std::int64_t dim);
/// With a dimension of size 1 put in at `dim`, which counts places in the result.
XGRAD_API Tensor unsqueeze(const Tensor& x, std::int64_t dim);

/// Elements start, start + step, ... before end along `dim`. Negative positions count from the end, and
/// positions beyond it are cut off, as in Python. Throws ValueError unless step is positive.
XGRAD_API Tensor slice(const Tensor& x, std::int64_t dim, std::optional<std::int64_t> start = std::nullopt,
                       std::optional<std::int64_t> end = std::nullopt, std::int64_t step = 1);
/// `length` elements from `start` along `dim`. Throws IndexError when they are not all there.
XGRAD_API Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length);
/// The part at one index of `dim`, which disappears. Negative indices count from the end. Throws IndexError.
XGRAD_API Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index);

// What the gradients of views, and in-place changes through them, are made of. ------------------------------

/// The elements of `g` that lie where as_strided(x, shape, strides, offset) would find them, for an x of g's
/// shape with strides `layout`.
XGRAD_API Tensor read_strided(const Tensor& g, const Strides& layout, const Shape& shape,
                              const Strides& strides, std::int64_t offset);
/// The reverse: zeros of shape `full` with the elements of `g` added at those places.
XGRAD_API Tensor add_strided(const Tensor& g, const Shape& full, const Strides& layout, const Shape& shape,
                             const Strides& strides, std::int64_t offset);
/// `g` with zeros at those places.
XGRAD_API Tensor zero_strided(const Tensor& g, const Strides& layout, const Shape& shape,
                              const Strides& strides, std::int64_t offset);

}  // namespace xgrad
