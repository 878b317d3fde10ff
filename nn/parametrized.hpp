#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include <xgrad/nn/module.hpp>

/// Modules whose weight is no parameter, but computed from others before every call: a class derived from the
/// module's own, so that whatever holds the module can hold this one. The names in the state dict are
/// PyTorch's. One such module is called by one thread at a time.
namespace xgrad::nn {

namespace detail {

/// Puts a computed tensor into the place of a parameter while it lives.
class InPlaceOf {
 public:
  InPlaceOf(Parameter& parameter, const Tensor& computed) : parameter_(parameter) {
    static_cast<Tensor&>(parameter_) = computed;
  }
  InPlaceOf(const InPlaceOf&) = delete;
  InPlaceOf& operator=(const InPlaceOf&) = delete;
  ~InPlaceOf() { static_cast<Tensor&>(parameter_) = Tensor(); }

 private:
  Parameter& parameter_;
};

/// The weight of a module taken away, to be computed from now on. Throws GraphError when there is none.
XGRAD_API Tensor take_weight(const char* wrapper, const Module& module, Parameter& weight);

}  // namespace detail

/// A module with a weight.
template <class M>
concept HasWeight = std::derived_from<M, Module> && requires(M& module) {
  { module.weight } -> std::same_as<Parameter&>;
};

/// M with weight = function(original), for a function of one tensor or a module with a forward:
///
///     auto symmetric = [](const Tensor& w) { return w.triu() + w.triu(1).t(); };
///     nn::Parametrized layer(nn::Linear(3, 3), symmetric);
///
/// The original, at first the weight that M had, is trained under the name parametrizations.weight.original,
/// the function's own parameters under parametrizations.weight.0. Source:
/// torch.nn.utils.parametrize.register_parametrization.
template <HasWeight M, std::invocable<const Tensor&> Function>
class Parametrized : public M {
 public:
  Parametrized(M module, Function function) : M(std::move(module)), function_(std::move(function)) {
    original = Parameter(detail::take_weight("Parametrized", *this, this->weight));
  }

  Parameter original;

  void visit(Visitor& visitor) override {
    M::visit(visitor);
    visitor("parametrizations.weight.original", original);
    if constexpr (std::derived_from<Function, Module>) visitor("parametrizations.weight.0", function_);
  }
  Tensor forward(const Tensor& input) override {
    detail::InPlaceOf place(this->weight, function_(original));
    return M::forward(input);
  }
  /// The weight as the next call computes it.
  Tensor computed_weight() { return function_(original); }

 private:
  Function function_;
};

}  // namespace xgrad::nn
