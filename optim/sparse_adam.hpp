#pragma once

#include <array>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

struct SparseAdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};  ///< of the running averages of g and g^2
  double eps = 1e-8;
  bool maximize = false;  ///< climb instead of descend

  /// Throws ValueError for a negative lr or eps, and for a beta outside [0, 1).
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("maximize", maximize);
  }
};

/// Adam that leaves alone the rows (along dimension 0) whose gradient is 0 throughout: their averages and
/// their numbers stay as they are, as those of words that a batch does not use. Gradients are ordinary
/// tensors; a row counts as present where any element is not 0 (nan counts). The step t of the bias
/// corrections counts for the whole parameter. Source: torch.optim.SparseAdam.
class XGRAD_API SparseAdam : public OptimizerOf<SparseAdamOptions> {
 public:
  explicit SparseAdam(const std::vector<Tensor>& params, SparseAdamOptions options = {});
  explicit SparseAdam(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
