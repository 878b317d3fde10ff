#pragma once

#include <optional>
#include <string_view>

#include <xgrad/autograd/ops/norm.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// Norms of matrices. A `dtype` converts first. All throw DTypeError unless floating, ShapeError, IndexError,
/// and ValueError for a norm that there is not.
namespace xgrad::linalg {

/// Norms of the matrices in two dimensions: "fro", the 2-norm of all elements; "nuc", the sum of the singular
/// values; inf (-inf), the largest (smallest) sum of |x| in a row, 1 (-1) in a column; 2 (-2), the largest
/// (smallest) singular value. Equal extremes share the gradient evenly. Source: torch.linalg.matrix_norm.
XGRAD_API Tensor matrix_norm(const Tensor& A, double ord, const Shape& dim = {-2, -1}, bool keepdim = false,
                             std::optional<DType> dtype = std::nullopt);
XGRAD_API Tensor matrix_norm(const Tensor& A, std::string_view ord = "fro", const Shape& dim = {-2, -1},
                             bool keepdim = false, std::optional<DType> dtype = std::nullopt);

/// Without `ord` the 2-norm of all elements, or over `dim`. With it matrix_norm where two dimensions are
/// meant (named, or those of a matrix), vector_norm where one is. Source: torch.linalg.norm.
XGRAD_API Tensor norm(const Tensor& A, std::optional<double> ord = std::nullopt,
                      const Dims& dim = std::nullopt, bool keepdim = false,
                      std::optional<DType> dtype = std::nullopt);
XGRAD_API Tensor norm(const Tensor& A, std::string_view ord, const Dims& dim = std::nullopt,
                      bool keepdim = false, std::optional<DType> dtype = std::nullopt);

/// Condition numbers matrix_norm(A, p) * matrix_norm(inv(A), p), inf for singular matrices; for 2, the
/// default (and -2), the largest by the smallest singular value (the reverse), of any matrix. Empty matrices
/// have 0. Source: torch.linalg.cond.
XGRAD_API Tensor cond(const Tensor& A, std::optional<double> p = std::nullopt);
XGRAD_API Tensor cond(const Tensor& A, std::string_view p);

}  // namespace xgrad::linalg
