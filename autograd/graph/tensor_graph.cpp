// The members of Tensor that deal with its place in the graph, and what in-place changes do to it.

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad {
namespace {

using detail::current;

HookHandle add_hook(const std::shared_ptr<HookList>& list, Hook hook) {
  std::uint64_t number = list->next++;
  list->hooks.emplace_back(number, std::move(hook));
  std::weak_ptr<HookList> weak = list;
  return HookHandle([weak, number] {
    if (auto hooks = weak.lock())
      std::erase_if(hooks->hooks, [&](const auto& entry) { return entry.first == number; });
  });
}

bool repeats_elements(const Array& array) {
  for (std::size_t i = 0; i < array.ndim(); ++i) {
    if (array.strides()[i] == 0 && array.shape()[i] > 1) return true;
  }
  return false;
}

}  // namespace

/// A view whose memory was changed since its node was set stands for a part of its base as that is now.
void detail::refresh_view(TensorImpl& view) {
  std::uint32_t version = view.array.storage()->version();
  Tensor base(view.base);
  if (base.requires_grad()) {
    EnableGrad on;
    Tensor part = as_strided(base, view.array.shape(), view.array.strides(),
                             view.array.offset() - base.array().offset());
    view.node = part.impl().node;
    view.output_index = part.impl().output_index;
  } else {
    view.node.reset();
    view.output_index = 0;
  }
  view.view_version = version;
}

bool Tensor::requires_grad() const { return detail::requires_grad(*this); }

Tensor& Tensor::requires_grad_(bool value) {
  TensorImpl& self = current(*this);
  if (value && !is_floating(dtype())) {
    throw DTypeError(fmt::format(
        "requires_grad_: only floating tensors can require a gradient, this one is {}", name(dtype())));
  }
  if (self.node) {
    if (!value)
      throw GraphError("requires_grad_(false): the tensor was made by a recorded operation; use detach()");
    return *this;
  }
  self.requires_grad = value;
  return *this;
}

bool Tensor::is_leaf() const { return !current(*this).node; }

const Tensor& Tensor::grad() const {
  TensorImpl& self = impl();
  return self.extras && self.extras->retained_grad ? *self.extras->retained_grad : self.grad;
}

void Tensor::set_grad(Tensor gradient) {
  TensorImpl& self = impl();
  if (gradient.defined()) {
    if (!(gradient.shape() == shape())) {
      throw ShapeError(fmt::format("set_grad: expected the tensor's shape {}, got a gradient of shape {}",
                                   to_string(shape()), to_string(gradient.shape())));
    }
    if (gradient.dtype() != dtype()) {
      throw DTypeError(fmt::format("set_grad: expected the tensor's dtype {}, got a gradient of {}",
                                   name(dtype()), name(gradient.dtype())));
    }
    if (repeats_elements(gradient.array())) gradient = Tensor(kernels::clone(gradient.array()));
    if (gradient.is_same(*this)) throw GraphError("set_grad: a tensor cannot be its own gradient");
  }
  self.grad = std::move(gradient);
}

Node* Tensor::grad_fn() const { return static_cast<Node*>(current(*this).node.get()); }
std::uint32_t Tensor::output_index() const { return current(*this).output_index; }

Tensor Tensor::detach() const { return Tensor(array()); }

Tensor& Tensor::detach_() {
  TensorImpl& self = impl();
  if (self.base) throw GraphError("detach_: the tensor is a view; use detach()");
  self.node.reset();
  self.output_index = 0;
  self.requires_grad = false;
  return *this;
}

void Tensor::retain_grad() const {
  TensorImpl& self = current(*this);
  if (!self.node) {
    if (!self.requires_grad) throw GraphError("retain_grad: the tensor does not require a gradient");
    return;
  }
  TensorExtras& extras = self.make_extras();
  if (extras.retained_grad) return;
  auto slot = std::make_shared<Tensor>();
  std::weak_ptr<Tensor> weak = slot;
  register_hook([weak](const Tensor& gradient) {
    if (auto kept = weak.lock()) *kept = kept->defined() ? add_gradients(*kept, gradient) : gradient;
    return Tensor();
  });
  extras.retained_grad = std::move(slot);
}

HookHandle Tensor::register_hook(Hook hook) const {
  TensorImpl& self = current(*this);
  if (!requires_grad()) throw GraphError("register_hook: the tensor does not require a gradient");
  if (!self.node) {
    TensorExtras& extras = self.make_extras();
    if (!extras.hooks) extras.hooks = std::make_shared<HookList>();
    return add_hook(extras.hooks, std::move(hook));
  }
  auto& node = static_cast<Node&>(*self.node);
  if (!node.hooks_)
    node.hooks_ = std::make_unique<std::vector<std::pair<std::uint32_t, std::shared_ptr<HookList>>>>();
  for (auto& [index, list] : *node.hooks_) {
    if (index == self.output_index) return add_hook(list, std::move(hook));
  }
  node.hooks_->emplace_back(self.output_index, std::make_shared<HookList>());
  return add_hook(node.hooks_->back().second, std::move(hook));
}

void link_view(const Tensor& view, const Tensor& source) {
  TensorImpl& self = view.impl();
  if (!is_grad_enabled()) {
    self.made_without_graph = true;
    return;
  }
  TensorImpl& from = source.impl();
  self.base = from.base ? from.base : IntrusivePtr<TensorCore>::share(&from);
  self.made_without_graph = from.made_without_graph;
  self.view_version = self.array.storage()->version();
}

void check_in_place(const char* name, const Tensor& target) {
  TensorImpl& self = current(target);
  if (repeats_elements(self.array)) {
    throw GraphError(fmt::format(
        "{}: the tensor repeats elements in memory (it was made by expand), so it cannot be changed "
        "in place; use clone() first",
        name));
  }
  if (!is_grad_enabled()) return;
  const TensorImpl& owner = self.base ? static_cast<TensorImpl&>(*self.base) : self;
  if (owner.requires_grad && !owner.node) {
    throw GraphError(fmt::format(
        "{}: {} that requires a gradient cannot be changed in place while gradients are on; use NoGrad", name,
        self.base ? "a view of a leaf" : "a leaf"));
  }
}

void replace_in_place(const char* name, const Tensor& target, const Tensor& value) {
  TensorImpl& self = current(target);
  bool recorded = value.requires_grad() || target.requires_grad();
  if (recorded && is_grad_enabled() && self.made_without_graph) {
    throw GraphError(fmt::format(
        "{}: the tensor is a view that was made while gradients were off, so the change cannot be "
        "recorded; make the view with gradients on",
        name));
  }
  kernels::copy(value.array(), self.array);
  self.array.storage()->bump_version();
  if (!recorded) return;
  if (!self.base) {
    self.node = value.impl().node;
    self.output_index = value.impl().output_index;
    return;
  }
  // The base is now its old self with the view's elements exchanged for the value.
  Tensor base(self.base);
  Shape shape = self.array.shape();
  Strides strides = self.array.strides();
  std::int64_t offset = self.array.offset() - base.array().offset();
  detail::record_lines(
      name, base,
      gradient(base, [=, layout = base.strides()](
                         const Tensor& g) { return zero_strided(g, layout, shape, strides, offset); }),
      gradient(value, [=, layout = base.strides()](const Tensor& g) {
        return read_strided(g, layout, shape, strides, offset);
      }));
}

}  // namespace xgrad
