#pragma once

#include <cstdint>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Distances between rows, and how rows vary together.
namespace xgrad {

/// p-norm distances between all rows of x1 [..., P, M] and all of x2 [..., R, M]: [..., P, R]. Batches
/// broadcast; p is 0 (the number of coordinates that differ) or more, also infinity. A distance of 0 has
/// gradient 0; under infinity the gradient goes to every coordinate that is as large as the distance. Throws
/// ShapeError, DTypeError unless both are of one floating dtype, ValueError for a negative p. Source:
/// torch.cdist.
XGRAD_API Tensor cdist(const Tensor& x1, const Tensor& x2, double p = 2);

/// The distances of rows i < j of a matrix, [N (N - 1) / 2] in the order (0, 1), (0, 2), ... Throws as cdist.
/// Source: torch.nn.functional.pdist.
XGRAD_API Tensor pdist(const Tensor& x, double p = 2);

/// The covariance matrix of the rows of x [variables, observations]: sums of products of deviations from the
/// weighted means, divided by the number of observations - correction. One variable (a vector, or one row)
/// gives a 0-d tensor. Observation j counts fweights[j] times (integers) and with the weight aweights[j]; the
/// divisor with weights w = fweights * aweights is sum(w) - correction * sum(w * aweights) / sum(w), and 0
/// where it would be negative. Throws ShapeError, DTypeError for bool and for weights of another kind,
/// ValueError for negative weights and for a sum of 0. Source: torch.cov.
XGRAD_API Tensor cov(const Tensor& x, std::int64_t correction = 1, const Tensor& fweights = {},
                     const Tensor& aweights = {});

/// Correlation coefficients of the rows: cov divided by the standard deviations, clamped to [-1, 1]. nan for
/// a row that does not vary. Source: torch.corrcoef.
XGRAD_API Tensor corrcoef(const Tensor& x);

}  // namespace xgrad
