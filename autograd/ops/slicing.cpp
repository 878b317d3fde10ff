// xtensor's slices on tensors, see xtensor.hpp.

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/xtensor.hpp>

namespace xgrad::detail {

Tensor sliced(const Tensor& x, const std::vector<Slice>& slices) {
  auto takes_dimension = [](const Slice& slice) {
    return std::holds_alternative<std::int64_t>(slice) || std::holds_alternative<SliceRange>(slice);
  };
  auto used = static_cast<std::size_t>(std::ranges::count_if(slices, takes_dimension));
  if (used > x.ndim()) {
    throw IndexError(
        fmt::format("slicing: {} indices and ranges for a tensor of shape {}", used, to_string(x.shape())));
  }
  if (std::ranges::count_if(slices, [](const Slice& s) { return std::holds_alternative<SliceEllipsis>(s); }) >
      1) {
    throw IndexError("slicing: at most one ellipsis");
  }
  Tensor result = x;
  std::int64_t dim = 0;
  for (const Slice& slice : slices) {
    if (const auto* index = std::get_if<std::int64_t>(&slice)) {
      result = select(result, dim, *index);
    } else if (const auto* range = std::get_if<SliceRange>(&slice)) {
      result = xgrad::slice(result, dim++, range->start, range->end, range->step);
    } else if (std::holds_alternative<SliceNewAxis>(slice)) {
      result = unsqueeze(result, dim++);
    } else {
      dim += static_cast<std::int64_t>(x.ndim() - used);
    }
  }
  return result.is_same(x) ? as_strided(x, x.shape(), x.strides()) : result;
}

}  // namespace xgrad::detail
