#pragma once

#include <optional>
#include <utility>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Reductions over some dimensions, or (by default, or with an empty list) over all. Dimensions may be
/// negative. With `keepdim` reduced dimensions stay with size 1. A `dtype` converts the input first. All
/// throw IndexError for a dimension that is not there and ShapeError for one that is named twice.
namespace xgrad {

/// Sums; integers and bool give int64. The sum of nothing is 0. Source: torch.sum.
XGRAD_API Tensor sum(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false,
                     std::optional<DType> dtype = std::nullopt);
/// Sums in which nan counts as 0; it receives gradient 0. Source: torch.nansum.
XGRAD_API Tensor nansum(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false,
                        std::optional<DType> dtype = std::nullopt);
/// Arithmetic means; nothing gives nan. Throws DTypeError for integers without a floating dtype. Source:
/// torch.mean.
XGRAD_API Tensor mean(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false,
                      std::optional<DType> dtype = std::nullopt);
/// Arithmetic means of the elements that are not nan; of none: nan. Throws DTypeError for integers. Source:
/// torch.nanmean.
XGRAD_API Tensor nanmean(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false,
                         std::optional<DType> dtype = std::nullopt);
/// Sums of squared deviations from the mean, divided by N - correction (no correction is 1), or by 0 where
/// that is negative. Throws DTypeError for integers. Source: torch.var.
XGRAD_API Tensor var(const Tensor& x, const Dims& dims = std::nullopt, std::optional<double> correction = 1.0,
                     bool keepdim = false);
/// sqrt(var). Gradient 0 where it is 0. Source: torch.std.
XGRAD_API Tensor std(const Tensor& x, const Dims& dims = std::nullopt, std::optional<double> correction = 1.0,
                     bool keepdim = false);
/// {var, mean}, in one pass. Source: torch.var_mean.
XGRAD_API std::pair<Tensor, Tensor> var_mean(const Tensor& x, const Dims& dims = std::nullopt,
                                             std::optional<double> correction = 1.0, bool keepdim = false);
/// {std, mean}, in one pass. Source: torch.std_mean.
XGRAD_API std::pair<Tensor, Tensor> std_mean(const Tensor& x, const Dims& dims = std::nullopt,
                                             std::optional<double> correction = 1.0, bool keepdim = false);
/// Products; nothing gives 1, integers and bool give int64. The gradient, to any order, is right also where
/// factors are 0. Source: torch.prod.
XGRAD_API Tensor prod(const Tensor& x, std::optional<DType> dtype = std::nullopt);
XGRAD_API Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim = false,
                      std::optional<DType> dtype = std::nullopt);

/// Largest (smallest) elements; nan wins. Equal ones share the gradient evenly. Throws ShapeError for an
/// empty reduction. Source: torch.amax.
XGRAD_API Tensor amax(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
XGRAD_API Tensor amin(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
/// {amin, amax} along one dimension, or of all elements. With `dim` and `keepdim` a 0-d tensor gives [1], as
/// in PyTorch. Source: torch.aminmax.
XGRAD_API std::pair<Tensor, Tensor> aminmax(const Tensor& x, std::optional<std::int64_t> dim = std::nullopt,
                                            bool keepdim = false);
/// The largest (smallest) of all elements; nan wins. Equal ones, or all nan, share the gradient evenly.
XGRAD_API Tensor max(const Tensor& x);
XGRAD_API Tensor min(const Tensor& x);
/// Largest (smallest) elements along one dimension with the int64 places of their first occurrence, which
/// receives all of the gradient; the first nan wins.
XGRAD_API std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim = false);
XGRAD_API std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// The place of the first largest (smallest) element, or of the first nan: along one dimension, or in the
/// flattened tensor (then `keepdim` keeps all dimensions with size 1). int64. Source: torch.argmax.
XGRAD_API Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim = std::nullopt,
                        bool keepdim = false);
XGRAD_API Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim = std::nullopt,
                        bool keepdim = false);

/// Whether all (any) elements are not 0; nan is not 0. bool.
XGRAD_API Tensor all(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
XGRAD_API Tensor any(const Tensor& x, const Dims& dims = std::nullopt, bool keepdim = false);
/// How many elements are not 0. int64. Source: torch.count_nonzero.
XGRAD_API Tensor count_nonzero(const Tensor& x, const Dims& dims = std::nullopt);

}  // namespace xgrad
