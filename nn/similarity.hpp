#pragma once

#include <xgrad/nn/module.hpp>

/// How near two inputs are to each other; see autograd/ops/similarity.hpp for the functions.
namespace xgrad::nn {

/// x1 . x2 / (max(|x1|, eps) * max(|x2|, eps)) along `dim`. Source: torch.nn.CosineSimilarity.
class XGRAD_API CosineSimilarity : public Module {
 public:
  explicit CosineSimilarity(std::int64_t dim = 1, double eps = 1e-8) : dim_(dim), eps_(eps) {}
  Tensor forward(const Tensor& x1, const Tensor& x2);
  Tensor operator()(const Tensor& x1, const Tensor& x2) { return forward(x1, x2); }
  std::string describe() const override;

 private:
  using Module::forward;
  std::int64_t dim_;
  double eps_;
};

/// The p-norm of x1 - x2 + eps along the last dimension. Source: torch.nn.PairwiseDistance.
class XGRAD_API PairwiseDistance : public Module {
 public:
  explicit PairwiseDistance(double p = 2.0, double eps = 1e-6, bool keepdim = false)
      : p_(p), eps_(eps), keepdim_(keepdim) {}
  Tensor forward(const Tensor& x1, const Tensor& x2);
  Tensor operator()(const Tensor& x1, const Tensor& x2) { return forward(x1, x2); }
  std::string describe() const override;

 private:
  using Module::forward;
  double p_;
  double eps_;
  bool keepdim_;
};

}  // namespace xgrad::nn
