#include <xgrad/autograd/kernels/pooling.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/pooling_windows.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

namespace xgrad::kernels {

using std::int64_t;

Windows::Windows(const Pooling& p, std::size_t dim) : step(p.dilation[dim]) {
  int64_t input = p.input[dim], output = p.output[dim];
  for (int64_t q = 0; q < output; ++q) {
    if (p.adaptive) {
      begin.push_back(q * input / output);
      end.push_back(((q + 1) * input - 1) / output + 1);
      count.push_back(end.back() - begin.back());
      continue;
    }
    int64_t start = q * p.stride[dim] - p.padding[dim];
    LaneRange inside = lanes_inside(start, step, input, p.kernel[dim]);
    begin.push_back(start + inside.begin * step);
    end.push_back(start + (inside.end - 1) * step + 1);
    int64_t padded = std::min(start + p.kernel[dim], input + p.padding[dim]) - start;
    count.push_back(p.divisor != 0 ? 1 : p.count_padding ? padded : inside.end - inside.begin);
  }
}

int64_t planes_grain(const Pooling& pooling) {
  return std::max<int64_t>(1, 32768 / std::max<int64_t>(1, pooling.input_plane()));
}

std::pair<Array, Array> max_pool_places(const Pooling& p, const Array& x) {
  Array source = contiguous(x);
  Array values(p.output_shape(x.shape()), x.dtype());
  Array places(values.shape(), DType::int64);
  if (values.numel() == 0) return {values, places};
  Windows z(p, 0), y(p, 1), w(p, 2);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    // The first largest one, or the last nan.
    auto find = [&](const T* plane, std::size_t i, std::size_t j, std::size_t k, T& value, int64_t& place) {
      value = -std::numeric_limits<T>::infinity();
      place = (z.begin[i] * p.input[1] + y.begin[j]) * p.input[2] + w.begin[k];
      for (int64_t a = z.begin[i]; a < z.end[i]; a += z.step) {
        for (int64_t b = y.begin[j]; b < y.end[j]; b += y.step) {
          int64_t row = (a * p.input[1] + b) * p.input[2];
          for (int64_t c = w.begin[k]; c < w.end[k]; c += w.step) {
            T number = plane[row + c];
            if (number > value || std::isnan(number)) {
              value = number;
              place = row + c;
            }
          }
        }
      }
    };
    parallel_for(values.numel() / p.output_plane(), planes_grain(p), [&](int64_t first, int64_t last) {
      T* value = values.data<T>() + first * p.output_plane();
      int64_t* place = places.data<int64_t>() + first * p.output_plane();
      for (int64_t plane = first; plane < last; ++plane) {
        const T* numbers = source.data<T>() + plane * p.input_plane();
        for (std::size_t i = 0; i < z.begin.size(); ++i) {
          for (std::size_t j = 0; j < y.begin.size(); ++j) {
            for (std::size_t k = 0; k < w.begin.size(); ++k) find(numbers, i, j, k, *value++, *place++);
          }
        }
      }
    });
  });
  return {values, places};
}

Array place_numbers(const Array& x, const Array& places, int64_t plane) {
  Shape shape = x.shape();
  int64_t count = shape.back();
  shape.back() = plane;
  Array result = Array::zeros(shape, x.dtype());
  if (x.numel() == 0) return result;
  Array numbers = contiguous(x), to = contiguous(places);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    const T* number = numbers.data<T>();
    const int64_t* place = to.data<int64_t>();
    T* row = result.data<T>();
    for (int64_t rows = x.numel() / count; rows > 0; --rows, row += plane) {
      for (int64_t i = 0; i < count; ++i) row[*place++] = *number++;
    }
  });
  return result;
}

}  // namespace xgrad::kernels
