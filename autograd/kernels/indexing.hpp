#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Elements picked and scattered by index. Indices are int64 and were checked by the caller to be in range.
namespace xgrad::kernels {

/// Slices of `source` along `dim`, in the order of the 1-d `index`.
XGRAD_API Array index_select(const Array& source, std::size_t dim, const Array& index);
/// Zeros of shape `shape` to which slice i of `source` is added at index[i] along `dim`.
XGRAD_API Array index_add(const Array& source, const Shape& shape, std::size_t dim, const Array& index);

/// result[.., i, ..] = source[.., index[.., i, ..], ..]; index nowhere larger than source but in `dim`.
XGRAD_API Array gather(const Array& source, std::size_t dim, const Array& index);
/// Zeros of shape `shape` to which the elements of `source` are added at `index` along `dim`.
XGRAD_API Array scatter_add(const Array& source, const Shape& shape, std::size_t dim, const Array& index);

/// A copy of the 1-d `target` with source[i] written at places[i], the last of equal places staying. All 1-d
/// and row-major.
XGRAD_API Array put(const Array& target, const Array& places, const Array& source);

/// The first index outside [0, size), or -1 when all are inside.
XGRAD_API std::int64_t find_out_of_range(const Array& index, std::int64_t size);

}  // namespace xgrad::kernels
