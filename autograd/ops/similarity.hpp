#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// How near vectors are to each other, and vectors of length 1.
namespace xgrad {

/// x1 . x2 / (max(|x1|, eps) * max(|x2|, eps)) along `dim`, with broadcasting. Where eps takes the place of a
/// length, its derivative is x / eps, as in PyTorch; the length of a vector of zeros has gradient 0. Throws
/// ShapeError, IndexError, DTypeError for two integer tensors. Source: torch.nn.functional.cosine_similarity.
XGRAD_API Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, std::int64_t dim = 1,
                                   double eps = 1e-8);

/// The p-norm of x1 - x2 + eps along the last dimension, with broadcasting; p may be infinite. Throws
/// ShapeError. Source: torch.nn.functional.pairwise_distance.
XGRAD_API Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p = 2.0, double eps = 1e-6,
                                   bool keepdim = false);

/// x / max(|x|, eps), |x| the p-norm along `dim`. Throws IndexError, DTypeError for integers. Source:
/// torch.nn.functional.normalize.
XGRAD_API Tensor normalize(const Tensor& x, double p = 2.0, std::int64_t dim = 1, double eps = 1e-12);

}  // namespace xgrad
