#pragma once

#include <array>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct LionOptions {
  double lr = 1e-4;
  std::array<double, 2> betas = {0.9, 0.99};  ///< of the direction, and of the running average
  double weight_decay = 0;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative lr or weight_decay, and for a beta outside [0, 1).
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("betas", betas);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

/// Lion: every element moves by lr. With gradient g (-g to maximize) and betas a and b:
///
///     p = p * (1 - lr * weight_decay)
///     p = p - lr * sign(a * m + (1 - a) * g)
///     m = b * m + (1 - b) * g
///
/// Chen et al., "Symbolic discovery of optimization algorithms" (2023).
class XGRAD_API Lion : public OptimizerOf<LionOptions> {
 public:
  explicit Lion(const std::vector<Tensor>& params, LionOptions options = {});
  explicit Lion(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
