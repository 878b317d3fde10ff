#pragma once

#include <cstdint>
#include <optional>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Rows of a table, picked by number.
namespace xgrad::kernels {

/// The gradient of a table [rows, features], of which the rows `index` (int64, checked to be in range) were
/// picked, for a gradient g [n, features] of these: g added up by rows, in the order of the index. The row
/// `padding` stays 0; with by_frequency each row is divided by how often it was picked.
XGRAD_API Array embedding_backward(const Array& g, std::int64_t rows, const Array& index,
                                   std::optional<std::int64_t> padding, bool by_frequency);

}  // namespace xgrad::kernels
