#include <xgrad/autograd/ops/histogram.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/histogram.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/reduction_dims.hpp>

namespace xgrad {

Tensor bincount(const Tensor& x, const Tensor& weights, std::int64_t minlength) {
  if (is_floating(x.dtype()) || x.dtype() == boolean)
    throw DTypeError(fmt::format("bincount: expected integers, got {}", name(x.dtype())));
  if (x.ndim() != 1)
    throw ShapeError(fmt::format("bincount: expected one dimension, got shape {}", to_string(x.shape())));
  if (minlength < 0)
    throw ValueError(fmt::format("bincount: expected a minlength of 0 or more, got {}", minlength));
  if (weights.defined() && !(weights.shape() == x.shape())) {
    throw ShapeError(fmt::format("bincount: expected one weight for each element: x is {}, weights is {}",
                                 to_string(x.shape()), to_string(weights.shape())));
  }
  std::int64_t length = minlength;
  if (x.numel() > 0) {
    auto least = min(x).item<std::int64_t>();
    auto most = max(x).item<std::int64_t>();
    if (least < 0) throw ValueError(fmt::format("bincount: expected numbers of 0 or more, got {}", least));
    if (most == INT64_MAX) throw ValueError(fmt::format("bincount: {} is too large to count up to", most));
    length = std::max(length, most + 1);
  }
  Array summands;
  if (weights.defined())
    summands = kernels::cast(weights.array(), weights.dtype() == float32 ? float32 : float64);
  return Tensor(kernels::bincount(kernels::cast(x.array(), int64), summands, length));
}

Tensor histc(const Tensor& x, std::int64_t bins, double min, double max) {
  detail::require_floating("histc", x);
  if (bins < 1) throw ValueError(fmt::format("histc: expected at least one bin, got {}", bins));
  if (max < min) throw ValueError(fmt::format("histc: max {} is below min {}", max, min));
  if (min == max && x.numel() > 0) {
    NoGrad off;
    min = xgrad::min(x).item();
    max = xgrad::max(x).item();
  }
  if (!std::isfinite(min) || !std::isfinite(max))
    throw ValueError(fmt::format("histc: expected finite limits, got [{}, {}]", min, max));
  if (min == max) {
    min -= 1;
    max += 1;
  }
  return Tensor(kernels::histc(x.array(), bins, min, max));
}

}  // namespace xgrad
