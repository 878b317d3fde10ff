#include <xgrad/autograd/ops/local_response_norm.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/linear_map.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

/// The window of each channel: `size` channels, of which size / 2 stand before; those that are not there
/// count as 0.
kernels::Taps window_means(std::int64_t channels, std::int64_t size) {
  kernels::Taps taps;
  taps.sources = channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    std::int64_t first = std::max<std::int64_t>(0, c - size / 2);
    std::int64_t last = std::min(channels - 1, (size - 1) / 2 >= channels ? channels : c + (size - 1) / 2);
    for (std::int64_t i = first; i <= last; ++i) taps.add(i, 1 / static_cast<double>(size));
    taps.next();
  }
  return taps;
}

}  // namespace

Tensor local_response_norm(const Tensor& x, std::int64_t size, double alpha, double beta, double k) {
  if (!is_floating(x.dtype())) {
    throw DTypeError(fmt::format(
        "local_response_norm: expected a floating tensor, got {}; convert it with to()", name(x.dtype())));
  }
  if (x.ndim() < 3) {
    throw ShapeError(
        fmt::format("local_response_norm: expected [N, C, ...] of three or more dimensions, got shape {}",
                    to_string(x.shape())));
  }
  if (size < 1) throw ValueError(fmt::format("local_response_norm: expected a positive size, got {}", size));
  if (x.numel() == 0) return x;
  Tensor means = detail::linear_maps("window_mean", square(x), {{1, window_means(x.shape()[1], size)}});
  return x / pow(means * alpha + k, beta);
}

}  // namespace xgrad
