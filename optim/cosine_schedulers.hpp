#pragma once

#include <xgrad/optim/lr_scheduler.hpp>

/// Learning rates along half a cosine. Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm
/// restarts" (2017).
namespace xgrad::optim {

struct CosineAnnealingLROptions {
  // NOLINTNEXTLINE(readability-identifier-naming): PyTorch's names, here and below
  std::int64_t T_max = 0;  ///< must be given; throws ValueError unless positive
  double eta_min = 0;
  std::int64_t last_epoch = -1;
};

/// eta_min + (base - eta_min) * (1 + cos(pi * t / T_max)) / 2, up again after T_max, and so on. A step
/// computes it from lr:
///
///     (1 + cos(pi * t / T_max)) / (1 + cos(pi * (t - 1) / T_max)) * (lr - eta_min) + eta_min
///
/// and just after a minimum lr + (base - eta_min) * (1 - cos(pi / T_max)) / 2. Source:
/// torch.optim.lr_scheduler.CosineAnnealingLR.
class XGRAD_API CosineAnnealingLR final : public LRScheduler {
 public:
  CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLROptions options);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  std::vector<double> lrs_at(std::int64_t epoch) const override;

 private:
  CosineAnnealingLROptions options_;
};

struct CosineAnnealingWarmRestartsOptions {
  // NOLINTBEGIN(readability-identifier-naming)
  std::int64_t T_0 = 0;     ///< epochs to the first restart; must be given; throws ValueError unless positive
  std::int64_t T_mult = 1;  ///< each cycle is as many times longer; throws ValueError below 1
  // NOLINTEND(readability-identifier-naming)
  double eta_min = 0;
  std::int64_t last_epoch = -1;
};

/// eta_min + (base - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2, T_cur epochs into a cycle of T_i = T_0 *
/// T_mult^i. `step(epoch)` takes fractions, to go on from batch to batch: step(epoch + batch / batches).
/// Source: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.
class XGRAD_API CosineAnnealingWarmRestarts final : public LRScheduler {
 public:
  CosineAnnealingWarmRestarts(Optimizer& optimizer, CosineAnnealingWarmRestartsOptions options);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  void advance(std::optional<double> epoch) override;
  std::vector<detail::StateField> state_fields() override;

 private:
  /// A place in a cycle, and how long the cycle is.
  struct Place {
    double current;
    double length;
  };
  Place place_of(double epoch) const;
  std::vector<double> lrs_of(Place place) const;

  CosineAnnealingWarmRestartsOptions options_;
  double T_cur_;
  double T_i_;
};

struct WarmupCosineLROptions {
  std::int64_t warmup_iters = 0;  ///< throws ValueError if negative
  std::int64_t total_iters = 0;   ///< warm-up included; must be given; throws ValueError unless longer
  double start_factor = 0.01;     ///< throws ValueError outside [0, 1]
  double eta_min = 0;
  std::int64_t last_epoch = -1;
};

/// A straight line up, then half a cosine down, then eta_min. With W = warmup_iters and T = total_iters:
///
///     t < W:  base * (start_factor + (1 - start_factor) * t / W)
///     else:   eta_min + (base - eta_min) * (1 + cos(pi * min(t - W, T - W) / (T - W))) / 2
///
/// Goyal et al., "Accurate, large minibatch SGD" (2017), for the warm-up. In PyTorch: SequentialLR of
/// LinearLR and CosineAnnealingLR.
class XGRAD_API WarmupCosineLR final : public LRScheduler {
 public:
  WarmupCosineLR(Optimizer& optimizer, WarmupCosineLROptions options);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;

 private:
  WarmupCosineLROptions options_;
};

}  // namespace xgrad::optim
