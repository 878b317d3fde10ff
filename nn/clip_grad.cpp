#include <xgrad/nn/clip_grad.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_set>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/sweep.hpp>
#include <xgrad/autograd/kernels/vector_norms.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/tensor/tensor_impl.hpp>

namespace xgrad::nn::utils {
namespace {

std::vector<Array> gradients_of(const char* name, const std::vector<Tensor>& parameters) {
  std::vector<Array> gradients;
  std::unordered_set<const TensorImpl*> seen;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].defined()) throw GraphError(fmt::format("{}: parameter {} is undefined", name, i));
    const Tensor& gradient = parameters[i].grad();
    if (gradient.defined() && seen.insert(parameters[i].impl_or_null()).second)
      gradients.push_back(gradient.array());
  }
  return gradients;
}

/// formula(numbers, x) on all elements of row-major arrays of one dtype, each element once.
template <class T, class Formula>
void sweep_apart(std::vector<kernels::Segment> segments, const Formula& formula) {
  std::ranges::sort(segments, std::less<>(), [](const kernels::Segment& s) { return s.arrays[0]; });
  std::vector<kernels::Segment> apart;
  std::byte* end = nullptr;
  for (kernels::Segment segment : segments) {
    std::byte* last = segment.arrays[0] + segment.count * static_cast<std::int64_t>(sizeof(T));
    if (!apart.empty() && segment.arrays[0] < end) {  // shared with the one before
      if (last <= end) continue;
      segment.arrays[0] = end;
      segment.count = (last - end) / static_cast<std::int64_t>(sizeof(T));
    }
    apart.push_back(segment);
    end = last;
  }
  // Backward: what was read last may still be in the cache.
  std::ranges::reverse(apart);
  kernels::sweep<T, 1>(apart, formula);
}

/// formula(numbers, x) on all elements of the gradients, in place.
template <class Formula>
void change(const std::vector<Array>& gradients, const Formula& formula) {
  std::vector<kernels::Segment> segments[2];             // float32, float64
  std::vector<std::pair<const Array*, Array>> replaced;  // row-major copies of gradients that are not
  for (const Array& gradient : gradients) {
    std::byte* memory = gradient.bytes();
    if (!gradient.is_contiguous())
      memory = replaced.emplace_back(&gradient, kernels::clone(gradient)).second.bytes();
    kernels::Segment& segment = segments[gradient.dtype() == float32 ? 0 : 1].emplace_back();
    segment.arrays[0] = memory;
    segment.count = gradient.numel();
  }
  sweep_apart<float>(std::move(segments[0]), formula);
  sweep_apart<double>(std::move(segments[1]), formula);
  for (const auto& [gradient, numbers] : replaced) kernels::copy(numbers, *gradient);
  for (const Array& gradient : gradients) gradient.storage()->bump_version();
}

}  // namespace

Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm, double norm_type,
                       bool error_if_nonfinite) {
  std::vector<Array> gradients = gradients_of("clip_grad_norm_", parameters);
  if (gradients.empty()) return tensor(0.0);
  DType dtype = float32;
  for (const Array& gradient : gradients) {
    if (gradient.dtype() == float64) dtype = float64;
    if (std::isinf(norm_type) && gradient.numel() == 0) {
      throw ValueError(
          fmt::format("clip_grad_norm_: expected gradients with elements for norm_type {}, got shape {}",
                      norm_type, to_string(gradient.shape())));
    }
  }
  std::vector<double> norms = kernels::vector_norms(gradients, norm_type);
  Array of_all = Array({static_cast<std::int64_t>(norms.size())}, float64);
  std::ranges::copy(norms, of_all.data<double>());
  double norm = kernels::vector_norms({&of_all, 1}, norm_type)[0];
  if (error_if_nonfinite && !std::isfinite(norm)) {
    throw ValueError(
        fmt::format("clip_grad_norm_: the norm of the gradients is {}, so they cannot be clipped; look for "
                    "the step that overflowed, or pass error_if_nonfinite = false",
                    norm));
  }
  double factor = max_norm / (norm + 1e-6);
  if (!(factor >= 1)) change(gradients, [factor](auto&, auto& x) { x = x * factor; });
  return tensor(norm, dtype);
}

void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value) {
  change(gradients_of("clip_grad_value_", parameters), [clip_value](auto&, auto& x) {
    using L = std::remove_cvref_t<decltype(x)>;
    x = kernels::minimum(kernels::maximum(x, L(-clip_value)), L(clip_value));
  });
}

}  // namespace xgrad::nn::utils
