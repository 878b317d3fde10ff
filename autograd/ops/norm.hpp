#pragma once

#include <optional>
#include <string_view>

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

namespace linalg {

/// Vector norms over `dims` (by default, or with an empty list, of all elements): (sum of |x|^ord)^(1/ord);
/// for ord inf (-inf) the largest (smallest) |x|, for ord 0 the number of elements that are not 0. The
/// gradient is 0 where the norm is 0; equal extremes share it evenly. A `dtype` converts x first. Throws
/// DTypeError unless x is floating and the dtype not narrower, IndexError, ShapeError for a dimension named
/// twice, or of size 0 where nothing has no norm (ord < 0 and inf). Source: torch.linalg.vector_norm.
XGRAD_API Tensor vector_norm(const Tensor& x, double ord = 2, const Dims& dims = std::nullopt,
                             bool keepdim = false, std::optional<DType> dtype = std::nullopt);

}  // namespace linalg

/// linalg::vector_norm. Source: torch.norm.
XGRAD_API Tensor norm(const Tensor& x, double p = 2, const Dims& dims = std::nullopt, bool keepdim = false,
                      std::optional<DType> dtype = std::nullopt);
/// Matrix norms over two dimensions (by default those of a matrix): "fro", the 2-norm of all elements, which
/// may also be over one dimension or all; "nuc", the sum of the singular values, whose gradient is defined
/// where none is 0. Throws ValueError for another word and, "nuc", for nan and infinities, ShapeError for
/// other dimensions.
XGRAD_API Tensor norm(const Tensor& x, std::string_view p, const Dims& dims = std::nullopt,
                      bool keepdim = false, std::optional<DType> dtype = std::nullopt);

/// The slices x[.., i, ..] along `dim` whose p-norm exceeds maxnorm, multiplied by maxnorm / (norm + 1e-7).
/// Throws DTypeError unless x is floating, ShapeError for fewer than two dimensions, ValueError for p not
/// above 0 and for a negative maxnorm. Source: torch.renorm.
XGRAD_API Tensor renorm(const Tensor& x, double p, std::int64_t dim, double maxnorm);

namespace detail {
/// x in the dtype that its norm is asked for in. Throws DTypeError unless both are floating and the dtype is
/// not narrower than x.
Tensor norm_input(const char* name, const Tensor& x, std::optional<DType> dtype);
}  // namespace detail

}  // namespace xgrad
