#include <xgrad/nn/hooks.hpp>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn::detail {
namespace {

template <class Function>
HookHandle add_to(const std::shared_ptr<Hooks<Function>>& hooks, Function function) {
  if (!function) throw ValueError("a hook was added that is no function");
  std::uint64_t number = hooks->next++;
  hooks->functions.emplace_back(number, std::move(function));
  std::weak_ptr<Hooks<Function>> weak = hooks;
  return HookHandle([weak, number] {
    if (auto list = weak.lock())
      std::erase_if(list->functions, [&](const auto& f) { return f.first == number; });
  });
}

/// What one call's backward passes on: the gradient of the output, until that of the input is there.
struct Passing {
  std::shared_ptr<Hooks<BackwardHook>> hooks;
  Tensor grad_output;

  Tensor run(const Tensor& grad_input) const {
    Tensor replacement;
    auto functions = hooks->functions;  // a hook may take itself off
    for (const auto& [number, hook] : functions) {
      Tensor result = hook(replacement.defined() ? replacement : grad_input, grad_output);
      if (result.defined()) replacement = result;
    }
    return replacement;
  }
};

}  // namespace

ModuleHooks::ModuleHooks()
    : before_(std::make_shared<Hooks<ForwardPreHook>>()),
      after_(std::make_shared<Hooks<ForwardHook>>()),
      backward_(std::make_shared<Hooks<BackwardHook>>()) {}

ModuleHooks::ModuleHooks(const ModuleHooks& other)
    : before_(std::make_shared<Hooks<ForwardPreHook>>(*other.before_)),
      after_(std::make_shared<Hooks<ForwardHook>>(*other.after_)),
      backward_(std::make_shared<Hooks<BackwardHook>>(*other.backward_)) {}

HookHandle ModuleHooks::add(ForwardPreHook hook) { return add_to(before_, std::move(hook)); }
HookHandle ModuleHooks::add(ForwardHook hook) { return add_to(after_, std::move(hook)); }
HookHandle ModuleHooks::add(BackwardHook hook) { return add_to(backward_, std::move(hook)); }

Tensor ModuleHooks::call(Module& module, const Tensor& first_input) const {
  Tensor input = first_input;
  auto before = before_->functions;
  for (const auto& [number, hook] : before) {
    Tensor result = hook(module, input);
    if (result.defined()) input = result;
  }

  std::shared_ptr<Passing> passing;
  if (!backward_->functions.empty()) {
    passing = std::make_shared<Passing>(Passing{backward_, Tensor()});
    // A tensor of its own, so that its gradient is what comes through this module alone.
    if (input.requires_grad()) input = input.view(input.shape());
  }
  Tensor output = module.forward(input);
  if (passing != nullptr && output.requires_grad()) {
    output = output.view(output.shape());
    bool has_input = input.requires_grad();
    output.register_hook([passing, has_input](const Tensor& g) {
      passing->grad_output = g;
      if (!has_input) passing->run(Tensor());
      return Tensor();
    });
    if (has_input) {
      input.register_hook([passing](const Tensor& g) {
        Tensor replacement = passing->run(g);
        passing->grad_output = Tensor();
        return replacement;
      });
    }
  }

  auto after = after_->functions;
  for (const auto& [number, hook] : after) {
    Tensor result = hook(module, input, output);
    if (result.defined()) output = result;
  }
  return output;
}

}  // namespace xgrad::nn::detail
