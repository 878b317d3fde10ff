#pragma once

#include <optional>

#include <xgrad/nn/module.hpp>

/// Normalizations of each sample for itself; see autograd/ops/normalization.hpp for the functions.
namespace xgrad::nn {

struct LayerNormOptions {
  double eps = 1e-5;
  bool elementwise_affine = true;             ///< whether there are a weight (at first 1) and a bias (0)
  bool bias = true;                           ///< whether there is a bias, if there is a weight
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
};

/// layer_norm over the last dimensions, whose sizes are `normalized_shape`: one size or several. Throws
/// ValueError unless they are positive; forward throws ShapeError for other ones. Source:
/// torch.nn.LayerNorm.
class XGRAD_API LayerNorm : public Module {
 public:
  explicit LayerNorm(Shape normalized_shape, LayerNormOptions options = {});
  explicit LayerNorm(std::int64_t size, LayerNormOptions options = {}) : LayerNorm(Shape{size}, options) {}

  Parameter weight;  ///< [normalized_shape], or undefined
  Parameter bias;    ///< [normalized_shape], or undefined

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  Shape normalized_shape_;
  double eps_;
};

struct RMSNormOptions {
  std::optional<double> eps = std::nullopt;  ///< the dtype's epsilon, if none is given
  bool elementwise_affine = true;            ///< whether there is a weight, at first 1
  std::optional<DType> dtype = std::nullopt;
};

/// rms_norm over the last dimensions, whose sizes are `normalized_shape`. Throws as LayerNorm. Source:
/// torch.nn.RMSNorm.
class XGRAD_API RMSNorm : public Module {
 public:
  explicit RMSNorm(Shape normalized_shape, RMSNormOptions options = {});
  explicit RMSNorm(std::int64_t size, RMSNormOptions options = {}) : RMSNorm(Shape{size}, options) {}

  Parameter weight;  ///< [normalized_shape], or undefined

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  Shape normalized_shape_;
  std::optional<double> eps_;
};

struct GroupNormOptions {
  double eps = 1e-5;
  bool affine = true;  ///< whether there are a weight (at first 1) and a bias (0) for each channel
  std::optional<DType> dtype = std::nullopt;
};

/// group_norm of inputs [N, num_channels, ...]. Throws ValueError unless num_groups divides num_channels;
/// forward throws ShapeError for another number of channels. Source: torch.nn.GroupNorm.
class XGRAD_API GroupNorm : public Module {
 public:
  GroupNorm(std::int64_t num_groups, std::int64_t num_channels, GroupNormOptions options = {});

  Parameter weight;  ///< [num_channels], or undefined
  Parameter bias;    ///< [num_channels], or undefined

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t num_groups_;
  std::int64_t num_channels_;
  double eps_;
};

struct LocalResponseNormOptions {
  double alpha = 1e-4;
  double beta = 0.75;
  double k = 1.0;
};

/// local_response_norm over `size` neighbouring channels. Throws ValueError unless size is positive. Source:
/// torch.nn.LocalResponseNorm.
class XGRAD_API LocalResponseNorm : public Module {
 public:
  explicit LocalResponseNorm(std::int64_t size, LocalResponseNormOptions options = {});
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t size_;
  LocalResponseNormOptions options_;
};

}  // namespace xgrad::nn
