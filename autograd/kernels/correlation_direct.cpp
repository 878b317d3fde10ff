#include <algorithm>

#include <xgrad/autograd/kernels/correlation.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;

template <class T>
constexpr int64_t lanes = static_cast<int64_t>(Lanes<T>::count);

/// One channel of the result from the one channel of the source that it depends on.
template <class T>
class DirectPlane {
 public:
  explicit DirectPlane(const Correlation& correlation) : c_(correlation) {
    // For every register of a row, the lanes that each tap finds inside the source.
    const CorrelationAxis& x = c_.axes[2];
    vectors_ = (x.positions + lanes<T> - 1) / lanes<T>;
    for (int64_t v = 0; v < vectors_; ++v) {
      int64_t count = std::min(lanes<T>, x.positions - v * lanes<T>);
      for (const auto& tap : x.taps)
        ranges_.push_back(lanes_inside(v * lanes<T> * x.step + tap.offset, x.step, x.source_size, count));
    }
  }

  void run(const T* source, const T* weight, T bias, T* result) const {
    const auto& [axis_z, axis_y, axis_x] = c_.axes;
    for (int64_t z = 0; z < axis_z.positions; ++z) {
      for (int64_t y = 0; y < axis_y.positions; ++y) {
        int64_t line = (axis_z.result_begin + z * axis_z.result_step) * axis_y.result_size +
                       axis_y.result_begin + y * axis_y.result_step;
        T* row = result + line * axis_x.result_size + axis_x.result_begin;
        for (int64_t v = 0; v < vectors_; ++v) {
          Lanes<T> sum = axis_x.step == 1 ? sum_taps(source, weight, bias, z, y, v, 1)
                                          : sum_taps(source, weight, bias, z, y, v, axis_x.step);
          write(sum, row + v * lanes<T> * axis_x.result_step, axis_x.result_step,
                std::min(lanes<T>, axis_x.positions - v * lanes<T>));
        }
      }
    }
  }

 private:
  [[gnu::always_inline]] Lanes<T> sum_taps(const T* source, const T* weight, T bias, int64_t z, int64_t y,
                                           int64_t v, int64_t step) const {
    const auto& [axis_z, axis_y, axis_x] = c_.axes;
    const LaneRange* ranges = ranges_.data() + v * static_cast<int64_t>(axis_x.taps.size());
    Lanes<T> sum(bias);
    for (const auto& tap_z : axis_z.taps) {
      int64_t source_z = z * axis_z.step + tap_z.offset;
      if (source_z < 0 || source_z >= axis_z.source_size) continue;
      for (const auto& tap_y : axis_y.taps) {
        int64_t source_y = y * axis_y.step + tap_y.offset;
        if (source_y < 0 || source_y >= axis_y.source_size) continue;
        const T* line =
            source + (source_z * axis_y.source_size + source_y) * axis_x.source_size + v * lanes<T> * step;
        const T* factors = weight + tap_z.place * c_.tap_steps[0] + tap_y.place * c_.tap_steps[1];
        const LaneRange* range = ranges;
        for (const auto& tap_x : axis_x.taps) {
          Lanes<T> factor(factors[tap_x.place * c_.tap_steps[2]]);
          sum = multiply_add(factor, load_lanes(line + tap_x.offset, step, *range++), sum);
        }
      }
    }
    return sum;
  }

  static void write(Lanes<T> sum, T* to, int64_t step, int64_t count) {
    if (step != 1) {
      alignas(64) T buffer[Lanes<T>::count];
      store(sum, buffer);
      for (int64_t i = 0; i < count; ++i) to[i * step] = buffer[i];
    } else if (count == lanes<T>) {
      store(sum, to);
    } else {
      store_first(sum, to, static_cast<std::size_t>(count));
    }
  }

  const Correlation& c_;
  int64_t vectors_;
  std::vector<LaneRange> ranges_;
};

}  // namespace

template <class T>
void correlate_directly(const Correlation& c, const T* source, const T* weight, const T* bias, T* result) {
  DirectPlane<T> plane(c);
  int64_t channels = c.groups * c.result_channels;
  int64_t work = c.positions() * static_cast<int64_t>(c.taps().size() + 1);
  parallel_for(c.batch * channels, std::max<int64_t>(1, 65536 / work), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t image = i / channels, channel = i % channels;
      int64_t group = channel / c.result_channels;
      const T* own =
          weight + group * c.weight_group_step + channel % c.result_channels * c.weight_result_step;
      plane.run(source + (image * c.groups + group) * c.source_plane(), own,
                bias == nullptr ? T(0) : bias[channel], result + i * c.result_plane());
    }
  });
}

template void correlate_directly(const Correlation&, const float*, const float*, const float*, float*);
template void correlate_directly(const Correlation&, const double*, const double*, const double*, double*);
template void correlate_directly(const Correlation&, const int64_t*, const int64_t*, const int64_t*,
                                 int64_t*);

}  // namespace xgrad::kernels
