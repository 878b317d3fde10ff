#pragma once

#include <concepts>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>
#include <xgrad/nn/hooks.hpp>
#include <xgrad/nn/parameter.hpp>
#include <xgrad/nn/visitor.hpp>

namespace xgrad::nn {

class Module;

/// Tensors under their names, in the order of the members.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

struct LoadOptions {
  bool strict = true;  ///< entries that are missing or unexpected are errors
};

/// What `load_state_dict` passed over, when it was told not to be strict.
struct LoadResult {
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
};

namespace detail {

/// Sees every call of a module; see Module::operator().
class XGRAD_API ForwardObserver {
 public:
  /// Observes the calling thread's modules while it lives.
  ForwardObserver() noexcept;
  ForwardObserver(const ForwardObserver&) = delete;
  ForwardObserver& operator=(const ForwardObserver&) = delete;
  virtual ~ForwardObserver();
  virtual void called(Module& module, const Tensor& input, const Tensor& output) = 0;

 private:
  ForwardObserver* outer_;
};
XGRAD_API extern constinit thread_local ForwardObserver* forward_observer;

XGRAD_API void check_members(const Module& module, std::size_t size);
[[noreturn]] XGRAD_API void fail_as(const Module& module, const std::type_info& wanted);

}  // namespace detail

/// A part of a model: parameters, buffers and submodules as plain members, and a `forward`.
///
///     struct Classifier : nn::Module {
///       nn::Linear hidden{8, 16};
///       nn::Linear output{16, 1, {.bias = false}};
///
///       XGRAD_MEMBERS(hidden, output)
///       Tensor forward(const Tensor& x) override { return output(tanh(hidden(x))); }
///     };
///
/// What `visit` names is all there is: there is no other registration. Modules move; they do not copy:
/// nn::clone does it, deeply (the copy constructor throws GraphError otherwise). Every walk over a module's
/// members throws GraphError when it meets an object in which lies a member that `visit` forgets: submodules
/// that are members by value, the modules inside a Sequential, and classes that use XGRAD_MEMBERS. Source:
/// torch.nn.Module.
class XGRAD_API Module {
 public:
  virtual ~Module();
  Module& operator=(const Module&) = delete;

  /// Names the members; see Visitor. A module without members needs none.
  virtual void visit(Visitor& visitor);
  /// The module as a function. Throws GraphError, naming the class, where it is not overridden.
  virtual Tensor forward(const Tensor& input);
  /// forward(input), with the hooks around it.
  Tensor operator()(const Tensor& input) {
    if (detail::forward_observer != nullptr || hooks_ != nullptr) [[unlikely]]
      return observed_forward(input);
    return forward(input);
  }

  /// The parameters, a shared one once. Handles: they are the module's own.
  std::vector<Tensor> parameters() const;
  NamedTensors named_parameters() const;
  std::vector<Tensor> buffers() const;
  NamedTensors named_buffers() const;
  /// This module and all below it, outermost first.
  std::vector<Module*> modules();
  /// The same with names; this module's own is empty.
  std::vector<std::pair<std::string, Module*>> named_modules();
  /// The modules directly below this one.
  std::vector<std::pair<std::string, Module*>> named_children();

  /// Calls `hook(module, input)` before every module(input); what it returns, if defined, takes the input's
  /// place. Hooks of one kind run in the order in which they were added. They see calls with one tensor
  /// alone, and nn::clone copies them. Source: torch.nn.Module.register_forward_pre_hook.
  HookHandle register_forward_pre_hook(ForwardPreHook hook);
  /// Calls `hook(module, input, output)` after every module(input); what it returns, if defined, takes the
  /// output's place. Source: torch.nn.Module.register_forward_hook.
  HookHandle register_forward_hook(ForwardHook hook);
  /// Calls `hook(grad_input, grad_output)` when backward has computed the gradient of the loss with respect
  /// to the input, through this module; what it returns, if defined, takes grad_input's place. An input that
  /// needs no gradient has an undefined one. Source: torch.nn.Module.register_full_backward_hook.
  HookHandle register_full_backward_hook(BackwardHook hook);

  /// Puts this module and all below it into training (or evaluation): dropout and the like behave
  /// differently.
  void train(bool mode = true);
  void eval() { train(false); }
  bool is_training() const noexcept { return training_; }

  /// Converts floating parameters (with their gradients) and buffers in place: optimizers and ties stay
  /// valid. Throws DTypeError unless floating.
  void to(DType dtype);
  /// Calls `function` for all modules below this one, then for this one.
  void apply(const std::function<void(Module&)>& function);
  /// Drops all gradients, or with set_to_none = false fills them with 0.
  void zero_grad(bool set_to_none = true);
  /// Freezes all parameters (false), or has them trained again.
  void requires_grad_(bool value = true);

  /// Parameters and buffers under their names, a shared one under each of its names. Handles on the module's
  /// own memory, outside the graph.
  NamedTensors state_dict() const;
  /// Copies numbers into the parameters and buffers of the same names, converting dtypes. Of a shared
  /// parameter's names one is enough. Throws ValueError that names all entries that are missing, unexpected
  /// or of another shape; then nothing was changed. Source: torch.nn.Module.load_state_dict.
  LoadResult load_state_dict(const NamedTensors& state, LoadOptions options = {});

  /// How many multiplications, each with an addition, the module's own products (not those of modules below
  /// it) take in a call with an input and an output of these shapes; 0 for modules without products. See
  /// nn::summary.
  virtual std::int64_t multiply_adds(const Shape& input, const Shape& output) const;

  /// One line: "Linear(in_features=8, out_features=16, bias=true)". By default the class's name and "()".
  virtual std::string describe() const;
  /// This module as the class that it is. Throws GraphError when it is another:
  /// model[0].as<nn::Linear>().weight.
  template <std::derived_from<Module> M>
  M& as() {
    auto* module = dynamic_cast<M*>(this);
    if (module == nullptr) detail::fail_as(*this, typeid(M));
    return *module;
  }

 protected:
  Module() noexcept;
  Module(const Module& other);
  Module(Module&& other) noexcept;
  Module& operator=(Module&& other) noexcept;

 private:
  Tensor observed_forward(const Tensor& input);
  detail::ModuleHooks& hooks();

  bool training_ = true;
  std::unique_ptr<detail::ModuleHooks> hooks_;  ///< null for none
};

/// Throws GraphError, naming the class and the place, when a Parameter, Buffer or module lies inside `module`
/// that `visit` does not name, at any depth.
template <std::derived_from<Module> M>
void check_members(const M& module) {
  detail::check_members(module, sizeof(M));
}

/// The module and what it consists of, one line each, indented:
///
///     Sequential(
///       (0): Linear(in_features=2, out_features=8, bias=true)
///       (1): Tanh()
///     )
XGRAD_API std::string to_string(const Module& module);
XGRAD_API std::ostream& operator<<(std::ostream& stream, const Module& module);

}  // namespace xgrad::nn
