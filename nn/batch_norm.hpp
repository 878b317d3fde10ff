#pragma once

#include <optional>

#include <xgrad/nn/module.hpp>

/// Normalizations of channels with running statistics; see autograd/ops/normalization.hpp for the functions.
namespace xgrad::nn {

struct BatchNormOptions {
  double eps = 1e-5;
  std::optional<double> momentum = 0.1;       ///< of the running statistics; none: the mean over all batches
  bool affine = true;                         ///< whether there are a weight (at first 1) and a bias (0)
  bool track_running_stats = true;            ///< false: the batch's own statistics also in evaluation
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
};

/// batch_norm of the channels of inputs with N spatial dimensions: [B, num_features, sizes...], for N = 1
/// also [B, num_features]. Training normalizes with the batch's mean and variance and moves the running ones
/// toward them; evaluation takes the running ones. Throws ValueError unless num_features is positive; forward
/// throws ShapeError for other shapes and ValueError in training for a single number per channel. Source:
/// torch.nn.BatchNorm1d.
template <std::size_t N>
class XGRAD_API BatchNorm : public Module {
 public:
  explicit BatchNorm(std::int64_t num_features, BatchNormOptions options = {});

  Parameter weight;            ///< [num_features], or undefined
  Parameter bias;              ///< [num_features], or undefined
  Buffer running_mean;         ///< [num_features], at first 0, or undefined
  Buffer running_var;          ///< [num_features], at first 1, or undefined
  Buffer num_batches_tracked;  ///< [], int64, or undefined

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t num_features_;
  double eps_;
  std::optional<double> momentum_;
};

using BatchNorm1d = BatchNorm<1>;
using BatchNorm2d = BatchNorm<2>;
using BatchNorm3d = BatchNorm<3>;

struct InstanceNormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
  bool affine = false;               ///< whether there are a weight (at first 1) and a bias (0)
  bool track_running_stats = false;  ///< true: evaluation takes the running statistics
  std::optional<DType> dtype = std::nullopt;
};

/// instance_norm of inputs with N spatial dimensions, [B, num_features, sizes...] or without B. Throws as
/// BatchNorm. Source: torch.nn.InstanceNorm1d.
template <std::size_t N>
class XGRAD_API InstanceNorm : public Module {
 public:
  explicit InstanceNorm(std::int64_t num_features, InstanceNormOptions options = {});

  Parameter weight;            ///< [num_features], or undefined
  Parameter bias;              ///< [num_features], or undefined
  Buffer running_mean;         ///< [num_features], at first 0, or undefined
  Buffer running_var;          ///< [num_features], at first 1, or undefined
  Buffer num_batches_tracked;  ///< [], int64, or undefined; stays 0, as in PyTorch

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t num_features_;
  double eps_;
  double momentum_;
};

using InstanceNorm1d = InstanceNorm<1>;
using InstanceNorm2d = InstanceNorm<2>;
using InstanceNorm3d = InstanceNorm<3>;

}  // namespace xgrad::nn
