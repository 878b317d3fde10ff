#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/optim/lr_scheduler.hpp>
#include <xgrad/optim/optimizer.hpp>
#include <xgrad/optim/scheduler_state.hpp>

namespace xgrad::optim {

struct ReduceLROnPlateauOptions {
  std::string mode = "min";  ///< the metric is to fall, or "max": to rise
  double factor = 0.1;       ///< throws ValueError unless below 1
  std::int64_t patience = 10;
  double threshold = 1e-4;
  std::string threshold_mode = "rel";  ///< or "abs"
  std::int64_t cooldown = 0;
  PerGroup min_lr = 0.0;
  double eps = 1e-8;  ///< a smaller change of a learning rate is not made
};

/// Multiplies the learning rates by `factor`, down to min_lr, when the metric has not improved for more than
/// `patience` steps, and then does not count the next `cooldown` steps. An improvement on the best metric so
/// far is m < best * (1 - threshold), with "abs" m < best - threshold; for mode "max" m > best * (1 +
/// threshold), m > best + threshold. nan never improves.
///
///     scheduler.step(validation_loss.item());
///
/// The optimizer must outlive the scheduler, and not be moved. The constructor throws ValueError for an
/// unknown mode, and a list of min_lr of another length than there are groups. Source:
/// torch.optim.lr_scheduler.ReduceLROnPlateau.
class XGRAD_API ReduceLROnPlateau {
 public:
  explicit ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options = {});
  ReduceLROnPlateau(const ReduceLROnPlateau&) = delete;
  ReduceLROnPlateau& operator=(const ReduceLROnPlateau&) = delete;

  /// Takes the metric of one more epoch.
  void step(double metric);

  /// The learning rates after the last step, one a group.
  const std::vector<double>& get_last_lr() const noexcept { return last_lrs_; }
  std::int64_t last_epoch() const noexcept { return last_epoch_; }
  double best() const noexcept { return best_; }
  std::int64_t num_bad_epochs() const noexcept { return num_bad_epochs_; }

  /// What steps have changed: neither the options nor the learning rates, which are the optimizer's.
  SchedulerState state_dict() const;
  /// Throws ValueError for a state that another scheduler made; then nothing was changed.
  void load_state_dict(const SchedulerState& state);

 private:
  bool is_better(double metric) const;
  void reduce();
  std::vector<detail::StateField> state_fields();

  Optimizer* optimizer_;
  ReduceLROnPlateauOptions options_;
  std::vector<double> min_lrs_;
  std::vector<double> last_lrs_;
  std::int64_t last_epoch_ = 0;
  std::int64_t num_bad_epochs_ = 0;
  std::int64_t cooldown_counter_ = 0;
  double best_;
};

}  // namespace xgrad::optim
