#pragma once

#include <array>
#include <cstdint>

#include <xgrad/autograd/array/array.hpp>

/// Convolutions over one to three spatial dimensions, and their two gradients. Arrays are floating or int64,
/// of one dtype, with shapes that the caller has checked.
namespace xgrad::kernels {

/// The geometry of a convolution input * weight = output. Spatial dimensions that are not there have size 1,
/// in front. Place k of the kernel meets, for place q of the output, place q * stride + k * dilation -
/// padding of the input, which is 0 outside itself.
struct Convolution {
  std::size_t spatial = 0;  ///< how many spatial dimensions there are
  std::int64_t batch = 0, in_channels = 0, out_channels = 0, groups = 1;
  std::array<std::int64_t, 3> input{1, 1, 1}, kernel{1, 1, 1}, output{1, 1, 1};
  std::array<std::int64_t, 3> stride{1, 1, 1}, padding{0, 0, 0}, dilation{1, 1, 1};

  Shape input_shape() const { return shape(batch, in_channels, input); }
  Shape output_shape() const { return shape(batch, out_channels, output); }
  Shape weight_shape() const { return shape(out_channels, in_channels / groups, kernel); }
  std::int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }

 private:
  Shape shape(std::int64_t first, std::int64_t second, const std::array<std::int64_t, 3>& sizes) const {
    Shape result{first, second};
    for (std::size_t i = 3 - spatial; i < 3; ++i) result.push_back(sizes[i]);
    return result;
  }
};

/// The output: [batch, out_channels, output]. The bias, [out_channels], may be undefined.
Array convolve(const Convolution& s, const Array& input, const Array& weight, const Array& bias);
/// The gradient of the input, which is also the transposed convolution of `g`: [batch, in_channels, input].
/// A bias, [in_channels], is added; it may be undefined.
Array convolve_transposed(const Convolution& s, const Array& g, const Array& weight, const Array& bias);
/// The gradient of the weight, floating: [out_channels, in_channels / groups, kernel].
Array convolve_weight(const Convolution& s, const Array& g, const Array& input);

}  // namespace xgrad::kernels
