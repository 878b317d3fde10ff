#include <xgrad/nn/batch_norm.hpp>

#include <fmt/format.h>

#include <string>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/normalization.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad::nn {
namespace {

/// What BatchNorm and InstanceNorm are made of.
template <class Norm, class Options>
void make_members(const std::string& name, Norm& norm, std::int64_t num_features, const Options& options) {
  if (num_features <= 0)
    throw ValueError(fmt::format("{}: expected positive num_features, got {}", name, num_features));
  DType dtype = options.dtype.value_or(default_dtype());
  if (options.affine) {
    norm.weight = Parameter(ones({num_features}, dtype));
    norm.bias = Parameter(zeros({num_features}, dtype));
  }
  if (options.track_running_stats) {
    norm.running_mean = Buffer(zeros({num_features}, dtype));
    norm.running_var = Buffer(ones({num_features}, dtype));
    norm.num_batches_tracked = Buffer(zeros({}, int64));
  }
}

template <class Norm>
void visit_members(Norm& norm, Visitor& visitor) {
  visitor("weight", norm.weight);
  visitor("bias", norm.bias);
  visitor("running_mean", norm.running_mean);
  visitor("running_var", norm.running_var);
  visitor("num_batches_tracked", norm.num_batches_tracked);
}

[[noreturn]] void fail_shape(const std::string& name, const char* expected, const Tensor& input) {
  throw ShapeError(fmt::format("{}: expected input {}, got {}", name, expected, to_string(input.shape())));
}

void check_features(const std::string& name, const Tensor& input, std::size_t dim,
                    std::int64_t num_features) {
  if (input.shape()[dim] != num_features) {
    throw ShapeError(fmt::format("{}: expected input of {} channels, got {} in {}", name, num_features,
                                 input.shape()[dim], to_string(input.shape())));
  }
}

constexpr const char* expected_batch[] = {"[B, C] or [B, C, L]", "[B, C, H, W]", "[B, C, D, H, W]"};
constexpr const char* expected_instances[] = {"[B, C, L] or [C, L]", "[B, C, H, W] or [C, H, W]",
                                              "[B, C, D, H, W] or [C, D, H, W]"};

}  // namespace

template <std::size_t N>
BatchNorm<N>::BatchNorm(std::int64_t num_features, BatchNormOptions options)
    : num_features_(num_features), eps_(options.eps), momentum_(options.momentum) {
  make_members(fmt::format("BatchNorm{}d", N), *this, num_features, options);
}

template <std::size_t N>
void BatchNorm<N>::visit(Visitor& visitor) {
  visit_members(*this, visitor);
}

template <std::size_t N>
Tensor BatchNorm<N>::forward(const Tensor& input) {
  std::string name = fmt::format("BatchNorm{}d", N);
  if (input.ndim() != N + 2 && !(N == 1 && input.ndim() == 2)) fail_shape(name, expected_batch[N - 1], input);
  check_features(name, input, 1, num_features_);
  bool tracks = running_mean.defined();
  if (!is_training() || !tracks) {
    return batch_norm(input, running_mean, running_var, weight, bias, !tracks, momentum_.value_or(0), eps_);
  }
  auto batches = num_batches_tracked.item<std::int64_t>() + 1;
  Tensor result = batch_norm(input, running_mean, running_var, weight, bias, true,
                             momentum_.value_or(1 / static_cast<double>(batches)), eps_);
  NoGrad off;
  num_batches_tracked.fill_(batches);
  return result;
}

template <std::size_t N>
std::string BatchNorm<N>::describe() const {
  return fmt::format("BatchNorm{}d({}, eps={}, momentum={}, affine={}, track_running_stats={})", N,
                     num_features_, eps_, momentum_ ? fmt::format("{}", *momentum_) : "none",
                     weight.defined(), running_mean.defined());
}

template <std::size_t N>
InstanceNorm<N>::InstanceNorm(std::int64_t num_features, InstanceNormOptions options)
    : num_features_(num_features), eps_(options.eps), momentum_(options.momentum) {
  make_members(fmt::format("InstanceNorm{}d", N), *this, num_features, options);
}

template <std::size_t N>
void InstanceNorm<N>::visit(Visitor& visitor) {
  visit_members(*this, visitor);
}

template <std::size_t N>
Tensor InstanceNorm<N>::forward(const Tensor& input) {
  std::string name = fmt::format("InstanceNorm{}d", N);
  bool batched = input.ndim() == N + 2;
  if (!batched && input.ndim() != N + 1) fail_shape(name, expected_instances[N - 1], input);
  check_features(name, input, batched ? 1 : 0, num_features_);
  bool own_statistics = is_training() || !running_mean.defined();
  Tensor result = instance_norm(batched ? input : unsqueeze(input, 0), running_mean, running_var, weight,
                                bias, own_statistics, momentum_, eps_);
  return batched ? result : squeeze(result, 0);
}

template <std::size_t N>
std::string InstanceNorm<N>::describe() const {
  return fmt::format("InstanceNorm{}d({}, eps={}, momentum={}, affine={}, track_running_stats={})", N,
                     num_features_, eps_, momentum_, weight.defined(), running_mean.defined());
}

template class BatchNorm<1>;
template class BatchNorm<2>;
template class BatchNorm<3>;
template class InstanceNorm<1>;
template class InstanceNorm<2>;
template class InstanceNorm<3>;

}  // namespace xgrad::nn
