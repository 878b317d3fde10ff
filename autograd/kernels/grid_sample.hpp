#pragma once

#include <array>
#include <cstdint>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Images and volumes read at places that a grid names. See ops/resampling.hpp for the meaning. x is [N, C,
/// image...], the grid [N, points..., image dimensions], both of one floating dtype.
namespace xgrad::kernels {

struct GridSampling {
  enum class Mode : std::uint8_t { bilinear, nearest, bicubic } mode = Mode::bilinear;
  enum class Outside : std::uint8_t { zeros, border, reflection } outside = Outside::zeros;
  bool align_corners = false;
  bool halves_to_even = true;  ///< in mode nearest; else away from 0
};

/// [N, C, points...].
XGRAD_API Array grid_sample(const Array& x, const Array& grid, const GridSampling& sampling);
/// The gradient with respect to x, of shape `shape`.
XGRAD_API Array grid_sample_backward_input(const Array& g, const Shape& shape, const Array& grid,
                                           const GridSampling& sampling);
/// The gradient with respect to the grid.
XGRAD_API Array grid_sample_backward_grid(const Array& g, const Array& x, const Array& grid,
                                          const GridSampling& sampling);

/// Where coordinates of a grid lie along one dimension of the image.
struct GridPositions {
  Array places;    ///< [elements read, coordinates...], int64; -1 outside
  Array fraction;  ///< how far the position lies from the element below it
  Array rate;      ///< the derivative of the position with respect to the coordinate
};

XGRAD_API GridPositions grid_positions(const Array& coordinates, std::int64_t size,
                                       const GridSampling& sampling);

}  // namespace xgrad::kernels
