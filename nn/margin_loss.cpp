#include <xgrad/nn/margin_loss.hpp>

#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/pair_loss.hpp>
#include <xgrad/autograd/ops/similarity.hpp>
#include <xgrad/autograd/ops/unary.hpp>

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

Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                         const TripletMarginWithDistanceOptions& options) {
  xgrad::detail::check_reduction("triplet_margin_with_distance_loss", options.reduction);
  auto distance = [&](const Tensor& a, const Tensor& b) {
    return options.distance_function ? options.distance_function(a, b) : pairwise_distance(a, b);
  };
  Tensor near = distance(anchor, positive);
  Tensor far = distance(anchor, negative);
  if (options.swap) far = minimum(far, distance(positive, negative));
  return xgrad::detail::reduce_losses("triplet_margin_with_distance_loss",
                                      clamp(near - far + options.margin, 0), options.reduction);
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
Tensor TripletMarginWithDistanceLoss::operator()(const Tensor& anchor, const Tensor& positive,
                                                 const Tensor& negative) const {
  return triplet_margin_with_distance_loss(anchor, positive, negative, options_);
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
