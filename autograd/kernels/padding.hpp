#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Padding by copies of elements: each of the last dimensions has a list that tells for every place of the
/// result the place in the source.
namespace xgrad::kernels {

using PlaceList = std::vector<std::int64_t>;

/// result[..., i, j] = source[..., places[0][i], places[1][j]] for as many last dimensions as there are
/// lists.
XGRAD_API Array pick(const Array& source, std::span<const PlaceList> places);
/// The reverse: zeros of shape `shape` to which the elements of `source` (floating) are added at their
/// places.
XGRAD_API Array pick_backward(const Array& source, const Shape& shape, std::span<const PlaceList> places);

}  // namespace xgrad::kernels
