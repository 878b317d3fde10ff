#pragma once

#include <span>
#include <tuple>
#include <utility>

#include <xgrad/autograd/graph/backward.hpp>
#include <xgrad/autograd/graph/node.hpp>

/// How an operation records itself: its name, its result, and one gradient line for each input.
///
///     Tensor matmul(const Tensor& a, const Tensor& b) {
///       return record("matmul", kernels::matmul(a.array(), b.array()),
///                     gradient(a, [](const Tensor& g, const Tensor& b) { return matmul(g, b.mT()); }, b),
///                     gradient(b, [](const Tensor& g, const Tensor& a) { return matmul(a.mT(), g); }, a));
///     }
///
/// What stands after the closure is saved for it and handed to it: other tensors, or `result`, the
/// operation's own result. Plain numbers may be captured; tensors must not be, because a captured tensor
/// would be kept when nobody needs it, and nobody would notice that it was changed in place. Closures are
/// written in differentiable operations, so that gradients of gradients need no second set of rules.
namespace xgrad {

/// Saved in a gradient line, it stands for the result of the operation itself.
struct ResultTag {};
inline constexpr ResultTag result{};

namespace detail {

template <class T>
using SavedFor = std::conditional_t<std::is_same_v<T, ResultTag>, SavedResult, SavedInput>;

/// The promise of one gradient, before it is known whether anybody needs it: references only.
template <bool undoes_broadcast, class Closure, class... Saves>
struct GradientLine {
  const Tensor& input;
  Closure closure;
  std::tuple<const Saves&...> saves;
};

template <class Save>
auto make_saved(const Save& save, const Tensor& operation_result) {
  if constexpr (std::is_same_v<Save, ResultTag>)
    return SavedResult(operation_result);
  else
    return SavedInput(save);
}

/// One gradient as the node keeps it.
template <class Closure, class... Saves>
class KeptLine {
 public:
  explicit KeptLine(Closure&& closure) : closure_(std::move(closure)) {}

  template <bool undoes_broadcast>
  void save(const GradientLine<undoes_broadcast, Closure, Saves...>& line, const Tensor& operation_result) {
    std::apply(
        [&](const auto&... save) {
          saved_ = std::tuple<SavedFor<Saves>...>(make_saved(save, operation_result)...);
        },
        line.saves);
  }
  Tensor operator()(Node& node, const Tensor& g) const {
    return std::apply([&](const auto&... saved) { return closure_(g, get(node, saved)...); }, saved_);
  }
  void release() noexcept {
    std::apply([](auto&... saved) { (saved.release(), ...); }, saved_);
  }

 private:
  static const Tensor& get(Node& node, const SavedInput& saved) { return saved.get(node); }
  static Tensor get(Node& node, const SavedResult& saved) { return saved.get(node); }

  [[no_unique_address]] Closure closure_;
  std::tuple<SavedFor<Saves>...> saved_;
};

}  // namespace detail

/// The gradient for `input`: `closure(g, saved...)`, g being the gradient of the result.
template <class Closure, class... Saves>
auto gradient(const Tensor& input, Closure closure, const Saves&... saves) {
  return detail::GradientLine<true, Closure, Saves...>{input, std::move(closure),
                                                       std::tuple<const Saves&...>(saves...)};
}

/// `gradient` for an operation that does not broadcast: the closure returns the input's own shape.
template <class Closure, class... Saves>
auto exact_gradient(const Tensor& input, Closure closure, const Saves&... saves) {
  return detail::GradientLine<false, Closure, Saves...>{input, std::move(closure),
                                                        std::tuple<const Saves&...>(saves...)};
}

namespace detail {

template <class Line>
struct KeptFor;
template <bool undoes_broadcast, class Closure, class... Saves>
struct KeptFor<GradientLine<undoes_broadcast, Closure, Saves...>> {
  using type = KeptLine<Closure, Saves...>;
};

template <class... Lines>
class RecordedNode final : public Node {
 public:
  RecordedNode(const char* name, const Tensor& operation_result, Lines&&... lines)
      : Node(name), lines_(typename KeptFor<Lines>::type(std::move(lines.closure))...) {
    set_edges(edges_.data(), sizeof...(Lines));
    keep(operation_result, std::index_sequence_for<Lines...>(), lines...);
  }

 private:
  template <std::size_t... I>
  void keep(const Tensor& operation_result, std::index_sequence<I...>, const Lines&... lines) {
    (keep_one<I>(operation_result, lines), ...);
  }
  template <std::size_t I, bool undoes_broadcast, class... Rest>
  void keep_one(const Tensor& operation_result, const GradientLine<undoes_broadcast, Rest...>& line) {
    if (!detail::requires_grad(line.input)) return;
    connect(I, line.input, undoes_broadcast ? &operation_result.shape() : nullptr);
    std::get<I>(lines_).save(line, operation_result);
  }

  void backward(Backward& context) override {
    Tensor g = std::move(context.gradient());
    backward(context, g, std::index_sequence_for<Lines...>());
  }
  template <std::size_t... I>
  void backward(Backward& context, Tensor& g, std::index_sequence<I...>) {
    std::size_t last = 0;
    ((last = context.wants(I) ? I : last), ...);
    (backward_one<I>(context, g, last), ...);
  }
  template <std::size_t I>
  void backward_one(Backward& context, Tensor& g, std::size_t last) {
    if (!context.wants(I)) return;
    Tensor gradient = std::get<I>(lines_)(*this, g);
    if (I == last) g = Tensor();  // a gradient handed through may be all the receiver's own
    context.send(I, std::move(gradient));
  }
  void release_saved() noexcept override {
    std::apply([](auto&... line) { (line.release(), ...); }, lines_);
  }

  std::array<Edge, sizeof...(Lines)> edges_;
  std::tuple<typename KeptFor<Lines>::type...> lines_;
};

/// What a joint closure is told about: which of its gradients are wanted.
template <std::size_t N>
using Wanted = std::array<bool, N>;

template <std::size_t N, class Closure, class... Saves>
class JointNode final : public Node {
 public:
  JointNode(const char* name, const Tensor& operation_result, const std::array<const Tensor*, N>& inputs,
            Closure closure, const Saves&... saves)
      : Node(name), closure_(std::move(closure)), saved_(make_saved(saves, operation_result)...) {
    set_edges(edges_.data(), N);
    for (std::uint32_t i = 0; i < N; ++i) {
      if (inputs[i]->defined() && requires_grad(*inputs[i])) connect(i, *inputs[i]);
    }
  }

 private:
  void backward(Backward& context) override {
    Tensor g = std::move(context.gradient());
    Wanted<N> wanted;
    for (std::uint32_t i = 0; i < N; ++i) wanted[i] = context.wants(i);
    std::array<Tensor, N> gradients =
        std::apply([&](const auto&... saved) { return closure_(g, wanted, get(saved)...); }, saved_);
    for (std::uint32_t i = 0; i < N; ++i) {
      if (wanted[i]) context.send(i, std::move(gradients[i]));
    }
  }
  void release_saved() noexcept override {
    std::apply([](auto&... saved) { (saved.release(), ...); }, saved_);
  }
  const Tensor& get(const SavedInput& saved) const { return saved.get(*this); }
  Tensor get(const SavedResult& saved) { return saved.get(*this); }

  std::array<Edge, N> edges_;
  [[no_unique_address]] Closure closure_;
  std::tuple<SavedFor<Saves>...> saved_;
};

template <class... Lines>
void record_lines(const char* name, const Tensor& operation_result, Lines&&... lines) {
  attach(operation_result,
         make_node<RecordedNode<std::remove_cvref_t<Lines>...>>(name, operation_result, std::move(lines)...));
}

}  // namespace detail

/// The result of an operation as a tensor, recorded when gradients are on and an input of a line requires
/// one. A gradient whose shape differs from its input's is summed down to it: that undoes broadcasting.
template <class... Lines>
Tensor record(const char* name, Array numbers, Lines&&... lines) {
  Tensor operation_result(std::move(numbers));
  if (must_record(lines.input...)) detail::record_lines(name, operation_result, std::move(lines)...);
  return operation_result;
}

/// `record` for an operation whose inputs share work in backward: one closure (g, wanted, saved...) returns
/// the gradients of all inputs, undefined where they are 0 or not wanted. Undefined inputs are allowed.
template <std::size_t N, class Closure, class... Saves>
Tensor record_joint(const char* name, Array numbers, const std::array<const Tensor*, N>& inputs,
                    Closure closure, const Saves&... saves) {
  Tensor operation_result(std::move(numbers));
  bool needed = false;
  for (const Tensor* input : inputs) needed = needed || (input->defined() && detail::requires_grad(*input));
  if (needed && is_grad_enabled()) {
    attach(operation_result, make_node<detail::JointNode<N, Closure, Saves...>>(
                                 name, operation_result, inputs, std::move(closure), saves...));
  }
  return operation_result;
}

/// Tells that `view` looks at the memory of `source`, so that changing one in place is seen by the other,
/// also by its gradient.
XGRAD_API void link_view(const Tensor& view, const Tensor& source);

/// `record` for a view of `source`.
template <class Closure>
Tensor record_view(const char* name, const Tensor& source, Array numbers, Closure closure) {
  Tensor view = record(name, std::move(numbers), exact_gradient(source, std::move(closure)));
  link_view(view, source);
  return view;
}

/// Writes `value` (the recorded result of an operation on what `target` was) into the memory of `target` and
/// gives it `value`'s place in the graph; also where `target` is a view, and for all views of it. The caller
/// has called check_in_place first.
XGRAD_API void replace_in_place(const char* name, const Tensor& target, const Tensor& value);

/// Throws GraphError unless `target` may be changed in place by an operation that is recorded or not: a leaf
/// that requires a gradient, or a view of one, may not be while gradients are on; memory that repeats
/// elements never.
XGRAD_API void check_in_place(const char* name, const Tensor& target);

}  // namespace xgrad
