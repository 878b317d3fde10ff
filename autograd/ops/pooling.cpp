#include <xgrad/autograd/ops/pooling.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/indexing.hpp>
#include <xgrad/autograd/kernels/pooling.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

using kernels::Pooling;
using Result = std::pair<Tensor, Tensor>;  ///< values and places

constexpr std::int64_t largest = 0x7fffffff;

// Operations ---------------------------------------------------------------------------------------------

Tensor spread_means(const Pooling& p, const Tensor& g);

Tensor mean_pool(const char* name, const Pooling& p, const Tensor& x) {
  return record(name, kernels::mean_pool(p, x.array()),
                exact_gradient(x, [p](const Tensor& g) { return spread_means(p, g); }));
}

Tensor spread_means(const Pooling& p, const Tensor& g) {
  return record("avg_pool_gradient", kernels::spread_means(p, g.array()),
                exact_gradient(g, [p](const Tensor& h) { return mean_pool("avg_pool", p, h); }));
}

Tensor pick_choices(const Pooling& p, const Tensor& x, const Tensor& choices);

Tensor spread_choices(const Pooling& p, const Tensor& g, const Tensor& choices) {
  return record(
      "max_pool_gradient", kernels::spread_choices(p, g.array(), choices.array()),
      exact_gradient(
          g, [p](const Tensor& h, const Tensor& chosen) { return pick_choices(p, h, chosen); }, choices));
}

Tensor pick_choices(const Pooling& p, const Tensor& x, const Tensor& choices) {
  return record(
      "max_pool", kernels::pick_choices(p, x.array(), choices.array()),
      exact_gradient(
          x, [p](const Tensor& g, const Tensor& chosen) { return spread_choices(p, g, chosen); }, choices));
}

/// The spatial dimensions as one: [..., plane].
Shape flattened(const Pooling& p, const Shape& shape, std::int64_t plane) {
  Shape result(shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(p.spatial));
  result.push_back(plane);
  return result;
}

/// The maxima and, if they are asked for, their places.
Result max_pool(const char* name, const Pooling& p, const Tensor& x, bool with_places) {
  if (!is_floating(x.dtype())) {
    throw DTypeError(fmt::format("{}: expected a floating input, got {}; convert with to()", name,
                                 xgrad::name(x.dtype())));
  }
  bool recorded = is_grad_enabled() && x.requires_grad();
  if (!kernels::has_small_windows(p)) {
    auto [values, found] = kernels::max_pool_places(p, x.array());
    Tensor places(std::move(found));
    Tensor y = record(name, std::move(values),
                      exact_gradient(
                          x,
                          [p](const Tensor& g, const Tensor& chosen) {
                            Shape rows = flattened(p, g.shape(), p.output_plane());
                            Tensor spread =
                                scatter_add(reshape(g, rows), flattened(p, g.shape(), p.input_plane()), -1,
                                            reshape(chosen, rows));
                            return reshape(spread, p.input_shape(g.shape()));
                          },
                          places));
    return {y, places};
  }
  if (!recorded && !with_places) return {Tensor(kernels::max_pool(p, x.array())), Tensor()};
  auto [values, chosen] = kernels::max_pool_choices(p, x.array());
  Tensor choices(std::move(chosen));
  Tensor y = record(
      name, std::move(values),
      exact_gradient(x, [p](const Tensor& g, const Tensor& c) { return spread_choices(p, g, c); }, choices));
  return {y, with_places ? Tensor(kernels::choice_places(p, choices.array())) : Tensor()};
}

// Checks -------------------------------------------------------------------------------------------------

/// The input has N spatial dimensions, channels and perhaps a batch, and only the batch is empty.
template <std::size_t N>
void check_input(const char* name, const Tensor& x) {
  bool fits = x.ndim() == N + 1 || x.ndim() == N + 2;
  for (std::size_t i = x.ndim() == N + 2 ? 1 : 0; i < x.ndim(); ++i) fits = fits && x.shape()[i] > 0;
  if (!fits) {
    throw ShapeError(
        fmt::format("{}: expected [N, channels] or [channels] with {} spatial dimensions, of which "
                    "only N may be 0, got {}",
                    name, N, to_string(x.shape())));
  }
  for (std::size_t i = x.ndim() - N; i < x.ndim(); ++i) {
    if (x.shape()[i] > largest)
      throw ShapeError(fmt::format("{}: expected sizes below 2^31, got {}", name, to_string(x.shape())));
  }
}

void check_number(const char* name, const char* option, std::int64_t number, std::int64_t least) {
  if (number < least || number > largest) {
    throw ValueError(
        fmt::format("{}: expected {} of at least {} (and below 2^31), got {}", name, option, least, number));
  }
}

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
  check_input<N>(name, x);
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
  return max_pool(
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
  return mean_pool(name, p, x);
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

template <std::size_t N>
Pooling adaptive_windows(const char* name, const Tensor& x, const OutputSize<N>& sizes) {
  check_input<N>(name, x);
  Pooling p;
  p.spatial = N;
  p.adaptive = true;
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t at = 3 - N + i;
    p.input[at] = x.shape()[x.ndim() - N + i];
    p.output[at] = sizes[i].value_or(p.input[at]);
    check_number(name, "output_size", p.output[at], 0);
  }
  // Windows of one size, side by side, are plain ones.
  bool plain = true;
  for (std::size_t i = 0; i < 3; ++i) plain = plain && p.output[i] > 0 && p.input[i] % p.output[i] == 0;
  for (std::size_t i = 0; plain && i < 3; ++i) p.kernel[i] = p.stride[i] = p.input[i] / p.output[i];
  p.adaptive = !plain;
  return p;
}

template <std::size_t N>
Tensor adaptive_avg_pool(const char* name, const Tensor& x, const OutputSize<N>& sizes) {
  Pooling p = adaptive_windows(name, x, sizes);
  if (!is_floating(x.dtype())) {
    throw DTypeError(fmt::format("{}: expected a floating input, got {}; convert with to()", name,
                                 xgrad::name(x.dtype())));
  }
  return mean_pool(name, p, x);
}

template <std::size_t N>
Tensor max_unpool(const char* name, const Tensor& x, const Tensor& indices, const PerDim<N>& kernel,
                  const MaxUnpoolOptions<N>& options) {
  check_input<N>(name, x);
  if (!(indices.shape() == x.shape())) {
    throw ShapeError(fmt::format("{}: expected as many indices as numbers: x is {}, indices is {}", name,
                                 to_string(x.shape()), to_string(indices.shape())));
  }
  if (!is_floating(x.dtype()) || indices.dtype() != int64) {
    throw DTypeError(fmt::format("{}: expected a floating x and int64 indices, got {} and {}", name,
                                 xgrad::name(x.dtype()), xgrad::name(indices.dtype())));
  }
  Pooling p;
  p.spatial = N;
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t at = 3 - N + i;
    std::int64_t stride = options.stride.given() ? options.stride[i] : kernel[i];
    check_number(name, "kernel_size", kernel[i], 1);
    check_number(name, "stride", stride, 1);
    check_number(name, "padding", options.padding[i], 0);
    p.output[at] = x.shape()[x.ndim() - N + i];
    p.input[at] = (p.output[at] - 1) * stride - 2 * options.padding[i] + kernel[i];
    if (options.output_size.given()) {
      std::int64_t size = options.output_size[i];
      if (size <= p.input[at] - stride || size >= p.input[at] + stride) {
        throw ValueError(
            fmt::format("{}: expected an output_size between {} and {} in spatial dimension {}, got {}", name,
                        p.input[at] - stride + 1, p.input[at] + stride - 1, i, size));
      }
      p.input[at] = size;
    }
    if (p.input[at] < 1) {
      throw ShapeError(
          fmt::format("{}: spatial dimension {} of the result would have size {}; decrease the padding", name,
                      i, p.input[at]));
    }
  }
  Shape rows = flattened(p, x.shape(), p.output_plane());
  std::int64_t plane = 1;
  for (std::int64_t size : p.input) {
    if (__builtin_mul_overflow(plane, size, &plane))
      throw ShapeError(fmt::format("{}: the result has more elements than memory can hold", name));
  }
  if (std::int64_t wrong = kernels::find_out_of_range(indices.array(), plane); wrong >= 0) {
    throw IndexError(
        fmt::format("{}: element {} of indices is outside the result's {} places", name, wrong, plane));
  }
  Tensor places = reshape(indices, rows);
  Tensor flat = reshape(x, rows);
  Tensor y = record(
      name, kernels::place_numbers(flat.array(), places.array(), plane),
      exact_gradient(flat, [](const Tensor& g, const Tensor& at) { return gather(g, -1, at); }, places));
  return reshape(y, p.input_shape(x.shape()));
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

Tensor max_unpool1d(const Tensor& x, const Tensor& indices, PerDim<1> kernel_size,
                    const MaxUnpoolOptions<1>& options) {
  return max_unpool("max_unpool1d", x, indices, kernel_size, options);
}
Tensor max_unpool2d(const Tensor& x, const Tensor& indices, PerDim<2> kernel_size,
                    const MaxUnpoolOptions<2>& options) {
  return max_unpool("max_unpool2d", x, indices, kernel_size, options);
}
Tensor max_unpool3d(const Tensor& x, const Tensor& indices, PerDim<3> kernel_size,
                    const MaxUnpoolOptions<3>& options) {
  return max_unpool("max_unpool3d", x, indices, kernel_size, options);
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

Tensor adaptive_avg_pool1d(const Tensor& x, OutputSize<1> output_size) {
  return adaptive_avg_pool("adaptive_avg_pool1d", x, output_size);
}
Tensor adaptive_avg_pool2d(const Tensor& x, OutputSize<2> output_size) {
  return adaptive_avg_pool("adaptive_avg_pool2d", x, output_size);
}
Tensor adaptive_avg_pool3d(const Tensor& x, OutputSize<3> output_size) {
  return adaptive_avg_pool("adaptive_avg_pool3d", x, output_size);
}

Result adaptive_max_pool1d_with_indices(const Tensor& x, OutputSize<1> output_size) {
  return max_pool("adaptive_max_pool1d", adaptive_windows("adaptive_max_pool1d", x, output_size), x, true);
}
Result adaptive_max_pool2d_with_indices(const Tensor& x, OutputSize<2> output_size) {
  return max_pool("adaptive_max_pool2d", adaptive_windows("adaptive_max_pool2d", x, output_size), x, true);
}
Result adaptive_max_pool3d_with_indices(const Tensor& x, OutputSize<3> output_size) {
  return max_pool("adaptive_max_pool3d", adaptive_windows("adaptive_max_pool3d", x, output_size), x, true);
}
Tensor adaptive_max_pool1d(const Tensor& x, OutputSize<1> output_size) {
  return adaptive_max_pool1d_with_indices(x, output_size).first;
}
Tensor adaptive_max_pool2d(const Tensor& x, OutputSize<2> output_size) {
  return adaptive_max_pool2d_with_indices(x, output_size).first;
}
Tensor adaptive_max_pool3d(const Tensor& x, OutputSize<3> output_size) {
  return adaptive_max_pool3d_with_indices(x, output_size).first;
}

}  // namespace xgrad
