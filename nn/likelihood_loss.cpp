#include <xgrad/nn/likelihood_loss.hpp>

namespace xgrad::nn {

Tensor kl_div(const Tensor& input, const Tensor& target, KLDivOptions options) {
  return xgrad::kl_div(input, target, options.reduction, options.log_target);
}

Tensor KLDivLoss::operator()(const Tensor& input, const Tensor& target) const {
  return kl_div(input, target, options_);
}
Tensor PoissonNLLLoss::operator()(const Tensor& input, const Tensor& target) const {
  return poisson_nll_loss(input, target, options_);
}
Tensor GaussianNLLLoss::operator()(const Tensor& input, const Tensor& target, const Tensor& var) const {
  return gaussian_nll_loss(input, target, var, options_);
}
Tensor CTCLoss::operator()(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                           const Tensor& target_lengths) const {
  return ctc_loss(log_probs, targets, input_lengths, target_lengths, options_);
}
Tensor FocalLoss::operator()(const Tensor& input, const Tensor& target) const {
  return sigmoid_focal_loss(input, target, options_);
}

}  // namespace xgrad::nn
