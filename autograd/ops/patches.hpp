#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Patches of images, and channels exchanged for places.
namespace xgrad {

/// How a window moves over an image; (rows, columns), or one number for both.
struct PatchOptions {
  Shape dilation = {1};  ///< the distance between neighbours in the window
  Shape padding = {0};   ///< zeros around the image
  Shape stride = {1};    ///< the distance between windows
};

/// Images [N, C, H, W] to the patches under a moving window, [N, C * rows * columns, L]: patch l is column l,
/// windows in row-major order. Without N alike. Throws ShapeError for other shapes and where the window is
/// larger than the padded image, ValueError for options that are not positive (padding: not negative),
/// DTypeError for integers. Source: torch.nn.functional.unfold.
XGRAD_API Tensor unfold(const Tensor& x, const Shape& kernel_size, const PatchOptions& options = {});
/// The adjoint of `unfold`: patches [N, C * rows * columns, L] to images [N, C, output_size], where they
/// overlap their sum. Throws as unfold does, and ShapeError when the number of patches does not fit. Source:
/// torch.nn.functional.fold.
XGRAD_API Tensor fold(const Tensor& x, const Shape& output_size, const Shape& kernel_size,
                      const PatchOptions& options = {});

/// [..., C * r * r, H, W] to [..., C, H * r, W * r]. Throws ShapeError, ValueError unless r is positive.
/// Source: torch.nn.functional.pixel_shuffle.
XGRAD_API Tensor pixel_shuffle(const Tensor& x, std::int64_t upscale_factor);
/// [..., C, H * r, W * r] to [..., C * r * r, H, W]. Throws ShapeError, ValueError unless r is positive.
XGRAD_API Tensor pixel_unshuffle(const Tensor& x, std::int64_t downscale_factor);
/// Channels [N, groups * C, ...], seen as groups of C, in the order of C groups. Throws ShapeError below
/// three dimensions and unless the groups divide the channels, ValueError unless `groups` is positive.
/// Source: torch.nn.functional.channel_shuffle.
XGRAD_API Tensor channel_shuffle(const Tensor& x, std::int64_t groups);

}  // namespace xgrad
