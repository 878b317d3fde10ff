#include <xgrad/optim/scheduler_state.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::optim::detail {
namespace {

constexpr double largest_whole = 9007199254740992;  // 2^53: up to here doubles count exactly

const std::vector<double>& checked(const char* name, const StateField& field, const SchedulerState& state) {
  auto found = state.find(field.name);
  if (found == state.end())
    throw ValueError(fmt::format("{}: load_state_dict: the entry {} is missing", name, field.name));
  const std::vector<double>& numbers = found->second;
  std::size_t expected = 1;
  if (const auto* list = std::get_if<std::vector<double>*>(&field.value)) expected = (*list)->size();
  if (numbers.size() != expected) {
    throw ValueError(fmt::format("{}: load_state_dict: expected {} numbers in {}, got {}", name, expected,
                                 field.name, numbers.size()));
  }
  if (std::holds_alternative<std::int64_t*>(field.value) &&
      !(std::trunc(numbers[0]) == numbers[0] && std::abs(numbers[0]) <= largest_whole)) {
    throw ValueError(fmt::format("{}: load_state_dict: expected a whole number in {}, got {}", name,
                                 field.name, numbers[0]));
  }
  return numbers;
}

}  // namespace

SchedulerState collect_state(const std::vector<StateField>& fields) {
  SchedulerState state;
  for (const StateField& field : fields) {
    std::vector<double>& numbers = state[field.name];
    if (const auto* whole = std::get_if<std::int64_t*>(&field.value))
      numbers = {static_cast<double>(**whole)};
    else if (const auto* number = std::get_if<double*>(&field.value))
      numbers = {**number};
    else
      numbers = *std::get<std::vector<double>*>(field.value);
  }
  return state;
}

void restore_state(const char* name, const std::vector<StateField>& fields, const SchedulerState& state) {
  SchedulerState known = collect_state(fields);
  for (const auto& [entry, numbers] : state) {
    if (!known.contains(entry))
      throw ValueError(fmt::format("{}: load_state_dict: the entry {} is unexpected", name, entry));
  }
  for (const StateField& field : fields) checked(name, field, state);
  for (const StateField& field : fields) {
    const std::vector<double>& numbers = state.at(field.name);
    if (const auto* whole = std::get_if<std::int64_t*>(&field.value))
      **whole = static_cast<std::int64_t>(numbers[0]);
    else if (const auto* number = std::get_if<double*>(&field.value))
      **number = numbers[0];
    else
      *std::get<std::vector<double>*>(field.value) = numbers;
  }
}

}  // namespace xgrad::optim::detail
