#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Diagonals and triangles of matrices. Diagonal 0 is the main one, positive ones lie above it, negative ones
/// below.
namespace xgrad {

/// A view of one diagonal of the matrices in dim1 and dim2; it becomes the last dimension, of size 0 where
/// the offset leads outside. Throws ShapeError when the two are the same, IndexError. Source: torch.diagonal.
XGRAD_API Tensor diagonal(const Tensor& x, std::int64_t offset = 0, std::int64_t dim1 = 0,
                          std::int64_t dim2 = 1);
/// The last dimension written on a diagonal of square matrices of zeros, whose dimensions are dim1 and dim2
/// of the result. Throws ShapeError when the two are the same, IndexError, also for a 0-d tensor. Source:
/// torch.diag_embed.
XGRAD_API Tensor diag_embed(const Tensor& x, std::int64_t offset = 0, std::int64_t dim1 = -2,
                            std::int64_t dim2 = -1);
/// Of a vector: the square matrix with it on a diagonal. Of a matrix: that diagonal, copied. Throws
/// ShapeError for other numbers of dimensions. Source: torch.diag.
XGRAD_API Tensor diag(const Tensor& x, std::int64_t diagonal = 0);
/// `diag` of the flattened tensor. Source: torch.diagflat.
XGRAD_API Tensor diagflat(const Tensor& x, std::int64_t offset = 0);

/// The elements on and below a diagonal of each matrix in the last two dimensions, zeros elsewhere. Throws
/// ShapeError below two dimensions. Source: torch.tril.
XGRAD_API Tensor tril(const Tensor& x, std::int64_t diagonal = 0);
/// The elements on and above it. Source: torch.triu.
XGRAD_API Tensor triu(const Tensor& x, std::int64_t diagonal = 0);

}  // namespace xgrad
