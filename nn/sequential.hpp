#pragma once

#include <concepts>
#include <vector>

#include <xgrad/nn/any_module.hpp>

namespace xgrad::nn {

/// Modules one after the other, each taking the result of the one before; named "0", "1", ... Functions of a
/// tensor stand among them, and sequences nest:
///
///     auto model = nn::Sequential(nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1), [](const Tensor& x) {
///     return x * 2; }); model[0].as<nn::Linear>().weight;
///
/// Without any modules it is the identity. Source: torch.nn.Sequential.
class XGRAD_API Sequential : public Module {
 public:
  Sequential();
  template <class... M>
    requires(sizeof...(M) > 0 && (std::constructible_from<AnyModule, M> && ...) &&
             !(sizeof...(M) == 1 && (std::same_as<std::remove_cvref_t<M>, Sequential> && ...)))
  explicit Sequential(M&&... modules) {
    modules_.reserve(sizeof...(M));
    (modules_.emplace_back(std::forward<M>(modules)), ...);
  }

  /// Adds a module (or function) at the end.
  void push_back(AnyModule module);
  std::size_t size() const noexcept { return modules_.size(); }
  /// Module number `place`. Throws IndexError.
  Module& operator[](std::size_t place) const;

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;

 private:
  std::vector<AnyModule> modules_;
};

}  // namespace xgrad::nn
