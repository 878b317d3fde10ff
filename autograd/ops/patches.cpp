#include <xgrad/autograd/ops/patches.hpp>

#include <fmt/format.h>

#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/patches.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

using kernels::PatchGeometry;

std::array<std::int64_t, 2> pair_of(const char* name, const char* option, const Shape& numbers,
                                    std::int64_t least) {
  if (numbers.size() != 1 && numbers.size() != 2) {
    throw ShapeError(
        fmt::format("{}: expected one or two numbers for {}, got {}", name, option, to_string(numbers)));
  }
  for (std::int64_t number : numbers) {
    // Numbers of 32 bits: sums and products of two of them cannot overflow.
    if (number < least || number > std::numeric_limits<std::int32_t>::max()) {
      throw ValueError(fmt::format("{}: expected numbers of {} or more for {}, got {}", name, least, option,
                                   to_string(numbers)));
    }
  }
  return {numbers[0], numbers[numbers.size() - 1]};
}

PatchGeometry geometry_of(const char* name, const Shape& image, const Shape& kernel,
                          const PatchOptions& options) {
  PatchGeometry geometry;
  geometry.image = pair_of(name, "the image's size", image, 1);
  geometry.kernel = pair_of(name, "kernel_size", kernel, 1);
  geometry.dilation = pair_of(name, "dilation", options.dilation, 1);
  geometry.padding = pair_of(name, "padding", options.padding, 0);
  geometry.stride = pair_of(name, "stride", options.stride, 1);
  for (std::size_t d = 0; d < 2; ++d) {
    std::int64_t room = geometry.image[d] + 2 * geometry.padding[d];
    std::int64_t window = geometry.dilation[d] * (geometry.kernel[d] - 1) + 1;
    if (window > room) {
      throw ShapeError(fmt::format(
          "{}: the window covers {} elements, but dimension {} of the image {} has {} with its padding", name,
          window, d, to_string(image), room));
    }
    geometry.places[d] = (room - window) / geometry.stride[d] + 1;
  }
  return geometry;
}

void check_floating(const char* name, const Tensor& x) {
  if (!is_floating(x.dtype())) {
    throw DTypeError(fmt::format("{}: expected a floating tensor, got {}; convert it with to()", name,
                                 xgrad::name(x.dtype())));
  }
}

Tensor to_columns(const Tensor& x, const PatchGeometry& geometry);

Tensor to_image(const Tensor& x, const PatchGeometry& geometry) {
  return record("fold", kernels::columns_to_image(x.array(), geometry),
                exact_gradient(x, [geometry](const Tensor& g) { return to_columns(g, geometry); }));
}

Tensor to_columns(const Tensor& x, const PatchGeometry& geometry) {
  return record("unfold", kernels::image_to_columns(x.array(), geometry),
                exact_gradient(x, [geometry](const Tensor& g) { return to_image(g, geometry); }));
}

}  // namespace

Tensor unfold(const Tensor& x, const Shape& kernel_size, const PatchOptions& options) {
  if (x.ndim() == 3) return squeeze(unfold(unsqueeze(x, 0), kernel_size, options), 0);
  if (x.ndim() != 4 || x.shape()[1] == 0) {
    throw ShapeError(
        fmt::format("unfold: expected images [N, C, H, W] or [C, H, W], got shape {}", to_string(x.shape())));
  }
  check_floating("unfold", x);
  return to_columns(x, geometry_of("unfold", {x.shape()[2], x.shape()[3]}, kernel_size, options));
}

Tensor fold(const Tensor& x, const Shape& output_size, const Shape& kernel_size,
            const PatchOptions& options) {
  if (x.ndim() == 2) return squeeze(fold(unsqueeze(x, 0), output_size, kernel_size, options), 0);
  if (x.ndim() != 3 || x.shape()[1] == 0) {
    throw ShapeError(fmt::format(
        "fold: expected patches [N, C * rows * columns, L] or [C * rows * columns, L], got shape {}",
        to_string(x.shape())));
  }
  check_floating("fold", x);
  PatchGeometry geometry = geometry_of("fold", output_size, kernel_size, options);
  std::int64_t elements = geometry.kernel[0] * geometry.kernel[1];
  if (x.shape()[1] % elements != 0) {
    throw ShapeError(fmt::format("fold: dimension 1 of {} must be a multiple of the window's {} elements",
                                 to_string(x.shape()), elements));
  }
  std::int64_t places = geometry.places[0] * geometry.places[1];
  if (x.shape()[2] != places) {
    throw ShapeError(fmt::format("fold: expected {} x {} = {} patches, got {} in shape {}",
                                 geometry.places[0], geometry.places[1], places, x.shape()[2],
                                 to_string(x.shape())));
  }
  return to_image(x, geometry);
}

// Channels and places -------------------------------------------------------------------------------

namespace {

void check_factor(const char* name, std::int64_t factor) {
  if (factor < 1 || factor > std::numeric_limits<std::int32_t>::max())
    throw ValueError(fmt::format("{}: expected a positive factor, got {}", name, factor));
}

void check_images(const char* name, const Tensor& x) {
  if (x.ndim() < 3) {
    throw ShapeError(fmt::format("{}: expected [..., C, H, W], got shape {}", name, to_string(x.shape())));
  }
}

/// The leading dimensions, then `rest`.
Shape with_tail(const Shape& shape, std::initializer_list<std::int64_t> rest) {
  Shape result(shape.begin(), shape.end() - 3);
  for (std::int64_t size : rest) result.push_back(size);
  return result;
}

/// The last dimensions in another order; `order` counts from the first of them.
Tensor permute_tail(const Tensor& x, std::initializer_list<std::int64_t> order) {
  auto lead = static_cast<std::int64_t>(x.ndim() - order.size());
  Shape dims;
  for (std::int64_t i = 0; i < lead; ++i) dims.push_back(i);
  for (std::int64_t place : order) dims.push_back(lead + place);
  return permute(x, dims);
}

}  // namespace

Tensor pixel_shuffle(const Tensor& x, std::int64_t upscale_factor) {
  std::int64_t r = upscale_factor;
  check_images("pixel_shuffle", x);
  check_factor("pixel_shuffle", r);
  std::int64_t channels = x.size(-3);
  std::int64_t height = x.size(-2);
  std::int64_t width = x.size(-1);
  if (channels % (r * r) != 0) {
    throw ShapeError(fmt::format("pixel_shuffle: expected a multiple of {} x {} channels, got {} in shape {}",
                                 r, r, channels, to_string(x.shape())));
  }
  channels /= r * r;
  Tensor parts = reshape(x, with_tail(x.shape(), {channels, r, r, height, width}));
  return reshape(permute_tail(parts, {0, 3, 1, 4, 2}),
                 with_tail(x.shape(), {channels, height * r, width * r}));
}

Tensor pixel_unshuffle(const Tensor& x, std::int64_t downscale_factor) {
  std::int64_t r = downscale_factor;
  check_images("pixel_unshuffle", x);
  check_factor("pixel_unshuffle", r);
  std::int64_t channels = x.size(-3);
  if (x.size(-2) % r != 0 || x.size(-1) % r != 0) {
    throw ShapeError(
        fmt::format("pixel_unshuffle: expected height and width to be multiples of {}, got shape {}", r,
                    to_string(x.shape())));
  }
  std::int64_t height = x.size(-2) / r;
  std::int64_t width = x.size(-1) / r;
  Tensor parts = reshape(x, with_tail(x.shape(), {channels, height, r, width, r}));
  return reshape(permute_tail(parts, {0, 2, 4, 1, 3}),
                 with_tail(x.shape(), {channels * r * r, height, width}));
}

Tensor channel_shuffle(const Tensor& x, std::int64_t groups) {
  if (x.ndim() < 3) {
    throw ShapeError(
        fmt::format("channel_shuffle: expected [N, C, ...] of three or more dimensions, got shape {}",
                    to_string(x.shape())));
  }
  check_factor("channel_shuffle", groups);
  std::int64_t channels = x.shape()[1];
  if (channels % groups != 0) {
    throw ShapeError(fmt::format("channel_shuffle: {} groups do not divide the {} channels of shape {}",
                                 groups, channels, to_string(x.shape())));
  }
  return reshape(transpose(unflatten(x, 1, {groups, channels / groups}), 1, 2), x.shape());
}

}  // namespace xgrad
