#pragma once

#include <functional>
#include <utility>

#include <xgrad/autograd/ops/margin_loss.hpp>
#include <xgrad/nn/loss.hpp>

/// Losses that ask for a margin, as functions and as modules that hold the options. The formulas stand in
/// autograd/ops/margin_loss.hpp.
namespace xgrad::nn {

using xgrad::MultiMarginOptions;
using xgrad::TripletMarginOptions;

using xgrad::multi_margin_loss;
using xgrad::triplet_margin_loss;

struct HingeEmbeddingOptions {
  double margin = 1.0;
  Reduction reduction = Reduction::mean;
};

struct MarginOptions {
  double margin = 0.0;
  Reduction reduction = Reduction::mean;
};

struct MultiLabelSoftMarginOptions {
  Tensor weight = Tensor();  ///< of each class; broadcasts to the input
  Reduction reduction = Reduction::mean;
};

/// x where the target is 1, max(0, margin - x) where it is -1. Throws ShapeError unless both broadcast.
/// Source: torch.nn.functional.hinge_embedding_loss.
XGRAD_API Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target,
                                      HingeEmbeddingOptions options = {});
/// max(0, margin - target * (input1 - input2)). Throws ShapeError unless all have one number of dimensions
/// and broadcast. Source: torch.nn.functional.margin_ranking_loss.
XGRAD_API Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                                     MarginOptions options = {});
/// 1 - cos where the target is 1, max(0, cos - margin) where it is -1, for rows [N, D] and targets [N].
/// Throws ShapeError. Source: torch.nn.functional.cosine_embedding_loss.
XGRAD_API Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                                       MarginOptions options = {});
/// log(1 + e^(-target * input)). Throws ShapeError unless both broadcast. Source:
/// torch.nn.functional.soft_margin_loss.
XGRAD_API Tensor soft_margin_loss(const Tensor& input, const Tensor& target, LossOptions options = {});
/// Sum over the classes j that a row of the target lists (up to the first -1) and those i that it does not of
/// max(0, 1 - x[j] + x[i]) / C. Throws ShapeError, DTypeError, IndexError. Source:
/// torch.nn.functional.multilabel_margin_loss.
XGRAD_API Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target, LossOptions options = {});
/// The mean over classes of w * binary_cross_entropy_with_logits. Throws ShapeError. Source:
/// torch.nn.functional.multilabel_soft_margin_loss.
XGRAD_API Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target,
                                             const MultiLabelSoftMarginOptions& options = {});

/// hinge_embedding_loss as a module. Source: torch.nn.HingeEmbeddingLoss.
class XGRAD_API HingeEmbeddingLoss : public Module {
 public:
  explicit HingeEmbeddingLoss(HingeEmbeddingOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  HingeEmbeddingOptions options_;
};

/// margin_ranking_loss as a module. Source: torch.nn.MarginRankingLoss.
class XGRAD_API MarginRankingLoss : public Module {
 public:
  explicit MarginRankingLoss(MarginOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input1, const Tensor& input2, const Tensor& target) const;

 private:
  MarginOptions options_;
};

/// cosine_embedding_loss as a module. Source: torch.nn.CosineEmbeddingLoss.
class XGRAD_API CosineEmbeddingLoss : public Module {
 public:
  explicit CosineEmbeddingLoss(MarginOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input1, const Tensor& input2, const Tensor& target) const;

 private:
  MarginOptions options_;
};

/// triplet_margin_loss as a module. Source: torch.nn.TripletMarginLoss.
class XGRAD_API TripletMarginLoss : public Module {
 public:
  explicit TripletMarginLoss(TripletMarginOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& anchor, const Tensor& positive, const Tensor& negative) const;

 private:
  TripletMarginOptions options_;
};

struct TripletMarginWithDistanceOptions {
  /// Of the rows of two tensors; by default pairwise_distance.
  std::function<Tensor(const Tensor&, const Tensor&)> distance_function = {};
  double margin = 1.0;
  bool swap = false;  ///< also compare positive with negative, and take the smaller distance
  Reduction reduction = Reduction::mean;
};

/// max(0, d(anchor, positive) - d(anchor, negative) + margin) for any distance d. Source:
/// torch.nn.functional.triplet_margin_with_distance_loss.
XGRAD_API Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive,
                                                   const Tensor& negative,
                                                   const TripletMarginWithDistanceOptions& options = {});

/// triplet_margin_with_distance_loss as a module. Source: torch.nn.TripletMarginWithDistanceLoss.
class XGRAD_API TripletMarginWithDistanceLoss : public Module {
 public:
  explicit TripletMarginWithDistanceLoss(TripletMarginWithDistanceOptions options = {})
      : options_(std::move(options)) {}
  Tensor operator()(const Tensor& anchor, const Tensor& positive, const Tensor& negative) const;

 private:
  TripletMarginWithDistanceOptions options_;
};

/// soft_margin_loss as a module. Source: torch.nn.SoftMarginLoss.
class XGRAD_API SoftMarginLoss : public Module {
 public:
  explicit SoftMarginLoss(LossOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  LossOptions options_;
};

/// multilabel_margin_loss as a module. Source: torch.nn.MultiLabelMarginLoss.
class XGRAD_API MultiLabelMarginLoss : public Module {
 public:
  explicit MultiLabelMarginLoss(LossOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  LossOptions options_;
};

/// multi_margin_loss as a module. Source: torch.nn.MultiMarginLoss.
class XGRAD_API MultiMarginLoss : public Module {
 public:
  explicit MultiMarginLoss(const MultiMarginOptions& options = {});
  Buffer weight;
  void visit(Visitor& visitor) override;
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  int p_;
  double margin_;
  Reduction reduction_;
};

/// multilabel_soft_margin_loss as a module. Source: torch.nn.MultiLabelSoftMarginLoss.
class XGRAD_API MultiLabelSoftMarginLoss : public Module {
 public:
  explicit MultiLabelSoftMarginLoss(const MultiLabelSoftMarginOptions& options = {});
  Buffer weight;
  void visit(Visitor& visitor) override;
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  Reduction reduction_;
};

}  // namespace xgrad::nn
