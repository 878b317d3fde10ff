#include <xgrad/optim/cyclic_schedulers.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::optim {
namespace {

void require_momentum(const char* scheduler, const Optimizer& optimizer) {
  for (std::size_t group = 0; group < optimizer.group_count(); ++group) {
    if (optimizer.momentum(group)) continue;
    throw ValueError(fmt::format(
        "{}: the optimizer has neither momentum nor betas to cycle; set cycle_momentum = false", scheduler));
  }
}

}  // namespace

CyclicLR::CyclicLR(Optimizer& optimizer, CyclicLROptions options)
    : LRScheduler("CyclicLR", optimizer, options.last_epoch),
      options_(std::move(options)),
      total_size_(options_.step_size_up + options_.step_size_down.value_or(options_.step_size_up)),
      step_ratio_(options_.step_size_up / total_size_) {
  std::size_t groups = optimizer.group_count();
  std::vector<double> base_lrs = options_.base_lr.expand(name(), "base_lr", groups);
  max_lrs_ = options_.max_lr.expand(name(), "max_lr", groups);
  require(options_.step_size_up > 0, "a positive step_size_up", options_.step_size_up);
  require(total_size_ >= options_.step_size_up && std::isfinite(total_size_),
          "a step_size_down of 0 or more, and finite sizes", total_size_ - options_.step_size_up);
  if (!options_.scale_fn) {
    if (options_.mode == "triangular") {
      options_.scale_fn = [](double) { return 1.0; };
      options_.scale_mode = "cycle";
    } else if (options_.mode == "triangular2") {
      options_.scale_fn = [](double cycle) { return 1 / std::pow(2.0, cycle - 1); };
      options_.scale_mode = "cycle";
    } else if (options_.mode == "exp_range") {
      options_.scale_fn = [gamma = options_.gamma](double iteration) { return std::pow(gamma, iteration); };
      options_.scale_mode = "iterations";
    } else {
      fail(fmt::format(R"(expected mode "triangular", "triangular2" or "exp_range", or a scale_fn, got "{}")",
                       options_.mode));
    }
  }
  if (options_.scale_mode != "cycle" && options_.scale_mode != "iterations")
    fail(fmt::format(R"(expected scale_mode "cycle" or "iterations", got "{}")", options_.scale_mode));
  if (options_.cycle_momentum) {
    require_momentum(name(), optimizer);
    base_momenta_ = options_.base_momentum.expand(name(), "base_momentum", groups);
    max_momenta_ = options_.max_momentum.expand(name(), "max_momentum", groups);
    for (std::size_t group = 0; options_.last_epoch >= 0 && group < groups; ++group)
      base_momenta_[group] = optimizer.momentum(group).value();
  }
  if (options_.last_epoch < 0) {
    for (std::size_t group = 0; group < groups; ++group) optimizer.set_lr(base_lrs[group], group);
  }
  start();
  base_lrs_ = std::move(base_lrs);
}

CyclicLR::Place CyclicLR::place_of(std::int64_t epoch) const {
  double turns = static_cast<double>(epoch) / total_size_;
  double cycle = std::floor(1 + turns);
  double x = 1 + turns - cycle;
  double height = x <= step_ratio_ ? x / step_ratio_ : (x - 1) / (step_ratio_ - 1);
  return {height, options_.scale_fn(options_.scale_mode == "cycle" ? cycle : static_cast<double>(epoch))};
}
std::vector<double> CyclicLR::next_lrs(std::int64_t epoch) const {
  auto [height, scale] = place_of(epoch);
  std::vector<double> lrs = base_lrs_;
  for (std::size_t group = 0; group < lrs.size(); ++group)
    lrs[group] += (max_lrs_[group] - lrs[group]) * height * scale;
  return lrs;
}
std::vector<double> CyclicLR::momenta_at(std::int64_t epoch) const {
  if (!options_.cycle_momentum) return {};
  auto [height, scale] = place_of(epoch);
  std::vector<double> momenta = max_momenta_;
  for (std::size_t group = 0; group < momenta.size(); ++group)
    momenta[group] -= (momenta[group] - base_momenta_[group]) * height * scale;
  return momenta;
}

std::int64_t OneCycleLR::count_steps(const OneCycleLROptions& options) const {
  if (options.total_steps) {
    require(*options.total_steps > 0, "positive total_steps", static_cast<double>(*options.total_steps));
    return *options.total_steps;
  }
  if (!options.epochs || !options.steps_per_epoch)
    fail("expected total_steps, or both epochs and steps_per_epoch");
  std::int64_t epochs = *options.epochs;
  std::int64_t each = *options.steps_per_epoch;
  require(epochs > 0, "positive epochs", static_cast<double>(epochs));
  require(each > 0, "positive steps_per_epoch", static_cast<double>(each));
  if (each > std::numeric_limits<std::int64_t>::max() / epochs)
    fail(fmt::format("{} epochs of {} steps are more than can be counted", epochs, each));
  return epochs * each;
}

OneCycleLR::OneCycleLR(Optimizer& optimizer, OneCycleLROptions options)
    : LRScheduler("OneCycleLR", optimizer, options.last_epoch),
      options_(std::move(options)),
      total_steps_(count_steps(options_)) {
  require(options_.pct_start >= 0 && options_.pct_start <= 1, "pct_start in [0, 1]", options_.pct_start);
  require(options_.div_factor != 0, "a div_factor other than 0", options_.div_factor);
  require(options_.final_div_factor != 0, "a final_div_factor other than 0", options_.final_div_factor);
  if (options_.anneal_strategy != "cos" && options_.anneal_strategy != "linear")
    fail(fmt::format(R"(expected anneal_strategy "cos" or "linear", got "{}")", options_.anneal_strategy));
  auto total = static_cast<double>(total_steps_);
  double peak = options_.pct_start * total - 1;
  if (options_.three_phase) {
    phases_ = {{peak, Bound::initial, Bound::highest},
               {2 * options_.pct_start * total - 2, Bound::highest, Bound::initial},
               {total - 1, Bound::initial, Bound::lowest}};
  } else {
    phases_ = {{peak, Bound::initial, Bound::highest}, {total - 1, Bound::highest, Bound::lowest}};
  }
  std::size_t groups = optimizer.group_count();
  max_lrs_ = options_.max_lr.expand(name(), "max_lr", groups);
  if (options_.cycle_momentum) {
    require_momentum(name(), optimizer);
    base_momenta_ = options_.base_momentum.expand(name(), "base_momentum", groups);
    max_momenta_ = options_.max_momentum.expand(name(), "max_momentum", groups);
  }
  if (options_.last_epoch >= 0) {
    start();
    return;
  }
  std::vector<double> initial = max_lrs_;
  for (double& lr : initial) lr /= options_.div_factor;
  start_from(std::move(initial));
}

OneCycleLR::Place OneCycleLR::place_of(std::int64_t epoch) const {
  if (epoch > total_steps_)
    fail(fmt::format("expected at most {} steps (total_steps), got step {}", total_steps_, epoch));
  auto step = static_cast<double>(epoch);
  double start = 0;
  const Phase* phase = phases_.data();
  for (; phase != &phases_.back() && step > phase->end_step; ++phase) start = phase->end_step;
  if (phase->end_step == start) {
    fail(fmt::format("the phase of step {} has no length, for pct_start {} of {} steps; change one of them",
                     epoch, options_.pct_start, total_steps_));
  }
  return {phase, (step - start) / (phase->end_step - start)};
}

double OneCycleLR::anneal(double from, double to, double part) const {
  if (options_.anneal_strategy == "linear") return (to - from) * part + from;
  return to + (from - to) / 2 * (std::cos(std::numbers::pi * part) + 1);
}

double OneCycleLR::lr_at(Bound bound, std::size_t group) const {
  if (bound == Bound::highest) return max_lrs_[group];
  return bound == Bound::initial ? base_lrs_[group] : base_lrs_[group] / options_.final_div_factor;
}

std::vector<double> OneCycleLR::next_lrs(std::int64_t epoch) const {
  auto [phase, part] = place_of(epoch);
  std::vector<double> lrs(max_lrs_.size());
  for (std::size_t group = 0; group < lrs.size(); ++group)
    lrs[group] = anneal(lr_at(phase->from, group), lr_at(phase->to, group), part);
  return lrs;
}

std::vector<double> OneCycleLR::momenta_at(std::int64_t epoch) const {
  auto [phase, part] = place_of(epoch);
  std::vector<double> momenta(max_momenta_.size());
  auto momentum_at = [&](Bound bound, std::size_t group) {
    return bound == Bound::highest ? base_momenta_[group] : max_momenta_[group];
  };
  for (std::size_t group = 0; group < momenta.size(); ++group)
    momenta[group] = anneal(momentum_at(phase->from, group), momentum_at(phase->to, group), part);
  return momenta;
}

}  // namespace xgrad::optim
