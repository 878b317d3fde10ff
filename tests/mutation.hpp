#pragma once

#include <array>
#include <cstdlib>
#include <type_traits>

#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/trace.hpp>

/// What tests/mutation_check.py puts around the gradient formulas in a copy of the library: each call gives
/// back what it was given, unless the environment variable XGRAD_MUTANT is one of its numbers.
namespace xgrad::mutation {

inline const int active = std::getenv("XGRAD_MUTANT") != nullptr ? std::atoi(std::getenv("XGRAD_MUTANT")) : 0;

enum class Change { negate, twice, drop, add_one };

template <class T>
struct Changed {
  static T by(Change, const T& value) { return value; }  // not a number: nothing to change
};
template <class T>
  requires std::is_floating_point_v<T>
struct Changed<T> {
  static T by(Change change, T value) {
    if (change == Change::negate) return -value;
    if (change == Change::twice) return value + value;
    return change == Change::drop ? T(0) : value + T(1);
  }
};
template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
struct Changed<T> {
  static T by(Change change, T value) { return change == Change::drop ? T(0) : value; }
};
template <class T>
struct Changed<kernels::Lanes<T>> {
  static kernels::Lanes<T> by(Change change, const kernels::Lanes<T>& value) {
    if (change == Change::negate) return -value;
    if (change == Change::twice) return value + value;
    if (change == Change::drop) return kernels::Lanes<T>(T(0));
    return value + kernels::Lanes<T>(T(1));
  }
};
template <>
struct Changed<Tensor> {
  static Tensor by(Change change, const Tensor& value) {
    if (!value.defined()) return value;
    if (change == Change::negate) return neg(value);
    if (change == Change::twice) return mul(value, 2);
    return change == Change::drop ? zeros_like(value) : add(value, 1);
  }
};

template <std::size_t N>
struct Changed<std::array<Tensor, N>> {
  static std::array<Tensor, N> by(Change change, std::array<Tensor, N> values) {
    for (Tensor& value : values) value = Changed<Tensor>::by(change, value);
    return values;
  }
};

template <class T>
constexpr std::remove_cvref_t<T> change(int number, Change how, T&& value) {
  using Value = std::remove_cvref_t<T>;
  if constexpr (std::is_same_v<Value, Trace>) {
    return value;
  } else {
    if (std::is_constant_evaluated() || active != number) return std::forward<T>(value);
    return Changed<Value>::by(how, value);
  }
}

/// A gradient: the mutants `first` (its sign turned) and `first` + 1 (twice as large).
template <class T>
constexpr std::remove_cvref_t<T> gradient(int first, T&& value) {
  return change(first + 1, Change::twice, change(first, Change::negate, std::forward<T>(value)));
}
/// A gradient that is 0: one mutant, 1.
template <class T>
constexpr std::remove_cvref_t<T> zero(int number, T&& value) {
  return change(number, Change::add_one, std::forward<T>(value));
}
/// A term of a sum: one mutant, without it.
template <class T>
constexpr std::remove_cvref_t<T> term(int number, T&& value) {
  return change(number, Change::drop, std::forward<T>(value));
}

}  // namespace xgrad::mutation
