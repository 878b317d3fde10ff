#include <xgrad/nn/weight_norm.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/norm.hpp>

namespace xgrad::nn {

namespace detail {

Tensor take_weight(const char* wrapper, const Module& module, Parameter& weight) {
  if (!weight.defined()) throw GraphError(fmt::format("{}: {} has no weight", wrapper, module.describe()));
  Tensor taken = weight.detach();
  static_cast<Tensor&>(weight) = Tensor();
  return taken;
}

Tensor slice_norms(const Tensor& v, std::optional<std::int64_t> dim) {
  auto dims = static_cast<std::int64_t>(v.ndim());
  if (!dim) return linalg::vector_norm(v, 2, std::nullopt, true);
  if (*dim < -dims || *dim >= dims) {
    throw IndexError(fmt::format("weight_norm: expected dim within the {} dimensions of {}, got {}", dims,
                                 to_string(v.shape()), *dim));
  }
  Shape others;
  for (std::int64_t i = 0; i < dims; ++i) {
    if (i != (*dim + dims) % dims) others.push_back(i);
  }
  // A norm over no dimensions is that of each number for itself.
  return others.empty() ? linalg::vector_norm(v.unsqueeze(-1), 2, Shape{-1})
                        : linalg::vector_norm(v, 2, others, true);
}

}  // namespace detail

Tensor weight_norm(const Tensor& v, const Tensor& g, std::optional<std::int64_t> dim) {
  xgrad::detail::require_floating("weight_norm", v);
  xgrad::detail::require_same_dtype("weight_norm", "v", v, "g", g);
  Tensor norms = detail::slice_norms(v, dim);
  if (!(g.shape() == norms.shape())) {
    throw ShapeError(fmt::format("weight_norm: expected g {} for v {}, got {}", to_string(norms.shape()),
                                 to_string(v.shape()), to_string(g.shape())));
  }
  return v * (g / norms);
}

}  // namespace xgrad::nn
