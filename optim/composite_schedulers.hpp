#pragma once

#include <memory>
#include <vector>

#include <xgrad/optim/lr_scheduler.hpp>

/// Schedulers of schedulers.
namespace xgrad::optim {

/// Schedulers that others hold, too. Those in one pair of braces are made from left to right:
///
///     Schedulers{std::make_shared<LinearLR>(optimizer), std::make_shared<StepLR>(optimizer, options)}
using Schedulers = std::vector<std::shared_ptr<LRScheduler>>;

struct SequentialLROptions {
  std::vector<std::int64_t> milestones = {};  ///< the epochs where the next scheduler takes over
  std::int64_t last_epoch = -1;
};

/// One scheduler after the other. Making it takes back the first epochs of all schedulers; at its milestone
/// each begins with step(0), that is from the base learning rates. Throws ValueError unless there is one
/// milestone less than schedulers, milestones do not fall, and all schedulers exist, belong to `optimizer`
/// and can go back to the start (SequentialLR and ChainedScheduler cannot). Source:
/// torch.optim.lr_scheduler.SequentialLR.
class XGRAD_API SequentialLR final : public LRScheduler {
 public:
  SequentialLR(Optimizer& optimizer, Schedulers schedulers, SequentialLROptions options);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  void advance(std::optional<double> epoch) override;
  std::vector<detail::StateField> state_fields() override;

 private:
  Schedulers schedulers_;
  std::vector<std::int64_t> milestones_;
};

/// All schedulers step together, first to last, each on the learning rates that the one before has left. When
/// one throws, those before it have stepped. Throws ValueError for no schedulers, one that does not exist, or
/// one of another optimizer. Source: torch.optim.lr_scheduler.ChainedScheduler.
class XGRAD_API ChainedScheduler final : public LRScheduler {
 public:
  explicit ChainedScheduler(Schedulers schedulers);

 protected:
  std::vector<double> next_lrs(std::int64_t epoch) const override;
  void advance(std::optional<double> epoch) override;
  std::vector<detail::StateField> state_fields() override;

 private:
  Schedulers schedulers_;
};

}  // namespace xgrad::optim
