#pragma once

#include <array>
#include <cstdint>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

/// How Muon adapts the learning rate to the shape of a matrix.
enum class AdjustLr {
  original,        ///< times sqrt(max(1, rows / columns))
  match_rms_adamw  ///< times 0.2 * sqrt(max(rows, columns)), so that AdamW's learning rates fit
};

struct MuonOptions {
  double lr = 1e-3;
  double weight_decay = 0.1;
  double momentum = 0.95;
  bool nesterov = true;
  double eps = 1e-7;          ///< the least length that an update is divided by
  std::int64_t ns_steps = 5;  ///< of Newton and Schulz
  std::array<double, 3> ns_coefficients = {3.4445, -4.775, 2.0315};
  AdjustLr adjust_lr_fn = AdjustLr::original;

  /// Throws ValueError for a negative lr, weight_decay or momentum, an eps of 0 or less, and ns_steps outside
  /// 1 to 99.
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("weight_decay", weight_decay);
    v("momentum", momentum);
    v("nesterov", nesterov);
    v("eps", eps);
    v("ns_steps", ns_steps);
    v("ns_coefficients", ns_coefficients);
    bool matches = adjust_lr_fn == AdjustLr::match_rms_adamw;
    v("match_rms_adamw", matches);
    adjust_lr_fn = matches ? AdjustLr::match_rms_adamw : AdjustLr::original;
  }
};

/// Muon, for matrices: the momentum made nearly orthogonal. With gradient g and momentum m:
///
///     b = m * b + (1 - m) * g
///     u = orthogonal((1 - m) * g + m * b)        (without nesterov: of b)
///     p = p * (1 - lr * weight_decay) - lr * adjusted * u
///
/// orthogonal(x) divides x by its norm and makes ns_steps times X = a X + (b A + c A A) X with A = X X^T and
/// (a, b, c) = ns_coefficients, which brings all singular values near 1. PyTorch computes it in
/// bfloat16, here it is the parameter's dtype. Its steps take memory from the pool. The constructor throws
/// ShapeError for parameters that are no matrices: give those to another optimizer. Jordan et al., "Muon: an
/// optimizer for hidden layers in neural networks" (2024). Source: torch.optim.Muon.
class XGRAD_API Muon : public OptimizerOf<MuonOptions> {
 public:
  explicit Muon(const std::vector<Tensor>& params, MuonOptions options = {});
  explicit Muon(const std::vector<Group>& groups);

 protected:
  void update(std::size_t group) override;
};

}  // namespace xgrad::optim
