#pragma once

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct ASGDOptions {
  double lr = 1e-2;
  double lambd = 1e-4;  ///< how fast p decays and the learning rate falls
  double alpha = 0.75;  ///< the power by which it falls
  double t0 = 1e6;      ///< the step at which averaging starts
  double weight_decay = 0;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative lr or weight_decay.
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("lambd", lambd);
    v("alpha", alpha);
    v("t0", t0);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

/// SGD with a learning rate that falls, and the average of where it was. With gradient g (-g to maximize) and
/// step t:
///
///     g = g + weight_decay * p
///     p = p * (1 - lambd * eta) - eta * g
///     eta = lr / (1 + lambd * lr * t)^alpha for the next step, lr for the first
///
/// The state "ax" holds the average of p from step t0 on. Polyak and Juditsky, "Acceleration of stochastic
/// approximation by averaging" (1992). Source: torch.optim.ASGD.
class XGRAD_API ASGD : public OptimizerOf<ASGDOptions> {
 public:
  explicit ASGD(const std::vector<Tensor>& params, ASGDOptions options = {});
  explicit ASGD(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
