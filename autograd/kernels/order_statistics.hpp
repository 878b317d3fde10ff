#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Which elements stand where in the order of a row: from small to large, nan last, equal ones in the order
/// they have in the row.
namespace xgrad::kernels {

/// For rows [R, n] and int64 ranks [Q, R], each in 0 .. n - 1: the places [Q, R], int64, of the elements that
/// have these ranks.
XGRAD_API Array places_of_ranks(const Array& rows, const Array& ranks);

/// For rows [R, n], n > 0: the places [R], int64, of the last occurrence of the most frequent number (of the
/// smallest such; nan is equal to nothing).
XGRAD_API Array places_of_modes(const Array& rows);

}  // namespace xgrad::kernels
