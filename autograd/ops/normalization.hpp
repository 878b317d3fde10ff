#pragma once

#include <cstdint>
#include <optional>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Normalizations: (x - mean) / sqrt(variance + eps) * weight + bias, over the sets of numbers that each
/// names, with the biased variance. `weight` and `bias` may be undefined: 1 and 0. Means and variances are
/// gathered in double precision and also right far from 0. Gradients of x, weight and bias, of every order.
/// All throw DTypeError unless x is floating and the others have its dtype, ShapeError for shapes that do not
/// fit.
namespace xgrad {

/// Over the last dimensions of x, whose sizes are `normalized_shape`, which weight and bias have too. Source:
/// torch.nn.functional.layer_norm; Ba, Kiros and Hinton, "Layer normalization", 2016.
XGRAD_API Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                            const Tensor& bias = {}, double eps = 1e-5);

/// x / sqrt(mean of x^2 + eps) * weight over the last dimensions of x, whose sizes are `normalized_shape`;
/// eps is by default the dtype's epsilon. Source: torch.nn.functional.rms_norm; Zhang and Sennrich, "Root
/// mean square layer normalization", 2019.
XGRAD_API Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                          std::optional<double> eps = std::nullopt);

/// Over the channels of each of `num_groups` groups and all their places, for every sample of x [N, C, ...];
/// weight and bias are [C]. Throws ValueError unless num_groups divides C, and where a single number would be
/// normalized. Source: torch.nn.functional.group_norm; Wu and He, "Group normalization", 2018.
XGRAD_API Tensor group_norm(const Tensor& x, std::int64_t num_groups, const Tensor& weight = {},
                            const Tensor& bias = {}, double eps = 1e-5);

/// Over all samples and places of each channel of x [N, C, ...]; running statistics, weight and bias are [C].
/// In training with the batch's own mean and variance, and the running ones, where they are given, become
/// (1 - momentum) * old + momentum * new, in place, the new variance being unbiased; else with the running
/// ones, which have no gradient. A channel whose variance and eps are 0 gives its bias. Throws ValueError in
/// training for a single number per channel, outside it without running statistics; then nothing was changed.
/// Source: torch.nn.functional.batch_norm; Ioffe and Szegedy, "Batch normalization", 2015.
XGRAD_API Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                            const Tensor& weight = {}, const Tensor& bias = {}, bool training = false,
                            double momentum = 0.1, double eps = 1e-5);

/// Over the places of each channel of each sample of x [N, C, ...]; the others are [C]. Running statistics,
/// where they are given, move toward the means over the batch of the samples' means and unbiased variances;
/// with use_input_stats = false x is normalized with them instead. Throws ValueError for a single place and,
/// without use_input_stats, for missing running statistics; then nothing was changed. Source:
/// torch.nn.functional.instance_norm; Ulyanov et al., "Instance normalization", 2016.
XGRAD_API Tensor instance_norm(const Tensor& x, const Tensor& running_mean = {},
                               const Tensor& running_var = {}, const Tensor& weight = {},
                               const Tensor& bias = {}, bool use_input_stats = true, double momentum = 0.1,
                               double eps = 1e-5);

}  // namespace xgrad
