#include <xgrad/autograd/ops/convolution.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/convolution.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {

namespace detail {
void fail_per_dim(std::size_t wanted, std::size_t got) {
  throw ValueError(fmt::format("expected a number for each of {} spatial dimensions, or one for all, got {}",
                               wanted, got));
}
bool is_same_padding(std::string_view word) {
  if (word == "same") return true;
  if (word == "valid") return false;
  throw ValueError(fmt::format("padding: expected numbers, \"valid\" or \"same\", got \"{}\"", word));
}
}  // namespace detail

namespace {

using kernels::Convolution;

// The three operations that are each other's gradients: with t(x, w, g) = sum of g * convolve(x, w), each is
// the derivative of t by one of its arguments.

Tensor convolve(const char* name, const Convolution& s, const Tensor& x, const Tensor& w, const Tensor& bias);
Tensor convolve_transposed(const char* name, const Convolution& s, const Tensor& g, const Tensor& w,
                           const Tensor& bias);

Array array_or_undefined(const Tensor& tensor) { return tensor.defined() ? tensor.array() : Array(); }

/// Summed over all dimensions but the second: the gradient of a bias.
Tensor sum_channels(const Tensor& g) {
  Shape dims{0};
  for (std::size_t i = 2; i < g.ndim(); ++i) dims.push_back(static_cast<std::int64_t>(i));
  return sum(g, dims);
}

Tensor convolve_weight(const Convolution& s, const Tensor& g, const Tensor& x) {
  return record(
      "convolution_weight", kernels::convolve_weight(s, g.array(), x.array()),
      exact_gradient(
          g, [s](const Tensor& h, const Tensor& input) { return convolve("convolution", s, input, h, {}); },
          x),
      exact_gradient(
          x,
          [s](const Tensor& h, const Tensor& output) {
            return convolve_transposed("convolution_input", s, output, h, {});
          },
          g));
}

/// Records `numbers` as the result of an operation on x, w and a bias that may be undefined.
template <class X, class W>
Tensor record_with_bias(const char* name, Array numbers, const X& x_line, const W& w_line,
                        const Tensor& bias) {
  if (!bias.defined()) return record(name, std::move(numbers), X(x_line), W(w_line));
  return record(name, std::move(numbers), X(x_line), W(w_line), exact_gradient(bias, sum_channels));
}

Tensor convolve(const char* name, const Convolution& s, const Tensor& x, const Tensor& w,
                const Tensor& bias) {
  return record_with_bias(
      name, kernels::convolve(s, x.array(), w.array(), array_or_undefined(bias)),
      exact_gradient(
          x,
          [s](const Tensor& g, const Tensor& weight) {
            return convolve_transposed("convolution_input", s, g, weight, {});
          },
          w),
      exact_gradient(
          w, [s](const Tensor& g, const Tensor& input) { return convolve_weight(s, g, input); }, x),
      bias);
}

Tensor convolve_transposed(const char* name, const Convolution& s, const Tensor& g, const Tensor& w,
                           const Tensor& bias) {
  return record_with_bias(
      name, kernels::convolve_transposed(s, g.array(), w.array(), array_or_undefined(bias)),
      exact_gradient(
          g, [s](const Tensor& h, const Tensor& weight) { return convolve("convolution", s, h, weight, {}); },
          w),
      exact_gradient(
          w, [s](const Tensor& h, const Tensor& output) { return convolve_weight(s, output, h); }, g),
      bias);
}

// Checks -------------------------------------------------------------------------------------------------

constexpr std::int64_t largest = 0x7fffffff;

template <std::size_t N>
void check_numbers(const char* name, const char* option, const PerDim<N>& numbers, std::int64_t least) {
  for (std::size_t i = 0; i < N; ++i) {
    if (numbers[i] < least || numbers[i] > largest) {
      throw ValueError(
          fmt::format("{}: expected {} of at least {} (and below 2^31), got {} for spatial "
                      "dimension {}",
                      name, option, least, numbers[i], i));
    }
  }
}

std::string text(const Tensor& tensor) { return tensor.defined() ? to_string(tensor.shape()) : "undefined"; }

template <std::size_t N>
void check_tensors(const char* name, const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const char* weight_shape) {
  bool fits = weight.ndim() == N + 2 && (input.ndim() == N + 2 || input.ndim() == N + 1);
  if (!fits) {
    throw ShapeError(
        fmt::format("{}: expected input [N, channels] or [channels] with {} spatial dimensions and weight {} "
                    "with as many: "
                    "input is {}, weight is {}",
                    name, N, weight_shape, text(input), text(weight)));
  }
  for (std::size_t i = 0; i < N; ++i) {
    std::int64_t size = input.shape()[input.ndim() - N + i], kernel = weight.shape()[2 + i];
    if (size < 1 || kernel < 1 || size > largest || kernel > largest) {
      throw ShapeError(
          fmt::format("{}: expected spatial sizes of at least 1 (and below 2^31): input is {}, "
                      "weight is {}",
                      name, text(input), text(weight)));
    }
  }
  if (input.dtype() != weight.dtype() || (bias.defined() && bias.dtype() != input.dtype())) {
    throw DTypeError(
        fmt::format("{}: expected one dtype: input is {}, weight is {}, bias is {}; convert with to()", name,
                    xgrad::name(input.dtype()), xgrad::name(weight.dtype()),
                    bias.defined() ? xgrad::name(bias.dtype()) : "undefined"));
  }
  if (input.dtype() == boolean)
    throw DTypeError(fmt::format("{}: expected numbers, got bool; convert with to()", name));
}

void check_groups(const char* name, std::int64_t groups, std::int64_t weight_rows, std::int64_t in_channels,
                  std::int64_t expected, const Tensor& input, const Tensor& weight) {
  if (groups < 1) throw ValueError(fmt::format("{}: expected at least 1 group, got {}", name, groups));
  if (weight_rows % groups != 0) {
    throw ShapeError(fmt::format("{}: the {} rows of weight {} do not fall into {} groups", name, weight_rows,
                                 text(weight), groups));
  }
  if (in_channels != expected) {
    throw ShapeError(
        fmt::format("{}: expected {} channels in the input for weight {} and {} groups: input is {}", name,
                    expected, text(weight), groups, text(input)));
  }
}

void check_bias(const char* name, const Tensor& bias, std::int64_t channels) {
  if (bias.defined() && !(bias.shape() == Shape{channels})) {
    throw ShapeError(fmt::format("{}: expected bias [{}], one number for each channel of the result, got {}",
                                 name, channels, text(bias)));
  }
}

/// Calls operation(input, weight, bias) with a batch and in a dtype that the kernels know.
template <std::size_t N, class Operation>
Tensor with_batch(const Tensor& input, const Tensor& weight, const Tensor& bias, const Operation& operation) {
  DType dtype = input.dtype();
  if (dtype == int32 || dtype == uint8) {  // sums wrap around alike in int64
    Tensor wide = bias.defined() ? to(bias, int64) : bias;
    return to(with_batch<N>(to(input, int64), to(weight, int64), wide, operation), dtype);
  }
  if (input.ndim() == N + 2) return operation(input, weight, bias);
  return squeeze(operation(unsqueeze(input, 0), weight, bias), 0);
}

template <std::size_t N>
Tensor convolution(const char* name, const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const ConvOptions<N>& options) {
  check_tensors<N>(name, input, weight, bias, "[out, in / groups]");
  check_numbers(name, "stride", options.stride, 1);
  check_numbers(name, "dilation", options.dilation, 1);
  if (!options.padding.same()) check_numbers(name, "padding", options.padding.zeros(), 0);
  Convolution s;
  s.spatial = N;
  s.groups = options.groups;
  s.in_channels = input.size(-1 - static_cast<std::int64_t>(N));
  s.out_channels = weight.shape()[0];
  s.batch = input.ndim() == N + 2 ? input.shape()[0] : 1;
  check_groups(name, s.groups, s.out_channels, s.in_channels, s.groups > 0 ? weight.shape()[1] * s.groups : 0,
               input, weight);
  check_bias(name, bias, s.out_channels);
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t at = 3 - N + i;
    s.input[at] = input.shape()[input.ndim() - N + i];
    s.kernel[at] = weight.shape()[2 + i];
    s.stride[at] = options.stride[i];
    s.dilation[at] = options.dilation[i];
    std::int64_t reach = s.dilation[at] * (s.kernel[at] - 1) + 1;
    if (options.padding.same()) {
      if (s.stride[at] != 1) {
        throw ValueError(fmt::format(
            "{}: padding \"same\" needs stride 1, got {}; give the padding in numbers", name, s.stride[at]));
      }
      s.padding[at] = (reach - 1) / 2;
      s.output[at] = s.input[at];
      continue;
    }
    s.padding[at] = options.padding.zeros()[i];
    std::int64_t room = s.input[at] + 2 * s.padding[at] - reach;
    if (room < 0) {
      throw ShapeError(fmt::format(
          "{}: the kernel reaches over {} places of spatial dimension {}, the padded input has {}: input is "
          "{}, weight is {}; increase the padding",
          name, reach, i, room + reach, text(input), text(weight)));
    }
    s.output[at] = room / s.stride[at] + 1;
  }
  return with_batch<N>(input, weight, bias, [&](const Tensor& x, const Tensor& w, const Tensor& b) {
    return convolve(name, s, x, w, b);
  });
}

template <std::size_t N>
Tensor transposed_convolution(const char* name, const Tensor& input, const Tensor& weight, const Tensor& bias,
                              const ConvTransposeOptions<N>& options) {
  check_tensors<N>(name, input, weight, bias, "[in, out / groups]");
  check_numbers(name, "stride", options.stride, 1);
  check_numbers(name, "dilation", options.dilation, 1);
  check_numbers(name, "padding", options.padding, 0);
  check_numbers(name, "output_padding", options.output_padding, 0);
  // The convolution whose input gradient this is: its output is our input.
  Convolution s;
  s.spatial = N;
  s.groups = options.groups;
  s.out_channels = input.size(-1 - static_cast<std::int64_t>(N));
  s.batch = input.ndim() == N + 2 ? input.shape()[0] : 1;
  check_groups(name, s.groups, s.out_channels, s.out_channels, weight.shape()[0], input, weight);
  if (__builtin_mul_overflow(weight.shape()[1], s.groups, &s.in_channels)) {
    throw ShapeError(
        fmt::format("{}: {} groups of weight {} are too many channels", name, s.groups, text(weight)));
  }
  check_bias(name, bias, s.in_channels);
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t at = 3 - N + i;
    std::int64_t more = options.output_padding[i];
    s.output[at] = input.shape()[input.ndim() - N + i];
    s.kernel[at] = weight.shape()[2 + i];
    s.stride[at] = options.stride[i];
    s.dilation[at] = options.dilation[i];
    s.padding[at] = options.padding[i];
    if (more >= s.stride[at] && more >= s.dilation[at]) {
      throw ValueError(fmt::format(
          "{}: expected an output_padding below stride or dilation, got {}, stride {}, dilation {}", name,
          more, s.stride[at], s.dilation[at]));
    }
    s.input[at] = (s.output[at] - 1) * s.stride[at] - 2 * s.padding[at] +
                  s.dilation[at] * (s.kernel[at] - 1) + more + 1;
    if (s.input[at] < 1) {
      throw ShapeError(
          fmt::format("{}: spatial dimension {} of the result would have size {}: input is {}, weight "
                      "is {}; decrease the padding",
                      name, i, s.input[at], text(input), text(weight)));
    }
  }
  return with_batch<N>(input, weight, bias, [&](const Tensor& x, const Tensor& w, const Tensor& b) {
    return convolve_transposed(name, s, x, w, b);
  });
}

}  // namespace

Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions<1>& options) {
  return convolution("conv1d", input, weight, bias, options);
}
Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions<2>& options) {
  return convolution("conv2d", input, weight, bias, options);
}
Tensor conv3d(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions<3>& options) {
  return convolution("conv3d", input, weight, bias, options);
}
Tensor conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions<1>& options) {
  return transposed_convolution("conv_transpose1d", input, weight, bias, options);
}
Tensor conv_transpose2d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions<2>& options) {
  return transposed_convolution("conv_transpose2d", input, weight, bias, options);
}
Tensor conv_transpose3d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions<3>& options) {
  return transposed_convolution("conv_transpose3d", input, weight, bias, options);
}

}  // namespace xgrad
