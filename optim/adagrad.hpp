#pragma once

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;
  double weight_decay = 0;
  double initial_accumulator_value = 0;
  double eps = 1e-10;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative number.
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("lr_decay", lr_decay);
    v("weight_decay", weight_decay);
    v("initial_accumulator_value", initial_accumulator_value);
    v("eps", eps);
    v("maximize", maximize);
  }
};

/// Adagrad: every number steps by its own history. With gradient g (-g to maximize) and step t:
///
///     g = g + weight_decay * p
///     s = s + g^2, at first initial_accumulator_value
///     p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)
///
/// Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning" (2011). Source:
/// torch.optim.Adagrad.
class XGRAD_API Adagrad : public OptimizerOf<AdagradOptions> {
 public:
  explicit Adagrad(const std::vector<Tensor>& params, AdagradOptions options = {});
  explicit Adagrad(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

struct AdadeltaOptions {
  double lr = 1;
  double rho = 0.9;  ///< of the running averages
  double eps = 1e-6;
  double weight_decay = 0;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative number and for a rho above 1.
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("rho", rho);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

/// Adadelta: steps as large as earlier ones, in units of the parameter. With gradient g (-g to maximize):
///
///     g = g + weight_decay * p
///     s = rho * s + (1 - rho) * g^2
///     d = sqrt(a + eps) / sqrt(s + eps) * g
///     a = rho * a + (1 - rho) * d^2
///     p = p - lr * d
///
/// Zeiler, "ADADELTA: an adaptive learning rate method" (2012). Source: torch.optim.Adadelta.
class XGRAD_API Adadelta : public OptimizerOf<AdadeltaOptions> {
 public:
  explicit Adadelta(const std::vector<Tensor>& params, AdadeltaOptions options = {});
  explicit Adadelta(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
