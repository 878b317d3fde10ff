#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/indexing.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/pooling.hpp>
#include <xgrad/autograd/ops/pooling_operations.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

using detail::check_number;
using detail::check_pool_input;
using kernels::Pooling;
using Result = std::pair<Tensor, Tensor>;  ///< values and places

template <std::size_t N>
Pooling adaptive_windows(const char* name, const Tensor& x, const OutputSize<N>& sizes) {
  check_pool_input(name, x, N);
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
  detail::require_floating(name, x);
  return detail::mean_pool(name, p, x);
}

template <std::size_t N>
Tensor max_unpool(const char* name, const Tensor& x, const Tensor& indices, const PerDim<N>& kernel,
                  const MaxUnpoolOptions<N>& options) {
  check_pool_input(name, x, N);
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
  Shape rows = detail::flattened(p, x.shape(), p.output_plane());
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
  return detail::max_pool("adaptive_max_pool1d", adaptive_windows("adaptive_max_pool1d", x, output_size), x,
                          true);
}
Result adaptive_max_pool2d_with_indices(const Tensor& x, OutputSize<2> output_size) {
  return detail::max_pool("adaptive_max_pool2d", adaptive_windows("adaptive_max_pool2d", x, output_size), x,
                          true);
}
Result adaptive_max_pool3d_with_indices(const Tensor& x, OutputSize<3> output_size) {
  return detail::max_pool("adaptive_max_pool3d", adaptive_windows("adaptive_max_pool3d", x, output_size), x,
                          true);
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
