// The state of optimizers, see optimizer.hpp: collected, checked and taken up again.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

namespace detail {
namespace {

void require_count(const std::string& name, const std::vector<double>& numbers, std::size_t count) {
  if (numbers.size() == count) return;
  throw ValueError(
      fmt::format("load_state_dict: expected {} numbers in {}, got {}", count, name, numbers.size()));
}

constexpr double largest_whole = 9007199254740992;  // 2^53: up to here doubles count exactly

}  // namespace

void from_numbers(const std::string& name, const std::vector<double>& numbers, double& option) {
  require_count(name, numbers, 1);
  option = numbers[0];
}

void from_numbers(const std::string& name, const std::vector<double>& numbers, bool& option) {
  require_count(name, numbers, 1);
  if (numbers[0] != 0 && numbers[0] != 1)
    throw ValueError(fmt::format("load_state_dict: expected 0 or 1 in {}, got {}", name, numbers[0]));
  option = numbers[0] == 1;
}

void from_numbers(const std::string& name, const std::vector<double>& numbers, std::int64_t& option) {
  require_count(name, numbers, 1);
  if (!(std::trunc(numbers[0]) == numbers[0] && std::abs(numbers[0]) <= largest_whole))
    throw ValueError(fmt::format("load_state_dict: expected a whole number in {}, got {}", name, numbers[0]));
  option = static_cast<std::int64_t>(numbers[0]);
}

void from_numbers(const std::string& name, const std::vector<double>& numbers, std::span<double> option) {
  require_count(name, numbers, option.size());
  std::ranges::copy(numbers, option.begin());
}

}  // namespace detail

std::map<std::string, std::vector<double>> Optimizer::option_numbers(std::size_t) const { return {}; }
void Optimizer::take_options(std::size_t, const std::map<std::string, std::vector<double>>&, bool) {}
void Optimizer::add_extra(OptimizerState&) const {}
std::function<void()> Optimizer::take_extra(OptimizerState&) {
  return [] {};
}

OptimizerState Optimizer::state_dict() const {
  OptimizerState state;
  std::size_t place = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    std::string group = fmt::format("group.{}.", g);
    for (auto& [name, numbers] : option_numbers(g)) state.numbers[group + name] = numbers;
    state.numbers[group + "size"] = {static_cast<double>(groups_[g].size())};
    if (auto first = initial_lr(g)) state.numbers[group + "initial_lr"] = {*first};
    for (const Slot& slot : groups_[g]) {
      std::string parameter = std::to_string(place++) + ".";
      if (slot.steps == 0) continue;
      state.numbers[parameter + "step"] = {static_cast<double>(slot.steps)};
      if (slot.carried != 0) state.numbers[parameter + "carried"] = {slot.carried};
      for (std::size_t i = 0; i < slot.state.size(); ++i)
        state.tensors[parameter + state_names_[i]] = slot.state[i].detach();
    }
  }
  add_extra(state);
  return state;
}

void Optimizer::load_state_dict(const OptimizerState& state) {
  OptimizerState rest = state;  // what has not been taken yet
  std::vector<std::string> problems;
  auto taken_numbers = [&](const std::string& name) {
    auto node = rest.numbers.extract(name);
    return node ? std::optional(std::move(node.mapped())) : std::nullopt;
  };

  std::vector<std::map<std::string, std::vector<double>>> options(groups_.size());
  std::vector<std::optional<double>> initial_lrs(groups_.size());
  std::vector<std::vector<Slot>> slots = groups_;
  std::size_t place = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    std::string group = fmt::format("group.{}.", g);
    for (const auto& [name, unused] : option_numbers(g)) {
      if (auto numbers = taken_numbers(group + name))
        options[g][name] = *numbers;
      else
        problems.push_back(fmt::format("{}{} is missing", group, name));
    }
    std::int64_t size = -1;
    if (auto numbers = taken_numbers(group + "size")) detail::from_numbers(group + "size", *numbers, size);
    if (size != static_cast<std::int64_t>(groups_[g].size())) {
      problems.push_back(fmt::format("{}size is {} for a group of {} parameters", group,
                                     size < 0 ? "missing" : std::to_string(size), groups_[g].size()));
    }
    if (auto numbers = taken_numbers(group + "initial_lr")) {
      double lr = 0;
      detail::from_numbers(group + "initial_lr", *numbers, lr);
      initial_lrs[g] = lr;
    }
    for (Slot& slot : slots[g]) {
      std::string parameter = std::to_string(place++) + ".";
      slot.steps = 0;
      slot.carried = 0;
      slot.state.clear();
      if (auto numbers = taken_numbers(parameter + "step"))
        detail::from_numbers(parameter + "step", *numbers, slot.steps);
      if (auto numbers = taken_numbers(parameter + "carried"))
        detail::from_numbers(parameter + "carried", *numbers, slot.carried);
      for (const char* name : state_names_) {
        auto node = rest.tensors.extract(parameter + name);
        if (!node) break;
        const Tensor& given = node.mapped();
        if (!given.defined() || !(given.shape() == state_shape(slot.parameter, slot.state.size())) ||
            !is_floating(given.dtype())) {
          problems.push_back(fmt::format("{}{} is {} for the parameter {}", parameter, name,
                                         given.defined() ? describe(given.array()) : "undefined",
                                         describe(slot.parameter.array())));
          continue;
        }
        Array own(given.shape(), slot.parameter.dtype());
        kernels::copy(given.array(), own);
        slot.state.emplace_back(std::move(own));
      }
    }
  }
  std::function<void()> put_extra = take_extra(rest);
  for (const auto& [name, numbers] : rest.numbers) problems.push_back(name + " is unexpected");
  for (const auto& [name, tensor] : rest.tensors) problems.push_back(name + " is unexpected");
  if (!problems.empty()) {
    throw ValueError(
        fmt::format("{}: load_state_dict: {}; nothing was changed", name_, fmt::join(problems, "; ")));
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) take_options(g, options[g], false);

  for (std::size_t g = 0; g < groups_.size(); ++g) take_options(g, options[g], true);
  groups_ = std::move(slots);
  initial_lrs_ = std::move(initial_lrs);
  put_extra();
}

}  // namespace xgrad::optim
