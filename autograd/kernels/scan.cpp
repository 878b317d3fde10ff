#include <xgrad/autograd/kernels/scan.hpp>

#include <algorithm>
#include <type_traits>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/kernels/scan_lines.hpp>

namespace xgrad::kernels {
namespace {

using detail::Lines;

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

std::pair<Array, Array> cummax(const Array& x, std::size_t dim) { return running_extremes<Larger>(x, dim); }
std::pair<Array, Array> cummin(const Array& x, std::size_t dim) { return running_extremes<Smaller>(x, dim); }

}  // namespace xgrad::kernels
