#pragma once

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;  ///< of the momentum
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative lr, momentum or weight_decay, and for nesterov without momentum or with
  /// dampening.
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("momentum", momentum);
    v("dampening", dampening);
    v("weight_decay", weight_decay);
    v("nesterov", nesterov);
    v("maximize", maximize);
  }
};

/// Stochastic gradient descent. With gradient g (-g to maximize), learning rate lr, momentum m, dampening d:
///
///     g = g + weight_decay * p
///     b = m * b + (1 - d) * g      (the first time b = g; without momentum not at all)
///     p = p - lr * b               (nesterov: p - lr * (g + m * b); without momentum: p - lr * g)
///
/// Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Sutskever, Martens,
/// Dahl and Hinton, "On the importance of initialization and momentum in deep learning" (2013). Source:
/// torch.optim.SGD.
class XGRAD_API SGD : public OptimizerOf<SGDOptions> {
 public:
  explicit SGD(const std::vector<Tensor>& params, SGDOptions options = {});
  explicit SGD(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
