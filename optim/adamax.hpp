#pragma once

#include <array>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

// Relatives of Adam.

struct AdamaxOptions {
  double lr = 2e-3;
  std::array<double, 2> betas = {0.9, 0.999};  ///< of the running averages of g and g^2
  double eps = 1e-8;
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

/// Adam with the largest |g| of late in the place of the root of the average of g^2. With betas a and b:
///
///     g = g + weight_decay * p
///     m = a * m + (1 - a) * g
///     u = max(b * u, |g| + eps)
///     p = p - lr / (1 - a^t) * m / u
///
/// Kingma and Ba, "Adam: a method for stochastic optimization" (2014), section 7.1. Source:
/// torch.optim.Adamax.
class XGRAD_API Adamax : public OptimizerOf<AdamaxOptions> {
 public:
  explicit Adamax(const std::vector<Tensor>& params, AdamaxOptions options = {});
  explicit Adamax(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

struct NAdamOptions {
  double lr = 2e-3;
  std::array<double, 2> betas = {0.9, 0.999};  ///< of the running averages of g and g^2
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum_decay = 4e-3;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative lr, eps, weight_decay or momentum_decay, and for a beta outside [0, 1).
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("momentum_decay", momentum_decay);
    v("maximize", maximize);
  }
};

/// Adam that looks ahead by Nesterov's momentum, which grows from step to step. With betas a and b, and
/// c(t) = a * (1 - 0.96^(t * momentum_decay) / 2), C(t) = c(1) * ... * c(t):
///
///     g = g + weight_decay * p
///     m = a * m + (1 - a) * g
///     v = b * v + (1 - b) * g^2
///     r = sqrt(v / (1 - b^t)) + eps
///     p = p - lr * ((1 - c(t)) / (1 - C(t)) * g + c(t + 1) / (1 - D(t)) * m) / r
///
/// where D(t) = C(t) c(t) c(t + 1), as PyTorch 1.13 has it; the paper has C(t + 1). Dozat, "Incorporating
/// Nesterov momentum into Adam" (2016). Source: torch.optim.NAdam.
class XGRAD_API NAdam : public OptimizerOf<NAdamOptions> {
 public:
  explicit NAdam(const std::vector<Tensor>& params, NAdamOptions options = {});
  explicit NAdam(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

struct RAdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};  ///< of the running averages of g and g^2
  double eps = 1e-8;
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

/// Adam whose first steps, too few to know the variance of g, are those of momentum alone. With m and v as of
/// Adam, n = 2 / (1 - b) - 1 and n(t) = n - 2 t b^t / (1 - b^t):
///
///     n(t) <= 5: p = p - lr * m / (1 - a^t)
///     else:      p = p - lr * m / (1 - a^t) * q * sqrt(1 - b^t) / (sqrt(v) + eps),
///                q^2 = (n(t) - 4) (n(t) - 2) n / ((n - 4) (n - 2) n(t))
///
/// Liu et al., "On the variance of the adaptive learning rate and beyond" (2019). Source: torch.optim.RAdam.
class XGRAD_API RAdam : public OptimizerOf<RAdamOptions> {
 public:
  explicit RAdam(const std::vector<Tensor>& params, RAdamOptions options = {});
  explicit RAdam(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
