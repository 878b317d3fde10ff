#pragma once

#include <xgrad/autograd/ops/loss.hpp>

/// Losses that are log-likelihoods of distributions. Inputs broadcast; gradients flow to all of them.
namespace xgrad {

/// target * (log(target) - input) for log-probabilities `input`, 0 where the target is 0; with `log_target`
/// e^target * (target - input). Reduction::batchmean divides the sum by the size of dimension 0. Throws
/// ShapeError. Source: torch.nn.functional.kl_div.
XGRAD_API Tensor kl_div(const Tensor& input, const Tensor& target, Reduction reduction,
                        bool log_target = false);

/// Of poisson_nll_loss.
struct PoissonOptions {
  bool log_input = true;  ///< the input is the logarithm of the rate
  bool full = false;      ///< add Stirling's approximation of log(target!)
  double eps = 1e-8;      ///< keeps log(input + eps) finite
  Reduction reduction = Reduction::mean;
};

/// e^input - target * input, or without `log_input` input - target * log(input + eps). `full` adds
/// t log(t) - t + log(2 pi t) / 2 where the target t is above 1. Throws ShapeError. Source:
/// torch.nn.functional.poisson_nll_loss.
XGRAD_API Tensor poisson_nll_loss(const Tensor& input, const Tensor& target,
                                  const PoissonOptions& options = {});

/// Of gaussian_nll_loss.
struct GaussianOptions {
  bool full = false;  ///< add log(2 pi) / 2
  double eps = 1e-6;  ///< variances are at least this
  Reduction reduction = Reduction::mean;
};

/// (log(v) + (input - target)^2 / v) / 2 with v = max(var, eps). `var` has the shape of the input, or its
/// last dimension is 1 or missing. The gradient passes through the bound of v. Throws ShapeError, ValueError
/// for a negative variance. Source: torch.nn.functional.gaussian_nll_loss.
XGRAD_API Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& var,
                                   const GaussianOptions& options = {});

}  // namespace xgrad
