#include <algorithm>
#include <limits>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/padded_planes.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/pooling.hpp>
#include <xgrad/autograd/kernels/pooling_windows.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;

PaddedPlanes planes_of(const Pooling& p) {
  std::array<PaddedPlanes::Axis, 3> axes;
  for (std::size_t i = 0; i < 3; ++i)
    axes[i] = {p.input[i], p.stride[i], p.output[i], -p.padding[i],
               (p.kernel[i] - 1) * p.dilation[i] - p.padding[i]};
  return PaddedPlanes(axes);
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

/// The largest numbers so far and which taps they came from.
template <class T, bool Choices>
struct Best {
  Lanes<T> value, choice;

  [[gnu::always_inline]] void meet(Lanes<T> found, Lanes<T> tap) {
    Mask<T> better = (found > value) | (found != found);
    value = select(better, found, value);
    if constexpr (Choices) choice = select(better, tap, choice);
  }
};

/// The maxima of a plane, a register of columns at a time.
template <class T, bool Choices>
class MaxPool {
 public:
  explicit MaxPool(const Pooling& pooling)
      : p_(pooling), planes_(planes_of(pooling)), pairs_(are_pairs(pooling)) {
    for (int64_t i = 0; i < p_.kernel[0]; ++i) {
      for (int64_t j = 0; j < p_.kernel[1]; ++j) {
        for (int64_t k = 0; k < p_.kernel[2]; ++k)
          offsets_.push_back(
              planes_.offset({start(0, 0) + i * p_.dilation[0], start(1, 0) + j * p_.dilation[1],
                              start(2, 0) + k * p_.dilation[2]}));
      }
    }
    for (int64_t q = 0; q < p_.output[2] + lanes<T>; ++q)
      first_taps_.push_back(q < p_.output[2] ? static_cast<T>(first_tap(2, q)) : T(0));
  }

  int64_t scratch() const { return pairs_ ? 0 : planes_.size() + lanes<T>; }

  void run(const T* plane, T* result, std::uint8_t* choices, T* scratch) const {
    if (pairs_) return run_pairs(plane, result, choices);
    planes_.fill(plane, scratch, lowest);
    auto taps = static_cast<int64_t>(offsets_.size());
    for (int64_t z = 0; z < p_.output[0]; ++z) {
      for (int64_t y = 0; y < p_.output[1]; ++y) {
        const T* row = scratch + planes_.plane(z) + y * planes_.pitch();
        auto first = static_cast<T>((first_tap(0, z) * p_.kernel[1] + first_tap(1, y)) * p_.kernel[2]);
        for (int64_t q = 0; q < p_.output[2]; q += lanes<T>) {
          Best<T, Choices> best{Lanes<T>(lowest), load(first_taps_.data() + q) + first};
          Lanes<T> tap(T(0));
          for (int64_t k = 0; k < taps; ++k) {
            best.meet(load(row + offsets_[static_cast<std::size_t>(k)] + q), tap);
            tap = tap + T(1);
          }
          write(best, q, result, choices);
        }
        result += p_.output[2];
        if constexpr (Choices) choices += p_.output[2];
      }
    }
  }

 private:
  static constexpr T lowest = -std::numeric_limits<T>::infinity();

  int64_t start(std::size_t dim, int64_t q) const { return q * p_.stride[dim] - p_.padding[dim]; }
  /// The first tap of window q that lies inside.
  int64_t first_tap(std::size_t dim, int64_t q) const {
    return lanes_inside(start(dim, q), p_.dilation[dim], p_.input[dim], p_.kernel[dim]).begin;
  }

  void run_pairs(const T* plane, T* result, std::uint8_t* choices) const {
    int64_t columns = p_.output[2];
    for (int64_t z = 0; z < p_.output[0]; ++z) {
      for (int64_t y = 0; y < p_.output[1]; ++y) {
        for (int64_t q = 0; q < columns; q += lanes<T>) {
          int64_t count = std::min(lanes<T>, columns - q);
          Best<T, Choices> best{Lanes<T>(lowest), Lanes<T>(T(0))};
          Lanes<T> tap(T(0));
          for (int64_t i = 0; i < p_.kernel[0]; ++i) {
            const T* row =
                plane + ((z * p_.kernel[0] + i) * p_.input[1] + y * p_.kernel[1]) * p_.input[2] + 2 * q;
            for (int64_t j = 0; j < p_.kernel[1]; ++j, row += p_.input[2]) {
              Lanes<T> even, odd;
              load_interleaved(row, count, even, odd);
              best.meet(even, tap);
              tap = tap + T(1);
              best.meet(odd, tap);
              tap = tap + T(1);
            }
          }
          write(best, q, result, choices);
        }
        result += columns;
        if constexpr (Choices) choices += columns;
      }
    }
  }

  void write(const Best<T, Choices>& best, int64_t q, T* result, std::uint8_t* choices) const {
    int64_t count = std::min(lanes<T>, p_.output[2] - q);
    write_lanes(best.value, result + q, count);
    if constexpr (Choices) store_bytes(best.choice, choices + q, count);
  }

  const Pooling& p_;
  PaddedPlanes planes_;
  bool pairs_;
  std::vector<int64_t> offsets_;  ///< of all taps in the padded plane
  std::vector<T> first_taps_;     ///< for each column, the first tap inside
};

/// The maxima of all planes; `choices` may be null.
void run_max_pool(const Pooling& p, const Array& x, const Array& result, std::uint8_t* choices) {
  Array source = contiguous(x);
  int64_t planes = result.numel() / p.output_plane();
  auto run = [&]<class T, bool Choices>(TypeTag<T>, std::bool_constant<Choices>) {
    MaxPool<T, Choices> pool(p);
    for_each_plane<T>(p, planes, pool.scratch(), [&](int64_t i, T* scratch) {
      pool.run(source.data<T>() + i * p.input_plane(), result.data<T>() + i * p.output_plane(),
               Choices ? choices + i * p.output_plane() : nullptr, scratch);
    });
  };
  dispatch_floating(x.dtype(), [&](auto tag) {
    if (choices == nullptr)
      run(tag, std::false_type());
    else
      run(tag, std::true_type());
  });
}

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
  if (result.numel() > 0) run_max_pool(p, x, result, nullptr);
  return result;
}

std::pair<Array, Array> max_pool_choices(const Pooling& p, const Array& x) {
  Array result(p.output_shape(x.shape()), x.dtype());
  Array choices(result.shape(), DType::uint8);
  if (result.numel() > 0) run_max_pool(p, x, result, choices.data<std::uint8_t>());
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
