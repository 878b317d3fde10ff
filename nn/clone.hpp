#pragma once

#include <concepts>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>

#include <xgrad/nn/module.hpp>

/// Note: cloning. A module's members are its state, so C++'s own memberwise copy is the deep copy, if only
/// the members copy deeply. Parameters and buffers do so while a CloneScope lives, which nn::clone opens, and
/// a parameter that occurs twice has one copy, so that tied parameters stay tied. Without a scope the copy of
/// a module throws. Tensors that are neither Parameter nor Buffer are shared with the clone, as handles are.
namespace xgrad::nn {

namespace detail {

class XGRAD_API CloneScope {
 public:
  CloneScope() noexcept;
  CloneScope(const CloneScope&) = delete;
  CloneScope& operator=(const CloneScope&) = delete;
  ~CloneScope();

  /// The calling thread's innermost scope, or null.
  static CloneScope* current() noexcept;
  /// The clone's own copy of a tensor of the original.
  Tensor counterpart(const Tensor& original);

 private:
  std::unordered_map<const TensorImpl*, Tensor> counterparts_;
  CloneScope* outer_;
};

[[noreturn]] XGRAD_API void fail_clone_of_base(const Module& module, const std::type_info& seen_as);

}  // namespace detail

/// A deep copy: parameters and buffers with numbers of their own, no gradients, tied parameters tied again.
/// Throws GraphError for a module that is seen through its base class (then part of it would be lost), and
/// for one whose `visit` forgets a member. Source: copy.deepcopy on a torch.nn.Module.
template <std::derived_from<Module> M>
M clone(const M& module) {
  static_assert(
      std::is_copy_constructible_v<M>,
      "nn::clone: a member cannot be copied; hold child modules by value, in std::vector or std::optional, "
      "or in nn::AnyModule instead of std::unique_ptr");
  if (typeid(module) != typeid(M)) detail::fail_clone_of_base(module, typeid(M));
  check_members(module);
  detail::CloneScope scope;
  return M(module);
}

}  // namespace xgrad::nn
