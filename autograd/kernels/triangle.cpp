#include <xgrad/autograd/kernels/triangle.hpp>

#include <algorithm>
#include <cstring>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

/// Copies columns [first(row), last(row)) of every row; the rest is 0.
template <class First, class Last>
Array copy_columns(const Array& source, const First& first, const Last& last) {
  Array from = contiguous(source);
  Array result(source.shape(), source.dtype());
  if (result.numel() == 0) return result;
  std::int64_t rows = source.shape()[source.ndim() - 2];
  std::int64_t columns = source.shape().back();
  auto item = static_cast<std::int64_t>(item_size(source.dtype()));
  auto bytes = [item](std::int64_t items) { return static_cast<std::size_t>(items * item); };
  parallel_for(result.numel() / columns, std::max<std::int64_t>(1, 65536 / (columns * item)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   std::byte* row = result.bytes() + i * columns * item;
                   std::int64_t start = std::clamp<std::int64_t>(first(i % rows), 0, columns);
                   std::int64_t stop = std::clamp<std::int64_t>(last(i % rows), start, columns);
                   std::memset(row, 0, bytes(start));
                   std::memcpy(row + start * item, from.bytes() + (i * columns + start) * item,
                               bytes(stop - start));
                   std::memset(row + stop * item, 0, bytes(columns - stop));
                 }
               });
  return result;
}

/// A diagonal beyond the corners is as good as the corner.
std::int64_t within(const Array& source, std::int64_t diagonal) {
  return std::clamp(diagonal, -source.shape()[source.ndim() - 2] - 1, source.shape().back() + 1);
}

}  // namespace

Array lower_triangle(const Array& source, std::int64_t diagonal) {
  std::int64_t shift = within(source, diagonal) + 1;
  return copy_columns(
      source, [](std::int64_t) { return 0; }, [shift](std::int64_t row) { return row + shift; });
}

Array upper_triangle(const Array& source, std::int64_t diagonal) {
  std::int64_t shift = within(source, diagonal);
  std::int64_t columns = source.shape().back();
  return copy_columns(
      source, [shift](std::int64_t row) { return row + shift; }, [columns](std::int64_t) { return columns; });
}

}  // namespace xgrad::kernels
