#include <algorithm>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/kernels/correlation.hpp>
#include <xgrad/autograd/kernels/correlation_blocks.hpp>
#include <xgrad/autograd/kernels/padded_planes.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

// Where a group has few channels, packing would cost as much as the products. Its channels are copied once,
// with zeros around them, and read in place: the positions of a plane are numbered through with the columns
// between its rows, whose sums are thrown away.

namespace xgrad::kernels {
namespace {

using std::int64_t;

constexpr int64_t few_sources = 32, few_results = 4;  ///< channels of a group (measured)
constexpr int64_t second_cache = 1 << 20;             ///< bytes that planes may take
using blocks::vectors_beside;

constexpr int64_t max_block = 32;  ///< registers of a block, all rows

PaddedPlanes planes_of(const Correlation& c) {
  std::array<PaddedPlanes::Axis, 3> axes;
  for (std::size_t i = 0; i < 3; ++i) {
    const CorrelationAxis& axis = c.axes[i];
    auto [first, last] = std::minmax_element(
        axis.taps.begin(), axis.taps.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
    axes[i] = {axis.source_size, axis.step, axis.positions, first->offset, last->offset};
  }
  return PaddedPlanes(axes);
}

template <class T>
class DirectCorrelation {
 public:
  DirectCorrelation(const Correlation& correlation, const T* source, const T* weight, const T* bias,
                    T* result)
      : c_(correlation),
        planes_(planes_of(correlation)),
        taps_(correlation.taps()),
        depth_(static_cast<int64_t>(taps_.size()) * c_.source_channels),
        source_(source),
        bias_(bias),
        result_(result) {
    for (int64_t c = 0; c < c_.source_channels; ++c) {
      for (const auto& tap : taps_) offsets_.push_back(c * planes_.size() + planes_.offset(tap.offset));
    }
    pack_weight(weight);
  }

  void run() {
    // All positions of a plane, with the columns between the rows.
    int64_t length = (c_.axes[1].positions - 1) * planes_.pitch() + c_.axes[2].positions;
    int64_t blocks = (length - 1) / lanes<T> / block_vectors() + 1;
    double work = static_cast<double>(c_.batch * c_.groups * c_.axes[0].positions) *
                  static_cast<double>(length * c_.result_channels) * static_cast<double>(depth_);
    auto threads = static_cast<int64_t>(std::clamp(work / 1e5, 1.0, static_cast<double>(num_threads())));
    int64_t images = c_.batch * c_.groups;
    int64_t parts = std::clamp<int64_t>(threads / images, 1, blocks);
    int64_t units = images * parts, slots = std::min(threads, units);
    int64_t planes_size = c_.source_channels * planes_.size();
    int64_t slot_size =
        planes_size + (2 * max_block + 1) * lanes<T>;  // the last block reads beyond the planes
    Array buffer({slots, slot_size}, dtype_of<T>);
    std::fill_n(buffer.data<T>(), buffer.numel(), T(0));
    parallel_for(slots, 1, [&](int64_t first, int64_t last) {
      for (int64_t slot = first; slot < last; ++slot) {
        T* own = buffer.data<T>() + slot * slot_size;
        for (int64_t unit = units * slot / slots; unit < units * (slot + 1) / slots; ++unit) {
          int64_t image = unit / parts, part = unit % parts;
          const T* source = source_ + image * c_.source_channels * c_.source_plane();
          for (int64_t c = 0; c < c_.source_channels; ++c)
            planes_.fill(source + c * c_.source_plane(), own + c * planes_.size());
          int64_t step = block_vectors() * lanes<T>;
          run_positions(image, own, blocks * part / parts * step,
                        std::min(length, blocks * (part + 1) / parts * step),
                        own + planes_size + max_block * lanes<T>);
        }
      }
    });
  }

 private:
  int64_t block_vectors() const {
    return vectors_beside(static_cast<int>(blocks::rows_of_block(c_.result_channels)));
  }

  /// Block by block of rows, each [depth, rows].
  void pack_weight(const T* weight) {
    for (int64_t group = 0; group < c_.groups; ++group) {
      for (int64_t row = 0; row < c_.result_channels;) {
        int64_t rows = blocks::rows_of_block(c_.result_channels - row);
        for (int64_t c = 0; c < c_.source_channels; ++c) {
          for (const auto& tap : taps_) {
            for (int64_t i = 0; i < rows; ++i)
              packed_.push_back(weight[group * c_.weight_group_step + (row + i) * c_.weight_result_step +
                                       c * c_.weight_source_step + tap.weight]);
          }
        }
        row += rows;
      }
    }
  }

  void run_positions(int64_t image, const T* planes, int64_t begin, int64_t end, T* block) const {
    int64_t group = image % c_.groups;
    for (int64_t z = 0; z < c_.axes[0].positions; ++z) {
      const T* plane = planes + planes_.plane(z);
      for (int64_t position = begin; position < end;) {
        int64_t left = (end - position - 1) / lanes<T> + 1;
        int64_t width = blocks::registers_up_to(std::min(left, block_vectors()));
        for (int64_t row = 0; row < c_.result_channels;) {
          int64_t rows = blocks::rows_of_block(c_.result_channels - row);
          int64_t channel = group * c_.result_channels + row;
          blocks::function_in_place<T>(rows, width)(packed_.data() + channel * depth_, plane + position,
                                                    offsets_.data(), depth_,
                                                    bias_ == nullptr ? nullptr : bias_ + channel, block);
          write(image * c_.result_channels + row, rows, z, position,
                std::min(end, position + width * lanes<T>), block, width * lanes<T>);
          row += rows;
        }
        position += width * lanes<T>;
      }
    }
  }

  /// Writes what belongs to columns of the result. `channel` counts through all images.
  [[gnu::noinline]] void write(int64_t channel, int64_t rows, int64_t z, int64_t begin, int64_t end,
                               const T* block, int64_t block_step) const {
    const auto& [axis_z, axis_y, axis_x] = c_.axes;
    const int64_t pitch = planes_.pitch(), columns = axis_x.positions, plane = c_.result_plane();
    const int64_t step = axis_x.result_step, line_step = axis_y.result_step * axis_x.result_size;
    int64_t y = begin / pitch, x = begin % pitch;
    int64_t line = (axis_z.result_begin + z * axis_z.result_step) * axis_y.result_size + axis_y.result_begin;
    T* first = result_ + channel * plane + line * axis_x.result_size + axis_x.result_begin + y * line_step;
    for (int64_t left = end - begin; left > 0; first += line_step) {
      int64_t count = std::min(columns - x, left);
      T* to = first + x * step;
      const T* from = block;
      for (int64_t row = 0; row < rows && count > 0; ++row, to += plane, from += block_step) {
        if (step != 1) {
          for (int64_t i = 0; i < count; ++i) to[i * step] = from[i];
          continue;
        }
        // The block goes on for at least a register.
        for (int64_t i = 0; i < count; i += lanes<T>) write_lanes(load(from + i), to + i, count - i);
      }
      left -= pitch - x;
      block += pitch - x;
      x = 0;
    }
  }

  const Correlation& c_;
  PaddedPlanes planes_;
  std::vector<Correlation::Tap> taps_;
  int64_t depth_;
  std::vector<int64_t> offsets_;  ///< of all channels and taps
  std::vector<T> packed_;
  const T* source_;
  const T* bias_;
  T* result_;
};

}  // namespace

template <class T>
bool correlate_directly(const Correlation& c, const T* source, const T* weight, const T* bias, T* result) {
  int64_t taps = 1;
  for (const CorrelationAxis& axis : c.axes) taps *= static_cast<int64_t>(axis.taps.size());
  if (taps == 0 || c.source_channels == 0 || (taps == 1 && c.source_channels > 1)) return false;
  if (c.source_channels > few_sources && c.result_channels > few_results) return false;
  PaddedPlanes planes = planes_of(c);
  constexpr auto cached = second_cache / static_cast<int64_t>(sizeof(T));
  if (!planes.fits() || (c.source_channels > 1 && planes.size() > cached / c.source_channels)) return false;
  DirectCorrelation<T>(c, source, weight, bias, result).run();
  return true;
}

template bool correlate_directly(const Correlation&, const float*, const float*, const float*, float*);
template bool correlate_directly(const Correlation&, const double*, const double*, const double*, double*);
template bool correlate_directly(const Correlation&, const int64_t*, const int64_t*, const int64_t*,
                                 int64_t*);

}  // namespace xgrad::kernels
