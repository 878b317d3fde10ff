#pragma once

#include <concepts>
#include <cstddef>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/nn/parameter.hpp>

namespace xgrad::nn {

class Module;

/// A walk over the members of a module, and theirs. A module's `visit` names each member once:
///
///     void visit(nn::Visitor& v) override { v("hidden", hidden); v("output", output); }
///
/// A member is a Parameter, a Buffer, a module, something that points to one of them or may be empty
/// (std::optional, std::unique_ptr, nn::AnyModule), or a range of them (std::vector, std::array), whose items
/// are named by their places. Names are joined by dots: "hidden.weight", "layers.0.bias".
class XGRAD_API Visitor {
 public:
  Visitor() = default;
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;
  virtual ~Visitor();

  template <class T>
  void operator()(std::string_view name, T& member) {
    std::size_t length = path_.size();
    if (length != 0) path_ += '.';
    path_ += name;
    visit_here(member);
    path_.resize(length);
  }
  /// Says that the module being visited is all of `module`, so that what its visit forgets is found; see
  /// "forgotten members" in members.hpp. XGRAD_MEMBERS says it.
  template <std::derived_from<Module> M>
  void object(M& module) {
    extent(module, sizeof(M));
  }

 protected:
  /// Called for every member in the order of `visit`. Undefined parameters and buffers are passed over.
  virtual void parameter(const std::string& name, Parameter& parameter);
  virtual void buffer(const std::string& name, Buffer& buffer);
  /// Visits the module's own members; an override decides whether to.
  virtual void module(const std::string& name, Module& module);
  /// The module occupies this many bytes.
  virtual void extent(Module& module, std::size_t size);

 private:
  template <class T>
  void visit_here(T& member) {
    if constexpr (std::derived_from<T, Parameter>) {
      if (member.defined()) parameter(path_, member);
    } else if constexpr (std::derived_from<T, Buffer>) {
      if (member.defined()) buffer(path_, member);
    } else if constexpr (std::derived_from<T, Module>) {
      extent(member, sizeof(T));
      module(path_, member);
    } else if constexpr (requires {
                           static_cast<bool>(member);
                           *member;
                         }) {
      if (member) visit_here(*member);
    } else if constexpr (std::ranges::range<T>) {
      std::size_t place = 0;
      for (auto& item : member) (*this)(std::to_string(place++), item);
    } else {
      static_assert(!std::is_same_v<T, T>,
                    "nn::Visitor: a member must be a Parameter, Buffer or module, or hold one; a plain "
                    "Tensor is neither "
                    "trained nor saved: make it nn::Parameter or nn::Buffer");
    }
  }

  std::string path_;
};

}  // namespace xgrad::nn

#define XGRAD_DETAIL_PARENS ()
#define XGRAD_DETAIL_EXPAND(...) XGRAD_DETAIL_EXPAND_8(XGRAD_DETAIL_EXPAND_8(__VA_ARGS__))
#define XGRAD_DETAIL_EXPAND_8(...) XGRAD_DETAIL_EXPAND_4(XGRAD_DETAIL_EXPAND_4(__VA_ARGS__))
#define XGRAD_DETAIL_EXPAND_4(...) XGRAD_DETAIL_EXPAND_2(XGRAD_DETAIL_EXPAND_2(__VA_ARGS__))
#define XGRAD_DETAIL_EXPAND_2(...) XGRAD_DETAIL_EXPAND_1(XGRAD_DETAIL_EXPAND_1(__VA_ARGS__))
#define XGRAD_DETAIL_EXPAND_1(...) __VA_ARGS__
#define XGRAD_DETAIL_VISIT(member, ...) \
  xgrad_visitor(#member, member);       \
  __VA_OPT__(XGRAD_DETAIL_VISIT_AGAIN XGRAD_DETAIL_PARENS(__VA_ARGS__))
#define XGRAD_DETAIL_VISIT_AGAIN() XGRAD_DETAIL_VISIT

/// Inside a module: the `visit` that names these members. At most 30 of them.
#define XGRAD_MEMBERS(...)                                           \
  void visit(::xgrad::nn::Visitor& xgrad_visitor) override {         \
    xgrad_visitor.object(*this);                                     \
    __VA_OPT__(XGRAD_DETAIL_EXPAND(XGRAD_DETAIL_VISIT(__VA_ARGS__))) \
  }
