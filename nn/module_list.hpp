#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/nn/any_module.hpp>

/// Modules of different classes under numbers or names. Modules of one class stand in a std::vector as well.
namespace xgrad::nn {

/// Modules named "0", "1", ...; it has no forward of its own. Source: torch.nn.ModuleList.
class XGRAD_API ModuleList : public Module {
 public:
  ModuleList();
  template <class... M>
    requires(sizeof...(M) > 0 && (std::constructible_from<AnyModule, M> && ...) &&
             !(sizeof...(M) == 1 && (std::same_as<std::remove_cvref_t<M>, ModuleList> && ...)))
  explicit ModuleList(M&&... modules) {
    modules_.reserve(sizeof...(M));
    (modules_.emplace_back(std::forward<M>(modules)), ...);
  }

  /// Adds a module (or function) at the end. Throws GraphError for an empty one.
  void push_back(AnyModule module);
  std::size_t size() const noexcept { return modules_.size(); }
  /// Module number `place`. Throws IndexError.
  Module& operator[](std::size_t place) const;
  auto begin() const noexcept { return modules_.begin(); }
  auto end() const noexcept { return modules_.end(); }

  void visit(Visitor& visitor) override;

 private:
  std::vector<AnyModule> modules_;
};

/// Modules under names, in the order in which they came; it has no forward of its own. Source:
/// torch.nn.ModuleDict.
class XGRAD_API ModuleDict : public Module {
 public:
  ModuleDict();

  /// Adds a module (or function), or puts it in the place of the one that has the name. Throws ValueError for
  /// a name that is empty or has a dot in it, GraphError for an empty module.
  void insert(std::string name, AnyModule module);
  /// Takes a module out. Throws IndexError for a name that there is not.
  void erase(std::string_view name);
  bool contains(std::string_view name) const noexcept;
  /// The module of that name. Throws IndexError, naming those that there are.
  Module& operator[](std::string_view name) const;
  std::size_t size() const noexcept { return modules_.size(); }
  /// Pairs of names and modules.
  auto begin() const noexcept { return modules_.begin(); }
  auto end() const noexcept { return modules_.end(); }

  void visit(Visitor& visitor) override;

 private:
  std::size_t place_of(std::string_view name) const;

  std::vector<std::pair<std::string, AnyModule>> modules_;
};

}  // namespace xgrad::nn
