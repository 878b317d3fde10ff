#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/array/shape.hpp>

namespace xgrad {

namespace detail {
/// Throws ValueError: `got` numbers came for `wanted` spatial dimensions.
[[noreturn]] XGRAD_API void fail_per_dim(std::size_t wanted, std::size_t got);
}  // namespace detail

/// A number for each of N spatial dimensions, or one for all of them: `3`, `{3, 5}`. Made of nothing it is
/// not given.
template <std::size_t N>
class PerDim {
 public:
  PerDim() = default;
  template <std::integral Number>
  PerDim(Number number) : given_(true) {  // NOLINT(google-explicit-constructor): as PyTorch's arguments
    values_.fill(static_cast<std::int64_t>(number));
  }
  template <std::integral... Numbers>
    requires(sizeof...(Numbers) == N && N > 1)
  PerDim(Numbers... numbers)  // NOLINT(google-explicit-constructor): a list in braces
      : values_{static_cast<std::int64_t>(numbers)...}, given_(true) {}
  /// N numbers, or one. Throws ValueError for any other count.
  PerDim(const Shape& numbers) : given_(true) {  // NOLINT(google-explicit-constructor)
    if (numbers.size() != N && numbers.size() != 1) detail::fail_per_dim(N, numbers.size());
    for (std::size_t i = 0; i < N; ++i) values_[i] = numbers[numbers.size() == 1 ? 0 : i];
  }

  bool given() const noexcept { return given_; }
  std::int64_t operator[](std::size_t i) const noexcept { return values_[i]; }

 private:
  std::array<std::int64_t, N> values_{};
  bool given_ = false;
};

/// "(3, 5)".
template <std::size_t N>
std::string to_string(const PerDim<N>& numbers) {
  std::string text = "(";
  for (std::size_t i = 0; i < N; ++i) text += (i == 0 ? "" : ", ") + std::to_string(numbers[i]);
  return text + ")";
}

}  // namespace xgrad
