#include <xgrad/optim/optimizer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/tensor/tensor_impl.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

Optimizer::Optimizer(const char* name, std::span<const char* const> state_names)
    : name_(name), state_names_(state_names), sweep_(std::make_unique<Sweep>()) {}
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;
Optimizer::~Optimizer() = default;

void Optimizer::add_group(const std::vector<Tensor>& params) {
  if (params.empty())
    throw ValueError(fmt::format("{}: expected at least one parameter, got an empty list", name_));
  std::unordered_set<const TensorImpl*> known;
  for (const auto& group : groups_) {
    for (const Slot& slot : group) known.insert(slot.parameter.impl_or_null());
  }
  std::vector<Slot> slots;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const Tensor& parameter = params[i];
    std::string place = fmt::format("{}: parameter {} of group {}", name_, i, groups_.size());
    if (!parameter.defined()) throw GraphError(place + " is undefined");
    if (!parameter.is_leaf()) {
      throw GraphError(place +
                       " is not a leaf but the result of an operation; optimize what it was computed from, "
                       "or detach() it");
    }
    if (!parameter.requires_grad()) {
      throw GraphError(
          place + " does not require a gradient; call requires_grad_(), or leave it out if it is frozen");
    }
    if (!known.insert(parameter.impl_or_null()).second)
      throw ValueError(place + " occurs twice; list it once, in one group");
    {
      NoGrad off;
      check_in_place(name_, parameter);
    }
    slots.push_back({parameter, 0, false, 0, {}});
  }
  groups_.push_back(std::move(slots));
}

std::size_t Optimizer::checked(std::size_t group) const {
  if (group >= groups_.size())
    throw IndexError(fmt::format("{}: expected a group below {}, got {}", name_, groups_.size(), group));
  return group;
}

std::vector<Tensor> Optimizer::params(std::size_t group) const {
  std::vector<Tensor> result;
  for (const Slot& slot : groups_[checked(group)]) result.push_back(slot.parameter);
  return result;
}

std::optional<double> Optimizer::momentum(std::size_t group) const {
  checked(group);
  return std::nullopt;
}
void Optimizer::set_momentum(double, std::size_t group) {
  checked(group);
  throw ValueError(fmt::format("{}: the optimizer has neither momentum nor betas to set", name_));
}

std::optional<double> Optimizer::initial_lr(std::size_t group) const {
  return checked(group) < initial_lrs_.size() ? initial_lrs_[group] : std::nullopt;
}
void Optimizer::set_initial_lr(double lr, std::size_t group) {
  if (checked(group) >= initial_lrs_.size()) initial_lrs_.resize(group + 1);
  initial_lrs_[group] = lr;
}

const Optimizer::Slot& Optimizer::slot_of(const Tensor& parameter) const {
  for (const auto& group : groups_) {
    for (const Slot& slot : group) {
      if (slot.parameter.is_same(parameter)) return slot;
    }
  }
  throw ValueError(fmt::format("{}: the tensor is not one of the parameters that are optimized", name_));
}

std::vector<std::pair<std::string, Tensor>> Optimizer::state(const Tensor& parameter) const {
  const Slot& slot = slot_of(parameter);
  std::vector<std::pair<std::string, Tensor>> result;
  result.reserve(slot.state.size());
  for (std::size_t i = 0; i < slot.state.size(); ++i) result.emplace_back(state_names_[i], slot.state[i]);
  return result;
}

std::int64_t Optimizer::steps(const Tensor& parameter) const { return slot_of(parameter).steps; }

void Optimizer::zero_grad(bool set_to_none) {
  for (auto& group : groups_) {
    for (Slot& slot : group) {
      Tensor& gradient = slot.parameter.impl().grad;
      if (set_to_none)
        gradient = Tensor();
      else if (gradient.defined())
        gradient = Tensor(Array::zeros(gradient.shape(), gradient.dtype()));
    }
  }
}

void Optimizer::check_gradients() const {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::size_t i = 0; i < groups_[g].size(); ++i) {
      const TensorImpl& impl = groups_[g][i].parameter.impl();
      if (!impl.grad.defined()) continue;
      const Array& gradient = impl.grad.array();
      if (gradient.dtype() == impl.array.dtype() && gradient.shape() == impl.array.shape()) [[likely]]
        continue;
      throw GraphError(
          fmt::format("{}: parameter {} of group {} is {}, but its gradient is {}; zero_grad() drops it",
                      name_, i, g, describe(impl.array), describe(gradient)));
    }
  }
}

void Optimizer::step() {
  check_gradients();
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    update(group);
    sweep_->finish();
  }
}

Optimizer::Sweep& Optimizer::start_sweep(std::size_t group, std::size_t states) {
  sweep_->clear();
  for (Slot& slot : groups_[group]) {
    if (start_step(slot, states)) sweep_->add(slot, states);
  }
  return *sweep_;
}

bool Optimizer::start_step(Slot& slot, std::size_t states) const {
  const TensorImpl& impl = slot.parameter.impl();
  if (!impl.grad.defined()) return false;
  slot.fresh = slot.state.size() < states;
  while (slot.state.size() < states)
    slot.state.emplace_back(Array::zeros(state_shape(slot.parameter, slot.state.size()), impl.array.dtype()));
  ++slot.steps;
  return true;
}

Shape Optimizer::state_shape(const Tensor& parameter, std::size_t) const { return parameter.shape(); }

void Optimizer::Sweep::clear() {
  for (Part& part : parts_) {
    part.segments.clear();
    part.slots.clear();
  }
  replacements_.clear();
  gradients_.clear();
}

void Optimizer::Sweep::add(Slot& slot, std::size_t states) {
  const TensorImpl& impl = slot.parameter.impl();
  const Array& gradient = impl.grad.array();
  Part& part = parts_[impl.array.dtype() == float32 ? 0 : 1];
  kernels::Segment& segment = part.segments.emplace_back();
  part.slots.push_back(&slot);
  segment.count = impl.array.numel();
  segment.arrays[0] = impl.array.bytes();
  segment.arrays[1] = gradient.bytes();
  if (!impl.array.is_contiguous()) {
    replacements_.emplace_back(kernels::clone(impl.array), slot.parameter);
    segment.arrays[0] = replacements_.back().first.bytes();
  }
  if (!gradient.is_contiguous())
    segment.arrays[1] = gradients_.emplace_back(kernels::clone(gradient)).bytes();
  for (std::size_t i = 0; i < states; ++i) {
    Tensor& state = slot.state[i];
    if (state.dtype() != impl.array.dtype())
      state = Tensor(kernels::cast(state.array(), impl.array.dtype()));  // Module::to
    segment.arrays[2 + i] = state.array().bytes();
  }
}

void Optimizer::Sweep::finish() {
  for (auto& [numbers, parameter] : replacements_) kernels::copy(numbers, parameter.array());
  replacements_.clear();
  gradients_.clear();
  for (Part& part : parts_) {
    for (Slot* slot : part.slots) slot->parameter.array().storage()->bump_version();
  }
}

}  // namespace xgrad::optim
