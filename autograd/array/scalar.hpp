#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <xgrad/autograd/array/dtype.hpp>

namespace xgrad {

/// A floating number without its fraction: nan gives 0, and what is out of range the nearest number there is.
template <class To, class From>
constexpr To whole(From value) noexcept {
  using Limits = std::numeric_limits<To>;
  if (value != value) return To(0);
  if (value <= static_cast<From>(Limits::min())) return Limits::min();
  if (value >= static_cast<From>(Limits::max())) return Limits::max();
  return static_cast<To>(value);
}

/// A number beside a tensor, as in `x * 2.0`. It keeps its kind (bool, integer or floating), because a
/// number promotes a tensor only to its own kind and never to a wider dtype of the same kind.
class Scalar {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  constexpr Scalar(T value) noexcept {  // NOLINT(google-explicit-constructor): numbers convert silently
    if constexpr (std::is_floating_point_v<T>) {
      kind_ = Kind::floating;
      floating_ = static_cast<double>(value);
    } else {
      kind_ = std::is_same_v<T, bool> ? Kind::boolean : Kind::integer;
      integer_ = static_cast<std::int64_t>(value);
    }
  }

  constexpr bool is_floating() const noexcept { return kind_ == Kind::floating; }
  constexpr bool is_integer() const noexcept { return kind_ == Kind::integer; }
  constexpr bool is_boolean() const noexcept { return kind_ == Kind::boolean; }

  /// The number as a T. A floating number becomes an integer as `whole` says; integers wrap around.
  template <class T>
    requires std::is_arithmetic_v<T>
  constexpr T to() const noexcept {
    if constexpr (std::is_same_v<T, bool>)
      return is_floating() ? floating_ != 0 : integer_ != 0;
    else if constexpr (std::is_integral_v<T>)
      return is_floating() ? whole<T>(floating_) : static_cast<T>(integer_);
    else
      return is_floating() ? static_cast<T>(floating_) : static_cast<T>(integer_);
  }

  /// The dtype a tensor of `tensor` has after meeting this number: unchanged unless the number is of a
  /// higher kind (bool, integer, floating).
  DType promote(DType tensor) const noexcept {
    if (is_floating() && !xgrad::is_floating(tensor)) return default_dtype();
    if (is_integer() && tensor == DType::boolean) return DType::int64;
    return tensor;
  }
  /// The dtype of a new tensor with this value: bool, int64 or the default dtype.
  DType dtype() const noexcept { return promote(DType::boolean); }

 private:
  enum class Kind : std::uint8_t { boolean, integer, floating };
  Kind kind_;
  union {
    double floating_;
    std::int64_t integer_;
  };
};

}  // namespace xgrad
