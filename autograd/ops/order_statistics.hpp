#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Elements by their place in the order of a tensor or of its slices. nan stands above all numbers. Where
/// results come with places, these are int64, and the element at the place receives all of the gradient.
/// With `keepdim` the reduced dimension stays with size 1. All throw IndexError for a dimension that is not
/// there and ShapeError for one of size 0.
namespace xgrad {

/// The lower median of all elements: the element with as many before it in the order as behind it, or one
/// less; nan if there is a nan, and for no elements. Throws ShapeError for no integers. Source: torch.median.
XGRAD_API Tensor median(const Tensor& x);
/// The same along `dim`, with its place; of a slice with nan the first nan.
XGRAD_API std::pair<Tensor, Tensor> median(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// median of the elements that are not nan; nan where there is no other. Source: torch.nanmedian.
XGRAD_API Tensor nanmedian(const Tensor& x);
XGRAD_API std::pair<Tensor, Tensor> nanmedian(const Tensor& x, std::int64_t dim, bool keepdim = false);

/// The k-th smallest elements along `dim`, k counted from 1, and their places; among equal elements that
/// which a stable sort would put there. Throws ValueError for a k that is not there. Source: torch.kthvalue.
XGRAD_API std::pair<Tensor, Tensor> kthvalue(const Tensor& x, std::int64_t k, std::int64_t dim = -1,
                                             bool keepdim = false);
/// The most frequent number along `dim`, the smallest such, and the place of its last occurrence. nan is
/// equal to nothing. Source: torch.mode.
XGRAD_API std::pair<Tensor, Tensor> mode(const Tensor& x, std::int64_t dim = -1, bool keepdim = false);

/// Quantiles along `dim`, or of all elements: for q [] or [Q] in [0, 1], at place q * (n - 1) of the sorted
/// slice; [Q] gives the result a first dimension. Between two elements, `interpolation` says which: "linear"
/// (both by their distance), "lower", "higher", "nearest" (halves to the even place), "midpoint". A slice
/// with nan gives nan. Gradients reach the two elements, and q where it is linear. x and q floating and of
/// one dtype. Throws DTypeError, ValueError for a q outside [0, 1] or another interpolation, ShapeError for
/// an empty x or a q of more dimensions. Source: torch.quantile.
XGRAD_API Tensor quantile(const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim = std::nullopt,
                          bool keepdim = false, std::string_view interpolation = "linear");
XGRAD_API Tensor quantile(const Tensor& x, double q, std::optional<std::int64_t> dim = std::nullopt,
                          bool keepdim = false, std::string_view interpolation = "linear");
/// quantile of the elements that are not nan; nan where there is no other. Source: torch.nanquantile.
XGRAD_API Tensor nanquantile(const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim = std::nullopt,
                             bool keepdim = false, std::string_view interpolation = "linear");
XGRAD_API Tensor nanquantile(const Tensor& x, double q, std::optional<std::int64_t> dim = std::nullopt,
                             bool keepdim = false, std::string_view interpolation = "linear");

}  // namespace xgrad
