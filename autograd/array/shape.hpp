#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string>

#include <xgrad/autograd/array/export.hpp>

namespace xgrad {

/// a * b for numbers of 0 or more, or the largest int64 where that is too large.
constexpr std::int64_t saturating_product(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max() : product;
}

/// A short list of integers, one per dimension: a shape, or strides counted in elements. Up to five
/// dimensions live inside the object; more go to the heap.
class Shape {
 public:
  using value_type = std::int64_t;
  using iterator = std::int64_t*;
  using const_iterator = const std::int64_t*;
  static constexpr std::uint32_t inline_capacity = 5;

  Shape() noexcept : size_(0), capacity_(inline_capacity) {}
  Shape(std::initializer_list<std::int64_t> values) : Shape(values.begin(), values.end()) {}
  /// `count` times `value`.
  static Shape filled(std::size_t count, std::int64_t value) {
    Shape shape;
    shape.resize(count);
    std::fill(shape.begin(), shape.end(), value);
    return shape;
  }
  template <std::input_iterator Iterator>
  Shape(Iterator first, Iterator last) : Shape() {
    resize(static_cast<std::size_t>(std::distance(first, last)));
    std::transform(first, last, begin(), [](auto value) { return static_cast<std::int64_t>(value); });
  }
  Shape(const Shape& other) : size_(other.size_), capacity_(inline_capacity) {
    if (other.is_inline()) {
      std::memcpy(values_, other.values_, sizeof values_);
    } else {
      copy_from_heap(other);
    }
  }
  Shape(Shape&& other) noexcept : size_(other.size_), capacity_(other.capacity_) {
    std::memcpy(values_, other.values_, sizeof values_);  // the values, or the pointer to them
    other.size_ = 0;
    other.capacity_ = inline_capacity;
  }
  Shape& operator=(const Shape& other) {
    if (this != &other) {
      Shape copy(other);
      swap(copy);
    }
    return *this;
  }
  Shape& operator=(Shape&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Shape() {
    if (!is_inline()) delete[] heap();
  }

  void swap(Shape& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(values_, other.values_);
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::int64_t* data() noexcept { return is_inline() ? values_ : heap(); }
  const std::int64_t* data() const noexcept { return is_inline() ? values_ : heap(); }
  iterator begin() noexcept { return data(); }
  iterator end() noexcept { return data() + size_; }
  const_iterator begin() const noexcept { return data(); }
  const_iterator end() const noexcept { return data() + size_; }
  std::int64_t& operator[](std::size_t i) noexcept { return data()[i]; }
  std::int64_t operator[](std::size_t i) const noexcept { return data()[i]; }
  std::int64_t& back() noexcept { return data()[size_ - 1]; }
  std::int64_t back() const noexcept { return data()[size_ - 1]; }

  /// Changes the number of dimensions; new ones hold arbitrary values.
  void resize(std::size_t count) {
    if (count > capacity_) grow(count);
    size_ = static_cast<std::uint32_t>(count);
  }
  void push_back(std::int64_t value) {
    resize(size_ + 1U);
    back() = value;
  }
  void insert(std::size_t position, std::int64_t value) {
    resize(size_ + 1U);
    std::copy_backward(begin() + position, end() - 1, end());
    (*this)[position] = value;
  }
  void erase(std::size_t position) {
    std::copy(begin() + position + 1, end(), begin() + position);
    --size_;
  }

  friend bool operator==(const Shape& a, const Shape& b) noexcept {
    if (a.size_ != b.size_) return false;
    const std::int64_t* x = a.data();
    const std::int64_t* y = b.data();
    for (std::uint32_t i = 0; i < a.size_; ++i) {  // shorter than a call of memcmp
      if (x[i] != y[i]) return false;
    }
    return true;
  }

  /// The product of all sizes; 1 for no dimensions. What int64 cannot hold gives its largest number.
  std::int64_t elements() const noexcept {
    std::int64_t product = 1;
    for (std::int64_t size : *this) product = saturating_product(product, size);
    return product;
  }

 private:
  bool is_inline() const noexcept { return capacity_ == inline_capacity; }
  std::int64_t* heap() const noexcept {
    std::int64_t* pointer;
    std::memcpy(static_cast<void*>(&pointer), values_, sizeof pointer);
    return pointer;
  }
  XGRAD_API void grow(std::size_t count);
  XGRAD_API void copy_from_heap(const Shape& other);

  std::uint32_t size_;
  std::uint32_t capacity_;
  std::int64_t values_[inline_capacity];
};

/// Steps between neighbours along each dimension, counted in elements.
using Strides = Shape;

/// "[2, 3]".
XGRAD_API std::string to_string(const Shape& shape);

/// The strides of a row-major array without gaps.
XGRAD_API Strides contiguous_strides(const Shape& shape);

/// The shape that `a` and `b` broadcast to by NumPy's rule: aligned at the last dimension, sizes equal or 1.
/// Throws ShapeError, naming `operation` and both shapes.
XGRAD_API Shape broadcast_shapes(const char* operation, const Shape& a, const Shape& b);

/// `dim` counted from the front: -1 is the last. A 0-d shape accepts 0 and -1. Throws IndexError.
XGRAD_API std::size_t wrap_dim(const char* operation, std::int64_t dim, std::size_t ndim);

}  // namespace xgrad
