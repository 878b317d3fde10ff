#include <xgrad/autograd/ops/pooling.hpp>

#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/pooling_operations.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

using detail::check_number;
using detail::check_pool_input;
using kernels::Pooling;
using Result = std::pair<Tensor, Tensor>;  ///< values and places

// Checks -------------------------------------------------------------------------------------------------

/// The number of windows of one dimension. Throws where there are none, or one in the padding alone.
std::int64_t count_windows(const char* name, const Pooling& p, std::size_t dim, bool ceil_mode) {
  std::int64_t size = p.input[dim], stride = p.stride[dim], padding = p.padding[dim];
  std::int64_t reach = p.dilation[dim] * (p.kernel[dim] - 1) + 1;
  std::int64_t room = size + 2 * padding - reach + (ceil_mode ? stride - 1 : 0);
  if (room < 0) {
    throw ShapeError(fmt::format("{}: a window reaches over {} places, the padded input has {}", name, reach,
                                 size + 2 * padding));
  }
  std::int64_t count = room / stride + 1;
  if (ceil_mode && (count - 1) * stride >= size + padding) --count;
  for (std::int64_t q = 0; p.dilation[dim] > 1 && q < count; ++q) {
    std::int64_t start = q * stride - padding, step = p.dilation[dim];
    std::int64_t first = start >= 0 ? start : start + (-start + step - 1) / step * step;
    if (first < size && first < start + reach) continue;
    throw ShapeError(
        fmt::format("{}: window {} lies in the padding alone: size {}, padding {}, dilation {}; "
                    "decrease the dilation",
                    name, q, size, padding, step));
  }
  return count;
}

template <std::size_t N>
Pooling windows(const char* name, const Tensor& x, const PerDim<N>& kernel, const PerDim<N>& stride,
                const PerDim<N>& padding, const PerDim<N>& dilation, bool ceil_mode) {
  check_pool_input(name, x, N);
  Pooling p;
  p.spatial = N;
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t at = 3 - N + i;
    check_number(name, "kernel_size", kernel[i], 1);
    if (stride.given()) check_number(name, "stride", stride[i], 1);
    check_number(name, "padding", padding[i], 0);
    check_number(name, "dilation", dilation[i], 1);
    if (padding[i] > kernel[i] / 2) {
      throw ValueError(
          fmt::format("{}: expected a padding of at most half of the kernel, got padding {}, kernel {}", name,
                      padding[i], kernel[i]));
    }
    p.input[at] = x.shape()[x.ndim() - N + i];
    p.kernel[at] = kernel[i];
    p.stride[at] = stride.given() ? stride[i] : kernel[i];
    p.padding[at] = padding[i];
    p.dilation[at] = dilation[i];
    p.output[at] = count_windows(name, p, at, ceil_mode);
  }
  return p;
}

template <std::size_t N>
Result max_pool(const char* name, const Tensor& x, const PerDim<N>& kernel, const MaxPoolOptions<N>& options,
                bool with_places) {
  return detail::max_pool(
      name, windows(name, x, kernel, options.stride, options.padding, options.dilation, options.ceil_mode), x,
      with_places);
}

template <std::size_t N>
Tensor avg_pool(const char* name, const Tensor& x, const PerDim<N>& kernel,
                const AvgPoolOptions<N>& options) {
  Pooling p = windows<N>(name, x, kernel, options.stride, options.padding, 1, options.ceil_mode);
  p.count_padding = options.count_include_pad;
  if (options.divisor_override) {
    if (*options.divisor_override == 0)
      throw ValueError(fmt::format("{}: expected a divisor_override other than 0", name));
    p.divisor = *options.divisor_override;
  }
  if (!is_floating(x.dtype()) && x.dtype() != int64) {
    throw DTypeError(fmt::format("{}: expected a floating input or int64, got {}; convert with to()", name,
                                 xgrad::name(x.dtype())));
  }
  return detail::mean_pool(name, p, x);
}

template <std::size_t N>
Tensor lp_pool(const char* name, const Tensor& x, double norm_type, const PerDim<N>& kernel,
               const LpPoolOptions<N>& options) {
  if (norm_type == 0) throw ValueError(fmt::format("{}: expected a norm_type other than 0", name));
  Tensor powers = pow(x, norm_type);
  Tensor means =
      avg_pool<N>(name, powers, kernel, {.stride = options.stride, .ceil_mode = options.ceil_mode});
  double places = 1;
  for (std::size_t i = 0; i < N; ++i) places *= static_cast<double>(kernel[i]);
  return pow(sign(means) * relu(abs(means)) * places, 1 / norm_type);
}

}  // namespace

Tensor max_pool1d(const Tensor& x, PerDim<1> kernel_size, const MaxPoolOptions<1>& options) {
  return max_pool("max_pool1d", x, kernel_size, options, false).first;
}
Tensor max_pool2d(const Tensor& x, PerDim<2> kernel_size, const MaxPoolOptions<2>& options) {
  return max_pool("max_pool2d", x, kernel_size, options, false).first;
}
Tensor max_pool3d(const Tensor& x, PerDim<3> kernel_size, const MaxPoolOptions<3>& options) {
  return max_pool("max_pool3d", x, kernel_size, options, false).first;
}
Result max_pool1d_with_indices(const Tensor& x, PerDim<1> kernel_size, const MaxPoolOptions<1>& options) {
  return max_pool("max_pool1d", x, kernel_size, options, true);
}
Result max_pool2d_with_indices(const Tensor& x, PerDim<2> kernel_size, const MaxPoolOptions<2>& options) {
  return max_pool("max_pool2d", x, kernel_size, options, true);
}
Result max_pool3d_with_indices(const Tensor& x, PerDim<3> kernel_size, const MaxPoolOptions<3>& options) {
  return max_pool("max_pool3d", x, kernel_size, options, true);
}

Tensor avg_pool1d(const Tensor& x, PerDim<1> kernel_size, const AvgPoolOptions<1>& options) {
  return avg_pool("avg_pool1d", x, kernel_size, options);
}
Tensor avg_pool2d(const Tensor& x, PerDim<2> kernel_size, const AvgPoolOptions<2>& options) {
  return avg_pool("avg_pool2d", x, kernel_size, options);
}
Tensor avg_pool3d(const Tensor& x, PerDim<3> kernel_size, const AvgPoolOptions<3>& options) {
  return avg_pool("avg_pool3d", x, kernel_size, options);
}

Tensor lp_pool1d(const Tensor& x, double norm_type, PerDim<1> kernel_size, const LpPoolOptions<1>& options) {
  return lp_pool("lp_pool1d", x, norm_type, kernel_size, options);
}
Tensor lp_pool2d(const Tensor& x, double norm_type, PerDim<2> kernel_size, const LpPoolOptions<2>& options) {
  return lp_pool("lp_pool2d", x, norm_type, kernel_size, options);
}
Tensor lp_pool3d(const Tensor& x, double norm_type, PerDim<3> kernel_size, const LpPoolOptions<3>& options) {
  return lp_pool("lp_pool3d", x, norm_type, kernel_size, options);
}

}  // namespace xgrad
