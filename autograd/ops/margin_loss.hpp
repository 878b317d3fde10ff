#pragma once

#include <xgrad/autograd/ops/loss.hpp>

/// Losses that ask for a margin: between classes, between distances, between two numbers. Where a loss is cut
/// off at 0 the gradient at the edge is PyTorch's: passed on, except in multi_margin_loss and
/// multilabel_margin_loss.
namespace xgrad {

/// x where the target is 1, max(0, margin - x) where it is -1, both for other targets; shapes broadcast.
/// Throws ShapeError. Source: torch.nn.functional.hinge_embedding_loss.
XGRAD_API Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target, Reduction reduction,
                                      double margin = 1.0);
/// log(1 + e^(-target * input)), without overflow; shapes broadcast. Throws ShapeError. Source:
/// torch.nn.functional.soft_margin_loss.
XGRAD_API Tensor soft_margin_loss(const Tensor& input, const Tensor& target, Reduction reduction);
/// max(0, margin - target * (input1 - input2)); shapes of one number of dimensions broadcast. Throws
/// ShapeError. Source: torch.nn.functional.margin_ranking_loss.
XGRAD_API Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                                     Reduction reduction, double margin = 0.0);

/// Of triplet_margin_loss.
struct TripletMarginOptions {
  double margin = 1.0;
  double p = 2.0;     ///< of the norm
  double eps = 1e-6;  ///< is added to the differences
  bool swap = false;  ///< also compare positive with negative, and take the smaller distance
  Reduction reduction = Reduction::mean;
};

/// max(0, d(anchor, positive) - d(anchor, negative) + margin), d(a, b) the p-norm of a - b + eps over the
/// last dimension. All of one number of dimensions. Throws ShapeError. Source:
/// torch.nn.functional.triplet_margin_loss; Balntas et al. 2016 for `swap`.
XGRAD_API Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                     const TripletMarginOptions& options = {});

/// 1 - cos where the target is 1, max(0, cos - margin) where it is -1, else 0; cos is that of the rows of
/// [N, D] with target [N], or of [D] with a 0-d target; 1e-12 is added to the squared lengths. Throws
/// ShapeError. Source: torch.nn.functional.cosine_embedding_loss.
XGRAD_API Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                                       Reduction reduction, double margin = 0.0);

/// Of multi_margin_loss.
struct MultiMarginOptions {
  int p = 1;  ///< 1 or 2
  double margin = 1.0;
  Tensor weight = Tensor();  ///< [C], of each class
  Reduction reduction = Reduction::mean;
};

/// Sum over the classes i other than the target t of w[t] * max(0, margin - x[t] + x[i])^p, divided by C.
/// Input [N, C] with target [N], or [C] with one class; classes as integers. Throws ShapeError, DTypeError,
/// IndexError for a class that is not there, ValueError for another p. Source:
/// torch.nn.functional.multi_margin_loss.
XGRAD_API Tensor multi_margin_loss(const Tensor& input, const Tensor& target,
                                   const MultiMarginOptions& options = {});
/// Each row of the target lists classes, up to the first -1. Sum over listed j and unlisted i of
/// max(0, 1 - x[j] + x[i]), divided by C. Input and target [N, C] or [C]. Throws ShapeError, DTypeError,
/// IndexError for a number outside [-1, C - 1]. Source: torch.nn.functional.multilabel_margin_loss.
XGRAD_API Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target, Reduction reduction);
/// The mean over the last dimension of w * binary_cross_entropy_with_logits(input, target); the weight may be
/// undefined. Throws ShapeError. Source: torch.nn.functional.multilabel_soft_margin_loss.
XGRAD_API Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target, const Tensor& weight,
                                             Reduction reduction);

}  // namespace xgrad
