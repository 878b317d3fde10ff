#pragma once

#include <xgrad/autograd/ops/loss.hpp>

namespace xgrad {

/// Of sigmoid_focal_loss.
struct FocalOptions {
  double alpha = 0.25;  ///< the weight of targets 1, those of 0 having 1 - alpha; below 0: no weights
  double gamma = 2.0;   ///< how little what is already right counts; 0 gives cross-entropy
  Reduction reduction = Reduction::mean;
};

/// a (1 - q)^gamma * binary_cross_entropy_with_logits(input, target) with q = p t + (1 - p) (1 - t),
/// p = sigmoid(input), a = alpha t + (1 - alpha) (1 - t). Input and target t have one shape. Throws
/// ShapeError, ValueError for a negative gamma or an alpha above 1. Lin et al., "Focal loss for dense object
/// detection", 2017. Source: torchvision.ops.sigmoid_focal_loss, whose reduction is none by default.
XGRAD_API Tensor sigmoid_focal_loss(const Tensor& input, const Tensor& target,
                                    const FocalOptions& options = {});

}  // namespace xgrad
