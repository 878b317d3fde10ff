#include <xgrad/nn/convolution.hpp>

#include <fmt/format.h>

#include <array>
#include <string>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/padding.hpp>
#include <xgrad/nn/init.hpp>

namespace xgrad::nn {
namespace {

constexpr std::array<const char*, 4> padding_modes = {"zeros", "reflect", "replicate", "circular"};

ConvPadding to_conv_padding(const std::string& name, std::string_view word) {
  for (std::size_t i = 0; i < padding_modes.size(); ++i) {
    if (word == padding_modes[i]) return static_cast<ConvPadding>(i);
  }
  throw ValueError(fmt::format(
      "{}: expected padding_mode \"zeros\", \"reflect\", \"replicate\" or \"circular\", got \"{}\"", name,
      word));
}

/// The sizes that a constructor was given, checked.
template <std::size_t N>
void check_sizes(const std::string& name, std::int64_t in_channels, std::int64_t out_channels,
                 const PerDim<N>& kernel_size, const PerDim<N>& stride, const PerDim<N>& dilation,
                 std::int64_t groups) {
  if (in_channels <= 0 || out_channels <= 0 || groups <= 0 || in_channels % groups != 0 ||
      out_channels % groups != 0) {
    throw ValueError(fmt::format(
        "{}: expected positive channels that groups divides, got in_channels {}, out_channels {}, groups {}",
        name, in_channels, out_channels, groups));
  }
  for (std::size_t i = 0; i < N; ++i) {
    if (kernel_size[i] <= 0 || stride[i] <= 0 || dilation[i] <= 0) {
      throw ValueError(
          fmt::format("{}: expected positive kernel_size, stride and dilation, got {}, {} and {}", name,
                      to_string(kernel_size), to_string(stride), to_string(dilation)));
    }
  }
}

/// Weight and bias with PyTorch's first values.
template <std::size_t N, class Layer, class Options>
void make_parameters(Layer& layer, std::int64_t first, std::int64_t second, std::int64_t out_channels,
                     const PerDim<N>& kernel_size, const Options& options) {
  Shape shape = {first, second};
  for (std::size_t i = 0; i < N; ++i) shape.push_back(kernel_size[i]);
  DType dtype = options.dtype.value_or(default_dtype());
  layer.weight = Parameter(empty(shape, dtype));
  double bound = init::kaiming_uniform_bound(layer.weight, {.a = std::sqrt(5.0)});
  init::uniform_(layer.weight, -bound, bound, options.generator);
  if (options.bias) {
    layer.bias = Parameter(empty({out_channels}, dtype));
    init::uniform_(layer.bias, -bound, bound, options.generator);
  }
}

template <std::size_t N>
void check_channels(const std::string& name, const Tensor& input, std::int64_t channels) {
  if ((input.ndim() != N + 2 && input.ndim() != N + 1) || input.shape()[input.ndim() - N - 1] != channels) {
    throw ShapeError(fmt::format("{}: expected input [B, {}, {}] or without B, with {} spatial sizes; got {}",
                                 name, channels,
                                 N == 1   ? "L"
                                 : N == 2 ? "H, W"
                                          : "D, H, W",
                                 N, to_string(input.shape())));
  }
}

}  // namespace

template <std::size_t N>
Conv<N>::Conv(std::int64_t in_channels, std::int64_t out_channels, PerDim<N> kernel_size,
              ConvLayerOptions<N> options)
    : in_channels_(in_channels),
      out_channels_(out_channels),
      kernel_size_(kernel_size),
      options_{options.stride, options.padding, options.dilation, options.groups},
      padding_mode_(to_conv_padding(fmt::format("Conv{}d", N), options.padding_mode)) {
  check_sizes(fmt::format("Conv{}d", N), in_channels, out_channels, kernel_size, options.stride,
              options.dilation, options.groups);
  for (std::size_t i = 0; i < N; ++i) {
    if (options.padding.same() ? options.stride[i] != 1 : options.padding.zeros()[i] < 0) {
      throw ValueError(
          fmt::format("Conv{}d: expected padding of 0 or more, or \"same\" with stride 1, got "
                      "padding {} and stride {}",
                      N, options.padding.same() ? "same" : to_string(options.padding.zeros()),
                      to_string(options.stride)));
    }
  }
  make_parameters(*this, out_channels, in_channels / options.groups, out_channels, kernel_size, options);
}

template <std::size_t N>
void Conv<N>::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

template <std::size_t N>
Tensor Conv<N>::forward(const Tensor& input) {
  check_channels<N>(fmt::format("Conv{}d({}, {})", N, in_channels_, out_channels_), input, in_channels_);
  auto convolve = [this](const Tensor& x, const ConvOptions<N>& options) {
    if constexpr (N == 1) return conv1d(x, weight, bias, options);
    if constexpr (N == 2) return conv2d(x, weight, bias, options);
    if constexpr (N == 3) return conv3d(x, weight, bias, options);
  };
  if (padding_mode_ == ConvPadding::zeros) return convolve(input, options_);
  Shape around;
  for (std::size_t i = N; i-- > 0;) {
    std::int64_t reach = options_.dilation[i] * (kernel_size_[i] - 1);
    std::int64_t before = options_.padding.same() ? reach / 2 : options_.padding.zeros()[i];
    around.push_back(before);
    around.push_back(options_.padding.same() ? reach - before : before);
  }
  ConvOptions<N> inner = options_;
  inner.padding = 0;
  bool batched = input.ndim() == N + 2;
  Tensor padded = pad(batched ? input : input.unsqueeze(0), around,
                      padding_modes[static_cast<std::size_t>(padding_mode_)]);
  Tensor result = convolve(padded, inner);
  return batched ? result : result.squeeze(0);
}

template <std::size_t N>
std::int64_t Conv<N>::multiply_adds(const Shape& /*input*/, const Shape& output) const {
  std::int64_t each = in_channels_ / options_.groups;
  for (std::size_t i = 0; i < N; ++i) each *= kernel_size_[i];
  return output.elements() * each;
}

template <std::size_t N>
std::string Conv<N>::describe() const {
  std::string text = fmt::format("Conv{}d({}, {}, kernel_size={}, stride={}", N, in_channels_, out_channels_,
                                 to_string(kernel_size_), to_string(options_.stride));
  bool padded = options_.padding.same();
  for (std::size_t i = 0; i < N; ++i) padded = padded || options_.padding.zeros()[i] != 0;
  if (padded) text += ", padding=" + (options_.padding.same() ? "same" : to_string(options_.padding.zeros()));
  for (std::size_t i = 0; i < N; ++i) {
    if (options_.dilation[i] == 1) continue;
    text += ", dilation=" + to_string(options_.dilation);
    break;
  }
  if (options_.groups != 1) text += fmt::format(", groups={}", options_.groups);
  if (!bias.defined()) text += ", bias=false";
  if (padding_mode_ != ConvPadding::zeros)
    text += fmt::format(", padding_mode={}", padding_modes[static_cast<std::size_t>(padding_mode_)]);
  return text + ")";
}

template <std::size_t N>
ConvTranspose<N>::ConvTranspose(std::int64_t in_channels, std::int64_t out_channels, PerDim<N> kernel_size,
                                ConvTransposeLayerOptions<N> options)
    : in_channels_(in_channels),
      out_channels_(out_channels),
      kernel_size_(kernel_size),
      options_{options.stride, options.padding, options.output_padding, options.groups, options.dilation} {
  check_sizes(name(), in_channels, out_channels, kernel_size, options.stride, options.dilation,
              options.groups);
  for (std::size_t i = 0; i < N; ++i) {
    if (options.padding[i] < 0 || options.output_padding[i] < 0) {
      throw ValueError(fmt::format("{}: expected padding and output_padding of 0 or more, got {} and {}",
                                   name(), to_string(options.padding), to_string(options.output_padding)));
    }
  }
  make_parameters(*this, in_channels, out_channels / options.groups, out_channels, kernel_size, options);
}

template <std::size_t N>
std::string ConvTranspose<N>::name() const {
  return fmt::format("ConvTranspose{}d", N);
}

template <std::size_t N>
void ConvTranspose<N>::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

namespace {

template <std::size_t N>
Tensor spread(const Tensor& input, const Tensor& weight, const Tensor& bias,
              const ConvTransposeOptions<N>& options) {
  if constexpr (N == 1) return conv_transpose1d(input, weight, bias, options);
  if constexpr (N == 2) return conv_transpose2d(input, weight, bias, options);
  if constexpr (N == 3) return conv_transpose3d(input, weight, bias, options);
}

}  // namespace

template <std::size_t N>
void ConvTranspose<N>::check_input(const Tensor& input) const {
  check_channels<N>(fmt::format("{}({}, {})", name(), in_channels_, out_channels_), input, in_channels_);
}

template <std::size_t N>
Tensor ConvTranspose<N>::forward(const Tensor& input) {
  check_input(input);
  return spread(input, weight, bias, options_);
}

template <std::size_t N>
Tensor ConvTranspose<N>::forward(const Tensor& input, const Shape& output_size) {
  check_input(input);
  if (output_size.size() != N) {
    throw ShapeError(fmt::format("{}: expected output_size with {} spatial sizes, got {}", name(), N,
                                 to_string(output_size)));
  }
  Shape added;
  for (std::size_t i = 0; i < N; ++i) {
    std::int64_t size = input.shape()[input.ndim() - N + i];
    std::int64_t smallest = (size - 1) * options_.stride[i] - 2 * options_.padding[i] +
                            options_.dilation[i] * (kernel_size_[i] - 1) + 1;
    std::int64_t more = output_size[i] - smallest;
    if (more < 0 || more >= options_.stride[i]) {
      throw ValueError(fmt::format(
          "{}: expected output_size from {} to {} in dimension {} for input {}, got {}", name(), smallest,
          smallest + options_.stride[i] - 1, i, to_string(input.shape()), to_string(output_size)));
    }
    added.push_back(more);
  }
  ConvTransposeOptions<N> options = options_;
  options.output_padding = added;
  return spread(input, weight, bias, options);
}

template <std::size_t N>
std::int64_t ConvTranspose<N>::multiply_adds(const Shape& input, const Shape& /*output*/) const {
  std::int64_t each = out_channels_ / options_.groups;
  for (std::size_t i = 0; i < N; ++i) each *= kernel_size_[i];
  return input.elements() * each;
}

template <std::size_t N>
std::string ConvTranspose<N>::describe() const {
  std::string text = fmt::format("{}({}, {}, kernel_size={}, stride={}", name(), in_channels_, out_channels_,
                                 to_string(kernel_size_), to_string(options_.stride));
  auto differs = [](const PerDim<N>& numbers, std::int64_t usual) {
    for (std::size_t i = 0; i < N; ++i) {
      if (numbers[i] != usual) return true;
    }
    return false;
  };
  if (differs(options_.padding, 0)) text += ", padding=" + to_string(options_.padding);
  if (differs(options_.output_padding, 0)) text += ", output_padding=" + to_string(options_.output_padding);
  if (differs(options_.dilation, 1)) text += ", dilation=" + to_string(options_.dilation);
  if (options_.groups != 1) text += fmt::format(", groups={}", options_.groups);
  if (!bias.defined()) text += ", bias=false";
  return text + ")";
}

template class Conv<1>;
template class Conv<2>;
template class Conv<3>;
template class ConvTranspose<1>;
template class ConvTranspose<2>;
template class ConvTranspose<3>;

}  // namespace xgrad::nn
