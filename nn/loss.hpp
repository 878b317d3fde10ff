#pragma once

#include <xgrad/autograd/ops/loss.hpp>
#include <xgrad/nn/module.hpp>

/// Losses, as functions and as modules that hold the options; more of them in likelihood_loss.hpp and
/// margin_loss.hpp. Each compares an input with a target; with Reduction::mean (the default) or
/// Reduction::sum the result is 0-d. Gradients of every order.
///
///     auto loss = nn::cross_entropy(model(x), classes, {.label_smoothing = 0.1});
///     nn::CrossEntropyLoss criterion({.label_smoothing = 0.1});
///     auto same = criterion(model(x), classes);
namespace xgrad::nn {

using xgrad::Reduction;

struct LossOptions {
  Reduction reduction = Reduction::mean;
};

struct SmoothL1Options {
  Reduction reduction = Reduction::mean;
  double beta = 1.0;  ///< below this error the loss is quadratic
};

struct HuberOptions {
  Reduction reduction = Reduction::mean;
  double delta = 1.0;  ///< up to this error the loss is quadratic
};

struct BinaryCrossEntropyOptions {
  Tensor weight = Tensor();  ///< of each element; broadcasts to the input
  Reduction reduction = Reduction::mean;
};

struct BinaryCrossEntropyWithLogitsOptions {
  Tensor weight = Tensor();      ///< of each element; broadcasts to the input
  Tensor pos_weight = Tensor();  ///< of the targets that are 1; broadcasts to the input
  Reduction reduction = Reduction::mean;
};

struct NLLLossOptions {
  Tensor weight = Tensor();          ///< [C], of each class
  std::int64_t ignore_index = -100;  ///< targets of this class do not count
  Reduction reduction = Reduction::mean;
};

struct CrossEntropyOptions {
  Tensor weight = Tensor();          ///< [C], of each class
  std::int64_t ignore_index = -100;  ///< targets of this class do not count
  Reduction reduction = Reduction::mean;
  double label_smoothing = 0.0;  ///< the share of the target that is spread over all classes
};

/// (input - target)^2. Throws ShapeError unless both have one shape. Source: torch.nn.functional.mse_loss.
XGRAD_API Tensor mse_loss(const Tensor& input, const Tensor& target, LossOptions options = {});
/// |input - target|; gradient 0 where they are equal. Throws ShapeError unless both have one shape.
/// Source: torch.nn.functional.l1_loss.
XGRAD_API Tensor l1_loss(const Tensor& input, const Tensor& target, LossOptions options = {});
/// With d = |input - target|: d^2 / (2 beta) where d < beta, else d - beta / 2. Throws ShapeError unless both
/// have one shape, ValueError for a negative beta. Source: torch.nn.functional.smooth_l1_loss.
XGRAD_API Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, SmoothL1Options options = {});
/// With d = |input - target|: d^2 / 2 where d <= delta, else delta * (d - delta / 2). Throws ShapeError
/// unless both have one shape, ValueError unless delta > 0. Source: torch.nn.functional.huber_loss.
XGRAD_API Tensor huber_loss(const Tensor& input, const Tensor& target, HuberOptions options = {});
/// -(t * log(x) + (1 - t) * log(1 - x)) for probabilities x, the logarithms not below -100. Throws ShapeError
/// unless both have one shape, ValueError for an input outside [0, 1]. Source:
/// torch.nn.functional.binary_cross_entropy.
XGRAD_API Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                                      const BinaryCrossEntropyOptions& options = {});
/// binary_cross_entropy of sigmoid(input), without overflow. Throws ShapeError unless both have one shape.
/// Source: torch.nn.functional.binary_cross_entropy_with_logits.
XGRAD_API Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                                  const BinaryCrossEntropyWithLogitsOptions& options = {});
/// -weight[t] * input[t] for log-probabilities [N, C], [C] or [N, C, d1, ...] and classes t of that shape
/// without C, as integers. The mean divides by the sum of the weights that count (none: nan). Throws
/// ShapeError, DTypeError, IndexError for a class that is not there. Source: torch.nn.functional.nll_loss.
XGRAD_API Tensor nll_loss(const Tensor& input, const Tensor& target, const NLLLossOptions& options = {});
/// nll_loss of log_softmax(input); the target may also be probabilities in the input's shape, then the mean
/// divides by the number of places. Throws as nll_loss, and ValueError for a label_smoothing outside [0, 1].
/// Source: torch.nn.functional.cross_entropy.
XGRAD_API Tensor cross_entropy(const Tensor& input, const Tensor& target,
                               const CrossEntropyOptions& options = {});

/// mse_loss as a module. Source: torch.nn.MSELoss.
class XGRAD_API MSELoss : public Module {
 public:
  explicit MSELoss(LossOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  LossOptions options_;
};

/// l1_loss as a module. Source: torch.nn.L1Loss.
class XGRAD_API L1Loss : public Module {
 public:
  explicit L1Loss(LossOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  LossOptions options_;
};

/// smooth_l1_loss as a module. Source: torch.nn.SmoothL1Loss.
class XGRAD_API SmoothL1Loss : public Module {
 public:
  explicit SmoothL1Loss(SmoothL1Options options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  SmoothL1Options options_;
};

/// huber_loss as a module. Source: torch.nn.HuberLoss.
class XGRAD_API HuberLoss : public Module {
 public:
  explicit HuberLoss(HuberOptions options = {}) : options_(options) {}
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  HuberOptions options_;
};

/// binary_cross_entropy as a module. Source: torch.nn.BCELoss.
class XGRAD_API BCELoss : public Module {
 public:
  explicit BCELoss(const BinaryCrossEntropyOptions& options = {});
  Buffer weight;
  void visit(Visitor& visitor) override;
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  Reduction reduction_;
};

/// binary_cross_entropy_with_logits as a module. Source: torch.nn.BCEWithLogitsLoss.
class XGRAD_API BCEWithLogitsLoss : public Module {
 public:
  explicit BCEWithLogitsLoss(const BinaryCrossEntropyWithLogitsOptions& options = {});
  Buffer weight;
  Buffer pos_weight;
  void visit(Visitor& visitor) override;
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  Reduction reduction_;
};

/// nll_loss as a module. Source: torch.nn.NLLLoss.
class XGRAD_API NLLLoss : public Module {
 public:
  explicit NLLLoss(const NLLLossOptions& options = {});
  Buffer weight;
  void visit(Visitor& visitor) override;
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  std::int64_t ignore_index_;
  Reduction reduction_;
};

/// cross_entropy as a module. Source: torch.nn.CrossEntropyLoss.
class XGRAD_API CrossEntropyLoss : public Module {
 public:
  explicit CrossEntropyLoss(const CrossEntropyOptions& options = {});
  Buffer weight;
  void visit(Visitor& visitor) override;
  Tensor operator()(const Tensor& input, const Tensor& target) const;

 private:
  std::int64_t ignore_index_;
  Reduction reduction_;
  double label_smoothing_;
};

}  // namespace xgrad::nn
