#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <xgrad/autograd/array/export.hpp>

namespace xgrad::optim {

/// What a scheduler's steps have left behind, as numbers under PyTorch's names: "last_epoch" {3}, "base_lrs"
/// one number a group. Those of a scheduler inside another stand behind its place: "0.last_epoch".
using SchedulerState = std::map<std::string, std::vector<double>>;

namespace detail {

/// A member that belongs to the state of a scheduler.
struct StateField {
  std::string name;
  std::variant<std::int64_t*, double*, std::vector<double>*> value;
};

XGRAD_API SchedulerState collect_state(const std::vector<StateField>& fields);
/// Writes the numbers into the members. Throws ValueError, before any is written, for entries that are
/// missing, unexpected, of another length, or not whole where whole numbers stand. `name` is the scheduler's.
XGRAD_API void restore_state(const char* name, const std::vector<StateField>& fields,
                             const SchedulerState& state);

}  // namespace detail

}  // namespace xgrad::optim
