#pragma once

#include <array>
#include <cstdint>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Patches of images as columns (im2col) and back.
namespace xgrad::kernels {

/// How a window moves over images [N, C, image...]; all pairs are (rows, columns).
struct PatchGeometry {
  std::array<std::int64_t, 2> image{};
  std::array<std::int64_t, 2> kernel{};
  std::array<std::int64_t, 2> dilation{};
  std::array<std::int64_t, 2> padding{};
  std::array<std::int64_t, 2> stride{};
  std::array<std::int64_t, 2> places{};  ///< how many windows there are
};

/// Floating images [N, C, H, W] to [N, C * kernel, places]: each window is a column, zeros outside the image.
XGRAD_API Array image_to_columns(const Array& images, const PatchGeometry& geometry);
/// The reverse: [N, C * kernel, places] to [N, C, H, W], where windows overlap their sum.
XGRAD_API Array columns_to_image(const Array& columns, const PatchGeometry& geometry);

}  // namespace xgrad::kernels
