#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Tensors joined in ways made of `cat`, and cut in ways made of `narrow`. dtypes promote. All joins throw
/// ShapeError where shapes do not fit together and ValueError for no tensors at all.
namespace xgrad {

/// Side by side: joined along dimension 1, vectors along dimension 0 (0-d tensors count as vectors). Source:
/// torch.hstack.
XGRAD_API Tensor hstack(std::span<const Tensor> tensors);
/// One above the other: joined along dimension 0 after atleast_2d. Source: torch.vstack.
XGRAD_API Tensor vstack(std::span<const Tensor> tensors);
/// One behind the other: joined along dimension 2 after atleast_3d. Source: torch.dstack.
XGRAD_API Tensor dstack(std::span<const Tensor> tensors);
/// `hstack` in which vectors (and 0-d tensors) are columns. Source: torch.column_stack.
XGRAD_API Tensor column_stack(std::span<const Tensor> tensors);
/// A matrix with the given matrices along its diagonal and zeros elsewhere; a vector counts as a row, a 0-d
/// tensor as a matrix of one element, no tensors at all as one of shape [1, 0]. Source: torch.block_diag.
XGRAD_API Tensor block_diag(std::span<const Tensor> tensors);

inline Tensor hstack(std::initializer_list<Tensor> tensors) {
  return hstack(std::span(tensors.begin(), tensors.size()));
}
inline Tensor vstack(std::initializer_list<Tensor> tensors) {
  return vstack(std::span(tensors.begin(), tensors.size()));
}
inline Tensor dstack(std::initializer_list<Tensor> tensors) {
  return dstack(std::span(tensors.begin(), tensors.size()));
}
inline Tensor column_stack(std::initializer_list<Tensor> tensors) {
  return column_stack(std::span(tensors.begin(), tensors.size()));
}
inline Tensor block_diag(std::initializer_list<Tensor> tensors) {
  return block_diag(std::span(tensors.begin(), tensors.size()));
}

/// `sections` views along `dim` whose sizes differ by 1 at most, the larger ones first. Throws ValueError
/// unless `sections` is positive, IndexError. Source: torch.tensor_split.
XGRAD_API std::vector<Tensor> tensor_split(const Tensor& x, std::int64_t sections, std::int64_t dim = 0);
/// Views cut before each of the indices, as slices from one to the next: negative indices count from the end,
/// and those beyond it are cut off.
XGRAD_API std::vector<Tensor> tensor_split(const Tensor& x, const Shape& indices, std::int64_t dim = 0);
inline std::vector<Tensor> tensor_split(const Tensor& x, std::initializer_list<std::int64_t> indices,
                                        std::int64_t dim = 0) {
  return tensor_split(x, Shape(indices), dim);
}

}  // namespace xgrad
