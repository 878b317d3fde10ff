#pragma once

#include <array>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct AdafactorOptions {
  double lr = 1e-2;
  double beta2_decay = -0.8;  ///< the averages of step t forget with 1 - t^beta2_decay
  /// The least variance's root, 0 for the dtype's epsilon, and the least root mean square that a parameter
  /// counts with.
  std::array<double, 2> eps = {0, 1e-3};
  double d = 1;  ///< the largest root mean square of an update
  double weight_decay = 0;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative lr, eps or weight_decay, a positive beta2_decay, and d below 1.
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("beta2_decay", beta2_decay);
    v("eps", eps);
    v("d", d);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

/// Adafactor: the running averages of g^2 of a matrix are kept as those of its rows and of its columns. With
/// gradient g (-g to maximize), step t, s = t^beta2_decay, and means over rows R and columns C of the last
/// two dimensions:
///
///     a = min(lr, 1 / sqrt(t)) * max(eps[1], root mean square of p)
///     p = p * (1 - lr * weight_decay)
///     r = (1 - s) * r + s * R(g^2),  c = (1 - s) * c + s * C(g^2)
///     u = g / max(eps[0], sqrt(r c / mean of r))      (vectors keep the average of g^2 itself)
///     p = p - a * u / max(1, root mean square of u / d)
///
/// Its steps are written in tensor operations and take memory from the pool. Shazeer and Stern, "Adafactor:
/// adaptive learning rates with sublinear memory cost" (2018). Source: torch.optim.Adafactor.
class XGRAD_API Adafactor : public OptimizerOf<AdafactorOptions> {
 public:
  explicit Adafactor(const std::vector<Tensor>& params, AdafactorOptions options = {});
  explicit Adafactor(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
  Shape state_shape(const Tensor& parameter, std::size_t place) const override;
};

}  // namespace xgrad::optim
