#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Elements reversed, shifted, turned and repeated. Results are copies; the gradient of a repeated element is
/// the sum over its copies.
namespace xgrad {

/// The order reversed along each dimension in `dims`. Throws IndexError for a dimension that is not there,
/// ShapeError for one that is named twice. Source: torch.flip.
XGRAD_API Tensor flip(const Tensor& x, const Shape& dims);
/// `flip` along dimension 1. Throws ShapeError below two dimensions.
XGRAD_API Tensor fliplr(const Tensor& x);
/// `flip` along dimension 0. Throws ShapeError for a 0-d tensor.
XGRAD_API Tensor flipud(const Tensor& x);
/// Turned by k * 90 degrees from dims[0] toward dims[1]; k may be negative. Throws ShapeError unless `dims`
/// are two different dimensions, IndexError where they are not there. Source: torch.rot90.
XGRAD_API Tensor rot90(const Tensor& x, std::int64_t k = 1, const Shape& dims = {0, 1});

/// Moved by shifts[i] places along dims[i]; what leaves at one end comes in at the other. A dimension named
/// twice moves twice. Without `dims`, one shift moves the flattened elements. Throws ShapeError when the
/// numbers of shifts and dims differ, IndexError. Source: torch.roll.
XGRAD_API Tensor roll(const Tensor& x, const Shape& shifts, const Shape& dims = {});
XGRAD_API Tensor roll(const Tensor& x, std::int64_t shift);
XGRAD_API Tensor roll(const Tensor& x, std::int64_t shift, std::int64_t dim);

/// The whole tensor repeats[i] times along dimension i; more repeats than dimensions add dimensions in front.
/// Throws ShapeError for fewer repeats than dimensions, ValueError for a negative one. Source:
/// torch.Tensor.repeat.
XGRAD_API Tensor repeat(const Tensor& x, const Shape& repeats);
/// `repeat` with 1 for the leading repeats that are missing. Source: torch.tile.
XGRAD_API Tensor tile(const Tensor& x, const Shape& repeats);
/// Every slice along `dim` (without it: every element of the flattened tensor) `repeats` times in a row.
/// Throws ValueError for a negative number, IndexError. Source: torch.repeat_interleave.
XGRAD_API Tensor repeat_interleave(const Tensor& x, std::int64_t repeats,
                                   std::optional<std::int64_t> dim = std::nullopt);
/// Slice i repeats[i] times; a single number counts for all. `repeats` is 0-d or 1-d, int32 or int64. Throws
/// DTypeError, ShapeError when the lengths differ, ValueError for a negative number.
XGRAD_API Tensor repeat_interleave(const Tensor& x, const Tensor& repeats,
                                   std::optional<std::int64_t> dim = std::nullopt);
/// The places themselves: i, repeats[i] times, for each i. int64, without gradient.
XGRAD_API Tensor repeat_interleave(const Tensor& repeats);

}  // namespace xgrad
