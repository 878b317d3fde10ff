#pragma once

#include <utility>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Reductions over some dimensions, or (by default, or with an empty list) over all. Dimensions may be
/// negative. With `keepdim` reduced dimensions stay with size 1. All throw IndexError for a dimension that is
/// not there and ShapeError for one that is named twice.
namespace xgrad {

/// Sums; integers and bool give int64. The sum of nothing is 0. Source: torch.sum.
XGRAD_API Tensor sum(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
/// Arithmetic means; nothing gives nan. Throws DTypeError for integers. Source: torch.mean.
XGRAD_API Tensor mean(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
/// Sums of squared deviations from the mean, divided by N - correction. Throws DTypeError for integers.
/// Source: torch.var.
XGRAD_API Tensor var(const Tensor& x, const Dims& dims = std::nullopt, double correction = 1,
                     bool keepdim = false);
/// sqrt(var). Gradient 0 where it is 0. Source: torch.std.
XGRAD_API Tensor std(const Tensor& x, const Dims& dims = std::nullopt, double correction = 1,
                     bool keepdim = false);
/// Products; nothing gives 1. The gradient is right also where factors are 0. Source: torch.prod.
XGRAD_API Tensor prod(const Tensor& x);
XGRAD_API Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim = false);

/// Largest (smallest) elements; nan wins. Equal ones share the gradient evenly. Throws ShapeError for an
/// empty reduction. Source: torch.amax.
XGRAD_API Tensor amax(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
XGRAD_API Tensor amin(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
/// The largest (smallest) of all elements.
XGRAD_API Tensor max(const Tensor& x);
XGRAD_API Tensor min(const Tensor& x);
/// Largest (smallest) elements along one dimension with the int64 places of their first occurrence, which
/// receives all of the gradient.
XGRAD_API std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim = false);
XGRAD_API std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// The place of the first largest (smallest) element: of the flattened tensor, or along one dimension. int64.
XGRAD_API Tensor argmax(const Tensor& x);
XGRAD_API Tensor argmin(const Tensor& x);
XGRAD_API Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim = false);
XGRAD_API Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim = false);

/// Whether all (any) elements are not 0. bool.
XGRAD_API Tensor all(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
XGRAD_API Tensor any(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);

}  // namespace xgrad
