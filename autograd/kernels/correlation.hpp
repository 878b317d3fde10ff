#pragma once

#include <array>
#include <cstdint>
#include <vector>

/// The one computation behind convolutions and their input gradients:
///
///     result[n, m, place(q)] = bias[m] + sum over taps t and channels c of
///                              weight[m, c, t] * source[n, c, q * step + t.offset]
///
/// for all positions q of three spatial axes; the source is 0 outside itself. A convolution has a tap for
/// each place of the kernel. The input gradient of a convolution with stride s is s correlations along each
/// axis, one for every remainder of the place in the input divided by s, each with its own taps.
namespace xgrad::kernels {

/// One spatial axis. Position q reads the source at q * step + offset and is written to place
/// result_begin + q * result_step.
struct CorrelationAxis {
  struct Tap {
    std::int64_t offset;
    std::int64_t place;  ///< in the kernel
  };
  std::int64_t source_size;
  std::int64_t step;
  std::int64_t positions;
  std::int64_t result_size;
  std::int64_t result_begin;
  std::int64_t result_step;
  std::vector<Tap> taps;
};

/// source [batch, groups * source_channels, sizes...] and result [batch, groups * result_channels, sizes...]
/// are row-major. Channels are counted within a group.
struct Correlation {
  struct Tap {
    std::array<std::int64_t, 3> offset;
    std::int64_t weight;  ///< where the tap's weight lies, in elements
  };
  std::int64_t batch, groups, source_channels, result_channels;
  std::array<CorrelationAxis, 3> axes;
  std::array<std::int64_t, 3> tap_steps;  ///< of the weight, from one place of the kernel to the next
  std::int64_t weight_group_step, weight_result_step, weight_source_step;

  std::int64_t positions() const { return axes[0].positions * axes[1].positions * axes[2].positions; }
  std::int64_t source_plane() const {
    return axes[0].source_size * axes[1].source_size * axes[2].source_size;
  }
  std::int64_t result_plane() const {
    return axes[0].result_size * axes[1].result_size * axes[2].result_size;
  }
  /// All combinations of the axes' taps, in row-major order.
  std::vector<Tap> taps() const;
};

/// Runs a correlation; `bias` holds a number for each channel of the result, or is null. Float, double and
/// int64, which wraps around.
template <class T>
void correlate(const Correlation& correlation, const T* source, const T* weight, const T* bias, T* result);

/// `correlate` for groups of few source channels, without packing; does nothing and returns false where that
/// is no gain.
template <class T>
bool correlate_directly(const Correlation& correlation, const T* source, const T* weight, const T* bias,
                        T* result);

}  // namespace xgrad::kernels
