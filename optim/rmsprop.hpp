#pragma once

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;  ///< of the running averages
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;  ///< divide by the deviation from the average gradient instead of from 0
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative number.
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("alpha", alpha);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("momentum", momentum);
    v("centered", centered);
    v("maximize", maximize);
  }
};

/// RMSprop: steps divided by the root of a running average of g^2. With gradient g (-g to maximize):
///
///     g = g + weight_decay * p
///     s = alpha * s + (1 - alpha) * g^2
///     r = sqrt(s) + eps, or centered sqrt(s - a^2) + eps with a = alpha * a + (1 - alpha) * g
///     p = p - lr * g / r, or with momentum b = momentum * b + g / r and p = p - lr * b
///
/// Hinton, "Neural networks for machine learning", lecture 6e (2012); centered: Graves, "Generating sequences
/// with recurrent neural networks" (2013). Source: torch.optim.RMSprop.
class XGRAD_API RMSprop : public OptimizerOf<RMSpropOptions> {
 public:
  explicit RMSprop(const std::vector<Tensor>& params, RMSpropOptions options = {});
  explicit RMSprop(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
