#include <xgrad/autograd/kernels/convolution.hpp>

#include <algorithm>
#include <map>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/correlation.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;

/// What all correlations of a convolution have in common.
Correlation start(const Convolution& s) {
  Correlation c{};
  c.batch = s.batch;
  c.groups = s.groups;
  c.tap_steps = {s.kernel[1] * s.kernel[2], s.kernel[2], 1};
  return c;
}

/// Positions of the output; the kernel's places are the taps.
CorrelationAxis forward_axis(const Convolution& s, std::size_t i) {
  CorrelationAxis axis{s.input[i], s.stride[i], s.output[i], s.output[i], 0, 1, {}};
  for (int64_t k = 0; k < s.kernel[i]; ++k) axis.taps.push_back({k * s.dilation[i] - s.padding[i], k});
  return axis;
}

/// Places first, first + stride, ... of the input, for every `first` that a place of the kernel meets.
std::vector<CorrelationAxis> backward_axes(const Convolution& s, std::size_t i) {
  int64_t stride = s.stride[i];
  std::map<int64_t, CorrelationAxis> axes;
  for (int64_t k = s.kernel[i]; k-- > 0;) {  // the source's places in rising order
    int64_t distance = k * s.dilation[i] - s.padding[i];
    int64_t first = (distance % stride + stride) % stride;
    if (first >= s.input[i]) continue;
    int64_t positions = (s.input[i] - first - 1) / stride + 1;
    auto [axis, added] =
        axes.try_emplace(first, CorrelationAxis{s.output[i], 1, positions, s.input[i], first, stride, {}});
    axis->second.taps.push_back({(first - distance) / stride, k});
  }
  std::vector<CorrelationAxis> result;
  result.reserve(axes.size());
  for (auto& [first, axis] : axes) result.push_back(std::move(axis));
  return result;
}

template <class Function>
void dispatch_numbers(DType dtype, const Function& function) {
  if (dtype == DType::int64)
    function(TypeTag<int64_t>{});
  else
    dispatch_floating(dtype, function);
}

template <class T>
const T* data_or_null(const Array& array) {
  return array.defined() ? array.data<T>() : nullptr;
}

/// Every channel of [batch, channels, ...] filled with its bias, or 0.
template <class T>
void fill_channels(const Array& result, const T* bias) {
  int64_t rows = result.shape()[0] * result.shape()[1], channels = result.shape()[1];
  int64_t plane = result.numel() / rows;
  for (int64_t row = 0; row < rows; ++row)
    std::fill_n(result.data<T>() + row * plane, plane, bias == nullptr ? T(0) : bias[row % channels]);
}

Array contiguous_or_undefined(const Array& array) { return array.defined() ? contiguous(array) : array; }

}  // namespace

Array convolve(const Convolution& s, const Array& input, const Array& weight, const Array& bias) {
  Array result(s.output_shape(), input.dtype());
  Array x = contiguous(input), w = contiguous(weight), b = contiguous_or_undefined(bias);
  Correlation c = start(s);
  c.source_channels = s.in_channels / s.groups;
  c.result_channels = s.out_channels / s.groups;
  c.weight_source_step = s.taps();
  c.weight_result_step = c.source_channels * s.taps();
  c.weight_group_step = c.result_channels * c.weight_result_step;
  for (std::size_t i = 0; i < 3; ++i) c.axes[i] = forward_axis(s, i);
  dispatch_numbers(input.dtype(), [&]<class T>(TypeTag<T>) {
    correlate<T>(c, x.data<T>(), w.data<T>(), data_or_null<T>(b), result.data<T>());
  });
  return result;
}

Array convolve_transposed(const Convolution& s, const Array& g, const Array& weight, const Array& bias) {
  Array result(s.input_shape(), g.dtype());
  if (result.numel() == 0) return result;
  Array source = contiguous(g), w = contiguous(weight), b = contiguous_or_undefined(bias);
  Correlation c = start(s);
  c.source_channels = s.out_channels / s.groups;
  c.result_channels = s.in_channels / s.groups;
  c.weight_result_step = s.taps();
  c.weight_source_step = c.result_channels * s.taps();
  c.weight_group_step = c.source_channels * c.weight_source_step;
  // One correlation for every remainder of the place divided by the stride; without taps it is the bias.
  std::array<std::vector<CorrelationAxis>, 3> phases;
  bool complete = true;
  for (std::size_t i = 0; i < 3; ++i) {
    phases[i] = backward_axes(s, i);
    complete &= static_cast<int64_t>(phases[i].size()) == std::min(s.stride[i], s.input[i]);
  }
  dispatch_numbers(g.dtype(), [&]<class T>(TypeTag<T>) {
    if (!complete) fill_channels<T>(result, data_or_null<T>(b));
    for (const auto& z : phases[0]) {
      for (const auto& y : phases[1]) {
        for (const auto& x : phases[2]) {
          c.axes = {z, y, x};
          correlate<T>(c, source.data<T>(), w.data<T>(), data_or_null<T>(b), result.data<T>());
        }
      }
    }
  });
  return result;
}

}  // namespace xgrad::kernels
