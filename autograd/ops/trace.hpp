#pragma once

#include <type_traits>

#include <xgrad/autograd/array/scalar.hpp>

namespace xgrad {

/// Stands for a number in a formula and remembers only which arguments flow into it. A formula evaluated over
/// Traces, at compile time, tells what it depends on: what a gradient needs to save, and what it need not.
struct Trace {
  unsigned uses = 0;  ///< bit i: argument i

  friend constexpr Trace operator-(Trace a) { return a; }
  friend constexpr Trace operator+(Trace a) { return a; }
  friend constexpr Trace operator!(Trace a) { return a; }

  // Friends, so that the names of the operations on tensors stay single functions: Sequential(tanh).
#define XGRAD_TRACE(name) \
  friend constexpr Trace name(Trace x) { return x; }
  XGRAD_TRACE(abs)
  XGRAD_TRACE(acos)
  XGRAD_TRACE(acosh)
  XGRAD_TRACE(asin)
  XGRAD_TRACE(asinh)
  XGRAD_TRACE(atan)
  XGRAD_TRACE(atanh)
  XGRAD_TRACE(ceil)
  XGRAD_TRACE(cos)
  XGRAD_TRACE(cosh)
  XGRAD_TRACE(erf)
  XGRAD_TRACE(erfc)
  XGRAD_TRACE(exp)
  XGRAD_TRACE(exp2)
  XGRAD_TRACE(expm1)
  XGRAD_TRACE(floor)
  XGRAD_TRACE(log)
  XGRAD_TRACE(log10)
  XGRAD_TRACE(log1p)
  XGRAD_TRACE(log2)
  XGRAD_TRACE(round)
  XGRAD_TRACE(sigmoid)
  XGRAD_TRACE(sin)
  XGRAD_TRACE(sinh)
  XGRAD_TRACE(sqrt)
  XGRAD_TRACE(tan)
  XGRAD_TRACE(tanh)
  XGRAD_TRACE(trunc)
#undef XGRAD_TRACE
};

template <class T>
concept PlainNumber = std::is_arithmetic_v<T> || std::is_same_v<T, Scalar>;

namespace detail {
constexpr unsigned uses_of(Trace trace) { return trace.uses; }
constexpr unsigned uses_of(PlainNumber auto) { return 0; }
template <class... T>
concept Traces = (std::is_same_v<T, Trace> || ...) && ((std::is_same_v<T, Trace> || PlainNumber<T>) && ...);
}  // namespace detail

#define XGRAD_TRACE(op)                               \
  template <class A, class B>                         \
    requires detail::Traces<A, B>                     \
  constexpr Trace operator op(A a, B b) {             \
    return {detail::uses_of(a) | detail::uses_of(b)}; \
  }
XGRAD_TRACE(+)
XGRAD_TRACE(-)
XGRAD_TRACE(*)
XGRAD_TRACE(/)
XGRAD_TRACE(<)
XGRAD_TRACE(<=)
XGRAD_TRACE(>)
XGRAD_TRACE(>=)
XGRAD_TRACE(==)
XGRAD_TRACE(!=)
XGRAD_TRACE(&)
XGRAD_TRACE(|)
#undef XGRAD_TRACE

#define XGRAD_TRACE(name)                             \
  template <class A, class B>                         \
    requires detail::Traces<A, B>                     \
  constexpr Trace name(A a, B b) {                    \
    return {detail::uses_of(a) | detail::uses_of(b)}; \
  }
XGRAD_TRACE(atan2)
XGRAD_TRACE(maximum)
XGRAD_TRACE(minimum)
XGRAD_TRACE(pow)
#undef XGRAD_TRACE

template <class A, class B>
constexpr Trace select(Trace mask, A a, B b) {
  return {mask.uses | detail::uses_of(a) | detail::uses_of(b)};
}

}  // namespace xgrad
