#include <xgrad/nn/module.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/tensor/tensor_impl.hpp>
#include <xgrad/nn/clone.hpp>
#include <xgrad/nn/collector.hpp>
#include <xgrad/nn/members.hpp>

namespace xgrad::nn {

using detail::class_name;
using detail::Collector;

Visitor::~Visitor() = default;
void Visitor::parameter(const std::string&, Parameter&) {}
void Visitor::buffer(const std::string&, Buffer&) {}
void Visitor::module(const std::string&, Module& module) { module.visit(*this); }
void Visitor::extent(Module&, std::size_t) {}

namespace {

/// `visit` hands out members to be changed; walks that only read start from a const module all the same.
Module& to_walk(const Module& module) {
  return const_cast<Module&>(module);
}  // NOLINT(cppcoreguidelines-pro-type-const-cast)

/// The direct children alone.
class Children final : public Visitor {
 public:
  explicit Children(Module& root) { root.visit(*this); }
  std::vector<std::pair<std::string, Module*>> found;

 private:
  void module(const std::string& name, Module& child) override { found.emplace_back(name, &child); }
};

std::vector<Tensor> without_names(const NamedTensors& named) {
  std::vector<Tensor> tensors;
  tensors.reserve(named.size());
  for (const auto& [name, tensor] : named) tensors.push_back(tensor);
  return tensors;
}

Module& require_scope(const Module& module) {
  if (detail::CloneScope::current() == nullptr) {
    throw GraphError(
        "a module was copied, but modules only move: write nn::clone(module) for a deep copy, "
        "std::move(module) to "
        "hand it over, or pass it by reference");
  }
  return to_walk(module);
}

}  // namespace

Module::Module() noexcept { detail::enlist(this, detail::MemberKind::module); }
Module::Module(const Module& other)
    : training_(require_scope(other).training_),
      hooks_(other.hooks_ != nullptr ? std::make_unique<detail::ModuleHooks>(*other.hooks_) : nullptr) {
  detail::enlist(this, detail::MemberKind::module);
}
Module::Module(Module&& other) noexcept : training_(other.training_), hooks_(std::move(other.hooks_)) {
  detail::enlist(this, detail::MemberKind::module);
}
Module& Module::operator=(Module&& other) noexcept = default;
Module::~Module() { detail::delist(this); }

void Module::visit(Visitor&) {}

Tensor Module::forward(const Tensor&) {
  throw GraphError(fmt::format("{}: forward is not defined; override Tensor forward(const Tensor&)",
                               class_name(typeid(*this))));
}

std::vector<Tensor> Module::parameters() const { return without_names(named_parameters()); }
NamedTensors Module::named_parameters() const { return Collector(to_walk(*this)).named(true); }
std::vector<Tensor> Module::buffers() const { return without_names(named_buffers()); }
NamedTensors Module::named_buffers() const { return Collector(to_walk(*this)).named(false); }

std::vector<Module*> Module::modules() {
  std::vector<Module*> result;
  for (const auto& [name, module] : named_modules()) result.push_back(module);
  return result;
}
std::vector<std::pair<std::string, Module*>> Module::named_modules() { return Collector(*this).modules; }
std::vector<std::pair<std::string, Module*>> Module::named_children() { return Children(*this).found; }

void Module::train(bool mode) {
  for (Module* module : modules()) module->training_ = mode;
}

void Module::to(DType dtype) {
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("Module::to: expected float32 or float64, got {}", name(dtype)));
  }
  for (const Collector::Entry& entry : Collector(*this).entries) {
    TensorImpl& impl = entry.tensor->impl();
    if (!is_floating(impl.array.dtype())) continue;
    impl.array = kernels::cast(impl.array, dtype);
    if (impl.grad.defined()) impl.grad = Tensor(kernels::cast(impl.grad.array(), dtype));
  }
}

void Module::apply(const std::function<void(Module&)>& function) {
  for (const auto& [name, child] : named_children()) child->apply(function);
  function(*this);
}

void Module::zero_grad(bool set_to_none) {
  for (Tensor& parameter : parameters()) {
    if (set_to_none)
      parameter.set_grad(Tensor());
    else if (parameter.grad().defined())
      parameter.set_grad(Tensor(Array::zeros(parameter.shape(), parameter.dtype())));
  }
}

void Module::requires_grad_(bool value) {
  for (Tensor& parameter : parameters()) parameter.requires_grad_(value);
}

NamedTensors Module::state_dict() const {
  NamedTensors state;
  for (const Collector::Entry& entry : Collector(to_walk(*this)).entries) {
    state.emplace_back(entry.name, entry.tensor->detach());
  }
  return state;
}

LoadResult Module::load_state_dict(const NamedTensors& state, LoadOptions options) {
  std::vector<Collector::Entry> entries = Collector(*this).entries;
  std::unordered_map<std::string_view, Tensor*> own;
  for (const Collector::Entry& entry : entries) own.emplace(entry.name, entry.tensor);

  LoadResult result;
  std::vector<std::string> misshapen;
  std::vector<std::pair<const Tensor*, Tensor*>> copies;
  std::unordered_set<const void*> found;
  for (const auto& [name, tensor] : state) {
    auto it = own.find(name);
    if (it == own.end()) {
      result.unexpected.push_back(name);
      continue;
    }
    found.insert(it->second->impl_or_null());
    copies.emplace_back(&tensor, it->second);
    if (!(tensor.shape() == it->second->shape())) {
      misshapen.push_back(fmt::format("{} (expected {}, got {})", name, to_string(it->second->shape()),
                                      to_string(tensor.shape())));
    }
  }
  for (const Collector::Entry& entry : entries) {
    if (!found.contains(entry.tensor->impl_or_null())) result.missing.push_back(entry.name);
  }

  std::vector<std::string> problems;
  if (options.strict && !result.missing.empty())
    problems.push_back(fmt::format("missing: {}", fmt::join(result.missing, ", ")));
  if (options.strict && !result.unexpected.empty()) {
    problems.push_back(fmt::format("unexpected: {}", fmt::join(result.unexpected, ", ")));
  }
  if (!misshapen.empty()) problems.push_back(fmt::format("of another shape: {}", fmt::join(misshapen, ", ")));
  if (!problems.empty()) {
    bool lenient_helps = options.strict && misshapen.empty();
    throw ValueError(fmt::format("load_state_dict: the entries do not fit {}; {}{}; nothing was changed",
                                 class_name(typeid(*this)), fmt::join(problems, "; "),
                                 lenient_helps ? "; {.strict = false} passes these over" : ""));
  }
  for (const auto& [source, target] : copies) {
    kernels::copy(source->array(), target->array());
    target->array().storage()->bump_version();
  }
  return result;
}

std::int64_t Module::multiply_adds(const Shape&, const Shape&) const { return 0; }

std::string Module::describe() const { return class_name(typeid(*this)) + "()"; }

namespace {

std::string indented(const Module& module, std::size_t depth) {
  std::string text = module.describe();
  auto children = Children(to_walk(module)).found;
  if (children.empty()) return text;
  if (text.ends_with(')')) text.pop_back();
  for (const auto& [name, child] : children) {
    text += fmt::format("\n{:{}}({}): {}", "", 2 * depth + 2, name, indented(*child, depth + 1));
  }
  return text + fmt::format("\n{:{}})", "", 2 * depth);
}

}  // namespace

std::string to_string(const Module& module) { return indented(module, 0); }
std::ostream& operator<<(std::ostream& stream, const Module& module) { return stream << to_string(module); }

Tensor Module::observed_forward(const Tensor& input) {
  Tensor output = hooks_ != nullptr ? hooks_->call(*this, input) : forward(input);
  if (detail::forward_observer != nullptr) detail::forward_observer->called(*this, input, output);
  return output;
}

detail::ModuleHooks& Module::hooks() {
  if (hooks_ == nullptr) hooks_ = std::make_unique<detail::ModuleHooks>();
  return *hooks_;
}
HookHandle Module::register_forward_pre_hook(ForwardPreHook hook) { return hooks().add(std::move(hook)); }
HookHandle Module::register_forward_hook(ForwardHook hook) { return hooks().add(std::move(hook)); }
HookHandle Module::register_full_backward_hook(BackwardHook hook) { return hooks().add(std::move(hook)); }

namespace detail {

constinit thread_local ForwardObserver* forward_observer = nullptr;

ForwardObserver::ForwardObserver() noexcept : outer_(std::exchange(forward_observer, this)) {}
ForwardObserver::~ForwardObserver() { forward_observer = outer_; }

void check_members(const Module& module, std::size_t size) { Collector(to_walk(module), size); }

void fail_as(const Module& module, const std::type_info& wanted) {
  throw GraphError(
      fmt::format("as: the module is a {}, not a {}", class_name(typeid(module)), class_name(wanted)));
}

namespace {
constinit thread_local CloneScope* clone_scope = nullptr;
}  // namespace

CloneScope::CloneScope() noexcept : outer_(std::exchange(clone_scope, this)) {}
CloneScope::~CloneScope() { clone_scope = outer_; }
CloneScope* CloneScope::current() noexcept { return clone_scope; }

Tensor CloneScope::counterpart(const Tensor& original) {
  Tensor& copy = counterparts_[original.impl_or_null()];
  if (!copy.defined()) {
    copy = Tensor(kernels::clone(original.array()));
    copy.requires_grad_(original.requires_grad());
  }
  return copy;
}

void fail_clone_of_base(const Module& module, const std::type_info& seen_as) {
  throw GraphError(fmt::format(
      "clone: the module is a {}, but is seen here as its base class {}; clone it where its class is "
      "known, or hold it in nn::AnyModule",
      class_name(typeid(module)), class_name(seen_as)));
}

}  // namespace detail

}  // namespace xgrad::nn
