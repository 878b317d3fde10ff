#include <xgrad/nn/loss.hpp>

namespace xgrad::nn {
namespace {

Buffer buffer_or_none(const Tensor& tensor) { return tensor.defined() ? Buffer(tensor) : Buffer(); }

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, LossOptions options) {
  return xgrad::mse_loss(input, target, options.reduction);
}
Tensor l1_loss(const Tensor& input, const Tensor& target, LossOptions options) {
  return xgrad::l1_loss(input, target, options.reduction);
}
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, SmoothL1Options options) {
  return xgrad::smooth_l1_loss(input, target, options.reduction, options.beta);
}
Tensor huber_loss(const Tensor& input, const Tensor& target, HuberOptions options) {
  return xgrad::huber_loss(input, target, options.reduction, options.delta);
}
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                            const BinaryCrossEntropyOptions& options) {
  return xgrad::binary_cross_entropy(input, target, options.weight, options.reduction);
}
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                        const BinaryCrossEntropyWithLogitsOptions& options) {
  return xgrad::binary_cross_entropy_with_logits(input, target, options.weight, options.pos_weight,
                                                 options.reduction);
}
Tensor nll_loss(const Tensor& input, const Tensor& target, const NLLLossOptions& options) {
  return xgrad::nll_loss(input, target, options.weight, options.ignore_index, options.reduction);
}
Tensor cross_entropy(const Tensor& input, const Tensor& target, const CrossEntropyOptions& options) {
  return xgrad::cross_entropy(input, target, options.weight, options.ignore_index, options.reduction,
                              options.label_smoothing);
}

Tensor MSELoss::operator()(const Tensor& input, const Tensor& target) const {
  return mse_loss(input, target, options_);
}
Tensor L1Loss::operator()(const Tensor& input, const Tensor& target) const {
  return l1_loss(input, target, options_);
}
Tensor SmoothL1Loss::operator()(const Tensor& input, const Tensor& target) const {
  return smooth_l1_loss(input, target, options_);
}
Tensor HuberLoss::operator()(const Tensor& input, const Tensor& target) const {
  return huber_loss(input, target, options_);
}

BCELoss::BCELoss(const BinaryCrossEntropyOptions& options)
    : weight(buffer_or_none(options.weight)), reduction_(options.reduction) {}
void BCELoss::visit(Visitor& visitor) { visitor("weight", weight); }
Tensor BCELoss::operator()(const Tensor& input, const Tensor& target) const {
  return xgrad::binary_cross_entropy(input, target, weight, reduction_);
}

BCEWithLogitsLoss::BCEWithLogitsLoss(const BinaryCrossEntropyWithLogitsOptions& options)
    : weight(buffer_or_none(options.weight)),
      pos_weight(buffer_or_none(options.pos_weight)),
      reduction_(options.reduction) {}
void BCEWithLogitsLoss::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("pos_weight", pos_weight);
}
Tensor BCEWithLogitsLoss::operator()(const Tensor& input, const Tensor& target) const {
  return xgrad::binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction_);
}

NLLLoss::NLLLoss(const NLLLossOptions& options)
    : weight(buffer_or_none(options.weight)),
      ignore_index_(options.ignore_index),
      reduction_(options.reduction) {}
void NLLLoss::visit(Visitor& visitor) { visitor("weight", weight); }
Tensor NLLLoss::operator()(const Tensor& input, const Tensor& target) const {
  return xgrad::nll_loss(input, target, weight, ignore_index_, reduction_);
}

CrossEntropyLoss::CrossEntropyLoss(const CrossEntropyOptions& options)
    : weight(buffer_or_none(options.weight)),
      ignore_index_(options.ignore_index),
      reduction_(options.reduction),
      label_smoothing_(options.label_smoothing) {}
void CrossEntropyLoss::visit(Visitor& visitor) { visitor("weight", weight); }
Tensor CrossEntropyLoss::operator()(const Tensor& input, const Tensor& target) const {
  return xgrad::cross_entropy(input, target, weight, ignore_index_, reduction_, label_smoothing_);
}

}  // namespace xgrad::nn
