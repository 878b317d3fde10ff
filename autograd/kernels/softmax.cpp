#include <xgrad/autograd/kernels/softmax.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

/// Folds step(lanes) over a row; what lies beyond its end counts as `neutral`.
template <class T, class Step, class Join>
T fold(std::int64_t count, T neutral, const Step& step, const Join& join) {
  constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
  Lanes<T> even(neutral);
  Lanes<T> odd(neutral);
  std::int64_t i = 0;
  for (; i + 2 * width <= count; i += 2 * width) {
    even = join(even, step(i, width));
    odd = join(odd, step(i + width, width));
  }
  for (; i + width <= count; i += width) even = join(even, step(i, width));
  alignas(64) T lanes[Lanes<T>::count];
  store(join(even, odd), lanes);
  for (std::size_t half = Lanes<T>::count / 2; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) {
      alignas(64) T pair[Lanes<T>::count];
      store(join(Lanes<T>(lanes[k]), Lanes<T>(lanes[k + half])), pair);
      lanes[k] = pair[0];
    }
  }
  T result = lanes[0];
  if (i < count) {
    alignas(64) T rest[Lanes<T>::count];
    store(step(i, count - i), rest);
    for (std::int64_t k = 0; k < count - i; ++k) {
      alignas(64) T pair[Lanes<T>::count];
      store(join(Lanes<T>(result), Lanes<T>(rest[k])), pair);
      result = pair[0];
    }
  }
  return result;
}

template <class T>
Lanes<T> read(const T* x, std::int64_t i, std::int64_t count) {
  return count == static_cast<std::int64_t>(Lanes<T>::count)
             ? load(x + i)
             : load_first(x + i, static_cast<std::size_t>(count));
}
template <class T>
void write(Lanes<T> lanes, T* y, std::int64_t i, std::int64_t count) {
  if (count == static_cast<std::int64_t>(Lanes<T>::count))
    store(lanes, y + i);
  else
    store_first(lanes, y + i, static_cast<std::size_t>(count));
}

constexpr auto plus = [](auto a, auto b) { return a + b; };
constexpr auto larger = [](auto a, auto b) { return maximum(a, b); };

template <class T>
T row_max(const T* x, std::int64_t count) {
  return fold<T>(
      count, -std::numeric_limits<T>::infinity(),
      [x](std::int64_t i, std::int64_t n) { return read(x, i, n); }, larger);
}

/// y[i] = formula(i) along a row.
template <class T, class Formula>
void fill_row(T* y, std::int64_t count, const Formula& formula) {
  constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
  for (std::int64_t i = 0; i < count; i += width) {
    std::int64_t n = std::min(width, count - i);
    write(formula(i, n), y, i, n);
  }
}

template <class T>
void softmax_row(const T* x, T* y, std::int64_t count) {
  T top = row_max(x, count);
  T sum = fold<T>(
      count, T(0),
      [=](std::int64_t i, std::int64_t n) {
        Lanes<T> e = exp(read(x, i, n) - top);
        write(e, y, i, n);
        return e;
      },
      plus);
  T scale = T(1) / sum;
  fill_row(y, count, [=](std::int64_t i, std::int64_t n) { return read<T>(y, i, n) * scale; });
}

/// log(sum of e^(x - top)).
template <class T>
T log_of_sum(const T* x, std::int64_t count, T top) {
  return std::log(
      fold<T>(count, T(0), [=](std::int64_t i, std::int64_t n) { return exp(read(x, i, n) - top); }, plus));
}

/// Runs row(input rows..., output row, count) over all rows along `dim`, which is moved to the back first if
/// need be.
template <class Row, class... Inputs>
Array over_rows(std::size_t dim, const Row& row, const Inputs&... inputs) {
  const Array& first = std::get<0>(std::tie(inputs...));
  std::size_t last = first.ndim() - 1;
  if (dim != last) {
    auto exchanged = [&](const Array& array) {
      Shape shape = array.shape();
      Strides strides = array.strides();
      std::swap(shape[dim], shape[last]);
      std::swap(strides[dim], strides[last]);
      return array.view(shape, strides);
    };
    return contiguous(exchanged(over_rows(last, row, exchanged(inputs)...)));
  }
  Array result(first.shape(), first.dtype());
  std::int64_t count = first.shape()[last];
  if (result.numel() == 0) return result;
  auto run = [&](const auto&... rows) {
    dispatch_floating(first.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      parallel_for(result.numel() / count, std::max<std::int64_t>(1, 8192 / count),
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t i = begin; i < end; ++i) {
                       row(static_cast<const T*>(rows.template data<T>() + i * count)...,
                           result.data<T>() + i * count, count);
                     }
                   });
    });
  };
  run(contiguous(inputs)...);
  return result;
}

}  // namespace

Array softmax(const Array& x, std::size_t dim) {
  return over_rows(
      dim, [](const auto* from, auto* to, std::int64_t count) { softmax_row(from, to, count); }, x);
}

Array softmax_backward(const Array& g, const Array& y, std::size_t dim) {
  return over_rows(
      dim,
      [](const auto* g_row, const auto* y_row, auto* to, std::int64_t count) {
        using T = std::remove_pointer_t<decltype(to)>;
        T dot = fold<T>(
            count, T(0),
            [=](std::int64_t i, std::int64_t n) { return read(g_row, i, n) * read(y_row, i, n); }, plus);
        fill_row(to, count, [=](std::int64_t i, std::int64_t n) {
          return read(y_row, i, n) * (read(g_row, i, n) - dot);
        });
      },
      g, y);
}

Array log_softmax(const Array& x, std::size_t dim) {
  return over_rows(
      dim,
      [](const auto* from, auto* to, std::int64_t count) {
        using T = std::remove_pointer_t<decltype(to)>;
        T top = row_max(from, count);
        T shift = log_of_sum(from, count, top);
        fill_row(to, count, [=](std::int64_t i, std::int64_t n) { return read(from, i, n) - top - shift; });
      },
      x);
}

Array log_softmax_backward(const Array& g, const Array& y, std::size_t dim) {
  return over_rows(
      dim,
      [](const auto* g_row, const auto* y_row, auto* to, std::int64_t count) {
        using T = std::remove_pointer_t<decltype(to)>;
        T total =
            fold<T>(count, T(0), [=](std::int64_t i, std::int64_t n) { return read(g_row, i, n); }, plus);
        fill_row(to, count, [=](std::int64_t i, std::int64_t n) {
          return read(g_row, i, n) - exp(read(y_row, i, n)) * total;
        });
      },
      g, y);
}

Array logsumexp(const Array& x, std::size_t dim) {
  Shape shape = x.shape();
  std::size_t last = shape.size() - 1;
  Strides strides = x.strides();
  std::swap(shape[dim], shape[last]);
  std::swap(strides[dim], strides[last]);
  Array rows = contiguous(x.view(shape, strides));
  std::int64_t count = shape[last];
  shape[last] = 1;
  Array result(shape, x.dtype());
  dispatch_floating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(result.numel(), std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(count, 1)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     const T* row = rows.data<T>() + i * count;
                     T top = row_max(row, count);
                     T shift = std::isinf(top) ? T(0) : top;
                     result.data<T>()[i] = log_of_sum(row, count, shift) + shift;
                   }
                 });
  });
  std::swap(shape[dim], shape[last]);
  return result.view(shape, contiguous_strides(shape));
}

}  // namespace xgrad::kernels
