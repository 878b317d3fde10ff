#include <xgrad/optim/reduce_on_plateau.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::optim {
namespace {

constexpr const char* scheduler_name = "ReduceLROnPlateau";

std::vector<double> lrs_of(const Optimizer& optimizer) {
  std::vector<double> lrs(optimizer.group_count());
  for (std::size_t group = 0; group < lrs.size(); ++group) lrs[group] = optimizer.lr(group);
  return lrs;
}

void require_word(const char* option, const std::string& word, const char* one, const char* other) {
  if (word == one || word == other) return;
  throw ValueError(
      fmt::format(R"({}: expected {} "{}" or "{}", got "{}")", scheduler_name, option, one, other, word));
}

}  // namespace

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options)
    : optimizer_(&optimizer),
      options_(std::move(options)),
      min_lrs_(options_.min_lr.expand(scheduler_name, "min_lr", optimizer.group_count())),
      last_lrs_(lrs_of(optimizer)) {
  if (!(options_.factor < 1))
    throw ValueError(fmt::format("{}: expected a factor below 1, got {}", scheduler_name, options_.factor));
  require_word("mode", options_.mode, "min", "max");
  require_word("threshold_mode", options_.threshold_mode, "rel", "abs");
  double infinity = std::numeric_limits<double>::infinity();
  best_ = options_.mode == "min" ? infinity : -infinity;
}

bool ReduceLROnPlateau::is_better(double metric) const {
  bool relative = options_.threshold_mode == "rel";
  if (options_.mode == "min")
    return metric < (relative ? best_ * (1 - options_.threshold) : best_ - options_.threshold);
  return metric > (relative ? best_ * (options_.threshold + 1) : best_ + options_.threshold);
}

void ReduceLROnPlateau::step(double metric) {
  ++last_epoch_;
  if (is_better(metric)) {
    best_ = metric;
    num_bad_epochs_ = 0;
  } else {
    ++num_bad_epochs_;
  }
  if (cooldown_counter_ > 0) {
    --cooldown_counter_;
    num_bad_epochs_ = 0;
  }
  if (num_bad_epochs_ > options_.patience) {
    reduce();
    cooldown_counter_ = options_.cooldown;
    num_bad_epochs_ = 0;
  }
  last_lrs_ = lrs_of(*optimizer_);
}

void ReduceLROnPlateau::reduce() {
  for (std::size_t group = 0; group < min_lrs_.size(); ++group) {
    double lr = optimizer_->lr(group);
    double reduced = std::max(lr * options_.factor, min_lrs_[group]);
    if (lr - reduced > options_.eps) optimizer_->set_lr(reduced, group);
  }
}

std::vector<detail::StateField> ReduceLROnPlateau::state_fields() {
  return {{"best", &best_},
          {"num_bad_epochs", &num_bad_epochs_},
          {"cooldown_counter", &cooldown_counter_},
          {"last_epoch", &last_epoch_},
          {"_last_lr", &last_lrs_}};
}
SchedulerState ReduceLROnPlateau::state_dict() const {
  return detail::collect_state(const_cast<ReduceLROnPlateau*>(this)->state_fields());  // it only reads
}
void ReduceLROnPlateau::load_state_dict(const SchedulerState& state) {
  detail::restore_state(scheduler_name, state_fields(), state);
}

}  // namespace xgrad::optim
