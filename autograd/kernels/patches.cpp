#include <xgrad/autograd/kernels/patches.hpp>

#include <algorithm>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

/// The windows [begin, end) of one dimension for which a kernel element lies inside the image.
struct Inside {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t first = 0;  ///< where the element of window 0 would lie
};

Inside inside(const PatchGeometry& geometry, std::size_t dim, std::int64_t element) {
  std::int64_t stride = geometry.stride[dim];
  Inside result;
  result.first = element * geometry.dilation[dim] - geometry.padding[dim];
  std::int64_t left = geometry.image[dim] - result.first;  // up to the image's end
  result.begin = result.first >= 0 ? 0 : (-result.first + stride - 1) / stride;
  result.end = left <= 0 ? 0 : std::min(geometry.places[dim], (left + stride - 1) / stride);
  result.begin = std::min(result.begin, result.end);
  return result;
}

/// Calls visit(image row, first image column, column step, place in the columns' row, how many) for the runs
/// of one kernel element that lie inside the image.
template <class Visit>
void runs(const PatchGeometry& geometry, std::int64_t element, const Visit& visit) {
  Inside rows = inside(geometry, 0, element / geometry.kernel[1]);
  Inside columns = inside(geometry, 1, element % geometry.kernel[1]);
  if (columns.begin == columns.end) return;
  for (std::int64_t i = rows.begin; i < rows.end; ++i) {
    visit(rows.first + i * geometry.stride[0], columns.first + columns.begin * geometry.stride[1],
          i * geometry.places[1] + columns.begin, columns.end - columns.begin);
  }
}

}  // namespace

Array image_to_columns(const Array& images, const PatchGeometry& geometry) {
  Array from = contiguous(images);
  std::int64_t kernel = geometry.kernel[0] * geometry.kernel[1];
  std::int64_t places = geometry.places[0] * geometry.places[1];
  std::int64_t pixels = geometry.image[0] * geometry.image[1];
  std::int64_t step = geometry.stride[1];
  Array result({images.shape()[0], images.shape()[1] * kernel, places}, images.dtype());
  if (result.numel() == 0) return result;
  dispatch_floating(images.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(result.numel() / places, std::max<std::int64_t>(1, 32768 / places),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t row = begin; row < end; ++row) {
                     const T* image = from.data<T>() + row / kernel * pixels;
                     T* to = result.data<T>() + row * places;
                     std::fill_n(to, places, T(0));
                     runs(geometry, row % kernel,
                          [&](std::int64_t y, std::int64_t x, std::int64_t at, std::int64_t count) {
                            const T* read = image + y * geometry.image[1] + x;
                            for (std::int64_t i = 0; i < count; ++i) to[at + i] = read[i * step];
                          });
                   }
                 });
  });
  return result;
}

Array columns_to_image(const Array& columns, const PatchGeometry& geometry) {
  Array from = contiguous(columns);
  std::int64_t kernel = geometry.kernel[0] * geometry.kernel[1];
  std::int64_t places = geometry.places[0] * geometry.places[1];
  std::int64_t pixels = geometry.image[0] * geometry.image[1];
  std::int64_t step = geometry.stride[1];
  std::int64_t channels = columns.shape()[1] / kernel;
  Array result =
      Array::zeros({columns.shape()[0], channels, geometry.image[0], geometry.image[1]}, columns.dtype());
  if (columns.numel() == 0) return result;
  dispatch_floating(columns.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(columns.shape()[0] * channels, std::max<std::int64_t>(1, 32768 / (places * kernel)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t row = begin * kernel; row < end * kernel; ++row) {
                     const T* read = from.data<T>() + row * places;
                     T* image = result.data<T>() + row / kernel * pixels;
                     runs(geometry, row % kernel,
                          [&](std::int64_t y, std::int64_t x, std::int64_t at, std::int64_t count) {
                            T* to = image + y * geometry.image[1] + x;
                            for (std::int64_t i = 0; i < count; ++i) to[i * step] += read[at + i];
                          });
                   }
                 });
  });
  return result;
}

}  // namespace xgrad::kernels
