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
      std::int64_t length = (axes[i].positions - 1) * axes[i].step + axes[i].last - axes[i].first + 1;
      phases_[i] = i == 0 ? 1 : axes[i].step;
      lengths_[i] = (length - 1) / phases_[i] + 1;
      size *= static_cast<double>(lengths_[i]) * static_cast<double>(phases_[i]);
      source *= static_cast<double>(axes[i].source_size);
      positions *= static_cast<double>(axes[i].positions);
    }
    fits_ = size <= 4 * (source + positions) + 1024;
    layer_ = fits_ ? phases_[1] * phases_[2] * lengths_[1] * lengths_[2] : 0;
  }

  /// The copy is not much larger than the source.
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

  template <class T>
  void fill(const T* source, T* to) const {
    const auto& [axis_z, axis_y, axis_x] = axes_;
    for (std::int64_t i = 0; i < lengths_[0]; ++i) {
      std::int64_t z = axis_z.first + i;
      for (std::int64_t phase_y = 0; phase_y < phases_[1]; ++phase_y) {
        for (std::int64_t phase_x = 0; phase_x < phases_[2]; ++phase_x) {
          std::int64_t x = axis_x.first + phase_x;
          LaneRange columns = lanes_inside(x, phases_[2], axis_x.source_size, lengths_[2]);
          for (std::int64_t row = 0; row < lengths_[1]; ++row, to += lengths_[2]) {
            std::int64_t y = axis_y.first + row * phases_[1] + phase_y;
            bool inside = z >= 0 && z < axis_z.source_size && y >= 0 && y < axis_y.source_size;
            const T* from = source + (z * axis_y.source_size + y) * axis_x.source_size + x;
            fill_row(from, phases_[2], inside ? columns : LaneRange{0, 0}, to);
          }
        }
      }
    }
  }

 private:
  /// The columns of a range from the source, the others 0.
  template <class T>
  [[gnu::always_inline]] void fill_row(const T* from, std::int64_t step, LaneRange columns, T* to) const {
    constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
    for (std::int64_t i = 0; i < lengths_[2]; i += width) {
      LaneRange range{std::clamp<std::int64_t>(columns.begin - i, 0, width),
                      std::clamp<std::int64_t>(columns.end - i, 0, width)};
      Lanes<T> numbers = step == 1   ? load_lanes(from + i, 1, range)
                         : step == 2 ? load_lanes(from + 2 * i, 2, range)
                                     : load_lanes(from + i * step, step, range);
      write_lanes(numbers, to + i, lengths_[2] - i);
    }
  }

  std::array<Axis, 3> axes_;
  std::array<std::int64_t, 3> phases_, lengths_;
  std::int64_t layer_;
  bool fits_;
};

}  // namespace xgrad::kernels
