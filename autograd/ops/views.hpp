#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

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
/// `transpose` under its NumPy name.
XGRAD_API Tensor swapaxes(const Tensor& x, std::int64_t axis0, std::int64_t axis1);
/// The last two dimensions exchanged. Throws IndexError below two.
XGRAD_API Tensor mT(const Tensor& x);  // NOLINT(readability-identifier-naming): the field's name
/// One dimension moved from place `source` to place `destination`.
XGRAD_API Tensor movedim(const Tensor& x, std::int64_t source, std::int64_t destination);
/// Dimension source[i] moved to place destination[i]; the others keep their order. Throws ShapeError when the
/// numbers differ or a dimension is named twice, IndexError.
XGRAD_API Tensor movedim(const Tensor& x, const Shape& source, const Shape& destination);

/// Stretched to `shape`: dimensions of size 1 repeat without copying, -1 keeps a size, new dimensions come in
/// front. The gradient is summed over what was repeated. Throws ShapeError.
XGRAD_API Tensor expand(const Tensor& x, const Shape& shape);
XGRAD_API Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// `expand` to the shape of another tensor.
XGRAD_API Tensor expand_as(const Tensor& x, const Tensor& other);
/// All expanded to the shape that they broadcast to. Throws ShapeError.
XGRAD_API std::vector<Tensor> broadcast_tensors(std::span<const Tensor> tensors);
inline std::vector<Tensor> broadcast_tensors(std::initializer_list<Tensor> tensors) {
  return broadcast_tensors(std::span(tensors.begin(), tensors.size()));
}
/// The shape that all broadcast to; [] for none. Throws ShapeError.
XGRAD_API Shape broadcast_shapes(std::span<const Shape> shapes);
inline Shape broadcast_shapes(std::initializer_list<Shape> shapes) {
  return broadcast_shapes(std::span(shapes.begin(), shapes.size()));
}

/// Without the dimensions of size 1 (or without `dim`, if its size is 1).
XGRAD_API Tensor squeeze(const Tensor& x);
XGRAD_API Tensor squeeze(const Tensor& x, std::int64_t dim);
/// With a dimension of size 1 put in at `dim`, which counts places in the result.
XGRAD_API Tensor unsqueeze(const Tensor& x, std::int64_t dim);
/// With dimensions of size 1 put in up to 1, 2 or 3: in front, and behind where a matrix becomes 3-d (a
/// vector of size n becomes [1, n, 1]). Source: torch.atleast_3d.
XGRAD_API Tensor atleast_1d(const Tensor& x);
XGRAD_API Tensor atleast_2d(const Tensor& x);
XGRAD_API Tensor atleast_3d(const Tensor& x);

/// Elements start, start + step, ... before end along `dim`. Negative positions count from the end, and
/// positions beyond it are cut off, as in Python. Throws ValueError unless step is positive.
XGRAD_API Tensor slice(const Tensor& x, std::int64_t dim, std::optional<std::int64_t> start = std::nullopt,
                       std::optional<std::int64_t> end = std::nullopt, std::int64_t step = 1);
/// `length` elements from `start` along `dim`. Throws IndexError when they are not all there.
XGRAD_API Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length);
/// `narrow` with a start that a 0-d integer tensor holds. Throws DTypeError, ShapeError for another start.
XGRAD_API Tensor narrow(const Tensor& x, std::int64_t dim, const Tensor& start, std::int64_t length);
/// The part at one index of `dim`, which disappears. Negative indices count from the end. Throws IndexError.
XGRAD_API Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index);
/// Windows of `size` elements along `dimension`, one every `step`, each as a new last dimension. Elements in
/// several windows receive the sum of their gradients. Throws ValueError unless step is positive, IndexError
/// when `size` exceeds the dimension's. Source: torch.Tensor.unfold.
XGRAD_API Tensor unfold(const Tensor& x, std::int64_t dimension, std::int64_t size, std::int64_t step);

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
