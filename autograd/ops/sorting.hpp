#pragma once

#include <optional>
#include <utility>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Sorting and searching. nan counts as larger than everything. Values receive the gradient of the elements
/// that they are; places are int64 and have none.
namespace xgrad {

/// The elements along `dim` in order, and their places. Equal elements always keep their order, also when
/// descending, so `stable` is only for those who want to say so. Throws IndexError. Source: torch.sort.
XGRAD_API std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim = -1, bool descending = false,
                                         bool stable = true);
/// The places of `sort`.
XGRAD_API Tensor argsort(const Tensor& x, std::int64_t dim = -1, bool descending = false, bool stable = true);
/// Sorted along the first dimension.
XGRAD_API Tensor msort(const Tensor& x);
/// The k largest (or smallest) elements along `dim` in order, and their places. Throws IndexError for a k
/// that is not within the dimension. Source: torch.topk.
XGRAD_API std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim = -1,
                                         bool largest = true);

/// Where `values` would be inserted into the sorted last dimension of `sorted_sequence`: the first place with
/// an element that is not below (right: above) the value. A vector serves values of any shape; else all
/// dimensions but the last must agree. int64. Throws ShapeError, and DTypeError unless both have one dtype.
/// Source: torch.searchsorted.
XGRAD_API Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& values, bool right = false);
/// searchsorted with the vector `boundaries`. Source: torch.bucketize.
XGRAD_API Tensor bucketize(const Tensor& input, const Tensor& boundaries, bool right = false);

/// What `unique` finds.
struct Unique {
  Tensor values;   ///< the distinct elements, or slices along the dimension
  Tensor inverse;  ///< int64: where each element (slice) went
  Tensor counts;   ///< int64: how often each occurs
};
/// The distinct elements in ascending order, or with `dim` the distinct slices along it in lexicographic
/// order. nan differs from itself. Not differentiable. Throws IndexError. Source: torch.unique.
XGRAD_API Unique unique(const Tensor& x, std::optional<std::int64_t> dim = std::nullopt);
/// unique that merges equal neighbours alone and keeps the order. Source: torch.unique_consecutive.
XGRAD_API Unique unique_consecutive(const Tensor& x, std::optional<std::int64_t> dim = std::nullopt);

}  // namespace xgrad
