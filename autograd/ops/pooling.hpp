#pragma once

#include <optional>
#include <utility>

#include <xgrad/autograd/ops/spatial.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// Pooling over windows of one, two or three spatial dimensions. Inputs are [N, channels, sizes...] or,
/// without a batch, [channels, sizes...]; every channel is pooled for itself. All functions throw ShapeError
/// for inputs that do not fit (only the batch may be empty) and for windows that do not, ValueError for
/// options out of range (the padding is at most half of the kernel), DTypeError for dtypes that are not
/// floating where nothing else is said.
///
/// A window begins every `stride` places, from `padding` places before the input on. There are
/// (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1 windows, rounded down or, with
/// `ceil_mode`, up; but none begins behind the input.
namespace xgrad {

/// How a window moves.
template <std::size_t N>
struct MaxPoolOptions {
  PerDim<N> stride = {};  ///< not given: the kernel's size
  PerDim<N> padding = 0;
  PerDim<N> dilation = 1;  ///< distance of the window's places in the input
  bool ceil_mode = false;
};

/// How a window moves, and what it is divided by.
template <std::size_t N>
struct AvgPoolOptions {
  PerDim<N> stride = {};  ///< not given: the kernel's size
  PerDim<N> padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;                                ///< places in the padding count
  std::optional<std::int64_t> divisor_override = std::nullopt;  ///< in place of the number of places; not 0
};

/// How a window moves.
template <std::size_t N>
struct LpPoolOptions {
  PerDim<N> stride = {};  ///< not given: the kernel's size
  bool ceil_mode = false;
};

/// How the windows of the pooling moved.
template <std::size_t N>
struct MaxUnpoolOptions {
  PerDim<N> stride = {};  ///< not given: the kernel's size
  PerDim<N> padding = 0;
  PerDim<N> output_size = {};  ///< not given: (size - 1) * stride - 2 * padding + kernel
};

/// The largest number of each window; the padding never is. nan wins. The gradient goes to the first largest
/// place. Source: torch.nn.functional.max_pool1d.
XGRAD_API Tensor max_pool1d(const Tensor& x, PerDim<1> kernel_size, const MaxPoolOptions<1>& options = {});
XGRAD_API Tensor max_pool2d(const Tensor& x, PerDim<2> kernel_size, const MaxPoolOptions<2>& options = {});
XGRAD_API Tensor max_pool3d(const Tensor& x, PerDim<3> kernel_size, const MaxPoolOptions<3>& options = {});
/// With the places of the maxima, counted in the flattened spatial dimensions: int64. Source:
/// torch.nn.functional.max_pool1d, return_indices=True.
XGRAD_API std::pair<Tensor, Tensor> max_pool1d_with_indices(const Tensor& x, PerDim<1> kernel_size,
                                                            const MaxPoolOptions<1>& options = {});
XGRAD_API std::pair<Tensor, Tensor> max_pool2d_with_indices(const Tensor& x, PerDim<2> kernel_size,
                                                            const MaxPoolOptions<2>& options = {});
XGRAD_API std::pair<Tensor, Tensor> max_pool3d_with_indices(const Tensor& x, PerDim<3> kernel_size,
                                                            const MaxPoolOptions<3>& options = {});

/// The reverse of max pooling: x[i] at place indices[i] of the flattened spatial dimensions, zeros elsewhere;
/// of several numbers for one place the last stays. Throws IndexError for places that are not there, and
/// ValueError for an output_size that is a stride or more away from the default. Source:
/// torch.nn.functional.max_unpool1d.
XGRAD_API Tensor max_unpool1d(const Tensor& x, const Tensor& indices, PerDim<1> kernel_size,
                              const MaxUnpoolOptions<1>& options = {});
XGRAD_API Tensor max_unpool2d(const Tensor& x, const Tensor& indices, PerDim<2> kernel_size,
                              const MaxUnpoolOptions<2>& options = {});
XGRAD_API Tensor max_unpool3d(const Tensor& x, const Tensor& indices, PerDim<3> kernel_size,
                              const MaxUnpoolOptions<3>& options = {});

/// The mean of each window, zeros in the padding; what lies behind the padding never counts. int64 is
/// divided toward zero. Source: torch.nn.functional.avg_pool1d.
XGRAD_API Tensor avg_pool1d(const Tensor& x, PerDim<1> kernel_size, const AvgPoolOptions<1>& options = {});
XGRAD_API Tensor avg_pool2d(const Tensor& x, PerDim<2> kernel_size, const AvgPoolOptions<2>& options = {});
XGRAD_API Tensor avg_pool3d(const Tensor& x, PerDim<3> kernel_size, const AvgPoolOptions<3>& options = {});

/// (sum of x^norm_type)^(1 / norm_type) over each window, no absolute value taken; a negative sum keeps its
/// sign before the root. Partial windows of ceil_mode are scaled up to whole ones. Source:
/// torch.nn.functional.lp_pool1d.
XGRAD_API Tensor lp_pool1d(const Tensor& x, double norm_type, PerDim<1> kernel_size,
                           const LpPoolOptions<1>& options = {});
XGRAD_API Tensor lp_pool2d(const Tensor& x, double norm_type, PerDim<2> kernel_size,
                           const LpPoolOptions<2>& options = {});
XGRAD_API Tensor lp_pool3d(const Tensor& x, double norm_type, PerDim<3> kernel_size,
                           const LpPoolOptions<3>& options = {});

/// Sizes of the result of an adaptive pooling: one for all dimensions or one for each, std::nullopt where the
/// input's size stays.
template <std::size_t N>
class OutputSize {
 public:
  template <std::convertible_to<std::optional<std::int64_t>> Size>
  OutputSize(Size size) {  // NOLINT(google-explicit-constructor): as PyTorch's arguments
    sizes_.fill(size);
  }
  template <std::convertible_to<std::optional<std::int64_t>>... Sizes>
    requires(sizeof...(Sizes) == N && N > 1)
  OutputSize(Sizes... sizes) : sizes_{sizes...} {}  // NOLINT(google-explicit-constructor): a list in braces
  OutputSize(const std::array<std::optional<std::int64_t>, N>& sizes)  // NOLINT(google-explicit-constructor)
      : sizes_(sizes) {}

  std::optional<std::int64_t> operator[](std::size_t i) const noexcept { return sizes_[i]; }

 private:
  std::array<std::optional<std::int64_t>, N> sizes_;
};

/// Means over windows from floor(i * size / output_size) to ceil((i + 1) * size / output_size) - 1. Source:
/// torch.nn.functional.adaptive_avg_pool1d.
XGRAD_API Tensor adaptive_avg_pool1d(const Tensor& x, OutputSize<1> output_size);
XGRAD_API Tensor adaptive_avg_pool2d(const Tensor& x, OutputSize<2> output_size);
XGRAD_API Tensor adaptive_avg_pool3d(const Tensor& x, OutputSize<3> output_size);
/// Maxima over the same windows; see max_pool1d. Source: torch.nn.functional.adaptive_max_pool1d.
XGRAD_API Tensor adaptive_max_pool1d(const Tensor& x, OutputSize<1> output_size);
XGRAD_API Tensor adaptive_max_pool2d(const Tensor& x, OutputSize<2> output_size);
XGRAD_API Tensor adaptive_max_pool3d(const Tensor& x, OutputSize<3> output_size);
/// With the places of the maxima; see max_pool1d_with_indices.
XGRAD_API std::pair<Tensor, Tensor> adaptive_max_pool1d_with_indices(const Tensor& x,
                                                                     OutputSize<1> output_size);
XGRAD_API std::pair<Tensor, Tensor> adaptive_max_pool2d_with_indices(const Tensor& x,
                                                                     OutputSize<2> output_size);
XGRAD_API std::pair<Tensor, Tensor> adaptive_max_pool3d_with_indices(const Tensor& x,
                                                                     OutputSize<3> output_size);

}  // namespace xgrad
