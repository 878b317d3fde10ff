#pragma once

#include <array>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct LAMBOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};  ///< of the running averages of g and g^2
  double eps = 1e-6;
  double weight_decay = 0;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative lr, eps or weight_decay, and for a beta outside [0, 1).
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

/// LAMB: Adam's direction, as long for each parameter tensor as the tensor itself. With gradient g (-g to
/// maximize), betas a and b, and step t:
///
///     m = a * m + (1 - a) * g
///     v = b * v + (1 - b) * g^2
///     r = m / (1 - a^t) / (sqrt(v / (1 - b^t)) + eps) + weight_decay * p
///     p = p - lr * |p| / |r| * r      (the quotient is 1 where |p| or |r| is 0)
///
/// with 2-norms over the whole tensor, for which a step makes a list of numbers. You et al., "Large batch
/// optimization for deep learning: training BERT in 76 minutes" (2019), without a bound on |p|.
class XGRAD_API LAMB : public OptimizerOf<LAMBOptions> {
 public:
  explicit LAMB(const std::vector<Tensor>& params, LAMBOptions options = {});
  explicit LAMB(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
