#pragma once

#include <array>
#include <utility>

#include <xgrad/autograd/ops/dual.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>

/// A formula of one's own as one operation: one fused loop forward, one backward, the derivative found at
/// compile time.
namespace xgrad {

namespace detail {

/// All partial derivatives of a formula at once, times the gradient.
template <class Formula, std::size_t N>
struct Partials {
  Formula formula;

  template <class T, class... X>
  std::array<T, N> operator()(const T& g, const X&... x) const {
    return partials(g, std::make_index_sequence<N>(), x...);
  }

 private:
  template <class T, std::size_t... I, class... X>
  std::array<T, N> partials(const T& g, std::index_sequence<I...>, const X&... x) const {
    auto y = formula(Dual<T, N>::variable(x, I)...);
    return {y.scaled_slope(I, g)...};
  }
};

template <std::size_t N, class Formula>
class PointwiseNode final : public Node {
 public:
  PointwiseNode(const Tensor& operation_result, const Formula& formula,
                const std::array<const Tensor*, N>& inputs)
      : Node("pointwise"), partials_{formula} {
    set_edges(edges_.data(), N);
    for (std::uint32_t i = 0; i < N; ++i) {
      if (inputs[i]->requires_grad()) connect(i, *inputs[i], &operation_result.shape());
      inputs_[i] = SavedInput(*inputs[i]);
    }
  }

 private:
  void backward(Backward& context) override {
    Tensor g = std::move(context.gradient());
    backward(context, g, std::make_index_sequence<N>());
  }
  template <std::size_t... I>
  void backward(Backward& context, Tensor& g, std::index_sequence<I...>) {
    std::array<Tensor, N> gradients;
    if (context.recording()) {
      gradients = partials_(g, inputs_[I].get(*this)...);
    } else {
      std::array<Array, N> results{(static_cast<void>(I), Array(g.shape(), g.dtype()))...};
      std::array<const Array*, 2 * N + 1> operands{&results[I]..., &g.array(),
                                                   &inputs_[I].get(*this).array()...};
      dispatch_floating(g.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        using Loop = kernels::detail::Loop<T, Partials<Formula, N>, T, Repeat<T, I>...>;
        kernels::run_elementwise(operands.data(), operands.size(), N, &Loop::inner, &partials_, Cost::heavy);
      });
      for (std::size_t i = 0; i < N; ++i) gradients[i] = Tensor(std::move(results[i]));
    }
    for (std::uint32_t i = 0; i < N; ++i) {
      if (context.wants(i)) context.send(i, std::move(gradients[i]));
    }
  }
  template <class T, std::size_t>
  using Repeat = T;

  void release_saved() noexcept override {
    for (auto& input : inputs_) input.release();
  }

  std::array<Edge, N> edges_;
  Partials<Formula, N> partials_;
  std::array<SavedInput, N> inputs_;
};

template <class Formula, class... Inputs>
Tensor pointwise_same(const Formula& formula, const Inputs&... inputs) {
  constexpr std::size_t count = sizeof...(Inputs);
  Tensor operation_result(compute<Domain::floating>("pointwise", Cost::heavy, formula, inputs...));
  if (must_record(inputs...)) {
    attach(operation_result, make_node<PointwiseNode<count, Formula>>(
                                 operation_result, formula, std::array<const Tensor*, count>{&inputs...}));
  }
  return operation_result;
}

}  // namespace detail

/// formula(inputs...), element by element: inputs broadcast, integers and mixed dtypes are converted to the
/// floating dtype they meet in. The formula is a generic lambda over numbers; it may use + - * / and
/// comparisons, select(mask, a, b), and the functions of math.hpp (exp, log, sqrt, tanh, pow, abs, ...)
/// called without a namespace, as in
///
///     auto y = xgrad::pointwise([](auto x, auto w) { return x * w / (1 + exp(-x)); }, x, w);
///
/// Numbers may be captured, tensors must not. Gradients of every order follow; where two branches of a select
/// or of abs meet, the gradient is that of the branch taken (of abs at 0: 0). At most five inputs. Throws
/// ShapeError when the inputs do not broadcast.
template <class Formula, class... Inputs>
  requires(sizeof...(Inputs) >= 1 && sizeof...(Inputs) <= 5 && (std::is_same_v<Inputs, Tensor> && ...))
Tensor pointwise(const Formula& formula, const Inputs&... inputs) {
  DType dtype = std::get<0>(std::tie(inputs...)).dtype();
  bool same = is_floating(dtype) && ((inputs.dtype() == dtype) && ...);
  if (same) return detail::pointwise_same(formula, inputs...);
  DType meeting = common_floating_dtype({inputs...});
  return detail::pointwise_same(formula, inputs.to(meeting)...);
}

}  // namespace xgrad
