#include <xgrad/nn/normalization.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/local_response_norm.hpp>
#include <xgrad/autograd/ops/normalization.hpp>

namespace xgrad::nn {
namespace {

void check_normalized_shape(const char* name, const Shape& shape) {
  if (shape.empty() || std::ranges::any_of(shape, [](std::int64_t size) { return size <= 0; })) {
    throw ValueError(
        fmt::format("{}: expected normalized_shape of positive sizes, got {}", name, to_string(shape)));
  }
}

}  // namespace

LayerNorm::LayerNorm(Shape normalized_shape, LayerNormOptions options)
    : normalized_shape_(std::move(normalized_shape)), eps_(options.eps) {
  check_normalized_shape("LayerNorm", normalized_shape_);
  if (!options.elementwise_affine) return;
  DType dtype = options.dtype.value_or(default_dtype());
  weight = Parameter(ones(normalized_shape_, dtype));
  if (options.bias) bias = Parameter(zeros(normalized_shape_, dtype));
}

void LayerNorm::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor LayerNorm::forward(const Tensor& input) {
  return layer_norm(input, normalized_shape_, weight, bias, eps_);
}

std::string LayerNorm::describe() const {
  return fmt::format("LayerNorm({}, eps={}, elementwise_affine={}, bias={})", to_string(normalized_shape_),
                     eps_, weight.defined(), bias.defined());
}

RMSNorm::RMSNorm(Shape normalized_shape, RMSNormOptions options)
    : normalized_shape_(std::move(normalized_shape)), eps_(options.eps) {
  check_normalized_shape("RMSNorm", normalized_shape_);
  if (options.elementwise_affine)
    weight = Parameter(ones(normalized_shape_, options.dtype.value_or(default_dtype())));
}

void RMSNorm::visit(Visitor& visitor) { visitor("weight", weight); }

Tensor RMSNorm::forward(const Tensor& input) { return rms_norm(input, normalized_shape_, weight, eps_); }

std::string RMSNorm::describe() const {
  return fmt::format("RMSNorm({}, eps={}, elementwise_affine={})", to_string(normalized_shape_),
                     eps_ ? fmt::format("{}", *eps_) : "none", weight.defined());
}

GroupNorm::GroupNorm(std::int64_t num_groups, std::int64_t num_channels, GroupNormOptions options)
    : num_groups_(num_groups), num_channels_(num_channels), eps_(options.eps) {
  if (num_groups <= 0 || num_channels <= 0 || num_channels % num_groups != 0) {
    throw ValueError(fmt::format("GroupNorm: expected num_groups that divides num_channels, got {} and {}",
                                 num_groups, num_channels));
  }
  if (!options.affine) return;
  DType dtype = options.dtype.value_or(default_dtype());
  weight = Parameter(ones({num_channels}, dtype));
  bias = Parameter(zeros({num_channels}, dtype));
}

void GroupNorm::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor GroupNorm::forward(const Tensor& input) {
  if (input.ndim() < 2 || input.size(1) != num_channels_) {
    throw ShapeError(fmt::format("GroupNorm: expected input [N, {}, ...], got {}", num_channels_,
                                 to_string(input.shape())));
  }
  return group_norm(input, num_groups_, weight, bias, eps_);
}

std::string GroupNorm::describe() const {
  return fmt::format("GroupNorm({}, {}, eps={}, affine={})", num_groups_, num_channels_, eps_,
                     weight.defined());
}

LocalResponseNorm::LocalResponseNorm(std::int64_t size, LocalResponseNormOptions options)
    : size_(size), options_(options) {
  if (size <= 0) throw ValueError(fmt::format("LocalResponseNorm: expected a positive size, got {}", size));
}

Tensor LocalResponseNorm::forward(const Tensor& input) {
  return local_response_norm(input, size_, options_.alpha, options_.beta, options_.k);
}

std::string LocalResponseNorm::describe() const {
  return fmt::format("LocalResponseNorm({}, alpha={}, beta={}, k={})", size_, options_.alpha, options_.beta,
                     options_.k);
}

}  // namespace xgrad::nn
