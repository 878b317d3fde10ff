// Scans over lanes, lines side by side: the logarithms of running sums of e^x, and their gradient.

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/scan.hpp>
#include <xgrad/autograd/kernels/scan_lines.hpp>

namespace xgrad::kernels {
namespace {

using detail::Lines;

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

}  // namespace

Array logcumsumexp(const Array& x, std::size_t dim) { return scan_lanes<LogSum>(dim, Direction::forward, x); }
Array logcumsumexp_backward(const Array& g, const Array& x, const Array& y, std::size_t dim) {
  return scan_lanes<LogSumGradient>(dim, Direction::backward, g, x, y);
}

}  // namespace xgrad::kernels
