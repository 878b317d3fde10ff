#pragma once

#include <any>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/autograd/graph/record.hpp>

namespace xgrad {

namespace detail {
class FunctionNode;
}

/// What a custom operation's forward leaves for its backward: tensors by `save`, anything else in `data`.
class XGRAD_API Context {
 public:
  /// Keeps tensors for backward, numbered in the order they are given. An input or a fresh tensor, not the
  /// result.
  template <class... Tensors>
  void save(const Tensors&... tensors) {
    (saved_.emplace_back(SavedInput(tensors)), ...);
  }
  /// The i-th saved tensor. Throws GraphError when it was freed, or changed in place since; IndexError.
  const Tensor& saved(std::size_t i) const;
  /// Whether the gradient for input i is wanted.
  bool needs_input_grad(std::size_t i) const;

  std::any data;  ///< numbers, options and the like

 private:
  friend class detail::FunctionNode;
  std::vector<SavedInput> saved_;
  std::vector<bool> needed_;
  const Node* node_ = nullptr;
};

namespace detail {

using FunctionBackward = std::vector<Tensor> (*)(Context& context, const Tensor& g);

/// The node of a custom operation.
class XGRAD_API FunctionNode final : public Node {
 public:
  FunctionNode(std::shared_ptr<std::string> name, Context&& context, const std::vector<Tensor>& inputs,
               FunctionBackward backward);

 private:
  void backward(Backward& walk) override;
  void release_saved() noexcept override;

  std::shared_ptr<std::string> name_;
  Context context_;
  std::vector<Edge> storage_;
  std::vector<std::pair<Shape, DType>> inputs_;
  FunctionBackward backward_;
};

XGRAD_API Tensor record_function(const char* type_name, Context&& context, const std::vector<Tensor>& inputs,
                                 Tensor output, FunctionBackward backward);

inline std::vector<Tensor> as_list(Tensor gradient) { return {std::move(gradient)}; }
inline std::vector<Tensor> as_list(std::vector<Tensor> gradients) { return gradients; }

}  // namespace detail

/// An operation of one's own:
///
///     struct Cube : xgrad::Function<Cube> {
///       static Tensor forward(Context& context, const Tensor& x) { context.save(x); return x * x * x; }
///       static Tensor backward(Context& context, const Tensor& g) { return g * 3 * square(context.saved(0));
///       }
///     };
///     auto y = Cube::apply(x);
///
/// forward takes the context, tensors, and any other arguments; nothing in it is recorded. backward returns
/// the gradient of the one tensor argument, or a std::vector<Tensor> with one for each tensor argument in
/// order, undefined where it is 0. Written in differentiable operations, it gives gradients of every order.
/// apply throws what they throw, and backward throws GraphError for a wrong number of gradients, ShapeError
/// for one of a wrong shape. Source: torch.autograd.Function.
template <class Derived>
struct Function {
  template <class... Arguments>
  static Tensor apply(const Arguments&... arguments) {
    Context context;
    std::vector<Tensor> inputs;
    (
        [&] {
          if constexpr (std::is_same_v<Arguments, Tensor>) inputs.push_back(arguments);
        }(),
        ...);
    Tensor output;
    {
      NoGrad off;
      output = Derived::forward(context, arguments...);
    }
    return detail::record_function(
        typeid(Derived).name(), std::move(context), inputs, std::move(output),
        [](Context& saved, const Tensor& g) { return detail::as_list(Derived::backward(saved, g)); });
  }
};

}  // namespace xgrad
