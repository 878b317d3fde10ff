#pragma once

#include <optional>
#include <string_view>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/ops/convolution.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

/// What stands around the input of a convolution.
enum class ConvPadding { zeros, reflect, replicate, circular };

template <std::size_t N>
struct ConvLayerOptions {
  PerDim<N> stride = 1;
  Padding<N> padding = 0;   ///< on either side, or "same"
  PerDim<N> dilation = 1;   ///< distance of the kernel's places in the input
  std::int64_t groups = 1;  ///< parts that the channels fall into, each convolved for itself
  bool bias = true;
  std::string_view padding_mode = "zeros";    ///< or "reflect", "replicate", "circular"; see xgrad::pad
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
  Generator* generator = nullptr;             ///< for the first weights; the thread's own, if none is given
};

/// conv1d, conv2d or conv3d with its own weight and bias: [B, in_channels, sizes...] (or without B) gives [B,
/// out_channels, sizes...]. At first both are uniform in (-b, b), b = 1 / sqrt(in_channels / groups * kernel
/// places). Throws ValueError for sizes and options out of range; forward throws ShapeError for other
/// channels. Source: torch.nn.Conv2d.
template <std::size_t N>
class XGRAD_API Conv : public Module {
 public:
  Conv(std::int64_t in_channels, std::int64_t out_channels, PerDim<N> kernel_size,
       ConvLayerOptions<N> options = {});

  Parameter weight;  ///< [out_channels, in_channels / groups, kernel_size...]
  Parameter bias;    ///< [out_channels], or undefined

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::int64_t multiply_adds(const Shape& input, const Shape& output) const override;
  std::string describe() const override;

 private:
  std::int64_t in_channels_;
  std::int64_t out_channels_;
  PerDim<N> kernel_size_;
  ConvOptions<N> options_;
  ConvPadding padding_mode_;
};

using Conv1d = Conv<1>;
using Conv2d = Conv<2>;
using Conv3d = Conv<3>;

template <std::size_t N>
struct ConvTransposeLayerOptions {
  PerDim<N> stride = 1;
  PerDim<N> padding = 0;         ///< places cut off on either side of the result
  PerDim<N> output_padding = 0;  ///< places added at the end; less than stride or dilation
  std::int64_t groups = 1;
  bool bias = true;
  PerDim<N> dilation = 1;
  std::optional<DType> dtype = std::nullopt;
  Generator* generator = nullptr;
};

/// conv_transpose1d, conv_transpose2d or conv_transpose3d with its own weight and bias, at first uniform in
/// (-b, b), b = 1 / sqrt(out_channels / groups * kernel places). Throws as Conv. Source:
/// torch.nn.ConvTranspose2d.
template <std::size_t N>
class XGRAD_API ConvTranspose : public Module {
 public:
  ConvTranspose(std::int64_t in_channels, std::int64_t out_channels, PerDim<N> kernel_size,
                ConvTransposeLayerOptions<N> options = {});

  Parameter weight;  ///< [in_channels, out_channels / groups, kernel_size...]
  Parameter bias;    ///< [out_channels], or undefined

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  /// The result in `output_size`, the spatial sizes: it takes the place of output_padding. Throws ValueError
  /// for a size that no output_padding gives.
  Tensor forward(const Tensor& input, const Shape& output_size);
  using Module::operator();
  Tensor operator()(const Tensor& input, const Shape& output_size) { return forward(input, output_size); }
  std::int64_t multiply_adds(const Shape& input, const Shape& output) const override;
  std::string describe() const override;

 private:
  std::string name() const;
  void check_input(const Tensor& input) const;

  std::int64_t in_channels_;
  std::int64_t out_channels_;
  PerDim<N> kernel_size_;
  ConvTransposeOptions<N> options_;
};

using ConvTranspose1d = ConvTranspose<1>;
using ConvTranspose2d = ConvTranspose<2>;
using ConvTranspose3d = ConvTranspose<3>;

}  // namespace xgrad::nn
