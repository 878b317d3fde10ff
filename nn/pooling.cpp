#include <xgrad/nn/pooling.hpp>

#include <fmt/format.h>

namespace xgrad::nn {
namespace {

/// The one of three functions that pools N spatial dimensions.
template <std::size_t N, class One, class Two, class Three>
constexpr auto for_dims(One one, Two two, Three three) {
  if constexpr (N == 1) {
    return one;
  } else if constexpr (N == 2) {
    return two;
  } else {
    return three;
  }
}

template <std::size_t N>
std::string stride_text(const PerDim<N>& stride, const PerDim<N>& kernel_size) {
  return to_string(stride.given() ? stride : kernel_size);
}

template <std::size_t N>
std::string size_text(const OutputSize<N>& size) {
  std::string text = "(";
  for (std::size_t i = 0; i < N; ++i) {
    if (i != 0) text += ", ";
    text += size[i] ? std::to_string(*size[i]) : "none";
  }
  return text + ")";
}

}  // namespace

template <std::size_t N>
Tensor MaxPool<N>::forward(const Tensor& input) {
  return for_dims<N>(max_pool1d, max_pool2d, max_pool3d)(input, kernel_size_, options_);
}
template <std::size_t N>
std::pair<Tensor, Tensor> MaxPool<N>::forward_with_indices(const Tensor& input) {
  return for_dims<N>(max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices)(
      input, kernel_size_, options_);
}
template <std::size_t N>
std::string MaxPool<N>::describe() const {
  return fmt::format("MaxPool{}d(kernel_size={}, stride={}, padding={}, dilation={}, ceil_mode={})", N,
                     to_string(kernel_size_), stride_text(options_.stride, kernel_size_),
                     to_string(options_.padding), to_string(options_.dilation), options_.ceil_mode);
}

template <std::size_t N>
Tensor MaxUnpool<N>::forward(const Tensor& input, const Tensor& indices) {
  return for_dims<N>(max_unpool1d, max_unpool2d, max_unpool3d)(input, indices, kernel_size_, options_);
}
template <std::size_t N>
std::string MaxUnpool<N>::describe() const {
  return fmt::format("MaxUnpool{}d(kernel_size={}, stride={}, padding={})", N, to_string(kernel_size_),
                     stride_text(options_.stride, kernel_size_), to_string(options_.padding));
}

template <std::size_t N>
Tensor AvgPool<N>::forward(const Tensor& input) {
  return for_dims<N>(avg_pool1d, avg_pool2d, avg_pool3d)(input, kernel_size_, options_);
}
template <std::size_t N>
std::string AvgPool<N>::describe() const {
  return fmt::format("AvgPool{}d(kernel_size={}, stride={}, padding={})", N, to_string(kernel_size_),
                     stride_text(options_.stride, kernel_size_), to_string(options_.padding));
}

template <std::size_t N>
Tensor LPPool<N>::forward(const Tensor& input) {
  return for_dims<N>(lp_pool1d, lp_pool2d, lp_pool3d)(input, norm_type_, kernel_size_, options_);
}
template <std::size_t N>
std::string LPPool<N>::describe() const {
  return fmt::format("LPPool{}d(norm_type={}, kernel_size={}, stride={}, ceil_mode={})", N, norm_type_,
                     to_string(kernel_size_), stride_text(options_.stride, kernel_size_), options_.ceil_mode);
}

template <std::size_t N>
Tensor AdaptiveAvgPool<N>::forward(const Tensor& input) {
  return for_dims<N>(adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)(input, output_size_);
}
template <std::size_t N>
std::string AdaptiveAvgPool<N>::describe() const {
  return fmt::format("AdaptiveAvgPool{}d(output_size={})", N, size_text(output_size_));
}

template <std::size_t N>
Tensor AdaptiveMaxPool<N>::forward(const Tensor& input) {
  return for_dims<N>(adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d)(input, output_size_);
}
template <std::size_t N>
std::pair<Tensor, Tensor> AdaptiveMaxPool<N>::forward_with_indices(const Tensor& input) {
  return for_dims<N>(adaptive_max_pool1d_with_indices, adaptive_max_pool2d_with_indices,
                     adaptive_max_pool3d_with_indices)(input, output_size_);
}
template <std::size_t N>
std::string AdaptiveMaxPool<N>::describe() const {
  return fmt::format("AdaptiveMaxPool{}d(output_size={})", N, size_text(output_size_));
}

template class MaxPool<1>;
template class MaxPool<2>;
template class MaxPool<3>;
template class MaxUnpool<1>;
template class MaxUnpool<2>;
template class MaxUnpool<3>;
template class AvgPool<1>;
template class AvgPool<2>;
template class AvgPool<3>;
template class LPPool<1>;
template class LPPool<2>;
template class LPPool<3>;
template class AdaptiveAvgPool<1>;
template class AdaptiveAvgPool<2>;
template class AdaptiveAvgPool<3>;
template class AdaptiveMaxPool<1>;
template class AdaptiveMaxPool<2>;
template class AdaptiveMaxPool<3>;

}  // namespace xgrad::nn
