#include <algorithm>
#include <vector>

#include <xgrad/autograd/kernels/convolution.hpp>
#include <xgrad/autograd/kernels/convolution_blocks.hpp>
#include <xgrad/autograd/kernels/convolution_direct.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

// The weight gradient: sums over all positions of g[m, position] * input[c, place(position, tap)]. Lanes run
// over the channels m of the output, so g is transposed, tile by tile of positions; the numbers of the input
// are spread one by one over a register, from a band that is padded with zeros. The sums of a block of
// (c, tap) and m stay in registers for a whole tile.

namespace xgrad::kernels {
namespace {

using blocks::max_vectors;
using blocks::most_rows;
using blocks::Positions;
using std::int64_t;

/// Positions of a tile, and bytes of a band, that fit the first cache together.
constexpr int64_t tile_positions = 128;
constexpr int64_t band_bytes = 16384;
/// Sums of their own that the images are shared out to: so many at most, of so many numbers altogether.
constexpr int64_t max_chunks = 8;
constexpr int64_t max_chunk_numbers = 1 << 20;

/// How a band lays out what `positions` positions along an axis read: in the order of the input or, where
/// taps lie far apart, tap by tap.
struct BandAxis {
  int64_t length, tap_step, position_step;
  bool by_taps;

  BandAxis(const Convolution& s, std::size_t i, int64_t positions) {
    int64_t reach = (positions - 1) * s.stride[i] + 1, taps = s.kernel[i];
    by_taps = s.dilation[i] > positions || s.stride[i] > taps;
    if (!by_taps) {
      length = reach + (taps - 1) * s.dilation[i];
      tap_step = s.dilation[i];
      position_step = s.stride[i];
    } else {
      length = positions * taps;
      tap_step = positions;
      position_step = 1;
    }
  }
};

/// Positions that are worked on together: some rows of one plane of some images.
struct Tile {
  int64_t image, images;
  int64_t z, y, rows, x, columns;
  std::size_t band;  ///< which of the layouts
};

template <class T>
class WeightGradient {
 public:
  WeightGradient(const Convolution& shape, const T* g, const T* input)
      : s_(shape),
        g_(g),
        input_(input),
        in_channels_(s_.in_channels / s_.groups),
        out_channels_(s_.out_channels / s_.groups),
        taps_(s_.taps()),
        depth_(in_channels_ * taps_),
        width_((out_channels_ + lanes<T> - 1) / lanes<T> * lanes<T>) {
    find_tiles();
  }

  void run(T* result) {
    auto tiles = static_cast<int64_t>(tiles_.size());
    // The chunks follow from the shapes alone: they decide in which order numbers are added.
    int64_t numbers = s_.groups * depth_ * width_;
    int64_t chunks = std::clamp<int64_t>(max_chunk_numbers / numbers, 1, std::min(tiles, max_chunks));
    double work = static_cast<double>(s_.batch * s_.output[0] * s_.output[1] * s_.output[2]) *
                  static_cast<double>(numbers);
    auto threads = static_cast<int64_t>(std::clamp(work / 1e6, 1.0, static_cast<double>(num_threads())));
    int64_t parts = std::clamp<int64_t>(threads / (chunks * s_.groups), 1, in_channels_);
    int64_t units = chunks * s_.groups * parts;
    int64_t slots = std::min(threads, units);

    Array sums = Array::zeros({chunks, s_.groups, depth_, width_}, dtype_of<T>);
    int64_t lines = 0, band = 0;
    for (const Tile& tile : tiles_) lines = std::max(lines, tile.images * tile.rows * tile.columns);
    for (const Band& layout : bands_) band = std::max(band, layout.channel_step * layout.channels);
    int64_t slot_size = lines * width_ + band;
    Array buffer = Array::zeros({slots, slot_size}, dtype_of<T>);  // lanes beyond the channels stay 0
    parallel_for(slots, 1, [&](int64_t first, int64_t last) {
      for (int64_t slot = first; slot < last; ++slot) {
        T* own = buffer.data<T>() + slot * slot_size;
        for (int64_t unit = units * slot / slots; unit < units * (slot + 1) / slots; ++unit) {
          int64_t part = unit % parts, group = unit / parts % s_.groups, chunk = unit / parts / s_.groups;
          T* own_sums = sums.data<T>() + (chunk * s_.groups + group) * depth_ * width_;
          for (int64_t tile = tiles * chunk / chunks; tile < tiles * (chunk + 1) / chunks; ++tile) {
            run_tile(tiles_[static_cast<std::size_t>(tile)], group, in_channels_ * part / parts,
                     in_channels_ * (part + 1) / parts, own, own + lines * width_, own_sums);
          }
        }
      }
    });
    collect(sums.data<T>(), chunks, result);
  }

 private:
  /// How the band of a tile is laid out: [channel, image, tap along z, y, x].
  struct Band {
    int64_t images, rows, columns;  // of the tile
    BandAxis y, x;
    int64_t image_step, channel_step;
    int64_t channels;              ///< that fit
    std::vector<int64_t> offsets;  ///< of every tap of every channel
    std::vector<int64_t> lines;    ///< where the tile's rows begin

    Band(const Convolution& s, const Tile& tile)
        : images(tile.images),
          rows(tile.rows),
          columns(tile.columns),
          y(s, 1, tile.rows),
          x(s, 2, tile.columns) {
      image_step = s.kernel[0] * y.length * x.length;
      channel_step = tile.images * image_step;
      constexpr auto numbers = band_bytes / static_cast<int64_t>(sizeof(T));
      channels = std::clamp<int64_t>(numbers / channel_step, 1, s.in_channels / s.groups);
      for (int64_t image = 0; image < images; ++image) {
        for (int64_t row = 0; row < rows; ++row)
          lines.push_back(image * image_step + row * y.position_step * x.length);
      }
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t i = 0; i < s.kernel[0]; ++i) {
          for (int64_t j = 0; j < s.kernel[1]; ++j) {
            int64_t line = i * y.length + j * y.tap_step;
            for (int64_t k = 0; k < s.kernel[2]; ++k)
              offsets.push_back(c * channel_step + line * x.length + k * x.tap_step);
          }
        }
      }
    }
    bool fits(const Tile& tile) const {
      return images == tile.images && rows == tile.rows && columns == tile.columns;
    }
  };

  void find_tiles() {
    const auto& [planes, rows, columns] = s_.output;
    int64_t images = 1;
    if (planes == 1) images = std::clamp<int64_t>(tile_positions / (rows * columns), 1, s_.batch);
    auto parts_of = [](int64_t size, int64_t largest) { return (size + largest - 1) / largest; };
    int64_t column_parts = parts_of(columns, tile_positions);
    int64_t row_parts = parts_of(rows, std::max<int64_t>(1, tile_positions / columns));
    for (int64_t image = 0; image < s_.batch; image += images) {
      for (int64_t z = 0; z < planes; ++z) {
        for (int64_t i = 0; i < row_parts; ++i) {
          for (int64_t j = 0; j < column_parts; ++j) {
            int64_t y = rows * i / row_parts, x = columns * j / column_parts;
            Tile tile{image, std::min(images, s_.batch - image),   z, y, rows * (i + 1) / row_parts - y,
                      x,     columns * (j + 1) / column_parts - x, 0};
            while (tile.band < bands_.size() && !bands_[tile.band].fits(tile)) ++tile.band;
            if (tile.band == bands_.size()) bands_.emplace_back(s_, tile);
            tiles_.push_back(tile);
          }
        }
      }
    }
  }

  void run_tile(const Tile& tile, int64_t group, int64_t first, int64_t last, T* lines, T* band,
                T* sums) const {
    transpose_g(tile, group, lines);
    const Band& layout = bands_[tile.band];
    Positions positions{layout.lines, tile.columns, layout.x.position_step, width_};
    int64_t vectors = width_ / lanes<T>, cuts = (vectors + max_vectors - 1) / max_vectors;
    for (int64_t channel = first; channel < last; channel += layout.channels) {
      int64_t channels = std::min(layout.channels, last - channel);
      fill_band(tile, layout, group, channel, channels, band);
      for (int64_t cut = 0; cut < cuts; ++cut) {
        int64_t begin = vectors * cut / cuts, count = vectors * (cut + 1) / cuts - begin;
        for (int64_t row = 0; row < channels * taps_;) {
          int64_t rows = most_rows(count);
          if (rows > channels * taps_ - row) rows = 4;
          while (rows > channels * taps_ - row) rows /= 2;
          blocks::product_function<T>(rows, count)(
              lines + begin * lanes<T>, band, layout.offsets.data() + row, positions,
              sums + (channel * taps_ + row) * width_ + begin * lanes<T>, width_);
          row += rows;
        }
      }
    }
  }

  void transpose_g(const Tile& tile, int64_t group, T* lines) const {
    int64_t columns = s_.output[2], plane = s_.output[0] * s_.output[1] * columns;
    for (int64_t image = 0; image < tile.images; ++image) {
      int64_t channel = (tile.image + image) * s_.out_channels + group * out_channels_;
      const T* from = g_ + channel * plane + (tile.z * s_.output[1] + tile.y) * columns + tile.x;
      if (tile.columns == columns) {
        transpose(from, plane, lines, width_, out_channels_, tile.rows * columns);
        lines += tile.rows * columns * width_;
        continue;
      }
      for (int64_t row = 0; row < tile.rows; ++row) {
        transpose(from + row * columns, plane, lines, width_, out_channels_, tile.columns);
        lines += tile.columns * width_;
      }
    }
  }

  /// What the tile's positions read of some channels.
  void fill_band(const Tile& tile, const Band& layout, int64_t group, int64_t first, int64_t channels,
                 T* band) const {
    int64_t rows = s_.input[1], columns = s_.input[2], plane = s_.input[0] * rows * columns;
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t image = 0; image < tile.images; ++image) {
        int64_t channel = (tile.image + image) * s_.in_channels + group * in_channels_ + first + c;
        const T* source = input_ + channel * plane;
        for (int64_t tap = 0; tap < s_.kernel[0]; ++tap) {
          int64_t z = tile.z * s_.stride[0] + tap * s_.dilation[0] - s_.padding[0];
          for (int64_t i = 0; i < layout.y.length; ++i, band += layout.x.length) {
            int64_t y = place(layout.y, 1, tile.y, tile.rows, i);
            bool inside = z >= 0 && z < s_.input[0] && y >= 0 && y < rows;
            fill_line(layout.x, tile, inside ? source + (z * rows + y) * columns : nullptr, band);
          }
        }
      }
    }
  }

  /// The place of the input that entry `i` of a band's axis holds, for positions from `first` on.
  int64_t place(const BandAxis& axis, std::size_t dim, int64_t first, int64_t positions, int64_t i) const {
    int64_t start = first * s_.stride[dim] - s_.padding[dim];
    if (!axis.by_taps) return start + i;
    return start + i % positions * s_.stride[dim] + i / positions * s_.dilation[dim];
  }

  void fill_line(const BandAxis& axis, const Tile& tile, const T* source, T* band) const {
    if (source == nullptr) {
      std::fill_n(band, axis.length, T(0));
      return;
    }
    int64_t pieces = axis.by_taps ? s_.kernel[2] : 1, length = axis.length / pieces;
    int64_t step = axis.by_taps ? s_.stride[2] : 1;
    for (int64_t piece = 0; piece < pieces; ++piece, band += length) {
      int64_t start = place(axis, 2, tile.x, tile.columns, piece * length);
      LaneRange range = lanes_inside(start, step, s_.input[2], length);
      std::fill_n(band, range.begin, T(0));
      if (step == 1)
        std::copy(source + start + range.begin, source + start + range.end, band + range.begin);
      else
        for (int64_t i = range.begin; i < range.end; ++i) band[i] = source[start + i * step];
      std::fill(band + range.end, band + length, T(0));
    }
  }

  /// Adds the chunks and brings the result into its order.
  void collect(T* sums, int64_t chunks, T* result) const {
    int64_t size = s_.groups * depth_ * width_;
    for (int64_t chunk = 1; chunk < chunks; ++chunk) {
      const T* other = sums + chunk * size;
      for (int64_t i = 0; i < size; i += lanes<T>) store(load(sums + i) + load(other + i), sums + i);
    }
    for (int64_t group = 0; group < s_.groups; ++group)
      transpose(sums + group * depth_ * width_, width_, result + group * out_channels_ * depth_, depth_,
                depth_, out_channels_);
  }

  const Convolution& s_;
  const T* g_;
  const T* input_;
  int64_t in_channels_, out_channels_, taps_, depth_, width_;
  std::vector<Tile> tiles_;
  std::vector<Band> bands_;
};

}  // namespace

Array convolve_weight(const Convolution& s, const Array& g, const Array& input) {
  Array result(s.weight_shape(), g.dtype());
  if (result.numel() == 0) return result;
  if (g.numel() == 0) {
    fill(result, 0);
    return result;
  }
  Array gradient = contiguous(g), x = contiguous(input);
  dispatch_floating(g.dtype(), [&]<class T>(TypeTag<T>) {
    if (!convolve_weight_directly(s, gradient.data<T>(), x.data<T>(), result.data<T>()))
      WeightGradient<T>(s, gradient.data<T>(), x.data<T>()).run(result.data<T>());
  });
  return result;
}

}  // namespace xgrad::kernels
