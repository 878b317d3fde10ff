#pragma once

#include <optional>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Copies of a tensor in which elements, slices or diagonals are replaced or reduced. `index` holds integers
/// and has x's number of dimensions; it is no larger than x outside `dim`, and nowhere larger than `src`. All
/// throw ShapeError, IndexError and DTypeError otherwise.
namespace xgrad {

/// out[index[i][j]][j] = src[i][j] for dim 0, and alike in other dimensions. Source: torch.scatter.
XGRAD_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
XGRAD_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value);
/// src added at the places of index; repeats add up. Source: torch.scatter_add.
XGRAD_API Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);

/// How scatter_reduce joins elements that meet at one place.
enum class ScatterReduction { sum, prod, mean, amax, amin };
/// Each place becomes the reduction of the src elements that index sends there, with its old value
/// (include_self) or without; places that get nothing keep their value. Extremes that are equal share the
/// gradient evenly; the gradient of a product is right also at zeros, where its own gradient throws
/// GraphError. Source: torch.scatter_reduce.
XGRAD_API Tensor scatter_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                                ScatterReduction reduction, bool include_self = true);

/// x with the slice at `index` of `dim` replaced by src. Source: torch.select_scatter.
XGRAD_API Tensor select_scatter(const Tensor& x, const Tensor& src, std::int64_t dim, std::int64_t index);
/// x with slice(x, dim, start, end, step) replaced by src. Source: torch.slice_scatter.
XGRAD_API Tensor slice_scatter(const Tensor& x, const Tensor& src, std::int64_t dim = 0,
                               std::optional<std::int64_t> start = std::nullopt,
                               std::optional<std::int64_t> end = std::nullopt, std::int64_t step = 1);
/// x with a diagonal replaced by src. Source: torch.diagonal_scatter.
XGRAD_API Tensor diagonal_scatter(const Tensor& x, const Tensor& src, std::int64_t offset = 0,
                                  std::int64_t dim1 = 0, std::int64_t dim2 = 1);

}  // namespace xgrad
