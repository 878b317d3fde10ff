#pragma once

#include <optional>
#include <variant>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Indexing as Python and PyTorch have it, and masks.
namespace xgrad {

/// start:end:step; what is not given is open, negative numbers count from the end.
struct Range {
  std::optional<std::int64_t> start = std::nullopt;
  std::optional<std::int64_t> end = std::nullopt;
  std::int64_t step = 1;
};
/// A new dimension of size 1.
struct NewAxis {};
/// Full ranges for all dimensions that are not named.
struct Ellipsis {};
/// One entry in the brackets: a place, a range, a new dimension, the ellipsis, a tensor of places (which may
/// count from the end), or a bool tensor that stands for the places where it is true and uses as many
/// dimensions as it has.
using Index = std::variant<std::int64_t, Range, NewAxis, Ellipsis, Tensor>;

/// x[indices]. Without tensors a view. Index tensors broadcast together; their dimensions take the place of
/// the first of them where they stand side by side, else come first. Throws IndexError for too many entries
/// and places that are not there, ShapeError for tensors that do not broadcast, DTypeError for floating ones.
/// Source: torch.Tensor.__getitem__.
XGRAD_API Tensor getitem(const Tensor& x, const std::vector<Index>& indices);
/// A copy of x in which x[indices] is `value`, which broadcasts. Source: torch.Tensor.__setitem__.
XGRAD_API Tensor setitem(const Tensor& x, const std::vector<Index>& indices, const Tensor& value);
XGRAD_API Tensor setitem(const Tensor& x, const std::vector<Index>& indices, Scalar value);
/// A copy of x with `values` written (or with `accumulate` added; places that repeat add up) at the places
/// that the tensors name. Throws as getitem, and DTypeError for values of another dtype. Source:
/// torch.index_put.
XGRAD_API Tensor index_put(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& values,
                           bool accumulate = false);

/// The elements where the mask (bool, broadcast with x) is true, in row-major order, as a vector. Source:
/// torch.masked_select.
XGRAD_API Tensor masked_select(const Tensor& x, const Tensor& mask);
/// A copy of x with a number or a 0-d tensor where the mask is true; both broadcast. Throws ShapeError and
/// DTypeError. Source: torch.masked_fill.
XGRAD_API Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value);
XGRAD_API Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value);
/// A copy of x whose places under the mask take the elements of `source` in order. Throws ValueError when
/// there are too few. Source: torch.masked_scatter.
XGRAD_API Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source);
/// The places of the elements that are not 0, one a row: [count, ndim], int64. Source: torch.nonzero.
XGRAD_API Tensor nonzero(const Tensor& x);

}  // namespace xgrad
