#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <xgrad/autograd/kernels/strided_lanes.hpp>

namespace xgrad::kernels {

/// A copy of a few channels of an image with the zeros around them, in which the numbers that neighbouring
/// positions read for one tap are neighbours, whatever the step: [along z, y mod step, x mod step, y / step,
/// x / step].
class PaddedPlanes {
 public:
  struct Axis {
    std::int64_t source_size, step, positions;
    std::int64_t first, last;  ///< the least and the largest offset of a tap
  };

  explicit PaddedPlanes(const std::array<Axis, 3>& axes) : axes_(axes) {
    double size = 1, source = 1, positions = 1;
    for (std::size_t i = 0; i < 3; ++i) {
      if (axes[i].positions == 1) axes_[i].step = 1;  // nothing to step to
      std::int64_t length = (axes[i].positions - 1) * axes_[i].step + axes[i].last - axes[i].first + 1;
      phases_[i] = i == 0 ? 1 : axes_[i].step;
      lengths_[i] = (length - 1) / phases_[i] + 1;
      size *= static_cast<double>(lengths_[i]) * static_cast<double>(phases_[i]);
      source *= static_cast<double>(axes[i].source_size);
      positions *= static_cast<double>(axes[i].positions);
    }
    fits_ = size <= 4 * (source + positions) + 1024;
    constexpr double most = 1e15;  // more is not used
    layer_ = size <= most ? phases_[1] * phases_[2] * lengths_[1] * lengths_[2] : 0;
  }

  /// The copy is not much larger than the source. One that is enormous must not be made.
  bool fits() const { return fits_; }
  /// Numbers of one channel.
  std::int64_t size() const { return layer_ * lengths_[0]; }
  /// From one row of positions to the next.
  std::int64_t pitch() const { return lengths_[2]; }
  /// Where the number of the first position of plane z lies for a tap of offset 0, 0, 0 from the first ones.
  std::int64_t plane(std::int64_t z) const { return z * axes_[0].step * layer_; }
  /// How far a tap's number lies behind that.
  std::int64_t offset(const std::array<std::int64_t, 3>& tap) const {
    std::int64_t y = tap[1] - axes_[1].first, x = tap[2] - axes_[2].first;
    std::int64_t phase = y % phases_[1] * phases_[2] + x % phases_[2];
    return (tap[0] - axes_[0].first) * layer_ + (phase * lengths_[1] + y / phases_[1]) * lengths_[2] +
           x / phases_[2];
  }

  /// Makes the copy of one channel, with `outside` around it.
  template <class T>
  [[gnu::noinline]] void fill(const T* source, T* to, T outside = T(0)) const {
    const auto& [axis_z, axis_y, axis_x] = axes_;
    const std::int64_t length = lengths_[2], columns = axis_x.source_size;
    LaneRange planes = lanes_inside(axis_z.first, 1, axis_z.source_size, lengths_[0]);
    std::int64_t layer = phases_[1] * phases_[2] * lengths_[1] * length;
    to = fill_outside(to, planes.begin * layer, outside);
    for (std::int64_t i = planes.begin; i < planes.end; ++i) {
      const T* plane = source + (axis_z.first + i) * axis_y.source_size * columns;
      for (std::int64_t phase_y = 0; phase_y < phases_[1]; ++phase_y) {
        std::int64_t y = axis_y.first + phase_y;
        LaneRange rows = lanes_inside(y, phases_[1], axis_y.source_size, lengths_[1]);
        for (std::int64_t phase_x = 0; phase_x < phases_[2]; ++phase_x) {
          std::int64_t x = axis_x.first + phase_x;
          LaneRange inside = lanes_inside(x, phases_[2], columns, length);
          to = fill_outside(to, rows.begin * length, outside);
          const T* from = plane + (y + rows.begin * phases_[1]) * columns + x;
          to = copy_rows(from, phases_[1] * columns, phases_[2], rows.end - rows.begin, inside, length, to,
                         outside);
          to = fill_outside(to, (lengths_[1] - rows.end) * length, outside);
        }
      }
    }
    fill_outside(to, (lengths_[0] - planes.end) * layer, outside);
  }

 private:
  template <class T>
  static T* fill_outside(T* to, std::int64_t count, T outside) {
    std::fill_n(to, count, outside);
    return to + count;
  }

  /// Rows that lie `row_step` apart: every `step`th number for the columns inside.
  template <class T>
  [[gnu::noinline]] static T* copy_rows(const T* from, std::int64_t row_step, std::int64_t step,
                                        std::int64_t rows, LaneRange inside, std::int64_t length, T* to,
                                        T outside) {
    constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
    for (std::int64_t i = 0; i < length; i += width) {
      // A register of columns, of all rows.
      LaneRange range{std::clamp<std::int64_t>(inside.begin - i, 0, width),
                      std::clamp<std::int64_t>(inside.end - i, 0, width)};
      std::int64_t count = length - i;
      auto copy = [&](auto read) __attribute__((always_inline)) {
        const T* line = from + i * step;
        T* target = to + i;
        for (std::int64_t row = 0; row < rows; ++row, line += row_step, target += length)
          write_lanes(read(line), target, count);
      };
      if (step == 1)
        copy([=](const T* line) { return load_lanes(line, 1, range, outside); });
      else if (step == 2)
        copy([=](const T* line) { return load_lanes(line, 2, range, outside); });
      else
        copy([=](const T* line) { return load_lanes(line, step, range, outside); });
    }
    return to + rows * length;
  }

  std::array<Axis, 3> axes_;
  std::array<std::int64_t, 3> phases_, lengths_;
  std::int64_t layer_;
  bool fits_;
};

}  // namespace xgrad::kernels
