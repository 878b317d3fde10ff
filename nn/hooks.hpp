#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Functions that are called with what goes into a module and comes out of it; see
/// Module::register_forward_hook. Not for users.
namespace xgrad::nn {

class Module;

using ForwardPreHook = std::function<Tensor(Module& module, const Tensor& input)>;
using ForwardHook = std::function<Tensor(Module& module, const Tensor& input, const Tensor& output)>;
using BackwardHook = std::function<Tensor(const Tensor& grad_input, const Tensor& grad_output)>;

namespace detail {

/// Functions in the order in which they were added, each with a number to take it off by.
template <class Function>
struct Hooks {
  std::vector<std::pair<std::uint64_t, Function>> functions;
  std::uint64_t next = 0;
};

/// All hooks of a module. The lists are shared with the handles that take hooks off, and a copy has lists of
/// its own.
class ModuleHooks {
 public:
  ModuleHooks();
  ModuleHooks(const ModuleHooks& other);
  ModuleHooks& operator=(const ModuleHooks&) = delete;

  HookHandle add(ForwardPreHook hook);
  HookHandle add(ForwardHook hook);
  HookHandle add(BackwardHook hook);

  /// module.forward(first_input) with the hooks around it.
  Tensor call(Module& module, const Tensor& first_input) const;

 private:
  std::shared_ptr<Hooks<ForwardPreHook>> before_;
  std::shared_ptr<Hooks<ForwardHook>> after_;
  std::shared_ptr<Hooks<BackwardHook>> backward_;
};

}  // namespace detail

}  // namespace xgrad::nn
