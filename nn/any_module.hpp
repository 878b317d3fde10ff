#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <xgrad/nn/clone.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

/// A function of one tensor that returns one.
template <class F>
concept FunctionOfTensor = std::is_invocable_r_v<Tensor, F&, const Tensor&>;

/// A function as a module without parameters.
template <FunctionOfTensor F>
class FunctionModule final : public Module {
 public:
  explicit FunctionModule(F function) : function_(std::move(function)) {}
  Tensor forward(const Tensor& input) override { return function_(input); }
  std::string describe() const override { return "Function()"; }

 private:
  F function_;
};

/// Owns a module of any class, or a function, and can be cloned with it: for children whose class is decided
/// at run time. Empty when default-made.
class XGRAD_API AnyModule {
 public:
  AnyModule() noexcept;
  /// Takes a module over (by std::move) or wraps a function. Throws GraphError for a module whose `visit`
  /// forgets a member.
  template <class M>
    requires(!std::same_as<std::remove_cvref_t<M>, AnyModule> &&
             (std::derived_from<std::remove_cvref_t<M>, Module> || FunctionOfTensor<std::decay_t<M>>))
  AnyModule(M&& module) {  // NOLINT(google-explicit-constructor): Sequential's arguments
    using T = std::decay_t<M>;
    if constexpr (std::derived_from<T, Module>) {
      static_assert(
          !std::is_lvalue_reference_v<M>,
          "a module is taken over: write std::move(module), or nn::clone(module) for a copy of its own");
      hold(std::make_unique<T>(std::forward<M>(module)));
    } else {
      hold(std::make_unique<FunctionModule<T>>(T(std::forward<M>(module))));
    }
  }
  /// A deep copy inside nn::clone; throws GraphError elsewhere.
  AnyModule(const AnyModule& other);
  AnyModule(AnyModule&& other) noexcept;
  AnyModule& operator=(const AnyModule&) = delete;
  AnyModule& operator=(AnyModule&& other) noexcept;
  ~AnyModule();

  explicit operator bool() const noexcept { return module_ != nullptr; }
  /// The module. Throws GraphError when there is none.
  Module& operator*() const;
  Module* operator->() const { return &**this; }
  Tensor operator()(const Tensor& input) const { return (**this)(input); }

 private:
  template <class T>
  void hold(std::unique_ptr<T> module) {
    check_members(*module);
    module_ = std::move(module);
    // In a clone scope the copy constructor copies deeply.
    copy_ = [](const Module& original) -> std::unique_ptr<Module> {
      return std::make_unique<T>(static_cast<const T&>(original));
    };
  }

  std::unique_ptr<Module> module_;
  std::unique_ptr<Module> (*copy_)(const Module&) = nullptr;
};

}  // namespace xgrad::nn
