#include <xgrad/optim/lr_scheduler.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::optim {

LRScheduler::LRScheduler(const char* name, Optimizer& optimizer, std::int64_t last_epoch)
    : last_epoch_(last_epoch), name_(name), optimizer_(&optimizer) {
  require(last_epoch >= -1, "last_epoch of -1 or more", static_cast<double>(last_epoch));
  for (std::size_t group = 0; last_epoch >= 0 && group < optimizer.group_count(); ++group) {
    if (optimizer.initial_lr(group)) continue;
    fail(
        fmt::format("group {} has no initial_lr to resume from after epoch {}; set_initial_lr() gives it one",
                    group, last_epoch));
  }
}
LRScheduler::~LRScheduler() = default;

void LRScheduler::fail(const std::string& message) const {
  throw ValueError(fmt::format("{}: {}", name_, message));
}
void LRScheduler::require(bool right, const char* what, double value) const {
  if (!right) fail(fmt::format("expected {}, got {}", what, value));
}

void LRScheduler::start() {
  std::vector<double> base_lrs = current_lrs();
  for (std::size_t group = 0; group < base_lrs.size(); ++group)
    base_lrs[group] = optimizer_->initial_lr(group).value_or(base_lrs[group]);
  start_from(std::move(base_lrs));
}

void LRScheduler::start_from(std::vector<double> base_lrs) {
  base_lrs_ = std::move(base_lrs);
  last_lrs_ = current_lrs();
  step();
  for (std::size_t group = 0; group < base_lrs_.size(); ++group)
    optimizer_->set_initial_lr(base_lrs_[group], group);
}

void LRScheduler::step(double epoch) {
  constexpr double largest = 9007199254740992;  // 2^53
  require(epoch >= 0 && epoch <= largest, "an epoch of 0 or more", epoch);
  advance(epoch);
}

void LRScheduler::advance(std::optional<double> epoch) {
  if (epoch) {
    require(std::trunc(*epoch) == *epoch, "a whole epoch", *epoch);
    auto place = static_cast<std::int64_t>(*epoch);
    commit(place, lrs_at(place), momenta_at(place));
  } else {
    std::int64_t place = last_epoch_ + 1;
    commit(place, next_lrs(place), momenta_at(place));
  }
}

void LRScheduler::commit(std::int64_t epoch, const std::vector<double>& lrs,
                         const std::vector<double>& momenta) {
  std::size_t groups = optimizer_->group_count();
  for (std::size_t group = 0; group < std::min(groups, lrs.size()); ++group)
    optimizer_->set_lr(lrs[group], group);
  for (std::size_t group = 0; group < std::min(groups, momenta.size()); ++group)
    optimizer_->set_momentum(momenta[group], group);
  last_epoch_ = epoch;
  ++steps_;
  last_lrs_ = current_lrs();
}

std::vector<double> LRScheduler::lrs_at(std::int64_t epoch) const { return next_lrs(epoch); }
std::vector<double> LRScheduler::momenta_at(std::int64_t) const { return {}; }

std::vector<double> LRScheduler::current_lrs() const {
  std::vector<double> lrs(optimizer_->group_count());
  for (std::size_t group = 0; group < lrs.size(); ++group) lrs[group] = optimizer_->lr(group);
  return lrs;
}
std::vector<double> LRScheduler::scaled_lrs(double factor) const {
  std::vector<double> lrs = current_lrs();
  for (double& lr : lrs) lr *= factor;
  return lrs;
}
std::vector<double> LRScheduler::scaled_bases(double factor) const {
  std::vector<double> lrs = base_lrs_;
  for (double& lr : lrs) lr *= factor;
  return lrs;
}

std::vector<detail::StateField> LRScheduler::state_fields() {
  return {{"base_lrs", &base_lrs_},
          {"_last_lr", &last_lrs_},
          {"last_epoch", &last_epoch_},
          {"_step_count", &steps_}};
}
SchedulerState LRScheduler::state_dict() const {
  return detail::collect_state(const_cast<LRScheduler*>(this)->state_fields());  // it only reads
}
void LRScheduler::load_state_dict(const SchedulerState& state) {
  detail::restore_state(name_, state_fields(), state);
}

std::vector<double> PerGroup::expand(const char* scheduler, const char* option, std::size_t groups) const {
  if (!is_list_) return std::vector<double>(groups, values_[0]);
  if (values_.size() != groups) {
    throw ValueError(fmt::format("{}: expected one {} for each of the {} groups, got {}", scheduler, option,
                                 groups, values_.size()));
  }
  return values_;
}

StepLR::StepLR(Optimizer& optimizer, StepLROptions options)
    : LRScheduler("StepLR", optimizer, options.last_epoch), options_(options) {
  require(options.step_size > 0, "a positive step_size", static_cast<double>(options.step_size));
  start();
}
std::vector<double> StepLR::next_lrs(std::int64_t epoch) const {
  if (epoch == 0 || epoch % options_.step_size != 0) return current_lrs();
  return scaled_lrs(options_.gamma);
}
std::vector<double> StepLR::lrs_at(std::int64_t epoch) const {
  std::int64_t times = epoch / options_.step_size;
  return scaled_bases(std::pow(options_.gamma, static_cast<double>(times)));
}

MultiStepLR::MultiStepLR(Optimizer& optimizer, MultiStepLROptions options)
    : LRScheduler("MultiStepLR", optimizer, options.last_epoch), options_(std::move(options)) {
  std::ranges::sort(options_.milestones);
  start();
}
std::vector<double> MultiStepLR::next_lrs(std::int64_t epoch) const {
  auto times = std::ranges::count(options_.milestones, epoch);
  return times == 0 ? current_lrs() : scaled_lrs(std::pow(options_.gamma, static_cast<double>(times)));
}
std::vector<double> MultiStepLR::lrs_at(std::int64_t epoch) const {
  auto passed = std::ranges::upper_bound(options_.milestones, epoch) - options_.milestones.begin();
  return scaled_bases(std::pow(options_.gamma, static_cast<double>(passed)));
}

ConstantLR::ConstantLR(Optimizer& optimizer, ConstantLROptions options)
    : LRScheduler("ConstantLR", optimizer, options.last_epoch), options_(options) {
  require(options.factor >= 0 && options.factor <= 1, "a factor in [0, 1]", options.factor);
  start();
}
std::vector<double> ConstantLR::next_lrs(std::int64_t epoch) const {
  if (epoch == 0) return scaled_lrs(options_.factor);
  if (epoch != options_.total_iters) return current_lrs();
  if (options_.factor == 0)
    fail("the learning rate was multiplied by 0 and cannot be divided again; use a positive factor");
  return scaled_lrs(1.0 / options_.factor);
}
std::vector<double> ConstantLR::lrs_at(std::int64_t epoch) const {
  return scaled_bases(epoch >= options_.total_iters ? options_.factor + (1 - options_.factor)
                                                    : options_.factor);
}

LinearLR::LinearLR(Optimizer& optimizer, LinearLROptions options)
    : LRScheduler("LinearLR", optimizer, options.last_epoch), options_(options) {
  require(options.start_factor > 0 && options.start_factor <= 1, "a start_factor in (0, 1]",
          options.start_factor);
  require(options.end_factor >= 0 && options.end_factor <= 1, "an end_factor in [0, 1]", options.end_factor);
  start();
}
std::vector<double> LinearLR::next_lrs(std::int64_t epoch) const {
  if (epoch == 0) return scaled_lrs(options_.start_factor);
  if (epoch > options_.total_iters) return current_lrs();
  double rise = options_.end_factor - options_.start_factor;
  return scaled_lrs(1.0 + rise / (static_cast<double>(options_.total_iters) * options_.start_factor +
                                  static_cast<double>(epoch - 1) * rise));
}
std::vector<double> LinearLR::lrs_at(std::int64_t epoch) const {
  if (options_.total_iters == 0) fail("expected total_iters other than 0 to go to an epoch, got 0");
  auto passed = static_cast<double>(std::min(options_.total_iters, epoch));
  double rise = options_.end_factor - options_.start_factor;
  return scaled_bases(options_.start_factor + rise * passed / static_cast<double>(options_.total_iters));
}

ExponentialLR::ExponentialLR(Optimizer& optimizer, ExponentialLROptions options)
    : LRScheduler("ExponentialLR", optimizer, options.last_epoch), options_(options) {
  start();
}
std::vector<double> ExponentialLR::next_lrs(std::int64_t epoch) const {
  return epoch == 0 ? current_lrs() : scaled_lrs(options_.gamma);
}
std::vector<double> ExponentialLR::lrs_at(std::int64_t epoch) const {
  return scaled_bases(std::pow(options_.gamma, static_cast<double>(epoch)));
}

PolynomialLR::PolynomialLR(Optimizer& optimizer, PolynomialLROptions options)
    : LRScheduler("PolynomialLR", optimizer, options.last_epoch), options_(options) {
  start();
}
double PolynomialLR::power_of(double remaining) const {
  if (remaining == 0 && options_.power < 0)
    fail(fmt::format("expected a power of 0 or more at the last epoch, got {}", options_.power));
  return std::pow(remaining, options_.power);
}
std::vector<double> PolynomialLR::next_lrs(std::int64_t epoch) const {
  if (epoch == 0 || epoch > options_.total_iters) return current_lrs();
  auto total = static_cast<double>(options_.total_iters);
  double now = 1.0 - static_cast<double>(epoch) / total;
  double before = 1.0 - static_cast<double>(epoch - 1) / total;
  return scaled_lrs(power_of(now / before));
}
std::vector<double> PolynomialLR::lrs_at(std::int64_t epoch) const {
  if (options_.total_iters == 0) fail("expected total_iters other than 0 to go to an epoch, got 0");
  auto passed = static_cast<double>(std::min(options_.total_iters, epoch));
  return scaled_bases(power_of(1.0 - passed / static_cast<double>(options_.total_iters)));
}

namespace {

std::vector<LRLambda> checked(const char* name, std::vector<LRLambda> lambdas, std::size_t groups) {
  if (lambdas.size() != groups) {
    throw ValueError(fmt::format("{}: expected one lr_lambda for each of the {} groups, got {}", name, groups,
                                 lambdas.size()));
  }
  for (const LRLambda& lambda : lambdas) {
    if (!lambda) throw ValueError(fmt::format("{}: expected a function as lr_lambda, got none", name));
  }
  return lambdas;
}

}  // namespace

LambdaLR::LambdaLR(Optimizer& optimizer, const LRLambda& lr_lambda, std::int64_t last_epoch)
    : LambdaLR(optimizer, std::vector<LRLambda>(optimizer.group_count(), lr_lambda), last_epoch) {}
LambdaLR::LambdaLR(Optimizer& optimizer, std::vector<LRLambda> lr_lambdas, std::int64_t last_epoch)
    : LRScheduler("LambdaLR", optimizer, last_epoch),
      lr_lambdas_(checked(name(), std::move(lr_lambdas), optimizer.group_count())) {
  start();
}
std::vector<double> LambdaLR::next_lrs(std::int64_t epoch) const {
  std::vector<double> lrs = base_lrs_;
  for (std::size_t group = 0; group < lrs.size(); ++group) lrs[group] *= lr_lambdas_[group](epoch);
  return lrs;
}

MultiplicativeLR::MultiplicativeLR(Optimizer& optimizer, const LRLambda& lr_lambda, std::int64_t last_epoch)
    : MultiplicativeLR(optimizer, std::vector<LRLambda>(optimizer.group_count(), lr_lambda), last_epoch) {}
MultiplicativeLR::MultiplicativeLR(Optimizer& optimizer, std::vector<LRLambda> lr_lambdas,
                                   std::int64_t last_epoch)
    : LRScheduler("MultiplicativeLR", optimizer, last_epoch),
      lr_lambdas_(checked(name(), std::move(lr_lambdas), optimizer.group_count())) {
  start();
}
std::vector<double> MultiplicativeLR::next_lrs(std::int64_t epoch) const {
  std::vector<double> lrs = current_lrs();
  if (epoch > 0) {
    for (std::size_t group = 0; group < lr_lambdas_.size(); ++group) lrs[group] *= lr_lambdas_[group](epoch);
  }
  return lrs;
}

}  // namespace xgrad::optim
