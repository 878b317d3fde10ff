#pragma once

#include <string_view>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Losses as recorded operations. Users call them as nn::mse_loss and so on, where the options have names.
/// With a mean or a sum each is one operation: the formula is summed as it is computed, and backward is one
/// loop. Inputs are floating; a target of another dtype is converted. Further losses: likelihood_loss.hpp,
/// margin_loss.hpp, ctc_loss.hpp.
namespace xgrad {

/// What becomes of the losses of the single elements. `batchmean`, the sum divided by the size of dimension
/// 0, is for kl_div alone.
enum class Reduction { none, mean, sum, batchmean };

/// The reduction of PyTorch's name "none", "mean", "sum" or "batchmean". Throws ValueError for another name.
XGRAD_API Reduction to_reduction(std::string_view name);

/// (input - target)^2. Both of one shape. Throws ShapeError otherwise.
XGRAD_API Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction);
/// |input - target|; gradient 0 where they are equal. Both of one shape. Throws ShapeError otherwise.
XGRAD_API Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction);

/// With d = |input - target|: d^2 / (2 beta) where d < beta, else d - beta / 2; beta 0 is l1_loss. Both of
/// one shape. Throws ShapeError, ValueError for a negative beta. Source: torch.nn.functional.smooth_l1_loss.
XGRAD_API Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, Reduction reduction, double beta);
/// With d = |input - target|: d^2 / 2 where d <= delta, else delta * (d - delta / 2). Both of one shape.
/// Throws ShapeError, ValueError unless delta > 0. Source: torch.nn.functional.huber_loss.
XGRAD_API Tensor huber_loss(const Tensor& input, const Tensor& target, Reduction reduction, double delta);

/// -w * (t * log(x) + (1 - t) * log(1 - x)), the logarithms not below -100; the gradient's denominator x * (1
/// - x) is not below 1e-12. Both of one shape; the weight, which may be undefined, broadcasts to it. Throws
/// ShapeError, and ValueError for an input outside [0, 1].
XGRAD_API Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                                      Reduction reduction);
/// binary_cross_entropy of sigmoid(input), without overflow; `pos_weight`, which may be undefined and
/// broadcasts, multiplies the term of the targets that are 1. Throws ShapeError.
XGRAD_API Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                                  const Tensor& weight, const Tensor& pos_weight,
                                                  Reduction reduction);

/// Input [N, C], [C] or [N, C, d1, ...] of scores. Target: classes 0 .. C - 1 as integers in the input's
/// shape without C, or probabilities in the input's shape. For classes t: -w[t] * log softmax(input)[t], 0
/// where t is `ignore_index`; the mean is over the weights that count. For probabilities p: -sum over c of
/// w[c] * p[c] * log softmax(input)[c]; the mean is over N * d1 * ... A `label_smoothing` e mixes the target
/// with e / C for every class. Throws ShapeError, IndexError for a class that is not there, ValueError for a
/// label_smoothing outside [0, 1], DTypeError.
XGRAD_API Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                               std::int64_t ignore_index, Reduction reduction, double label_smoothing);
/// -w[t] * input[t] for log-probabilities; shapes, mean and errors as with cross_entropy.
XGRAD_API Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight,
                          std::int64_t ignore_index, Reduction reduction);

}  // namespace xgrad
