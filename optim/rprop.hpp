#pragma once

#include <array>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct RpropOptions {
  double lr = 1e-2;
  std::array<double, 2> etas = {0.5, 1.2};        ///< by which steps shrink and grow
  std::array<double, 2> step_sizes = {1e-6, 50};  ///< the least and the largest
  bool maximize = false;                          ///< climb instead of descend

  /// Throws ValueError for a negative lr, and unless 0 < etas[0] < 1 < etas[1].
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("etas", etas);
    v("step_sizes", step_sizes);
    v("maximize", maximize);
  }
};

/// Resilient propagation: steps by the sign of the gradient alone, for whole batches. Every number has a step
/// size d, at first lr: it is multiplied by etas[1] where g has the sign of the step before, by etas[0] where
/// it has the other, within step_sizes; where the sign changed, g counts as 0 in this step. Then p = p - d *
/// sign(g). Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning" (1993).
/// Source: torch.optim.Rprop.
class XGRAD_API Rprop : public OptimizerOf<RpropOptions> {
 public:
  explicit Rprop(const std::vector<Tensor>& params, RpropOptions options = {});
  explicit Rprop(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
