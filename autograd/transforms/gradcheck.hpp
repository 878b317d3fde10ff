#pragma once

#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

struct GradcheckOptions {
  double step = 1e-6;  ///< of the central differences
  double rtol = 1e-5;  ///< |analytic - numeric| <= atol + rtol * |numeric|
  double atol = 1e-7;
  /// Whether a check whose gradients are all 0, or that a cut graph leaves without any, passes: it may
  /// compare nothing.
  bool allow_zero = false;
  std::uint64_t seed = 0;  ///< of the random gradients of the outputs
};

/// What a check found. In a condition it is true when the gradients agree.
struct XGRAD_API GradcheckResult {
  bool passed = false;
  std::string
      report;  ///< the worst entry: which input, its index, analytic and numeric value; or what went wrong
  double worst_error = 0;

  explicit operator bool() const noexcept { return passed; }
};
XGRAD_API std::ostream& operator<<(std::ostream& stream, const GradcheckResult& result);

using TensorFunction = std::function<Tensor(const std::vector<Tensor>&)>;

/// Compares the gradients of sum(f(inputs) * r), r random, with central differences, entry by entry. Floating
/// inputs are checked (all must be float64: throws DTypeError), others are handed through. Inputs are not
/// changed and need not require gradients. Source: torch.autograd.gradcheck.
XGRAD_API GradcheckResult gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                    GradcheckOptions options = {});
/// The same for the gradient of the gradient: inputs and the gradient of the output both vary.
XGRAD_API GradcheckResult gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                        GradcheckOptions options = {});

namespace detail {
/// A function of tensors as a function of their list.
template <class F, std::size_t... I>
TensorFunction listed(F f, std::index_sequence<I...>) {
  return [f](const std::vector<Tensor>& x) { return f(x[I]...); };
}
template <class F>
TensorFunction listed(F f, std::size_t count) {
  if constexpr (std::is_invocable_v<F, const std::vector<Tensor>&>) {
    return f;
  } else if constexpr (std::is_invocable_v<F, Tensor>) {
    return listed(f, std::make_index_sequence<1>());
  } else if constexpr (std::is_invocable_v<F, Tensor, Tensor>) {
    return listed(f, std::make_index_sequence<2>());
  } else if constexpr (std::is_invocable_v<F, Tensor, Tensor, Tensor>) {
    return listed(f, std::make_index_sequence<3>());
  } else {
    static_assert(std::is_invocable_v<F, Tensor, Tensor, Tensor, Tensor>,
                  "gradcheck: expected a function of one to four tensors");
    return listed(f, std::make_index_sequence<4>());
  }
  static_cast<void>(count);
}
}  // namespace detail

/// For functions of one to four tensors: gradcheck(f, {x, y}).
template <class F>
  requires(!std::is_convertible_v<F, TensorFunction>)
GradcheckResult gradcheck(const F& f, const std::vector<Tensor>& inputs, GradcheckOptions options = {}) {
  return gradcheck(detail::listed(f, inputs.size()), inputs, options);
}
template <class F>
  requires(!std::is_convertible_v<F, TensorFunction>)
GradcheckResult gradgradcheck(const F& f, const std::vector<Tensor>& inputs, GradcheckOptions options = {}) {
  return gradgradcheck(detail::listed(f, inputs.size()), inputs, options);
}

}  // namespace xgrad
