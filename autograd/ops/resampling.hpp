#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Images (and lines, and volumes) in other sizes and at other places.
namespace xgrad {

/// What `interpolate` makes. Either `size` or `scale_factor` is given, one number for each spatial dimension
/// or one for all.
struct InterpolateOptions {
  Shape size = {};                         ///< of the result
  std::vector<double> scale_factor = {};   ///< the result's size is floor(size * scale_factor)
  std::string_view mode = "nearest";       ///< see interpolate
  std::optional<bool> align_corners = {};  ///< the corner elements keep their places; false by default
  bool recompute_scale_factor = false;     ///< use the ratio of the sizes instead of scale_factor
  bool antialias = false;                  ///< average over what a shrunk element covers; bilinear, bicubic
};

/// The spatial dimensions of x [N, C, d1, ...] (one to three) in another size. Element i of a result reads
/// at s = (i + 0.5) * scale - 0.5, with align_corners at s = i * scale; scale is 1 / scale_factor or the
/// ratio of the sizes. Modes:
///   "nearest"        the element at floor(i * scale);
///   "nearest-exact"  the element nearest to s;
///   "linear", "bilinear", "trilinear"  between two neighbours in each of one, two, three dimensions;
///   "bicubic"        cubic convolution with a = -0.75 over four neighbours, two dimensions;
///   "area"           the mean of the elements that the result's element covers.
/// Throws ShapeError for other numbers of dimensions and for sizes that are not positive; ValueError for a
/// mode that there is not or that does not fit the dimensions, for both or neither of size and scale_factor,
/// and for align_corners or antialias in a mode that has none; DTypeError for integers (but uint8 in the
/// nearest modes). Source: torch.nn.functional.interpolate.
XGRAD_API Tensor interpolate(const Tensor& x, const InterpolateOptions& options);

/// How `grid_sample` reads.
struct GridSampleOptions {
  std::string_view mode = "bilinear";       ///< "bilinear", "nearest" or "bicubic" (images only)
  std::string_view padding_mode = "zeros";  ///< what lies outside: "zeros", "border" or "reflection"
  bool align_corners = false;  ///< -1 and 1 are the centres of the corner elements, not their edges
};

/// x [N, C, H, W] read at the places of grid [N, Ho, Wo, 2], which hold (column, row), -1 to 1 over the
/// image: the result is [N, C, Ho, Wo]. Volumes alike: x [N, C, D, H, W], grid [N, Do, Ho, Wo, 3]. The
/// gradient with respect to the grid is 0 in mode "nearest", and beyond the border where that is repeated.
/// Throws ShapeError, ValueError for a mode that there is not, DTypeError unless both have one floating
/// dtype. Source: torch.nn.functional.grid_sample.
XGRAD_API Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options = {});

/// The grid at which `grid_sample` reads the affine image of theta [N, 2, 3] for a result of size [N, C, H,
/// W] (or theta [N, 3, 4] for [N, C, D, H, W]): theta times (column, row, 1). Throws ShapeError, DTypeError.
/// Source: torch.nn.functional.affine_grid.
XGRAD_API Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners = false);

}  // namespace xgrad
