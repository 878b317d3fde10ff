#include <xgrad/autograd/kernels/convolution_direct.hpp>

#include <algorithm>
#include <vector>

#include <xgrad/autograd/kernels/padded_planes.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

// Lanes run along the rows of g and of the padded input. The sums of a few channels of g and a few taps stay
// in registers for a whole plane.

namespace xgrad::kernels {
namespace {

using std::int64_t;

constexpr int64_t max_channels = 4;
constexpr int taps_beside(int rows) { return rows == 4 ? XGRAD_MASKED_LANES ? 4 : 2 : 4; }

/// The positions of one plane: rows of `columns` numbers, in g one after the other, in the input `pitch`
/// apart.
struct Plane {
  int64_t rows, columns, pitch;
};

/// sums [Rows, sums_step] of registers, Taps in each row, += g [Rows] times the input at offsets [Taps].
template <int Rows, int Taps, class T>
void add_plane(const T* g, int64_t g_step, const T* input, const int64_t* offsets, const Plane& plane,
               T* sums, int64_t sums_step) {
  Lanes<T> totals[Rows * Taps];
  const T* places[Taps];
  unrolled<Taps>([&](auto tap) __attribute__((always_inline)) {
    places[tap] = input + offsets[tap];
    unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
      totals[row * Taps + tap] = load(sums + row * sums_step + tap * lanes<T>);
    });
  });
  auto add = [&](auto read, int64_t in_g, int64_t in_input) __attribute__((always_inline)) {
    Lanes<T> line[Rows];
    unrolled<Rows>([&](auto row)
                       __attribute__((always_inline)) { line[row] = read(g + row * g_step + in_g); });
    unrolled<Taps>([&](auto tap) __attribute__((always_inline)) {
      Lanes<T> numbers = read(places[tap] + in_input);
      unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
        totals[row * Taps + tap] = multiply_add(line[row], numbers, totals[row * Taps + tap]);
      });
    });
  };
  for (int64_t y = 0; y < plane.rows; ++y) {
    int64_t x = 0;
    for (; x + lanes<T> <= plane.columns; x += lanes<T>)
      add([](const T* from) { return load(from); }, y * plane.columns + x, y * plane.pitch + x);
    if (x == plane.columns) continue;
    auto rest = static_cast<std::size_t>(plane.columns - x);
    add([rest](const T* from) { return load_first(from, rest); }, y * plane.columns + x, y * plane.pitch + x);
  }
  unrolled<Taps>([&](auto tap) __attribute__((always_inline)) {
    unrolled<Rows>([&](auto row) __attribute__((always_inline)) {
      store(totals[row * Taps + tap], sums + row * sums_step + tap * lanes<T>);
    });
  });
}

template <class T>
using PlaneFunction = void (*)(const T*, int64_t, const T*, const int64_t*, const Plane&, T*, int64_t);

template <class T, int Rows>
PlaneFunction<T> plane_function(bool whole) {
  return whole ? &add_plane<Rows, taps_beside(Rows), T> : &add_plane<Rows, 1, T>;
}
template <class T>
PlaneFunction<T> plane_function(int64_t rows, bool whole) {
  if (rows == 4) return plane_function<T, 4>(whole);
  if (rows == 2) return plane_function<T, 2>(whole);
  return plane_function<T, 1>(whole);
}

PaddedPlanes planes_of(const Convolution& s) {
  std::array<PaddedPlanes::Axis, 3> axes;
  for (std::size_t i = 0; i < 3; ++i)
    axes[i] = {s.input[i], s.stride[i], s.output[i], -s.padding[i],
               (s.kernel[i] - 1) * s.dilation[i] - s.padding[i]};
  return PaddedPlanes(axes);
}

template <class T>
class DirectWeightGradient {
 public:
  DirectWeightGradient(const Convolution& shape, const PaddedPlanes& planes, const T* g, const T* input)
      : s_(shape),
        planes_(planes),
        in_channels_(s_.in_channels / s_.groups),
        out_channels_(s_.out_channels / s_.groups),
        depth_(in_channels_ * s_.taps()),
        g_(g),
        input_(input) {
    for (int64_t c = 0; c < in_channels_; ++c) {
      for (int64_t z = 0; z < s_.kernel[0]; ++z) {
        for (int64_t y = 0; y < s_.kernel[1]; ++y) {
          for (int64_t x = 0; x < s_.kernel[2]; ++x) {
            offsets_.push_back(c * planes_.size() + planes_.offset({z * s_.dilation[0] - s_.padding[0],
                                                                    y * s_.dilation[1] - s_.padding[1],
                                                                    x * s_.dilation[2] - s_.padding[2]}));
          }
        }
      }
    }
  }

  void run(T* result) const {
    double work = static_cast<double>(s_.batch * s_.out_channels * depth_) *
                  static_cast<double>(s_.output[0] * s_.output[1] * s_.output[2]);
    auto threads = static_cast<int64_t>(std::clamp(work / 1e5, 1.0, static_cast<double>(num_threads())));
    int64_t slots = std::min(threads, s_.groups);
    int64_t sums_size = out_channels_ * depth_ * lanes<T>;
    int64_t slot_size = sums_size + in_channels_ * planes_.size() + lanes<T>;
    Array buffer({slots, slot_size}, dtype_of<T>);
    parallel_for(slots, 1, [&](int64_t first, int64_t last) {
      for (int64_t slot = first; slot < last; ++slot) {
        T* sums = buffer.data<T>() + slot * slot_size;
        for (int64_t group = s_.groups * slot / slots; group < s_.groups * (slot + 1) / slots; ++group) {
          std::fill_n(sums, sums_size, T(0));
          for (int64_t image = 0; image < s_.batch; ++image) add_image(image, group, sums + sums_size, sums);
          for (int64_t i = 0; i < out_channels_ * depth_; ++i) {
            T total = T(0);
            for (int64_t lane = 0; lane < lanes<T>; ++lane) total += sums[i * lanes<T> + lane];
            result[group * out_channels_ * depth_ + i] = total;
          }
        }
      }
    });
  }

 private:
  void add_image(int64_t image, int64_t group, T* planes, T* sums) const {
    int64_t in_plane = s_.input[0] * s_.input[1] * s_.input[2];
    int64_t out_plane = s_.output[0] * s_.output[1] * s_.output[2];
    for (int64_t c = 0; c < in_channels_; ++c) {
      planes_.fill(input_ + ((image * s_.groups + group) * in_channels_ + c) * in_plane,
                   planes + c * planes_.size());
    }
    Plane plane{s_.output[1], s_.output[2], planes_.pitch()};
    for (int64_t z = 0; z < s_.output[0]; ++z) {
      const T* source = planes + planes_.plane(z);
      for (int64_t m = 0; m < out_channels_;) {
        int64_t rows = 4;
        while (rows > out_channels_ - m) rows /= 2;
        const T* g = g_ + ((image * s_.groups + group) * out_channels_ + m) * out_plane +
                     z * plane.rows * plane.columns;
        for (int64_t k = 0; k < depth_;) {
          int64_t taps = taps_beside(static_cast<int>(rows));
          bool whole = k + taps <= depth_;
          plane_function<T>(rows, whole)(g, out_plane, source, offsets_.data() + k, plane,
                                         sums + (m * depth_ + k) * lanes<T>, depth_ * lanes<T>);
          k += whole ? taps : 1;
        }
        m += rows;
      }
    }
  }

  const Convolution& s_;
  const PaddedPlanes& planes_;
  int64_t in_channels_, out_channels_, depth_;
  const T* g_;
  const T* input_;
  std::vector<int64_t> offsets_;  ///< of all channels and taps
};

}  // namespace

template <class T>
bool convolve_weight_directly(const Convolution& s, const T* g, const T* input, T* result) {
  // Lanes run along rows here, and over channels of g elsewhere: whichever wastes fewer of them.
  std::int64_t columns = s.output[2], channels = s.out_channels / s.groups;
  bool few = s.out_channels <= max_channels * s.groups;
  bool wasteful = 2 * channels * ((columns - 1) / lanes<T> + 1) > columns * ((channels - 1) / lanes<T> + 1);
  if (s.in_channels > max_channels * s.groups || (!few && wasteful)) return false;
  PaddedPlanes planes = planes_of(s);
  if (!planes.fits()) return false;
  DirectWeightGradient<T>(s, planes, g, input).run(result);
  return true;
}

template bool convolve_weight_directly(const Convolution&, const float*, const float*, float*);
template bool convolve_weight_directly(const Convolution&, const double*, const double*, double*);

}  // namespace xgrad::kernels
