#include <xgrad/autograd/kernels/scan.hpp>

#include <algorithm>
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

// log of sums of e^x ----------------------------------------------------------------------------------------

/// The largest x so far and the sum of e^(x - largest), for a set of lines side by side.
template <class T>
struct LogSum {
  Lanes<T> top;
  Lanes<T> sum;

  explicit LogSum(Lanes<T> x) : top(x), sum(T(1)) {}
  /// Takes in the next numbers, with one exponential: that of the smaller one's distance.
  Lanes<T> add(Lanes<T> x) {
    Mask<T> higher = x > top;
    Lanes<T> gap = select(higher, top - x, x - top);
    Lanes<T> e = exp(select(x == top, T(0), gap));  // equal infinities have no difference
    sum = select(higher, sum * e + T(1), sum + e);
    top = select(higher, x, top);
    return top + log(sum);
  }
};

/// Neighbouring lines, `width` of them, `step` elements from one number of a line to the next.
template <class T>
void logcumsumexp_lines(const T* x, T* y, std::int64_t length, std::int64_t step, std::int64_t width) {
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  for (std::int64_t first = 0; first < width; first += lanes) {
    std::int64_t count = std::min(lanes, width - first);
    auto read = [&](std::int64_t at) {
      return count == lanes ? load(x + at) : load_first(x + at, static_cast<std::size_t>(count));
    };
    LogSum<T> state(read(first));
    std::copy_n(x + first, count, y + first);
    for (std::int64_t i = 1; i < length; ++i) {
      std::int64_t at = first + i * step;
      Lanes<T> value = state.add(read(at));
      if (count == lanes)
        store(value, y + at);
      else
        store_first(value, y + at, static_cast<std::size_t>(count));
    }
  }
}

/// Lines after each other, at most as many as there are lanes, turned into neighbouring ones block by block.
template <class T>
void logcumsumexp_rows(const T* x, T* y, std::int64_t length, std::int64_t rows) {
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  constexpr std::int64_t block = 64;
  alignas(64) T turned[block * lanes] = {};
  for (std::int64_t r = 0; r < rows; ++r) turned[r] = x[r * length];
  LogSum<T> state(load(turned));
  for (std::int64_t r = 0; r < rows; ++r) y[r * length] = x[r * length];
  for (std::int64_t start = 1; start < length; start += block) {
    std::int64_t count = std::min(block, length - start);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t i = 0; i < count; ++i) turned[i * lanes + r] = x[r * length + start + i];
    }
    for (std::int64_t i = 0; i < count; ++i) store(state.add(load(turned + i * lanes)), turned + i * lanes);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t i = 0; i < count; ++i) y[r * length + start + i] = turned[i * lanes + r];
    }
  }
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

Array logcumsumexp(const Array& input, std::size_t dim) {
  Array x = contiguous(input);
  Array y = Array::empty_like(x);
  if (y.numel() == 0) return y;
  Lines lines(x.shape(), dim);
  dispatch_floating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
    lines.for_strips(lines.inner > 1 ? 8 * lanes : lanes, [&](std::int64_t from, std::int64_t width) {
      if (lines.inner > 1)
        logcumsumexp_lines<T>(x.data<T>() + from, y.data<T>() + from, lines.length, lines.inner, width);
      else
        logcumsumexp_rows<T>(x.data<T>() + from, y.data<T>() + from, lines.length, width);
    });
  });
  return y;
}

std::pair<Array, Array> cummax(const Array& x, std::size_t dim) { return running_extremes<Larger>(x, dim); }
std::pair<Array, Array> cummin(const Array& x, std::size_t dim) { return running_extremes<Smaller>(x, dim); }

}  // namespace xgrad::kernels
