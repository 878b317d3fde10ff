#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <xgrad/autograd/graph/backward.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// Functions of functions: derivatives as functions again, so that they nest: grad(grad(f)).
namespace xgrad {

namespace detail {

using Function1 = std::function<Tensor(const Tensor&)>;

XGRAD_API std::pair<Tensor, Tensor> value_and_gradient(const Function1& f, const Tensor& x);
XGRAD_API Tensor jacobian_of(const Function1& f, const Tensor& x);
XGRAD_API std::pair<Tensor, Tensor> vjp_of(const Function1& f, const Tensor& x, const Tensor& v);
XGRAD_API std::pair<Tensor, Tensor> jvp_of(const Function1& f, const Tensor& x, const Tensor& v);

template <class F>
concept TensorFunction1 = std::is_invocable_r_v<Tensor, const F&, const Tensor&>;

}  // namespace detail

/// The gradient of a function with a single-element result, as a function: df = grad(f); df(x) has the shape
/// of x.
template <detail::TensorFunction1 F>
auto grad(F f) {
  return [f = std::move(f)](const Tensor& x) { return detail::value_and_gradient(f, x).second; };
}

/// A function that returns f(x) and its gradient.
template <detail::TensorFunction1 F>
auto value_and_grad(F f) {
  return [f = std::move(f)](const Tensor& x) { return detail::value_and_gradient(f, x); };
}

/// A function that returns the Jacobian: shape of f(x) followed by shape of x. One backward for each element
/// of f(x).
template <detail::TensorFunction1 F>
auto jacobian(F f) {
  return [f = std::move(f)](const Tensor& x) { return detail::jacobian_of(f, x); };
}

/// A function that returns the Hessian of a function with a single-element result: shape of x, twice.
template <detail::TensorFunction1 F>
auto hessian(F f) {
  return [f = std::move(f)](const Tensor& x) {
    return detail::jacobian_of([&f](const Tensor& v) { return detail::value_and_gradient(f, v).second; }, x);
  };
}

/// f(x) and v^T J: the gradient of sum(f(x) * v). v has the shape of f(x).
template <detail::TensorFunction1 F>
std::pair<Tensor, Tensor> vjp(const F& f, const Tensor& x, const Tensor& v) {
  return detail::vjp_of(f, x, v);
}
/// f(x) and J v: the derivative in direction v, which has the shape of x. Computed by two backward passes.
template <detail::TensorFunction1 F>
std::pair<Tensor, Tensor> jvp(const F& f, const Tensor& x, const Tensor& v) {
  return detail::jvp_of(f, x, v);
}
/// f(x) and H v for a function with a single-element result.
template <detail::TensorFunction1 F>
std::pair<Tensor, Tensor> hvp(const F& f, const Tensor& x, const Tensor& v) {
  auto slope = [&f](const Tensor& y) { return detail::value_and_gradient(f, y).second; };
  return {f(x), detail::vjp_of(slope, x, v).second};
}

}  // namespace xgrad
