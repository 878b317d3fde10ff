#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Grids and combinations of the numbers of vectors, and places in matrices.
namespace xgrad {

/// base^x for `steps` equally spaced x from start to end. Throws ValueError for a negative number of steps.
XGRAD_API Tensor logspace(double start, double end, std::int64_t steps, double base = 10.0,
                          std::optional<DType> dtype = std::nullopt);

/// [2, N] int64: the rows and the columns of the elements of the lower (upper) triangle of a [row, column]
/// matrix in row-major order; the diagonal lies `offset` above the main one. Throws ValueError for a negative
/// size. Source: torch.tril_indices.
XGRAD_API Tensor tril_indices(std::int64_t row, std::int64_t column, std::int64_t offset = 0);
XGRAD_API Tensor triu_indices(std::int64_t row, std::int64_t column, std::int64_t offset = 0);

/// One grid for each vector (a 0-d tensor counts as a vector of one): tensor i repeated along all dimensions
/// but the i-th. With indexing "xy" the first two dimensions change places. Views; gradients add up. Throws
/// ValueError for no tensors and for another indexing, ShapeError beyond one dimension, DTypeError unless all
/// have one dtype. Source: torch.meshgrid.
XGRAD_API std::vector<Tensor> meshgrid(std::span<const Tensor> tensors, std::string_view indexing = "ij");

/// All combinations of elements of vectors, one a row: [product of the sizes, number of vectors]. A single
/// vector comes back as it is. Throws as meshgrid. Source: torch.cartesian_prod.
XGRAD_API Tensor cartesian_prod(std::span<const Tensor> tensors);

/// All combinations of r elements of a vector, in lexicographic order of their places, one a row. Throws
/// ShapeError unless x is 1-d, ValueError for a negative r. Source: torch.combinations.
XGRAD_API Tensor combinations(const Tensor& x, std::int64_t r = 2, bool with_replacement = false);

namespace linalg {
/// Rows of growing powers: [..., n] gives [..., n, N] with x^0, x^1, ... x^(N - 1); N is n if none is given.
/// A 0-d x counts as a vector of one. Throws ValueError for N below 2. Source: torch.linalg.vander.
XGRAD_API Tensor vander(const Tensor& x, std::optional<std::int64_t> N = std::nullopt);
}  // namespace linalg

}  // namespace xgrad
