#pragma once

#include <array>
#include <bit>
#include <tuple>
#include <utility>

#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/elementwise.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/trace.hpp>
#include <xgrad/autograd/ops/unary.hpp>

/// Elementwise operations as formulas, each written once as generic lambdas:
///
///     Tensor tanh(const Tensor& x) {
///       return elementwise("tanh", [](auto x) { return tanh(x); },
///                          with_gradients([](auto g, auto x, auto y) { return g * (1 - y * y); }), x);
///     }
///
/// A gradient formula takes the gradient g of the result, the inputs, and the result y, and is linear in g.
/// Over Lanes it is one fused loop; over Tensors, when a graph of the gradient is asked for, the same text
/// records itself. What it does not use is not saved.
namespace xgrad {

using kernels::Cost;

/// Which dtypes an operation computes in.
enum class Domain {
  floating,  ///< float32 and float64; integers are converted to the default dtype first
  all        ///< integers stay integers
};

/// The gradient formulas of an operation, one for each input.
template <class... Formulas>
std::tuple<Formulas...> with_gradients(Formulas... formulas) {
  return {std::move(formulas)...};
}

/// The dtype that two tensors meet in: the higher kind (bool, integer, floating) wins, within a kind the
/// wider, and a 0-d tensor counts only by its kind. Source: torch.result_type.
XGRAD_API DType result_type(const Tensor& a, const Tensor& b);
/// The dtype that all of them meet in, or the default dtype when that is not floating.
XGRAD_API DType common_floating_dtype(std::initializer_list<Tensor> tensors);

namespace detail {

struct Nothing {};

/// Bit 0: the gradient itself; bits 1 to N: the inputs; bit N + 1: the result.
template <class Formula, std::size_t... I>
constexpr unsigned uses_of_formula(const Formula& formula, std::index_sequence<I...>) {
  return uses_of(formula(Trace{1U << I}...));
}

/// What a formula uses if that is known at compile time (it captures nothing), else everything.
template <class Formula, std::size_t N>
constexpr unsigned static_uses() {
  if constexpr (std::is_empty_v<Formula>)
    return uses_of_formula(Formula{}, std::make_index_sequence<N + 2>());
  else
    return (1U << (N + 2)) - 1U;
}

/// Which of the numbers that are read stands for argument i: the first, where argument i is not used.
constexpr std::size_t place_among_used(unsigned used, std::size_t i) {
  return (used >> i & 1U) != 0 ? static_cast<std::size_t>(std::popcount(used & ((1U << i) - 1U))) : 0;
}

/// The result in the memory of a gradient that nobody else looks at, else in fresh memory.
XGRAD_API Array reuse_or_allocate(const Tensor& candidate, bool last_use, const Shape& shape, DType dtype);

template <std::size_t N, class... Formulas>
class ElementwiseNode final : public Node {
  static_assert(sizeof...(Formulas) == N);
  static constexpr unsigned uses = (static_uses<Formulas, N>() | ...);
  static constexpr bool uses_result = (uses >> (N + 1) & 1U) != 0;

  template <std::size_t I>
  using SavedInputAt = std::conditional_t<(uses >> (I + 1) & 1U) != 0, SavedInput, Nothing>;

 public:
  ElementwiseNode(const char* name, const Tensor& operation_result, Cost cost,
                  std::tuple<Formulas...>&& formulas, const std::array<const Tensor*, N>& inputs)
      : Node(name), cost_(cost), formulas_(std::move(formulas)) {
    set_edges(edges_.data(), N);
    save(operation_result, inputs, std::make_index_sequence<N>());
  }

 private:
  template <std::size_t... I>
  void save(const Tensor& operation_result, const std::array<const Tensor*, N>& inputs,
            std::index_sequence<I...>) {
    unsigned needed = 0;
    (
        [&] {
          if (!detail::requires_grad(*inputs[I])) return;
          connect(I, *inputs[I], &operation_result.shape());
          needed |= uses_of_formula(std::get<I>(formulas_), std::make_index_sequence<N + 2>());
        }(),
        ...);
    needed_ = needed;
    (
        [&] {
          if constexpr (std::is_same_v<SavedInputAt<I>, SavedInput>) {
            if ((needed >> (I + 1) & 1U) != 0) std::get<I>(inputs_) = SavedInput(*inputs[I]);
          }
        }(),
        ...);
    if constexpr (uses_result) {
      if ((needed >> (N + 1) & 1U) != 0) result_ = SavedResult(operation_result);
    }
  }

  void backward(Backward& context) override {
    Tensor g = std::move(context.gradient());
    backward(context, g, std::make_index_sequence<N>());
  }
  template <std::size_t... I>
  void backward(Backward& context, Tensor& g, std::index_sequence<I...> inputs) {
    std::size_t last = 0;
    ((last = context.wants(I) ? I : last), ...);
    (
        [&] {
          if (!context.wants(I)) return;
          Tensor gradient = context.recording() ? recorded<I>(g, inputs) : computed<I>(g, I == last, inputs);
          if (I == last) g = Tensor();
          context.send(I, std::move(gradient));
        }(),
        ...);
  }

  /// Over Tensors. Where a number is not used, the gradient stands in for it.
  template <std::size_t Which, std::size_t... I>
  Tensor recorded(const Tensor& g, std::index_sequence<I...>) {
    return std::get<Which>(formulas_)(g, tensor_input<I>(g)..., tensor_result(g));
  }
  template <std::size_t I>
  const Tensor& tensor_input(const Tensor& g) const {
    if constexpr (std::is_same_v<SavedInputAt<I>, SavedInput>) {
      if ((needed_ >> (I + 1) & 1U) != 0) return std::get<I>(inputs_).get(*this);
    }
    return g;
  }
  Tensor tensor_result(const Tensor& g) {
    if constexpr (uses_result) {
      if ((needed_ >> (N + 1) & 1U) != 0) return result_.get(*this);
    }
    return g;
  }

  /// Over Lanes, in one loop.
  template <std::size_t Which, std::size_t... I>
  Tensor computed(const Tensor& g, bool last_use, std::index_sequence<I...>) {
    using Formula = std::tuple_element_t<Which, std::tuple<Formulas...>>;
    constexpr unsigned used = static_uses<Formula, N>();
    const Formula& formula = std::get<Which>(formulas_);
    std::array<const Array*, N + 2> arrays{&g.array(), array_input<I>(g)..., array_result(g)};
    // A gradient that repeats one element (that of a sum) needs memory of its own for what comes of it.
    Array out = reuse_or_allocate(g, last_use, g.shape(), g.dtype());
    dispatch_floating(g.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, used>(out, formula, arrays, std::make_index_sequence<N + 2>());
    });
    return Tensor(std::move(out));
  }
  /// Reads only the arrays that the formula uses.
  template <class T, unsigned used, class Formula, std::size_t... I>
  void run(const Array& out, const Formula& formula, const std::array<const Array*, N + 2>& arrays,
           std::index_sequence<I...>) {
    constexpr std::size_t count = static_cast<std::size_t>(std::popcount(used));
    auto over_used = [&formula](auto... lanes) {
      auto pick = std::tuple(lanes...);
      if constexpr (sizeof...(lanes) == 0)
        return formula((static_cast<void>(I), kernels::Lanes<T>(T(0)))...);
      else
        return formula(std::get<place_among_used(used, I)>(pick)...);
    };
    std::array<const Array*, count> read{};
    std::size_t next = 0;
    for (std::size_t i = 0; i < N + 2; ++i) {
      if ((used >> i & 1U) != 0) read[next++] = arrays[i];
    }
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      kernels::map<T>(out, over_used, cost_, *read[K]...);
    }(std::make_index_sequence<count>());
  }
  template <std::size_t I>
  const Array* array_input(const Tensor& g) const {
    return &tensor_input<I>(g).array();
  }
  const Array* array_result(const Tensor& g) const {
    if constexpr (uses_result) {
      if ((needed_ >> (N + 1) & 1U) != 0) return &result_.array(*this);
    }
    return &g.array();
  }

  void release_saved() noexcept override {
    std::apply(
        [](auto&... saved) {
          (
              [&] {
                if constexpr (std::is_same_v<std::remove_cvref_t<decltype(saved)>, SavedInput>)
                  saved.release();
              }(),
              ...);
        },
        inputs_);
    if constexpr (uses_result) result_.release();
  }

  template <std::size_t... I>
  static auto input_slots(std::index_sequence<I...>) -> std::tuple<SavedInputAt<I>...>;

  std::array<Edge, N> edges_;
  unsigned needed_ = 0;
  Cost cost_;
  [[no_unique_address]] std::tuple<Formulas...> formulas_;
  decltype(input_slots(std::make_index_sequence<N>())) inputs_;
  [[no_unique_address]] std::conditional_t<uses_result, SavedResult, Nothing> result_;
};

inline Shape broadcast_all(const char*, const Tensor& x) { return x.shape(); }
template <class... Rest>
Shape broadcast_all(const char* name, const Tensor& x, const Tensor& y, const Rest&... rest) {
  Shape shape = broadcast_shapes(name, x.shape(), y.shape());
  ((shape = broadcast_shapes(name, shape, rest.shape())), ...);
  return shape;
}

template <Domain domain, class Function>
void dispatch_in(DType dtype, Function&& function) {
  if constexpr (domain == Domain::all)
    dispatch(dtype, function);
  else
    dispatch_floating(dtype, function);
}

/// The numbers of an operation on inputs of one dtype.
template <Domain domain, class Forward, class... Inputs>
Array compute(const char* name, Cost cost, const Forward& forward, const Inputs&... inputs) {
  const Tensor& first = std::get<0>(std::tie(inputs...));
  DType dtype = first.dtype();
  bool one_shape = ((inputs.shape() == first.shape()) && ...);
  Array numbers = one_shape ? Array::empty_like(first.array()) : Array(broadcast_all(name, inputs...), dtype);
  dispatch_in<domain>(dtype, [&](auto tag) {
    kernels::map<typename decltype(tag)::type>(numbers, forward, cost, inputs.array()...);
  });
  return numbers;
}

}  // namespace detail

/// x itself when its dtype is floating, else x in the default dtype.
XGRAD_API Tensor as_floating(const Tensor& x);

/// A recorded elementwise operation on inputs of one dtype (see `Domain`) that broadcast.
template <Domain domain = Domain::floating, class Forward, class... Formulas, class... Inputs>
Tensor elementwise(const char* name, Cost cost, const Forward& forward, std::tuple<Formulas...> gradients,
                   const Inputs&... inputs) {
  constexpr std::size_t count = sizeof...(Inputs);
  if constexpr (domain == Domain::floating) {
    if ((!is_floating(inputs.dtype()) || ...)) {
      return elementwise<domain>(name, cost, forward, std::move(gradients), as_floating(inputs)...);
    }
  }
  Tensor operation_result(detail::compute<domain>(name, cost, forward, inputs...));
  if (must_record(inputs...)) {
    attach(operation_result, make_node<detail::ElementwiseNode<count, Formulas...>>(
                                 name, operation_result, cost, std::move(gradients),
                                 std::array<const Tensor*, count>{&inputs...}));
  }
  return operation_result;
}

template <Domain domain = Domain::floating, class Forward, class... Formulas, class... Inputs>
Tensor elementwise(const char* name, const Forward& forward, std::tuple<Formulas...> gradients,
                   const Inputs&... inputs) {
  return elementwise<domain>(name, Cost::heavy, forward, std::move(gradients), inputs...);
}

}  // namespace xgrad
