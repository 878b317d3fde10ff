#include <algorithm>
#include <limits>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/pooling.hpp>
#include <xgrad/autograd/kernels/pooling_windows.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;

template <class T>
constexpr int64_t lanes = static_cast<int64_t>(Lanes<T>::count);

/// The maxima of one plane, a register of columns at a time.
template <class T>
class MaxPool {
 public:
  explicit MaxPool(const Pooling& pooling) : p_(pooling) {
    int64_t columns = p_.output[2], taps = p_.kernel[2];
    for (int64_t q = 0; q < columns; q += lanes<T>) {
      for (int64_t k = 0; k < taps; ++k)
        ranges_.push_back(lanes_inside(start(2, q) + k * p_.dilation[2], p_.stride[2], p_.input[2],
                                       std::min(lanes<T>, columns - q)));
    }
    for (int64_t q = 0; q < columns + lanes<T>; ++q)
      first_taps_.push_back(q < columns ? static_cast<T>(taps_inside(2, q).begin) : T(0));
  }

  template <bool Choices>
  void run(const T* plane, T* result, std::uint8_t* choices) const {
    int64_t columns = p_.output[2];
    for (int64_t z = 0; z < p_.output[0]; ++z) {
      for (int64_t y = 0; y < p_.output[1]; ++y) {
        LaneRange planes = taps_inside(0, z), rows = taps_inside(1, y);
        const T* corner = plane + (start(0, z) * p_.input[1] + start(1, y)) * p_.input[2] + start(2, 0);
        for (int64_t q = 0; q < columns; q += lanes<T>) {
          int64_t count = std::min(lanes<T>, columns - q);
          if (p_.stride[2] == 2)
            run_lanes<Choices>(corner, planes, rows, q, 2, count, result + q, choices);
          else
            run_lanes<Choices>(corner, planes, rows, q, p_.stride[2], count, result + q, choices);
          if constexpr (Choices) choices += count;
        }
        result += columns;
      }
    }
  }

 private:
  int64_t start(std::size_t dim, int64_t q) const { return q * p_.stride[dim] - p_.padding[dim]; }
  /// The taps of window q that lie inside.
  LaneRange taps_inside(std::size_t dim, int64_t q) const {
    return lanes_inside(start(dim, q), p_.dilation[dim], p_.input[dim], p_.kernel[dim]);
  }

  template <bool Choices>
  [[gnu::always_inline]] void run_lanes(const T* corner, LaneRange planes, LaneRange rows, int64_t q,
                                        int64_t stride, int64_t count, T* result,
                                        std::uint8_t* choices) const {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    int64_t taps = p_.kernel[2], dilation = p_.dilation[2];
    const LaneRange* ranges = ranges_.data() + q / lanes<T> * taps;
    Lanes<T> best(lowest), choice;
    if constexpr (Choices)
      choice =
          load(first_taps_.data() + q) + static_cast<T>((planes.begin * p_.kernel[1] + rows.begin) * taps);
    for (int64_t i = planes.begin; i < planes.end; ++i) {
      for (int64_t j = rows.begin; j < rows.end; ++j) {
        const T* row =
            corner + (i * p_.dilation[0] * p_.input[1] + j * p_.dilation[1]) * p_.input[2] + q * stride;
        auto number = static_cast<T>((i * p_.kernel[1] + j) * taps);
        for (int64_t k = 0; k < taps; ++k) {
          Lanes<T> found = load_lanes(row + k * dilation, stride, ranges[k], lowest);
          Mask<T> better = (found > best) | (found != found);
          best = select(better, found, best);
          if constexpr (Choices) choice = select(better, Lanes<T>(number + static_cast<T>(k)), choice);
        }
      }
    }
    write_lanes(best, result, count);
    if constexpr (Choices) store_bytes(choice, choices, count);
  }

  const Pooling& p_;
  std::vector<LaneRange> ranges_;  ///< for each register of columns, of each tap: the lanes inside
  std::vector<T> first_taps_;      ///< for each column, the first tap inside
};

/// For every choice the distance of its place from the window's start, in elements.
std::vector<int64_t> distances(const Pooling& p) {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < p.kernel[0]; ++i) {
    for (int64_t j = 0; j < p.kernel[1]; ++j) {
      for (int64_t k = 0; k < p.kernel[2]; ++k)
        all.push_back((i * p.dilation[0] * p.input[1] + j * p.dilation[1]) * p.input[2] + k * p.dilation[2]);
    }
  }
  return all;
}

/// Calls function(place in the input plane, place in the output plane) for the choices of a plane.
template <class Function>
void for_each_choice(const Pooling& p, const std::vector<int64_t>& distance, const std::uint8_t* choices,
                     const Function& function) {
  int64_t i = 0;
  for (int64_t z = 0; z < p.output[0]; ++z) {
    for (int64_t y = 0; y < p.output[1]; ++y) {
      int64_t line = (z * p.stride[0] - p.padding[0]) * p.input[1] + y * p.stride[1] - p.padding[1];
      int64_t place = line * p.input[2] - p.padding[2];
      for (int64_t x = 0; x < p.output[2]; ++x, ++i, place += p.stride[2])
        function(place + distance[choices[i]], i);
    }
  }
}

/// Windows side by side, two columns wide: every place belongs to at most one.
bool are_pairs(const Pooling& p) {
  bool apart = p.kernel[2] == 2;
  for (std::size_t i = 0; i < 3; ++i) {
    apart &= p.stride[i] == p.kernel[i] && p.padding[i] == 0 && p.dilation[i] == 1 &&
             p.output[i] * p.kernel[i] <= p.input[i];
  }
  return apart;
}

template <class T>
void spread_pairs(const Pooling& p, const T* g, const std::uint8_t* choices, T* plane) {
  int64_t columns = p.output[2];
  bool covers = true;
  for (std::size_t i = 0; i < 3; ++i) covers &= p.output[i] * p.kernel[i] == p.input[i];
  if (!covers) std::fill_n(plane, p.input_plane(), T(0));
  for (int64_t z = 0; z < p.output[0]; ++z) {
    for (int64_t y = 0; y < p.output[1]; ++y, g += columns, choices += columns) {
      for (int64_t q = 0; q < columns; q += lanes<T>) {
        int64_t count = std::min(lanes<T>, columns - q);
        Lanes<T> numbers = read_lanes(g + q, count), choice = load_bytes<T>(choices + q, count);
        int64_t tap = 0;
        for (int64_t i = 0; i < p.kernel[0]; ++i) {
          for (int64_t j = 0; j < p.kernel[1]; ++j, tap += 2) {
            Lanes<T> even = select(choice == static_cast<T>(tap), numbers, T(0));
            Lanes<T> odd = select(choice == static_cast<T>(tap + 1), numbers, T(0));
            int64_t line = (z * p.kernel[0] + i) * p.input[1] + y * p.kernel[1] + j;
            store_interleaved(even, odd, plane + line * p.input[2] + 2 * q, count);
          }
        }
      }
    }
  }
}

}  // namespace

bool has_small_windows(const Pooling& p) {
  constexpr int64_t limit = 256;  // numbers of a byte
  int64_t taps = 1;
  for (int64_t size : p.kernel) {
    if (size > limit) return false;
    taps *= size;
  }
  return taps <= limit && !p.adaptive;
}

Array max_pool(const Pooling& p, const Array& x) {
  Array result(p.output_shape(x.shape()), x.dtype());
  if (result.numel() == 0) return result;
  Array source = contiguous(x);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    MaxPool<T> pool(p);
    parallel_for(result.numel() / p.output_plane(), planes_grain(p), [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) {
        pool.template run<false>(source.data<T>() + plane * p.input_plane(),
                                 result.data<T>() + plane * p.output_plane(), nullptr);
      }
    });
  });
  return result;
}

std::pair<Array, Array> max_pool_choices(const Pooling& p, const Array& x) {
  Array result(p.output_shape(x.shape()), x.dtype());
  Array choices(result.shape(), DType::uint8);
  if (result.numel() == 0) return {result, choices};
  Array source = contiguous(x);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    MaxPool<T> pool(p);
    parallel_for(result.numel() / p.output_plane(), planes_grain(p), [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) {
        pool.template run<true>(source.data<T>() + plane * p.input_plane(),
                                result.data<T>() + plane * p.output_plane(),
                                choices.data<std::uint8_t>() + plane * p.output_plane());
      }
    });
  });
  return {result, choices};
}

Array spread_choices(const Pooling& p, const Array& g, const Array& choices) {
  Array result(p.input_shape(g.shape()), g.dtype());
  if (result.numel() == 0) return result;
  Array source = contiguous(g);
  std::vector<int64_t> distance = distances(p);
  bool pairs = are_pairs(p);
  dispatch_floating(g.dtype(), [&]<class T>(TypeTag<T>) {
    parallel_for(result.numel() / p.input_plane(), planes_grain(p), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        T* plane = result.data<T>() + i * p.input_plane();
        const T* numbers = source.data<T>() + i * p.output_plane();
        const std::uint8_t* own = choices.data<std::uint8_t>() + i * p.output_plane();
        if (pairs) {
          spread_pairs(p, numbers, own, plane);
          continue;
        }
        std::fill_n(plane, p.input_plane(), T(0));
        for_each_choice(p, distance, own, [=](int64_t to, int64_t from) { plane[to] += numbers[from]; });
      }
    });
  });
  return result;
}

Array pick_choices(const Pooling& p, const Array& x, const Array& choices) {
  Array result(choices.shape(), x.dtype());
  if (result.numel() == 0) return result;
  Array source = contiguous(x);
  std::vector<int64_t> distance = distances(p);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    parallel_for(result.numel() / p.output_plane(), planes_grain(p), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* plane = source.data<T>() + i * p.input_plane();
        T* numbers = result.data<T>() + i * p.output_plane();
        for_each_choice(p, distance, choices.data<std::uint8_t>() + i * p.output_plane(),
                        [=](int64_t from, int64_t to) { numbers[to] = plane[from]; });
      }
    });
  });
  return result;
}

Array choice_places(const Pooling& p, const Array& choices) {
  Array result(choices.shape(), DType::int64);
  if (result.numel() == 0) return result;
  std::vector<int64_t> distance = distances(p);
  parallel_for(result.numel() / p.output_plane(), planes_grain(p), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t* places = result.data<int64_t>() + i * p.output_plane();
      for_each_choice(p, distance, choices.data<std::uint8_t>() + i * p.output_plane(),
                      [=](int64_t from, int64_t to) { places[to] = from; });
    }
  });
  return result;
}

}  // namespace xgrad::kernels
