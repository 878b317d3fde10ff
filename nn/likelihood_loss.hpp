#pragma once

#include <xgrad/autograd/ops/ctc_loss.hpp>
#include <xgrad/autograd/ops/focal_loss.hpp>
#include <xgrad/autograd/ops/likelihood_loss.hpp>
#include <xgrad/nn/loss.hpp>

/// Losses that are log-likelihoods of distributions, as functions and as modules that hold the options.
namespace xgrad::nn {

using xgrad::CtcOptions;
using xgrad::FocalOptions;
using xgrad::GaussianOptions;
using xgrad::PoissonOptions;

using xgrad::ctc_loss;
using xgrad::gaussian_nll_loss;
using xgrad::poisson_nll_loss;
using xgrad::sigmoid_focal_loss;

struct KLDivOptions {
  Reduction reduction = Reduction::mean;  ///< batchmean gives the divergence itself
  bool log_target = false;                ///< the targets are logarithms too
};

/// target * (log(target) - input) for log-probabilities `input`, 0 where the target is 0; shapes broadcast.
/// Throws ShapeError. Source: torch.nn.functional.kl_div.
XGRAD_API Tensor kl_div(const Tensor& input, const Tensor& target, KLDivOptions options = {});

/// kl_div as a module. Source: torch.nn.KLDivLoss.
class XGRAD_API KLDivLoss : public Module {
 public:
  explicit KLDivLoss(KLDivOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  KLDivOptions options_;
};

/// poisson_nll_loss as a module. Source: torch.nn.PoissonNLLLoss.
class XGRAD_API PoissonNLLLoss : public Module {
 public:
  explicit PoissonNLLLoss(PoissonOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  PoissonOptions options_;
};

/// gaussian_nll_loss as a module. Source: torch.nn.GaussianNLLLoss.
class XGRAD_API GaussianNLLLoss : public Module {
 public:
  explicit GaussianNLLLoss(GaussianOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target, const Tensor& var) const;

 private:
  GaussianOptions options_;
};

/// ctc_loss as a module. Source: torch.nn.CTCLoss.
class XGRAD_API CTCLoss : public Module {
 public:
  explicit CTCLoss(CtcOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                    const Tensor& target_lengths) const;

 private:
  CtcOptions options_;
};

/// sigmoid_focal_loss as a module.
class XGRAD_API FocalLoss : public Module {
 public:
  explicit FocalLoss(FocalOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  FocalOptions options_;
};

}  // namespace xgrad::nn
