#include <xgrad/optim/composite_schedulers.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::optim {
namespace {

/// The optimizer of a chain, which is its first scheduler's.
const LRScheduler& first_of(const Schedulers& schedulers) {
  if (schedulers.empty() || !schedulers.front())
    throw ValueError("ChainedScheduler: expected at least one scheduler, got none");
  return *schedulers.front();
}

void check_schedulers(const char* name, const Schedulers& schedulers, const Optimizer& optimizer) {
  for (std::size_t i = 0; i < schedulers.size(); ++i) {
    if (!schedulers[i]) throw ValueError(fmt::format("{}: scheduler {} does not exist", name, i));
    if (&schedulers[i]->optimizer() != &optimizer)
      throw ValueError(fmt::format("{}: scheduler {} belongs to another optimizer", name, i));
  }
}

}  // namespace

SequentialLR::SequentialLR(Optimizer& optimizer, Schedulers schedulers, SequentialLROptions options)
    : LRScheduler("SequentialLR", optimizer, -1),
      schedulers_(std::move(schedulers)),
      milestones_(std::move(options.milestones)) {
  require(options.last_epoch >= -1, "last_epoch of -1 or more", static_cast<double>(options.last_epoch));
  check_schedulers(name(), schedulers_, optimizer);
  if (schedulers_.empty() || milestones_.size() != schedulers_.size() - 1) {
    fail(fmt::format("expected one milestone less than schedulers, got {} milestones and {} schedulers",
                     milestones_.size(), schedulers_.size()));
  }
  if (!std::ranges::is_sorted(milestones_)) fail("expected milestones that do not fall");
  for (std::size_t i = 0; i < schedulers_.size(); ++i) {
    const LRScheduler* scheduler = schedulers_[i].get();
    if (dynamic_cast<const SequentialLR*>(scheduler) == nullptr &&
        dynamic_cast<const ChainedScheduler*>(scheduler) == nullptr)
      continue;
    fail(fmt::format("scheduler {} is made of schedulers and cannot start at its milestone; list its parts",
                     i));
  }
  base_lrs_ = current_lrs();
  for (std::size_t group = 0; group < base_lrs_.size(); ++group) {
    base_lrs_[group] = optimizer.initial_lr(group).value_or(base_lrs_[group]);
    optimizer.set_lr(base_lrs_[group], group);
  }
  for (const auto& scheduler : schedulers_) go_back(*scheduler);
  start_again(*schedulers_.front());
  last_epoch_ = options.last_epoch + 1;
  steps_ = 1;
  last_lrs_ = current_lrs();
}

std::vector<double> SequentialLR::next_lrs(std::int64_t) const { return current_lrs(); }

void SequentialLR::advance(std::optional<double> epoch) {
  if (epoch) fail("steps go on by one; it cannot go to an epoch");
  std::int64_t place = last_epoch_ + 1;
  auto passed = static_cast<std::size_t>(std::ranges::upper_bound(milestones_, place) - milestones_.begin());
  LRScheduler& scheduler = *schedulers_[passed];
  if (passed > 0 && milestones_[passed - 1] == place)
    scheduler.step(0);
  else
    scheduler.step();
  last_epoch_ = place;
  ++steps_;
  last_lrs_ = current_lrs();
}

namespace {

void append(std::vector<detail::StateField>& fields, std::size_t place,
            std::vector<detail::StateField> inner) {
  for (detail::StateField& field : inner) {
    field.name = fmt::format("{}.{}", place, field.name);
    fields.push_back(std::move(field));
  }
}

}  // namespace

std::vector<detail::StateField> SequentialLR::state_fields() {
  auto fields = LRScheduler::state_fields();
  for (std::size_t i = 0; i < schedulers_.size(); ++i) append(fields, i, state_fields_of(*schedulers_[i]));
  return fields;
}

ChainedScheduler::ChainedScheduler(Schedulers schedulers)
    : LRScheduler("ChainedScheduler", first_of(schedulers).optimizer(), -1),
      schedulers_(std::move(schedulers)) {
  check_schedulers(name(), schedulers_, optimizer());
  base_lrs_ = schedulers_.front()->base_lrs();
  last_lrs_ = current_lrs();
  last_epoch_ = 0;
}

std::vector<double> ChainedScheduler::next_lrs(std::int64_t) const { return current_lrs(); }

void ChainedScheduler::advance(std::optional<double> epoch) {
  if (epoch) fail("steps go on by one; it cannot go to an epoch");
  for (const auto& scheduler : schedulers_) scheduler->step();
  ++last_epoch_;
  ++steps_;
  last_lrs_ = current_lrs();
}

std::vector<detail::StateField> ChainedScheduler::state_fields() {
  auto fields = LRScheduler::state_fields();
  for (std::size_t i = 0; i < schedulers_.size(); ++i) append(fields, i, state_fields_of(*schedulers_[i]));
  return fields;
}

}  // namespace xgrad::optim
