#include <xgrad/autograd/kernels/correlation.hpp>

#include <algorithm>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/kernels/correlation_blocks.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

// A matrix product: weights [channels of the result, depth] times the source seen as [depth, positions],
// where depth runs over taps and channels of the source. The positions of all images stand in one row, cut
// into panels of three registers; a panel of the source is gathered into the first cache and multiplied by
// all weights, block by block, the sums of a block staying in registers.

namespace xgrad::kernels {
namespace {

using std::int64_t;

using blocks::Ahead;
using blocks::Block;
using blocks::panel_width;

/// The part of the depth that is packed and multiplied at a time.
constexpr int64_t max_depth = 192;
/// Panels that share a pass over the weights.
constexpr int64_t max_tile = 4;

/// A run of positions along one row of one image, in consecutive lanes of a panel.
struct Piece {
  int64_t image, z, y, x;
  int64_t lane, count;
};

template <class T>
class PackedCorrelation {
 public:
  PackedCorrelation(const Correlation& correlation, const T* source, const T* weight, const T* bias,
                    T* result)
      : c_(correlation),
        source_(source),
        bias_(bias),
        result_(result),
        taps_(correlation.taps()),
        depth_(static_cast<int64_t>(taps_.size()) * correlation.source_channels),
        positions_(correlation.batch * correlation.positions()) {
    rows_are_whole_ = true;
    for (const CorrelationAxis& axis : c_.axes)
      rows_are_whole_ &= axis.result_step == 1 && axis.positions == axis.result_size;
    pack_weight(weight);
  }

  void run() {
    int64_t panels = (positions_ + panel_width<T> - 1) / panel_width<T>;
    double work = static_cast<double>(positions_) * static_cast<double>(depth_ + 16) *
                  static_cast<double>(c_.result_channels * c_.groups);
    auto threads = static_cast<int64_t>(std::clamp(work / 1e6, 1.0, static_cast<double>(num_threads())));
    // Any cut gives the same numbers: a sum's order is that of the depth.
    int64_t tile = std::clamp<int64_t>(panels * c_.groups / (4 * threads), 1, max_tile);
    int64_t tiles = (panels + tile - 1) / tile;
    int64_t parts = std::clamp<int64_t>(threads / (tiles * c_.groups), 1,
                                        (c_.result_channels + blocks::max_rows - 1) / blocks::max_rows);
    int64_t part_rows = ((c_.result_channels + parts - 1) / parts + blocks::max_rows - 1) / blocks::max_rows *
                        blocks::max_rows;
    int64_t units = tiles * c_.groups * parts;
    int64_t slots = std::min(threads, units);
    // A slot holds the panels of a tile and, for those that are not written in one piece, their sums.
    int64_t panel_size = (std::min(depth_, max_depth) + part_rows) * panel_width<T>;
    Array buffer({slots, tile * panel_size}, dtype_of<T>);
    parallel_for(slots, 1, [&](int64_t first, int64_t last) {
      for (int64_t slot = first; slot < last; ++slot) {
        T* own = buffer.data<T>() + slot * tile * panel_size;
        for (int64_t unit = units * slot / slots; unit < units * (slot + 1) / slots; ++unit) {
          int64_t part = unit % parts, group = unit / parts / tiles;
          int64_t panel = unit / parts % tiles * tile;
          run_tile(group, panel, std::min(panels, panel + tile), part * part_rows,
                   std::min(c_.result_channels, (part + 1) * part_rows), own);
        }
      }
    });
  }

 private:
  /// Block by block of rows, each [depth, rows].
  void pack_weight(const T* weight) {
    packed_ = Array({c_.groups, c_.result_channels, depth_}, dtype_of<T>);
    int64_t blocks = (c_.result_channels + blocks::max_rows - 1) / blocks::max_rows;
    int64_t grain = std::max<int64_t>(1, 65536 / (blocks::max_rows * std::max<int64_t>(1, depth_)));
    parallel_for(c_.groups * blocks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t group = i / blocks, first = i % blocks * blocks::max_rows;
        int64_t last = std::min(first + blocks::max_rows, c_.result_channels);
        for (int64_t row = first; row < last;) {
          int64_t rows = blocks::rows_of_block(last - row);
          pack_rows(weight + group * c_.weight_group_step + row * c_.weight_result_step, rows,
                    packed_.data<T>() + (group * c_.result_channels + row) * depth_);
          row += rows;
        }
      }
    });
  }

  void pack_rows(const T* weight, int64_t rows, T* to) const {
    for (const Correlation::Tap& tap : taps_) {
      for (int64_t c = 0; c < c_.source_channels; ++c) {
        const T* from = weight + tap.weight + c * c_.weight_source_step;
        for (int64_t row = 0; row < rows; ++row) *to++ = from[row * c_.weight_result_step];
      }
    }
  }

  /// What a panel reads that the panel before it did not: the cache lines [begin, end) of every channel, one
  /// line of all channels after the other. So many of them are asked for as there are products to hide
  /// behind.
  struct NextReads {
    const T* first = nullptr;
    int64_t plane = 0, channels = 0, begin = 0, end = 0, channel = 0;

    Ahead<T> take(int64_t most) {
      if (begin >= end) return {nullptr, 0, 0};
      Ahead<T> ahead{first + channel * plane + begin, plane, std::min(most, channels - channel)};
      channel += ahead.count;
      if (channel == channels) {
        channel = 0;
        begin += static_cast<int64_t>(64 / sizeof(T));
      }
      return ahead;
    }
  };

  NextReads next_reads(int64_t group, int64_t panel) const {
    if (panel * panel_width<T> >= positions_ || depth_ == 0) return {};
    Piece pieces[panel_width<T>];
    const Piece& last = pieces[find_pieces(panel, pieces) - 1];
    // The place that the last tap reads at a position, counted in the plane; other taps read before it.
    auto place = [&](const Piece& piece, int64_t x) {
      auto clamped = [](const CorrelationAxis& axis, int64_t position) {
        return std::clamp<int64_t>(position * axis.step + axis.taps.back().offset, 0, axis.source_size - 1);
      };
      int64_t line = clamped(c_.axes[0], piece.z) * c_.axes[1].source_size + clamped(c_.axes[1], piece.y);
      return line * c_.axes[2].source_size + clamped(c_.axes[2], x);
    };
    bool starts = pieces[0].image != last.image || (pieces[0].z == 0 && pieces[0].y == 0);
    NextReads reads;
    reads.plane = c_.source_plane();
    reads.channels = c_.source_channels;
    reads.first = source_ + (last.image * c_.groups + group) * reads.channels * reads.plane;
    reads.begin = starts ? 0 : place(pieces[0], pieces[0].x);
    reads.end = place(last, last.x + last.count - 1) + 1;
    return reads;
  }

  void run_tile(int64_t group, int64_t first, int64_t last, int64_t row_begin, int64_t row_end, T* buffer) {
    Piece pieces[max_tile][panel_width<T>];
    int64_t counts[max_tile];
    for (int64_t panel = first; panel < last; ++panel)
      counts[panel - first] = find_pieces(panel, pieces[panel - first]);
    int64_t panel_depth = std::min(depth_, max_depth);
    int64_t panel_size = (panel_depth + row_end - row_begin) * panel_width<T>;
    for (int64_t begin = 0; begin == 0 || begin < depth_; begin += max_depth) {
      int64_t end = std::min(depth_, begin + max_depth);
      for (int64_t panel = first; panel < last; ++panel) {
        int64_t at = panel - first;
        T* packed = buffer + at * panel_size;
        pack_panel(group, pieces[at], counts[at], begin, end, packed);
        NextReads reads = begin == 0 ? next_reads(group, panel + 1) : NextReads();
        multiply_panel(group, pieces[at], counts[at], begin, end, packed, row_begin, row_end, reads,
                       packed + panel_depth * panel_width<T>);
      }
    }
  }

  int64_t find_pieces(int64_t panel, Piece* pieces) const {
    int64_t position = panel * panel_width<T>;
    int64_t left = std::min(panel_width<T>, positions_ - position);
    int64_t columns = c_.axes[2].positions, rows = c_.axes[1].positions, planes = c_.axes[0].positions;
    int64_t x = position % columns;
    int64_t y = position / columns % rows;
    int64_t z = position / (columns * rows) % planes;
    int64_t image = position / (columns * rows * planes);
    int64_t count = 0, lane = 0;
    while (left > 0) {
      int64_t length = std::min(left, columns - x);
      pieces[count++] = {image, z, y, x, lane, length};
      lane += length;
      left -= length;
      x = 0;
      if (++y < rows) continue;
      y = 0;
      if (++z < planes) continue;
      z = 0;
      ++image;
    }
    return count;
  }

  /// Rows `begin` to `end` of the depth, for the positions of a panel.
  void pack_panel(int64_t group, const Piece* pieces, int64_t count, int64_t begin, int64_t end,
                  T* panel) const {
    int64_t channels = c_.source_channels, plane = c_.source_plane();
    const auto& [axis_z, axis_y, axis_x] = c_.axes;
    for (const Piece* piece = pieces; piece < pieces + count; ++piece) {
      const T* image = source_ + (piece->image * c_.groups + group) * channels * plane;
      for (int64_t part = 0; part < piece->count; part += lanes<T>) {
        int64_t width = std::min(lanes<T>, piece->count - part);
        int64_t lane = piece->lane + part;
        // What is written beyond the width is overwritten by the next piece.
        bool whole = lane + lanes<T> <= panel_width<T>;
        for (int64_t k = begin; k < end;) {
          const Correlation::Tap& tap = taps_[static_cast<std::size_t>(k / channels)];
          int64_t channel = k % channels;
          int64_t run = std::min(channels - channel, end - k);
          T* to = panel + (k - begin) * panel_width<T> + lane;
          k += run;
          int64_t z = piece->z * axis_z.step + tap.offset[0];
          int64_t y = piece->y * axis_y.step + tap.offset[1];
          int64_t x = (piece->x + part) * axis_x.step + tap.offset[2];
          LaneRange range = lanes_inside(x, axis_x.step, axis_x.source_size, width);
          if (z < 0 || z >= axis_z.source_size || y < 0 || y >= axis_y.source_size) range = {0, 0};
          const T* from = image + channel * plane + (z * axis_y.source_size + y) * axis_x.source_size + x;
          auto copy = [&](auto read) {
            if (whole) {
              int64_t c = 0;
              for (; c + 4 <= run; c += 4) {  // reads first: a write may lie on a later read's cache line
                Lanes<T> lines[4];
                for (int i = 0; i < 4; ++i) lines[i] = read(from + (c + i) * plane);
                for (int i = 0; i < 4; ++i) store(lines[i], to + (c + i) * panel_width<T>);
              }
              for (; c < run; ++c) store(read(from + c * plane), to + c * panel_width<T>);
            } else {
              for (int64_t c = 0; c < run; ++c)
                store_first(read(from + c * plane), to + c * panel_width<T>, static_cast<std::size_t>(width));
            }
          };
          if (range.empty())
            copy([](const T*) { return Lanes<T>(T(0)); });
          else if (axis_x.step == 1)
            copy([=](const T* line) { return load_lanes(line, 1, range); });
          else
            copy([=, step = axis_x.step](const T* line) { return load_lanes(line, step, range); });
        }
      }
    }
  }

  /// Adds the products of a panel to the result or, where its positions are not one piece of a row there, to
  /// `sums`, which are written when the depth has been gone through.
  void multiply_panel(int64_t group, const Piece* pieces, int64_t count, int64_t begin, int64_t end,
                      const T* panel, int64_t row_begin, int64_t row_end, NextReads& reads, T* sums) const {
    const Piece& last_piece = pieces[count - 1];
    int64_t width = last_piece.lane + last_piece.count;
    int64_t vectors = (width + lanes<T> - 1) / lanes<T>;
    bool in_place = rows_are_whole_ && pieces[0].image == last_piece.image;
    int64_t channel = group * c_.result_channels + row_begin;
    Block<T> block{sums, panel_width<T>, nullptr, begin > 0, lanes<T>};
    if (in_place) {
      block.data = address(pieces[0], channel);
      block.row_step = c_.result_plane();
      block.last = width - (vectors - 1) * lanes<T>;
    }
    for (int64_t row = row_begin; row < row_end;) {
      int64_t rows = blocks::rows_of_block(row_end - row);
      if (bias_ != nullptr) block.bias = bias_ + group * c_.result_channels + row;
      const T* weight = packed_.data<T>() + (group * c_.result_channels + row) * depth_ + begin * rows;
      blocks::panel_function<T>(rows, vectors)(weight, panel, end - begin, reads.take(end - begin), block);
      block.data += rows * block.row_step;
      row += rows;
    }
    if (in_place || end < depth_) return;
    for (const Piece* piece = pieces; piece < pieces + count; ++piece)
      write_piece(*piece, channel, row_end - row_begin, sums + piece->lane);
  }

  void write_piece(const Piece& piece, int64_t channel, int64_t rows, const T* sums) const {
    T* to = address(piece, channel);
    int64_t step = c_.axes[2].result_step;
    for (int64_t row = 0; row < rows; ++row, to += c_.result_plane(), sums += panel_width<T>) {
      if (step != 1) {
        for (int64_t i = 0; i < piece.count; ++i) to[i * step] = sums[i];
        continue;
      }
      for (int64_t i = 0; i < piece.count; i += lanes<T>) {
        LaneRange range{0, std::min(lanes<T>, piece.count - i)};
        write_lanes(load_lanes(sums + i, 1, range), to + i, range.end);
      }
    }
  }

  /// The first position of a piece in a channel (of all groups) of the result.
  T* address(const Piece& piece, int64_t channel) const {
    auto place = [](const CorrelationAxis& axis, int64_t position) {
      return axis.result_begin + position * axis.result_step;
    };
    int64_t line = place(c_.axes[0], piece.z) * c_.axes[1].result_size + place(c_.axes[1], piece.y);
    return result_ + (piece.image * c_.groups * c_.result_channels + channel) * c_.result_plane() +
           line * c_.axes[2].result_size + place(c_.axes[2], piece.x);
  }

  const Correlation& c_;
  const T* source_;
  const T* bias_;
  T* result_;
  std::vector<Correlation::Tap> taps_;
  int64_t depth_;
  int64_t positions_;
  bool rows_are_whole_;
  Array packed_;
};

}  // namespace

std::vector<Correlation::Tap> Correlation::taps() const {
  std::vector<Tap> all;
  all.reserve(axes[0].taps.size() * axes[1].taps.size() * axes[2].taps.size());
  for (const auto& z : axes[0].taps) {
    for (const auto& y : axes[1].taps) {
      for (const auto& x : axes[2].taps) {
        all.push_back({{z.offset, y.offset, x.offset},
                       z.place * tap_steps[0] + y.place * tap_steps[1] + x.place * tap_steps[2]});
      }
    }
  }
  return all;
}

template <class T>
void correlate(const Correlation& correlation, const T* source, const T* weight, const T* bias, T* result) {
  if (correlation.batch * correlation.positions() * correlation.groups * correlation.result_channels == 0)
    return;
  if (correlate_directly(correlation, source, weight, bias, result)) return;
  PackedCorrelation<T>(correlation, source, weight, bias, result).run();
}

template void correlate(const Correlation&, const float*, const float*, const float*, float*);
template void correlate(const Correlation&, const double*, const double*, const double*, double*);
template void correlate(const Correlation&, const int64_t*, const int64_t*, const int64_t*, int64_t*);

}  // namespace xgrad::kernels
