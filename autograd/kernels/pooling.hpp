#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include <xgrad/autograd/array/array.hpp>

/// Pooling over windows of the last one to three dimensions. Shapes were checked by the caller; every window
/// has at least one place inside the input.
namespace xgrad::kernels {

/// The windows. Spatial dimensions that are not there have size 1, in front. Window q of a dimension is the
/// places q * stride + k * dilation - padding that lie inside the input or, when it is adaptive, those from
/// floor(q * input / output) to ceil((q + 1) * input / output) - 1.
struct Pooling {
  std::size_t spatial = 0;
  std::array<std::int64_t, 3> input{1, 1, 1}, output{1, 1, 1};
  std::array<std::int64_t, 3> kernel{1, 1, 1}, stride{1, 1, 1}, padding{0, 0, 0}, dilation{1, 1, 1};
  bool adaptive = false;
  // Of means alone:
  bool count_padding = true;  ///< places in the padding count
  std::int64_t divisor = 0;   ///< of the sums, if not 0, in place of the number of places

  /// The shape of an array with the last dimensions replaced.
  Shape replaced(const Shape& shape, const std::array<std::int64_t, 3>& sizes) const {
    Shape result(shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(spatial));
    for (std::size_t i = 3 - spatial; i < 3; ++i) result.push_back(sizes[i]);
    return result;
  }
  Shape input_shape(const Shape& output_shape) const { return replaced(output_shape, input); }
  Shape output_shape(const Shape& input_shape) const { return replaced(input_shape, output); }
  std::int64_t input_plane() const { return input[0] * input[1] * input[2]; }
  std::int64_t output_plane() const { return output[0] * output[1] * output[2]; }
};

/// A place along one dimension of a window, as max_pool_choices counts them, fits a byte.
bool has_small_windows(const Pooling& pooling);

/// The largest number in each window; nan wins. Floating. Only for small windows that are not adaptive, as
/// are the three functions below.
Array max_pool(const Pooling& pooling, const Array& x);
/// With the place of the first largest one (or the last nan) in its window, in row-major order: uint8.
std::pair<Array, Array> max_pool_choices(const Pooling& pooling, const Array& x);
/// Zeros in the shape of the input, with each number of `g` added at the chosen place of its window.
Array spread_choices(const Pooling& pooling, const Array& g, const Array& choices);
/// The number at the chosen place of each window: the reverse.
Array pick_choices(const Pooling& pooling, const Array& x, const Array& choices);
/// Chosen places counted in the flattened input: int64.
Array choice_places(const Pooling& pooling, const Array& choices);

/// The largest numbers and their places in the flattened input (int64), for windows of any kind.
std::pair<Array, Array> max_pool_places(const Pooling& pooling, const Array& x);

/// Sums over windows divided by the number of places or by `divisor`. Floating, and int64, which is divided
/// toward zero.
Array mean_pool(const Pooling& pooling, const Array& x);
/// The adjoint: every number of `g` divided likewise, added to all places of its window. Floating.
Array spread_means(const Pooling& pooling, const Array& g);

/// Zeros [..., plane] of `g`'s leading dimensions with x[..., i] at places[..., i]. The places are inside.
Array place_numbers(const Array& x, const Array& places, std::int64_t plane);

}  // namespace xgrad::kernels
