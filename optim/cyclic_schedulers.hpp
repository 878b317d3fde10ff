#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <xgrad/optim/lr_scheduler.hpp>

/// Learning rates that go up and down, and momenta that go the other way: the momentum of SGD, betas[0] of
/// Adam.
namespace xgrad::optim {

struct CyclicLROptions {
  PerGroup base_lr = 0.0;                       ///< the lower bound; must be given
  PerGroup max_lr = 0.0;                        ///< the upper bound; must be given
  double step_size_up = 2000;                   ///< steps from the lower bound to the upper one
  std::optional<double> step_size_down = {};    ///< and back; by default as many
  std::string mode = "triangular";              ///< or "triangular2", "exp_range"; not used with a scale_fn
  double gamma = 1;                             ///< of exp_range
  std::function<double(double)> scale_fn = {};  ///< of the cycle or the iteration, as scale_mode says
  std::string scale_mode = "cycle";             ///< or "iterations"; used with a scale_fn alone
  bool cycle_momentum = true;
  PerGroup base_momentum = 0.8;  ///< where the learning rate is at its upper bound
  PerGroup max_momentum = 0.9;   ///< where the learning rate is at its lower bound
  std::int64_t last_epoch = -1;
};

/// Triangles. With u = step_size_up, T = u + step_size_down, the cycle c = floor(1 + t / T), and h that goes
/// from 0 to 1 and back within a cycle:
///
///     lr = base_lr + (max_lr - base_lr) * h * scale
///     momentum = max_momentum - (max_momentum - base_momentum) * h * scale
///
/// where scale is 1 (triangular), 2^(1 - c) (triangular2), gamma^t (exp_range), or scale_fn(c) or
/// scale_fn(t). Throws ValueError for lists of another length than there are groups, unknown modes,
/// step_size_up that is not positive, a negative step_size_down, and cycle_momentum with an optimizer that
/// has neither momentum nor betas. Smith, "Cyclical learning rates for training neural networks" (2017).
/// Source: torch.optim.lr_scheduler.CyclicLR.
class XGRAD_API CyclicLR final : public LRScheduler {
 public:
  CyclicLR(Optimizer& optimizer, CyclicLROptions options);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> momenta_at(std::int64_t epoch) const override;

 private:
  struct Place {
    double height;
    double scale;
  };
  Place place_of(std::int64_t epoch) const;

  CyclicLROptions options_;
  double total_size_;
  double step_ratio_;
  std::vector<double> max_lrs_;
  std::vector<double> base_momenta_;
  std::vector<double> max_momenta_;
};

struct OneCycleLROptions {
  PerGroup max_lr = 0.0;                         ///< must be given
  std::optional<std::int64_t> total_steps = {};  ///< either this
  std::optional<std::int64_t> epochs = {};       ///< or these two
  std::optional<std::int64_t> steps_per_epoch = {};
  double pct_start = 0.3;               ///< the part of the cycle that goes up
  std::string anneal_strategy = "cos";  ///< or "linear"
  bool cycle_momentum = true;
  PerGroup base_momentum = 0.85;  ///< where the learning rate is at its highest
  PerGroup max_momentum = 0.95;   ///< where the learning rate is at its lowest
  double div_factor = 25;
  double final_div_factor = 1e4;
  bool three_phase = false;
  std::int64_t last_epoch = -1;
};

/// One cycle, with n = total_steps: from max_lr / div_factor up to max_lr at t = pct_start * n - 1, and down
/// to max_lr / div_factor / final_div_factor at n - 1. With three_phase down to max_lr / div_factor first, at
/// t = 2 * pct_start * n - 2. Between two of these points, a at p = 0 and b at p = 1, the learning rate is b
/// + (a - b) * (1 + cos(pi * p)) / 2, or a + (b - a) * p. Momenta go from max_momentum to base_momentum and
/// back at the same points.
///
/// Throws ValueError without total_steps or else epochs and steps_per_epoch, for those that are not positive,
/// pct_start outside [0, 1] or such that a phase has no length, factors of 0, an unknown strategy, lists of
/// another length than there are groups, cycle_momentum with an optimizer that has neither momentum nor
/// betas; and from a step beyond total_steps. Smith and Topin, "Super-convergence" (2018). Source:
/// torch.optim.lr_scheduler.OneCycleLR.
class XGRAD_API OneCycleLR final : public LRScheduler {
 public:
  OneCycleLR(Optimizer& optimizer, OneCycleLROptions options);

  std::int64_t total_steps() const noexcept { return total_steps_; }

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> momenta_at(std::int64_t epoch) const override;

 private:
  enum class Bound { initial, highest, lowest };
  struct Phase {
    double end_step;
    Bound from;
    Bound to;
  };
  /// A phase, and how much of it has passed.
  struct Place {
    const Phase* phase;
    double part;
  };
  std::int64_t count_steps(const OneCycleLROptions& options) const;
  Place place_of(std::int64_t epoch) const;
  double anneal(double from, double to, double part) const;
  double lr_at(Bound bound, std::size_t group) const;

  OneCycleLROptions options_;
  std::int64_t total_steps_;
  std::vector<Phase> phases_;
  std::vector<double> max_lrs_;
  std::vector<double> base_momenta_;
  std::vector<double> max_momenta_;
};

}  // namespace xgrad::optim
