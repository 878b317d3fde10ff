#include <xgrad/nn/margin_loss.hpp>

namespace xgrad::nn {

Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target, HingeEmbeddingOptions options) {
  return xgrad::hinge_embedding_loss(input, target, options.reduction, options.margin);
}
Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                           MarginOptions options) {
  return xgrad::margin_ranking_loss(input1, input2, target, options.reduction, options.margin);
}
Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                             MarginOptions options) {
  return xgrad::cosine_embedding_loss(input1, input2, target, options.reduction, options.margin);
}
Tensor soft_margin_loss(const Tensor& input, const Tensor& target, LossOptions options) {
  return xgrad::soft_margin_loss(input, target, options.reduction);
}
Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target, LossOptions options) {
  return xgrad::multilabel_margin_loss(input, target, options.reduction);
}
Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target,
                                   const MultiLabelSoftMarginOptions& options) {
  return xgrad::multilabel_soft_margin_loss(input, target, options.weight, options.reduction);
}

Tensor HingeEmbeddingLoss::operator()(const Tensor& input, const Tensor& target) const {
  return hinge_embedding_loss(input, target, options_);
}
Tensor MarginRankingLoss::operator()(const Tensor& input1, const Tensor& input2, const Tensor& target) const {
  return margin_ranking_loss(input1, input2, target, options_);
}
Tensor CosineEmbeddingLoss::operator()(const Tensor& input1, const Tensor& input2,
                                       const Tensor& target) const {
  return cosine_embedding_loss(input1, input2, target, options_);
}
Tensor TripletMarginLoss::operator()(const Tensor& anchor, const Tensor& positive,
                                     const Tensor& negative) const {
  return triplet_margin_loss(anchor, positive, negative, options_);
}
Tensor SoftMarginLoss::operator()(const Tensor& input, const Tensor& target) const {
  return soft_margin_loss(input, target, options_);
}
Tensor MultiLabelMarginLoss::operator()(const Tensor& input, const Tensor& target) const {
  return multilabel_margin_loss(input, target, options_);
}

MultiMarginLoss::MultiMarginLoss(const MultiMarginOptions& options)
    : weight(options.weight.defined() ? Buffer(options.weight) : Buffer()),
      p_(options.p),
      margin_(options.margin),
      reduction_(options.reduction) {}
void MultiMarginLoss::visit(Visitor& visitor) { visitor("weight", weight); }
Tensor MultiMarginLoss::operator()(const Tensor& input, const Tensor& target) const {
  return multi_margin_loss(input, target,
                           {.p = p_, .margin = margin_, .weight = weight, .reduction = reduction_});
}

MultiLabelSoftMarginLoss::MultiLabelSoftMarginLoss(const MultiLabelSoftMarginOptions& options)
    : weight(options.weight.defined() ? Buffer(options.weight) : Buffer()), reduction_(options.reduction) {}
void MultiLabelSoftMarginLoss::visit(Visitor& visitor) { visitor("weight", weight); }
Tensor MultiLabelSoftMarginLoss::operator()(const Tensor& input, const Tensor& target) const {
  return xgrad::multilabel_soft_margin_loss(input, target, weight, reduction_);
}

}  // namespace xgrad::nn
