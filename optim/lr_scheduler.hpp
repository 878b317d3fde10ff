#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/optim/optimizer.hpp>
#include <xgrad/optim/scheduler_state.hpp>

namespace xgrad::optim {

/// Changes the learning rates of an optimizer's groups from epoch to epoch (or batch to batch, whatever a
/// step stands for). A scheduler sets epoch 0 when it is made; each step goes on by one, after the
/// optimizer's own:
///
///     optim::SGD optimizer(model.parameters(), {.lr = 0.1});
///     optim::StepLR scheduler(optimizer, {.step_size = 30});
///     for (...) { ...; optimizer.step(); scheduler.step(); }
///
/// In the formulas t is the epoch, lr the learning rate as it stands, and base the one that the group had
/// before its first scheduler. Where a formula starts from lr, schedulers of one optimizer work together:
/// each multiplies what the others have left. The optimizer must outlive the scheduler, and not be moved.
///
/// `last_epoch` among the options is -1 for a new run; else a run is resumed after that epoch, and ValueError
/// is thrown where the optimizer does not know its initial_lr. All constructors throw ValueError for options
/// that make no sense, before anything is changed. Source: torch.optim.lr_scheduler.
class XGRAD_API LRScheduler {
 public:
  LRScheduler(const LRScheduler&) = delete;
  LRScheduler& operator=(const LRScheduler&) = delete;
  virtual ~LRScheduler();

  /// Goes to the next epoch.
  void step() { advance(std::nullopt); }
  /// Goes to an epoch by the closed form of the formula, whatever the learning rates are now. Throws
  /// ValueError for a negative one, and for a fraction where the formula knows none.
  void step(double epoch);

  /// The learning rates that the last step set, one a group.
  const std::vector<double>& get_last_lr() const noexcept { return last_lrs_; }
  /// The learning rates that the formulas count from, one a group.
  const std::vector<double>& base_lrs() const noexcept { return base_lrs_; }
  std::int64_t last_epoch() const noexcept { return last_epoch_; }
  Optimizer& optimizer() const noexcept { return *optimizer_; }

  /// What steps have changed: neither the options nor the learning rates, which are the optimizer's.
  SchedulerState state_dict() const;
  /// Throws ValueError for a state that another scheduler made; then nothing was changed.
  void load_state_dict(const SchedulerState& state);

 protected:
  /// `name` is the scheduler's, for errors; it must live forever.
  LRScheduler(const char* name, Optimizer& optimizer, std::int64_t last_epoch);

  /// Ends every constructor: notes the groups' initial_lr, and goes to the first epoch.
  void start();
  /// The same with other learning rates to count from, which become the groups' initial_lr.
  void start_from(std::vector<double> base_lrs);

  /// The learning rates of the epoch that follows, one a group (fewer leave the last groups alone).
  virtual std::vector<double> next_lrs(std::int64_t epoch) const = 0;
  /// The learning rates of any epoch. By default next_lrs.
  virtual std::vector<double> lrs_at(std::int64_t epoch) const;
  /// The momenta of any epoch. By default none: they are left alone.
  virtual std::vector<double> momenta_at(std::int64_t epoch) const;
  /// A step. By default sets what the functions above say.
  virtual void advance(std::optional<double> epoch);
  /// The members that a step changes.
  virtual std::vector<detail::StateField> state_fields();

  /// Sets what a step has computed.
  void commit(std::int64_t epoch, const std::vector<double>& lrs, const std::vector<double>& momenta = {});
  /// The learning rates of all groups as they stand.
  std::vector<double> current_lrs() const;
  /// All of them times `factor`.
  std::vector<double> scaled_lrs(double factor) const;
  /// base * factor for every group.
  std::vector<double> scaled_bases(double factor) const;

  const char* name() const noexcept { return name_; }
  [[noreturn]] void fail(const std::string& message) const;
  /// Throws ValueError, "name: expected <what>, got <value>", unless `right`.
  void require(bool right, const char* what, double value) const;

  // What a scheduler of schedulers does to another one.
  static void go_back(LRScheduler& scheduler) { --scheduler.last_epoch_; }
  static void start_again(LRScheduler& scheduler) {
    scheduler.steps_ = 0;
    scheduler.step();
  }
  static std::vector<detail::StateField> state_fields_of(LRScheduler& scheduler) {
    return scheduler.state_fields();
  }

  std::vector<double> base_lrs_;
  std::vector<double> last_lrs_;
  std::int64_t last_epoch_;
  std::int64_t steps_ = 0;  ///< how often commit was called

 private:
  const char* name_;
  Optimizer* optimizer_;
};

/// A number for all groups, or one for each: `.max_lr = 0.1`, `.max_lr = {0.1, 0.01}`.
class PerGroup {
 public:
  PerGroup(double value) : values_{value} {}  // NOLINT(google-explicit-constructor): a plain number
  PerGroup(std::initializer_list<double> values) : values_(values), is_list_(true) {}
  PerGroup(std::vector<double> values)  // NOLINT(google-explicit-constructor): plain numbers
      : values_(std::move(values)), is_list_(true) {}

  /// The numbers of all `groups` groups. Throws ValueError, naming scheduler and option, for another length.
  XGRAD_API std::vector<double> expand(const char* scheduler, const char* option, std::size_t groups) const;

 private:
  std::vector<double> values_;
  bool is_list_ = false;
};

struct StepLROptions {
  std::int64_t step_size = 0;  ///< must be given; throws ValueError unless positive
  double gamma = 0.1;
  std::int64_t last_epoch = -1;
};

/// lr * gamma every step_size epochs: base * gamma^floor(t / step_size). Source:
/// torch.optim.lr_scheduler.StepLR.
class XGRAD_API StepLR final : public LRScheduler {
 public:
  StepLR(Optimizer& optimizer, StepLROptions options);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> lrs_at(std::int64_t epoch) const override;

 private:
  StepLROptions options_;
};

struct MultiStepLROptions {
  std::vector<std::int64_t> milestones = {};  ///< in any order; one that occurs twice counts twice
  double gamma = 0.1;
  std::int64_t last_epoch = -1;
};

/// lr * gamma at every milestone: base * gamma^(number of milestones up to t). Source:
/// torch.optim.lr_scheduler.MultiStepLR.
class XGRAD_API MultiStepLR final : public LRScheduler {
 public:
  MultiStepLR(Optimizer& optimizer, MultiStepLROptions options);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> lrs_at(std::int64_t epoch) const override;

 private:
  MultiStepLROptions options_;
};

struct ConstantLROptions {
  double factor = 1.0 / 3;  ///< throws ValueError outside [0, 1]
  std::int64_t total_iters = 5;
  std::int64_t last_epoch = -1;
};

/// lr * factor until epoch total_iters, which divides by it again: base * factor for t < total_iters, then
/// base. With factor 0 the step to total_iters throws ValueError: nothing is left to divide. Source:
/// torch.optim.lr_scheduler.ConstantLR.
class XGRAD_API ConstantLR final : public LRScheduler {
 public:
  explicit ConstantLR(Optimizer& optimizer, ConstantLROptions options = {});

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> lrs_at(std::int64_t epoch) const override;

 private:
  ConstantLROptions options_;
};

struct LinearLROptions {
  double start_factor = 1.0 / 3;  ///< throws ValueError outside (0, 1]
  double end_factor = 1;          ///< throws ValueError outside [0, 1]
  std::int64_t total_iters = 5;
  std::int64_t last_epoch = -1;
};

/// A factor that goes from start_factor to end_factor in total_iters epochs, and stays there:
/// base * (start_factor + (end_factor - start_factor) * min(t, total_iters) / total_iters). Source:
/// torch.optim.lr_scheduler.LinearLR.
class XGRAD_API LinearLR final : public LRScheduler {
 public:
  explicit LinearLR(Optimizer& optimizer, LinearLROptions options = {});

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> lrs_at(std::int64_t epoch) const override;

 private:
  LinearLROptions options_;
};

struct ExponentialLROptions {
  double gamma = 0;  ///< must be given
  std::int64_t last_epoch = -1;
};

/// lr * gamma every epoch: base * gamma^t. Source: torch.optim.lr_scheduler.ExponentialLR.
class XGRAD_API ExponentialLR final : public LRScheduler {
 public:
  ExponentialLR(Optimizer& optimizer, ExponentialLROptions options);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> lrs_at(std::int64_t epoch) const override;

 private:
  ExponentialLROptions options_;
};

struct PolynomialLROptions {
  std::int64_t total_iters = 5;
  double power = 1;
  std::int64_t last_epoch = -1;
};

/// base * (1 - min(t, total_iters) / total_iters)^power. Throws ValueError where that divides by 0. Source:
/// torch.optim.lr_scheduler.PolynomialLR.
class XGRAD_API PolynomialLR final : public LRScheduler {
 public:
  explicit PolynomialLR(Optimizer& optimizer, PolynomialLROptions options = {});

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> lrs_at(std::int64_t epoch) const override;

 private:
  double power_of(double remaining) const;

  PolynomialLROptions options_;
};

/// A factor as a function of the epoch.
using LRLambda = std::function<double(std::int64_t epoch)>;

/// base * lr_lambda(t). The functions are no part of the state. Source: torch.optim.lr_scheduler.LambdaLR.
class XGRAD_API LambdaLR final : public LRScheduler {
 public:
  /// One function for all groups.
  LambdaLR(Optimizer& optimizer, const LRLambda& lr_lambda, std::int64_t last_epoch = -1);
  /// One for each group. Throws ValueError for another number of them, or an empty one.
  LambdaLR(Optimizer& optimizer, std::vector<LRLambda> lr_lambdas, std::int64_t last_epoch = -1);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;

 private:
  std::vector<LRLambda> lr_lambdas_;
};

/// lr * lr_lambda(t) for t > 0. The functions are no part of the state. Source:
/// torch.optim.lr_scheduler.MultiplicativeLR.
class XGRAD_API MultiplicativeLR final : public LRScheduler {
 public:
  /// One function for all groups.
  MultiplicativeLR(Optimizer& optimizer, const LRLambda& lr_lambda, std::int64_t last_epoch = -1);
  /// One for each group. Throws ValueError for another number of them, or an empty one.
  MultiplicativeLR(Optimizer& optimizer, std::vector<LRLambda> lr_lambdas, std::int64_t last_epoch = -1);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;

 private:
  std::vector<LRLambda> lr_lambdas_;
};

}  // namespace xgrad::optim
