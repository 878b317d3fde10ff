#include <xgrad/autograd/array/shape.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad {

void Shape::grow(std::size_t count) {
  auto capacity = static_cast<std::uint32_t>(std::max<std::size_t>(count, std::size_t{2} * capacity_));
  auto* values = new std::int64_t[capacity];
  std::copy(begin(), end(), values);
  if (!is_inline()) delete[] heap();
  std::memcpy(values_, static_cast<const void*>(&values), sizeof values);
  capacity_ = capacity;
}

void Shape::copy_from_heap(const Shape& other) {
  auto* values = new std::int64_t[other.capacity_];
  std::copy(other.begin(), other.end(), values);
  std::memcpy(values_, static_cast<const void*>(&values), sizeof values);
  capacity_ = other.capacity_;
}

std::string to_string(const Shape& shape) {
  return fmt::format("{}", std::span<const std::int64_t>(shape.data(), shape.size()));
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides;
  strides.resize(shape.size());
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step = saturating_product(step, std::max<std::int64_t>(shape[i], 1));
  }
  return strides;
}

Shape broadcast_shapes(const char* operation, const Shape& a, const Shape& b) {
  if (a == b) return a;
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape result = longer;
  std::size_t lead = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t x = longer[lead + i];
    std::int64_t y = shorter[i];
    if (x != y && x != 1 && y != 1) {
      throw ShapeError(
          fmt::format("{}: shapes do not broadcast: a is {}, b is {} ({} and {} at dimension {}); sizes must "
                      "be equal or 1",
                      operation, to_string(a), to_string(b), x, y, lead + i));
    }
    result[lead + i] = x == 1 ? y : x;
  }
  return result;
}

std::size_t wrap_dim(const char* operation, std::int64_t dim, std::size_t ndim) {
  auto count = static_cast<std::int64_t>(std::max<std::size_t>(ndim, 1));
  if (dim < -count || dim >= count) {
    throw IndexError(fmt::format("{}: dimension {} is out of range for {} dimension{}: expected {} to {}",
                                 operation, dim, ndim, ndim == 1 ? "" : "s", -count, count - 1));
  }
  return static_cast<std::size_t>(dim < 0 ? dim + count : dim);
}

}  // namespace xgrad
