#include <xgrad/autograd/kernels/scan.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

/// A row-major array as [outer, length, inner], the scan running over the middle.
struct Lines {
  std::int64_t outer = 1;
  std::int64_t length = 1;
  std::int64_t inner = 1;

  Lines(const Shape& shape, std::size_t dim) : length(shape[dim]) {
    for (std::size_t i = 0; i < dim; ++i) outer *= shape[i];
    for (std::size_t i = dim + 1; i < shape.size(); ++i) inner *= shape[i];
  }

  /// Calls strip(first element, width) for strips of neighbouring lines (inner > 1), or of lines that follow
  /// each other (inner == 1), on several threads when that pays.
  template <class Strip>
  void for_strips(std::int64_t most, const Strip& strip) const {
    std::int64_t side = inner > 1 ? inner : outer;
    std::int64_t strips = (side + most - 1) / most;
    std::int64_t blocks = inner > 1 ? outer : 1;
    std::int64_t step = inner > 1 ? 1 : length;
    std::int64_t work = length * std::min(side, most) + 1;
    parallel_for(blocks * strips, std::max<std::int64_t>(1, 16384 / work),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t s = begin; s < end; ++s) {
                     std::int64_t first = s % strips * most;
                     strip(s / strips * length * inner + first * step, std::min(most, side - first));
                   }
                 });
  }
};

constexpr std::int64_t strip_width = 512;  // neighbouring lines
constexpr std::int64_t row_count = 8;      // lines after each other: their sums do not wait for each other

// Scans whose result is all that they remember --------------------------------------------------------------

struct Sum {
  template <class C>
  static C next(C total, C x) {
    if constexpr (is_vector<C>)
      return total + x;
    else
      return static_cast<C>(static_cast<std::uint64_t>(total) + static_cast<std::uint64_t>(x));
  }
};
struct Product {
  template <class C>
  static C next(C product, C x) {
    if constexpr (is_vector<C>)
      return product * x;
    else
      return static_cast<C>(static_cast<std::uint64_t>(product) * static_cast<std::uint64_t>(x));
  }
};
struct Recurrence {
  template <class C>
  static C next(C y, C b, C link) {
    return b + link * y;
  }
};

/// `rows` lines after each other, the first at element `from`.
template <class Step, std::int64_t rows, class T, class... Rest>
void scan_rows(std::int64_t length, std::int64_t from, bool forward, T* to, const T* x, const Rest*... rest) {
  using C = std::conditional_t<is_vector<T>, double, T>;
  C state[rows];
  std::int64_t at = from + (forward ? 0 : length - 1);
  for (std::int64_t r = 0; r < rows; ++r) {
    state[r] = static_cast<C>(x[at + r * length]);
    to[at + r * length] = x[at + r * length];
  }
  for (std::int64_t i = 1; i < length; ++i) {
    at += forward ? 1 : -1;
    for (std::int64_t r = 0; r < rows; ++r) {
      std::int64_t place = at + r * length;
      state[r] = Step::next(state[r], static_cast<C>(x[place]), static_cast<C>(rest[place])...);
      to[place] = static_cast<T>(state[r]);
    }
  }
}

/// `width` neighbouring lines.
template <class Step, class T, class... Rest>
void scan_columns(const Lines& lines, std::int64_t from, std::int64_t width, bool forward, T* to, const T* x,
                  const Rest*... rest) {
  using C = std::conditional_t<is_vector<T>, double, T>;
  alignas(64) C state[strip_width];
  std::int64_t at = from + (forward ? 0 : (lines.length - 1) * lines.inner);
  for (std::int64_t j = 0; j < width; ++j) state[j] = static_cast<C>(x[at + j]);
  std::copy_n(x + at, width, to + at);
  for (std::int64_t i = 1; i < lines.length; ++i) {
    at += forward ? lines.inner : -lines.inner;
    for (std::int64_t j = 0; j < width; ++j) {
      state[j] = Step::next(state[j], static_cast<C>(x[at + j]), static_cast<C>(rest[at + j])...);
      to[at + j] = static_cast<T>(state[j]);
    }
  }
}

template <class Step, class T, class... Rest>
void scan(const Lines& lines, Direction direction, T* to, const T* x, const Rest*... rest) {
  bool forward = direction == Direction::forward;
  if (lines.inner > 1) {
    lines.for_strips(strip_width, [&](std::int64_t from, std::int64_t width) {
      scan_columns<Step>(lines, from, width, forward, to, x, rest...);
    });
    return;
  }
  lines.for_strips(row_count, [&](std::int64_t from, std::int64_t rows) {
    if (rows == row_count) {
      scan_rows<Step, row_count>(lines.length, from, forward, to, x, rest...);
      return;
    }
    for (std::int64_t r = 0; r < rows; ++r)
      scan_rows<Step, 1>(lines.length, from + r * lines.length, forward, to, x, rest...);
  });
}

template <class Step>
Array scan_of_numbers(const Array& input, std::size_t dim, Direction direction) {
  Array x = contiguous(input);
  Array y = Array::empty_like(x);
  if (y.numel() == 0) return y;
  Lines lines(x.shape(), dim);
  if (x.dtype() == float32)
    scan<Step>(lines, direction, y.data<float>(), x.data<float>());
  else if (x.dtype() == float64)
    scan<Step>(lines, direction, y.data<double>(), x.data<double>());
  else
    scan<Step>(lines, direction, y.data<std::int64_t>(), x.data<std::int64_t>());
  return y;
}

// Scans over lanes: of lines side by side, each step in one object ------------------------------------------

/// log of the running sums of e^x: the largest x so far, and the sum of e^(x - largest).
template <class T>
struct LogSum {
  Lanes<T> top{-std::numeric_limits<T>::infinity()};
  Lanes<T> sum{T(0)};

  /// Takes in the next numbers, with one exponential: that of the smaller one's distance.
  Lanes<T> next(Lanes<T> x) {
    Mask<T> higher = x > top;
    Lanes<T> gap = select(higher, top - x, x - top);
    Lanes<T> e = exp(select(x == top, T(0), gap));  // equal infinities have no difference
    sum = select(higher, sum * e + T(1), sum + e);
    top = select(higher, x, top);
    return top + log(sum);
  }
};

/// Its gradient, from behind: e^(x[i] - y[i]) times r[i] = g[i] + e^(y[i] - y[i + 1]) * r[i + 1].
template <class T>
struct LogSumGradient {
  Lanes<T> behind{std::numeric_limits<T>::infinity()};  // y[i + 1]
  Lanes<T> r{T(0)};

  Lanes<T> next(Lanes<T> g, Lanes<T> x, Lanes<T> y) {
    r = g + exp(select(y == behind, T(0), y - behind)) * r;
    behind = y;
    return exp(select(y == -std::numeric_limits<T>::infinity(), y, x - y)) * r;
  }
};

/// Neighbouring lines, `width` of them from element `from`.
template <template <class> class Step, class T, class... Inputs>
void scan_lanes_of_columns(const Lines& lines, std::int64_t from, std::int64_t width, bool forward, T* to,
                           const Inputs*... inputs) {
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  for (std::int64_t first = from; first < from + width; first += lanes) {
    std::int64_t count = std::min(lanes, from + width - first);
    Step<T> step;
    for (std::int64_t i = 0; i < lines.length; ++i) {
      std::int64_t at = first + (forward ? i : lines.length - 1 - i) * lines.inner;
      if (count == lanes) {
        store(step.next(load(inputs + at)...), to + at);
      } else {
        auto rest = static_cast<std::size_t>(count);
        store_first(step.next(load_first(inputs + at, rest)...), to + at, rest);
      }
    }
  }
}

/// Lines after each other, `rows` of them, at most as many as there are lanes: turned into neighbouring ones
/// block by block.
template <template <class> class Step, class T, class... Inputs>
void scan_lanes_of_rows(const Lines& lines, std::int64_t from, std::int64_t rows, bool forward, T* to,
                        const Inputs*... inputs) {
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  constexpr std::int64_t block = 64;
  constexpr std::size_t count = sizeof...(Inputs);
  alignas(64) T turned[count][block * lanes] = {};
  const std::array<const T*, count> sources{(inputs + from)...};
  Step<T> step;
  for (std::int64_t start = 0; start < lines.length; start += block) {
    std::int64_t size = std::min(block, lines.length - start);
    std::int64_t first = forward ? start : lines.length - start - size;
    for (std::size_t k = 0; k < count; ++k) {
      for (std::int64_t r = 0; r < rows; ++r) {
        const T* source = sources[k] + r * lines.length + first;
        for (std::int64_t i = 0; i < size; ++i) turned[k][i * lanes + r] = source[i];
      }
    }
    for (std::int64_t i = 0; i < size; ++i) {
      std::int64_t at = (forward ? i : size - 1 - i) * lanes;
      [&]<std::size_t... K>(std::index_sequence<K...>) {
        store(step.next(load(turned[K] + at)...), turned[0] + at);
      }(std::index_sequence_for<Inputs...>());
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      T* target = to + from + r * lines.length + first;
      for (std::int64_t i = 0; i < size; ++i) target[i] = turned[0][i * lanes + r];
    }
  }
}

/// Runs a Step over all lines of floating arrays of one shape.
template <template <class> class Step, class... Arrays>
Array scan_lanes(std::size_t dim, Direction direction, const Array& first, const Arrays&... others) {
  Array y(first.shape(), first.dtype());
  if (y.numel() == 0) return y;
  Lines lines(y.shape(), dim);
  bool forward = direction == Direction::forward;
  auto run = [&](const auto&... arrays) {
    dispatch_floating(y.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
      lines.for_strips(lines.inner > 1 ? 8 * lanes : lanes, [&](std::int64_t from, std::int64_t width) {
        if (lines.inner > 1) {
          scan_lanes_of_columns<Step, T>(lines, from, width, forward, y.data<T>(),
                                         static_cast<const T*>(arrays.template data<T>())...);
        } else {
          scan_lanes_of_rows<Step, T>(lines, from, width, forward, y.data<T>(),
                                      static_cast<const T*>(arrays.template data<T>())...);
        }
      });
    });
  };
  run(contiguous(first), contiguous(others)...);
  return y;
}

// Extremes --------------------------------------------------------------------------------------------------

/// A nan is taken, and nothing but a nan takes its place.
struct Larger {
  template <class T>
  static bool takes(T x, T best) {
    return x >= best || x != x;
  }
};
struct Smaller {
  template <class T>
  static bool takes(T x, T best) {
    return x <= best || x != x;
  }
};

template <class Order, class T>
void scan_extremes(const Lines& lines, const T* x, T* values, std::int64_t* places) {
  if (lines.inner == 1) {
    lines.for_strips(row_count, [&](std::int64_t from, std::int64_t rows) {
      for (std::int64_t start = from; start < from + rows * lines.length; start += lines.length) {
        T best = x[start];
        std::int64_t place = 0;
        for (std::int64_t i = 0; i < lines.length; ++i) {
          bool take = Order::takes(x[start + i], best);
          best = take ? x[start + i] : best;
          place = take ? i : place;
          values[start + i] = best;
          places[start + i] = place;
        }
      }
    });
    return;
  }
  lines.for_strips(strip_width, [&](std::int64_t from, std::int64_t width) {
    alignas(64) T best[strip_width];
    alignas(64) std::int64_t place[strip_width];
    std::copy_n(x + from, width, best);
    std::fill_n(place, width, 0);
    for (std::int64_t i = 0; i < lines.length; ++i) {
      std::int64_t at = from + i * lines.inner;
      for (std::int64_t j = 0; j < width; ++j) {
        bool take = Order::takes(x[at + j], best[j]);
        best[j] = take ? x[at + j] : best[j];
        place[j] = take ? i : place[j];
      }
      std::copy_n(best, width, values + at);
      std::copy_n(place, width, places + at);
    }
  });
}

template <class Order>
std::pair<Array, Array> running_extremes(const Array& input, std::size_t dim) {
  Array x = contiguous(input);
  Array values = Array::empty_like(x);
  Array places(x.shape(), int64);
  if (x.numel() == 0) return {values, places};
  Lines lines(x.shape(), dim);
  dispatch(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    scan_extremes<Order>(lines, x.data<T>(), values.data<T>(), places.data<std::int64_t>());
  });
  return {values, places};
}

}  // namespace

Array cumsum(const Array& x, std::size_t dim, Direction direction) {
  return scan_of_numbers<Sum>(x, dim, direction);
}
Array cumprod(const Array& x, std::size_t dim, Direction direction) {
  return scan_of_numbers<Product>(x, dim, direction);
}

Array linear_recurrence(const Array& b, const Array& link, std::size_t dim, Direction direction) {
  Array summands = contiguous(b);
  Array factors = contiguous(link);
  Array y = Array::empty_like(summands);
  if (y.numel() == 0) return y;
  Lines lines(y.shape(), dim);
  std::int64_t shift = direction == Direction::forward ? 0 : lines.inner;
  dispatch_floating(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* between = factors.data<T>() + shift;
    scan<Recurrence>(lines, direction, y.data<T>(), static_cast<const T*>(summands.data<T>()), between);
  });
  return y;
}

Array cumprod_backward(const Array& g, const Array& x, const Array& y, std::size_t dim) {
  Array result = linear_recurrence(g, x, dim, Direction::backward);
  if (result.numel() == 0) return result;
  Array products = contiguous(y);
  Lines lines(result.shape(), dim);
  std::int64_t block = (lines.length - 1) * lines.inner;  // numbers of one outer index but the first `inner`
  dispatch_floating(result.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(lines.outer, std::max<std::int64_t>(1, 32768 / (block + 1)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t o = begin; o < end; ++o) {
                     const T* before = products.data<T>() + o * (block + lines.inner);
                     T* to = result.data<T>() + o * (block + lines.inner) + lines.inner;
                     for (std::int64_t i = 0; i < block; ++i) to[i] *= before[i];
                   }
                 });
  });
  return result;
}

Array logcumsumexp(const Array& x, std::size_t dim) { return scan_lanes<LogSum>(dim, Direction::forward, x); }
Array logcumsumexp_backward(const Array& g, const Array& x, const Array& y, std::size_t dim) {
  return scan_lanes<LogSumGradient>(dim, Direction::backward, g, x, y);
}

std::pair<Array, Array> cummax(const Array& x, std::size_t dim) { return running_extremes<Larger>(x, dim); }
std::pair<Array, Array> cummin(const Array& x, std::size_t dim) { return running_extremes<Smaller>(x, dim); }

}  // namespace xgrad::kernels
