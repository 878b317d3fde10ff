#pragma once

#include <string_view>

#include <xgrad/autograd/ops/spatial.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// Convolutions (cross-correlations, as in PyTorch) and transposed convolutions over one, two or three
/// spatial dimensions. Inputs are [N, channels, sizes...] or, without a batch, [channels, sizes...].
/// All tensors have one dtype; integers are computed exactly and wrap around. Every derivative is a
/// convolution again.
namespace xgrad {

/// Zeros put around the input of a convolution.
enum class PaddingMode {
  valid,  ///< none
  same    ///< as many as keep the size; stride must be 1, an odd one goes to the end
};

namespace detail {
/// Whether the word is "same"; throws ValueError unless it is "same" or "valid".
XGRAD_API bool is_same_padding(std::string_view word);
}  // namespace detail

/// How many zeros stand on either side: `1`, `{1, 2}`, PaddingMode::same or "same".
template <std::size_t N>
class Padding {
 public:
  template <std::integral Number>
  Padding(Number number) : zeros_(number) {}  // NOLINT(google-explicit-constructor): as PyTorch's arguments
  template <std::integral... Numbers>
    requires(sizeof...(Numbers) == N && N > 1)
  Padding(Numbers... numbers) : zeros_(numbers...) {}              // NOLINT(google-explicit-constructor)
  Padding(const PerDim<N>& zeros) : zeros_(zeros) {}               // NOLINT(google-explicit-constructor)
  Padding(const Shape& zeros) : zeros_(zeros) {}                   // NOLINT(google-explicit-constructor)
  Padding(PaddingMode mode) : same_(mode == PaddingMode::same) {}  // NOLINT(google-explicit-constructor)
  /// "valid" or "same". Throws ValueError for other words.
  template <std::convertible_to<std::string_view> Word>
  Padding(const Word& word) : same_(detail::is_same_padding(word)) {}  // NOLINT(google-explicit-constructor)

  bool same() const noexcept { return same_; }
  const PerDim<N>& zeros() const noexcept { return zeros_; }

 private:
  PerDim<N> zeros_ = 0;
  bool same_ = false;
};

/// How a window moves over the input.
template <std::size_t N>
struct ConvOptions {
  PerDim<N> stride = 1;
  Padding<N> padding = 0;
  PerDim<N> dilation = 1;   ///< distance of the kernel's places in the input
  std::int64_t groups = 1;  ///< parts that the channels fall into, each convolved for itself
};

/// How a window moves over the output.
template <std::size_t N>
struct ConvTransposeOptions {
  PerDim<N> stride = 1;
  PerDim<N> padding = 0;         ///< places cut off on either side of the result
  PerDim<N> output_padding = 0;  ///< places added at the end; less than stride or dilation
  std::int64_t groups = 1;
  PerDim<N> dilation = 1;
};

/// bias[m] + sum over c and k of weight[m, c, k] * input[n, c, q * stride + k * dilation - padding], for all
/// places q of the result: (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1 of them, rounded
/// down. weight [out, in / groups, kernel...]; bias [out], or undefined for none. Throws ShapeError,
/// DTypeError, and ValueError for options out of range. Source: torch.nn.functional.conv1d.
XGRAD_API Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias = Tensor(),
                        const ConvOptions<1>& options = {});
/// `conv1d` over two spatial dimensions. Source: torch.nn.functional.conv2d.
XGRAD_API Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias = Tensor(),
                        const ConvOptions<2>& options = {});
/// `conv1d` over three spatial dimensions. Source: torch.nn.functional.conv3d.
XGRAD_API Tensor conv3d(const Tensor& input, const Tensor& weight, const Tensor& bias = Tensor(),
                        const ConvOptions<3>& options = {});

/// The adjoint of conv1d, which spreads every place of the input over kernel places of the result: of size
/// (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1. weight [in, out /
/// groups, kernel...]; bias [out], or undefined. Throws as conv1d. Source:
/// torch.nn.functional.conv_transpose1d.
XGRAD_API Tensor conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias = Tensor(),
                                  const ConvTransposeOptions<1>& options = {});
/// `conv_transpose1d` over two spatial dimensions. Source: torch.nn.functional.conv_transpose2d.
XGRAD_API Tensor conv_transpose2d(const Tensor& input, const Tensor& weight, const Tensor& bias = Tensor(),
                                  const ConvTransposeOptions<2>& options = {});
/// `conv_transpose1d` over three spatial dimensions. Source: torch.nn.functional.conv_transpose3d.
XGRAD_API Tensor conv_transpose3d(const Tensor& input, const Tensor& weight, const Tensor& bias = Tensor(),
                                  const ConvTransposeOptions<3>& options = {});

}  // namespace xgrad
