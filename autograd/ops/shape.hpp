#pragma once

#include <span>
#include <vector>

#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/views.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// Shapes changed and tensors joined. Results are views where the memory allows it.
namespace xgrad {

/// The same elements in row-major order in another shape; one size may be -1 and follows from the others. A
/// view where the strides allow it, else a copy. Throws ShapeError when the numbers of elements differ.
XGRAD_API Tensor reshape(const Tensor& x, const Shape& shape);
/// `reshape` that never copies. Throws ShapeError where it would have to.
XGRAD_API Tensor view(const Tensor& x, const Shape& shape);
/// Dimensions start_dim to end_dim made one. A 0-d tensor becomes 1-d.
XGRAD_API Tensor flatten(const Tensor& x, std::int64_t start_dim = 0, std::int64_t end_dim = -1);
/// All elements in one dimension.
XGRAD_API Tensor ravel(const Tensor& x);
/// One dimension cut into several, one of which may be -1.
XGRAD_API Tensor unflatten(const Tensor& x, std::int64_t dim, const Shape& sizes);

/// The same numbers in fresh row-major memory.
XGRAD_API Tensor clone(const Tensor& x);
/// The tensor itself when it is row-major without gaps, else a clone.
XGRAD_API Tensor contiguous(const Tensor& x);
/// Converted; floating to integer truncates toward zero, anything but 0 is true. Gradients flow between
/// floating dtypes.
XGRAD_API Tensor to(const Tensor& x, DType dtype);

/// Joined along a dimension that exists. dtypes promote; shapes must agree in all other dimensions (a 1-d
/// tensor of size 0 is skipped). Throws ShapeError, and ValueError for no tensors at all.
XGRAD_API Tensor cat(std::span<const Tensor> tensors, std::int64_t dim = 0);
inline Tensor cat(std::initializer_list<Tensor> tensors, std::int64_t dim = 0) {
  return cat(std::span(tensors.begin(), tensors.size()), dim);
}
/// Joined along a new dimension. All shapes must be equal.
XGRAD_API Tensor stack(std::span<const Tensor> tensors, std::int64_t dim = 0);
inline Tensor stack(std::initializer_list<Tensor> tensors, std::int64_t dim = 0) {
  return stack(std::span(tensors.begin(), tensors.size()), dim);
}
/// Views of `size` elements each along `dim` (the last may be smaller). Throws ValueError unless the size is
/// positive (0 parts a dimension of size 0), IndexError.
XGRAD_API std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim = 0);
/// Views of these sizes. Throws ShapeError unless they add up to the size of `dim`.
XGRAD_API std::vector<Tensor> split(const Tensor& x, const Shape& sizes, std::int64_t dim = 0);
inline std::vector<Tensor> split(const Tensor& x, std::initializer_list<std::int64_t> sizes,
                                 std::int64_t dim = 0) {
  return split(x, Shape(sizes), dim);
}
/// At most `chunks` parts of equal size along `dim` (the last may be smaller); exactly `chunks` empty ones
/// where the dimension is empty. Throws ValueError unless `chunks` is positive.
XGRAD_API std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim = 0);
/// The parts at each index of `dim`.
XGRAD_API std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim = 0);

/// The sum over dimensions that broadcasting added or stretched, so that the result has this shape: the
/// reverse of `expand`. Throws ShapeError when it does not broadcast to x's. Source:
/// torch.Tensor.sum_to_size.
XGRAD_API Tensor sum_to_size(const Tensor& x, const Shape& shape);

}  // namespace xgrad
