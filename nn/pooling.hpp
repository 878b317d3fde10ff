#pragma once

#include <xgrad/autograd/ops/pooling.hpp>
#include <xgrad/nn/module.hpp>

/// Pooling as modules; see autograd/ops/pooling.hpp for the functions, their options and what they throw.
/// Inputs are [B, channels, sizes...] with N spatial sizes, or without B.
namespace xgrad::nn {

/// The largest number of each window. Source: torch.nn.MaxPool2d.
template <std::size_t N>
class XGRAD_API MaxPool : public Module {
 public:
  explicit MaxPool(PerDim<N> kernel_size, MaxPoolOptions<N> options = {})
      : kernel_size_(kernel_size), options_(options) {}
  Tensor forward(const Tensor& input) override;
  /// With the places of the maxima, for MaxUnpool.
  std::pair<Tensor, Tensor> forward_with_indices(const Tensor& input);
  std::string describe() const override;

 private:
  PerDim<N> kernel_size_;
  MaxPoolOptions<N> options_;
};
using MaxPool1d = MaxPool<1>;
using MaxPool2d = MaxPool<2>;
using MaxPool3d = MaxPool<3>;

/// The reverse of MaxPool, with the indices that it gave. Source: torch.nn.MaxUnpool2d.
template <std::size_t N>
class XGRAD_API MaxUnpool : public Module {
 public:
  explicit MaxUnpool(PerDim<N> kernel_size, MaxUnpoolOptions<N> options = {})
      : kernel_size_(kernel_size), options_(options) {}
  Tensor forward(const Tensor& input, const Tensor& indices);
  Tensor operator()(const Tensor& input, const Tensor& indices) { return forward(input, indices); }
  std::string describe() const override;

 private:
  using Module::forward;
  PerDim<N> kernel_size_;
  MaxUnpoolOptions<N> options_;
};
using MaxUnpool1d = MaxUnpool<1>;
using MaxUnpool2d = MaxUnpool<2>;
using MaxUnpool3d = MaxUnpool<3>;

/// The mean of each window. Source: torch.nn.AvgPool2d.
template <std::size_t N>
class XGRAD_API AvgPool : public Module {
 public:
  explicit AvgPool(PerDim<N> kernel_size, AvgPoolOptions<N> options = {})
      : kernel_size_(kernel_size), options_(options) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  PerDim<N> kernel_size_;
  AvgPoolOptions<N> options_;
};
using AvgPool1d = AvgPool<1>;
using AvgPool2d = AvgPool<2>;
using AvgPool3d = AvgPool<3>;

/// (sum of x^norm_type)^(1 / norm_type) over each window. Source: torch.nn.LPPool2d.
template <std::size_t N>
class XGRAD_API LPPool : public Module {
 public:
  LPPool(double norm_type, PerDim<N> kernel_size, LpPoolOptions<N> options = {})
      : norm_type_(norm_type), kernel_size_(kernel_size), options_(options) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double norm_type_;
  PerDim<N> kernel_size_;
  LpPoolOptions<N> options_;
};
using LPPool1d = LPPool<1>;
using LPPool2d = LPPool<2>;
using LPPool3d = LPPool<3>;

/// Means over as many windows as `output_size` says; a size that is not given stays. Source:
/// torch.nn.AdaptiveAvgPool2d.
template <std::size_t N>
class XGRAD_API AdaptiveAvgPool : public Module {
 public:
  explicit AdaptiveAvgPool(OutputSize<N> output_size) : output_size_(output_size) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  OutputSize<N> output_size_;
};
using AdaptiveAvgPool1d = AdaptiveAvgPool<1>;
using AdaptiveAvgPool2d = AdaptiveAvgPool<2>;
using AdaptiveAvgPool3d = AdaptiveAvgPool<3>;

/// Maxima over as many windows as `output_size` says; a size that is not given stays. Source:
/// torch.nn.AdaptiveMaxPool2d.
template <std::size_t N>
class XGRAD_API AdaptiveMaxPool : public Module {
 public:
  explicit AdaptiveMaxPool(OutputSize<N> output_size) : output_size_(output_size) {}
  Tensor forward(const Tensor& input) override;
  /// With the places of the maxima in the flattened spatial dimensions.
  std::pair<Tensor, Tensor> forward_with_indices(const Tensor& input);
  std::string describe() const override;

 private:
  OutputSize<N> output_size_;
};
using AdaptiveMaxPool1d = AdaptiveMaxPool<1>;
using AdaptiveMaxPool2d = AdaptiveMaxPool<2>;
using AdaptiveMaxPool3d = AdaptiveMaxPool<3>;

}  // namespace xgrad::nn
