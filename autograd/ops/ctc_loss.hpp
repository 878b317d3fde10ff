#pragma once

#include <xgrad/autograd/ops/loss.hpp>

namespace xgrad {

/// Of ctc_loss.
struct CtcOptions {
  std::int64_t blank = 0;  ///< the class that stands for no label
  Reduction reduction = Reduction::mean;
  bool zero_infinity = false;  ///< losses of impossible alignments, and their gradients, are 0
};

/// Connectionist temporal classification: -log of the probability that the frames spell the labels, summed
/// over all alignments. log_probs [T, N, C] or [T, C], as of log_softmax; targets [N, S], padded, or one
/// after the other [sum of target_lengths]; input_lengths and target_lengths [N] (one number each without N).
/// The mean divides each loss by its target length, at least 1. A label sequence that needs more frames than
/// there are has the loss inf, with gradient nan. The gradient is that of log_probs by itself; PyTorch's own
/// adds a term that log_softmax takes away again. Throws ShapeError, DTypeError, IndexError for a label that
/// is not there, ValueError for lengths that do not fit or a blank out of range. Source:
/// torch.nn.functional.ctc_loss; Graves et al. 2006.
XGRAD_API Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                          const Tensor& target_lengths, const CtcOptions& options = {});

}  // namespace xgrad
