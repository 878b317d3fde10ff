#pragma once

#include <array>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct AdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};  ///< of the running averages of g and g^2
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;   ///< divide by the largest average of g^2 so far
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
    v("amsgrad", amsgrad);
    v("maximize", maximize);
  }
};

/// Adam. With gradient g (-g to maximize), betas a and b, and step t:
///
///     g = g + weight_decay * p
///     m = a * m + (1 - a) * g
///     v = b * v + (1 - b) * g^2
///     p = p - lr / (1 - a^t) * m / (sqrt(v) / sqrt(1 - b^t) + eps)
///
/// amsgrad puts the largest v so far in the place of v in the last line. Kingma and Ba, "Adam: a method for
/// stochastic optimization" (2014); Reddi, Kale and Kumar, "On the convergence of Adam and beyond" (2018).
/// Source: torch.optim.Adam.
class XGRAD_API Adam : public OptimizerOf<AdamOptions> {
 public:
  explicit Adam(const std::vector<Tensor>& params, AdamOptions options = {});
  explicit Adam(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

struct AdamWOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};  ///< of the running averages of g and g^2
  double eps = 1e-8;
  double weight_decay = 1e-2;
  bool amsgrad = false;   ///< divide by the largest average of g^2 so far
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
    v("amsgrad", amsgrad);
    v("maximize", maximize);
  }
};

/// Adam whose weight decay does not pass through the averages: first p = p * (1 - lr * weight_decay), then
/// Adam's step without decay. Loshchilov and Hutter, "Decoupled weight decay regularization" (2019). Source:
/// torch.optim.AdamW.
class XGRAD_API AdamW : public OptimizerOf<AdamWOptions> {
 public:
  explicit AdamW(const std::vector<Tensor>& params, AdamWOptions options = {});
  explicit AdamW(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
