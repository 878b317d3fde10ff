// Largest and smallest elements.

#include <algorithm>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/reduce_loops.hpp>

namespace xgrad::kernels {
namespace {

using namespace detail;

/// The larger of two; nan wins.
struct Largest {
  template <class T>
  static bool better(T candidate, T best) {
    if constexpr (is_vector<T>)
      return candidate > best || (candidate != candidate && best == best);
    else
      return candidate > best;
  }
  template <class T>
  static Lanes<T> join(Lanes<T> a, Lanes<T> b) {
    return maximum(a, b);
  }
};
struct Smallest {
  template <class T>
  static bool better(T candidate, T best) {
    if constexpr (is_vector<T>)
      return candidate < best || (candidate != candidate && best == best);
    else
      return candidate < best;
  }
  template <class T>
  static Lanes<T> join(Lanes<T> a, Lanes<T> b) {
    return minimum(a, b);
  }
};

template <class Order, class T>
T best_of_row(const T* x, std::int64_t count) {
  T best = x[0];
  std::int64_t i = 0;
  if constexpr (is_vector<T>) {
    constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
    if (count >= 2 * width) {
      Lanes<T> even = load(x);
      Lanes<T> odd = load(x + width);
      for (i = 2 * width; i + 2 * width <= count; i += 2 * width) {
        even = Order::join(even, load(x + i));
        odd = Order::join(odd, load(x + i + width));
      }
      alignas(64) T lanes[Lanes<T>::count];
      store(Order::join(even, odd), lanes);
      for (T lane : lanes) best = Order::better(lane, best) ? lane : best;
    }
  }
  for (; i < count; ++i) best = Order::better(x[i], best) ? x[i] : best;
  return best;
}

template <class T>
std::int64_t first_place(const T* x, std::int64_t count, T value) {
  if constexpr (is_vector<T>) {
    if (value != value) return std::find_if(x, x + count, [](T v) { return v != v; }) - x;
    constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
    for (std::int64_t i = 0; i + width <= count; i += width) {
      if (xsimd::any((load(x + i) == value).truths))
        return i + (std::find(x + i, x + i + width, value) - (x + i));
    }
    std::int64_t rest = count / width * width;
    return std::find(x + rest, x + count, value) - x;
  } else {
    return std::find(x, x + count, value) - x;
  }
}

template <class Order, class T>
void best_of_columns(const ReducePlan& plan, const T* input, T* values) {
  constexpr std::int64_t strip = 512;
  for_strips<strip>(plan, [&](std::int64_t from, std::int64_t width, std::int64_t to) {
    alignas(64) T best[strip];
    std::copy_n(input + from, width, best);
    for (std::int64_t i = 1; i < plan.length; ++i) {
      const T* row = input + from + i * plan.inner;
      for (std::int64_t j = 0; j < width; ++j) best[j] = Order::better(row[j], best[j]) ? row[j] : best[j];
    }
    std::copy_n(best, width, values + to);
  });
}

template <class Order>
Array extreme(const Array& input, const DimSet& dims, bool keepdim) {
  ReducePlan plan = plan_reduction(input, dims, keepdim);
  Array result(plan.result_shape, input.dtype());
  if (result.numel() == 0) return result;
  dispatch(input.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (plan.inner > 1) {
      best_of_columns<Order>(plan, plan.row<T>(0), result.data<T>());
      return;
    }
    for_rows(plan, [&](std::int64_t i) {
      const T* row = plan.row<T>(i);
      result.data<T>()[i] = over_row(
          plan.length,
          [row](std::int64_t begin, std::int64_t size) { return best_of_row<Order>(row + begin, size); },
          [](T a, T b) { return Order::better(b, a) ? b : a; });
    });
  });
  return result;
}

/// The best value and its place for each column.
template <class Order, class T>
void best_of_columns(const ReducePlan& plan, const T* input, T* values, std::int64_t* places) {
  constexpr std::int64_t strip = 512;
  for_strips<strip>(plan, [&](std::int64_t from, std::int64_t width, std::int64_t to) {
    alignas(64) T best[strip];
    alignas(64) std::int32_t place[strip];
    std::copy_n(input + from, width, best);
    std::fill_n(place, width, 0);
    for (std::int64_t i = 1; i < plan.length; ++i) {
      const T* row = input + from + i * plan.inner;
      for (std::int64_t j = 0; j < width; ++j) {
        bool better = Order::better(row[j], best[j]);
        best[j] = better ? row[j] : best[j];
        place[j] = better ? static_cast<std::int32_t>(i) : place[j];
      }
    }
    std::copy_n(best, width, values + to);
    std::copy_n(place, width, places + to);
  });
}

template <class Order>
std::pair<Array, Array> extreme_with_index(const Array& input, std::size_t dim, bool keepdim) {
  bool places_fit = input.shape()[dim] <= INT32_MAX;
  ReducePlan plan = plan_reduction(input, DimSet().set(dim), keepdim, !places_fit);
  Array values(plan.result_shape, input.dtype());
  Array places(plan.result_shape, int64);
  if (values.numel() == 0) return {values, places};
  dispatch(input.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (plan.inner > 1) {
      best_of_columns<Order>(plan, plan.row<T>(0), values.data<T>(), places.data<std::int64_t>());
      return;
    }
    for_rows(plan, [&](std::int64_t i) {
      const T* row = plan.row<T>(i);
      T best = best_of_row<Order>(row, plan.length);
      values.data<T>()[i] = best;
      places.data<std::int64_t>()[i] = first_place(row, plan.length, best);
    });
  });
  return {values, places};
}

}  // namespace

Array amax(const Array& input, const DimSet& dims, bool keepdim) {
  return extreme<Largest>(input, dims, keepdim);
}
Array amin(const Array& input, const DimSet& dims, bool keepdim) {
  return extreme<Smallest>(input, dims, keepdim);
}
std::pair<Array, Array> max_with_index(const Array& input, std::size_t dim, bool keepdim) {
  return extreme_with_index<Largest>(input, dim, keepdim);
}
std::pair<Array, Array> min_with_index(const Array& input, std::size_t dim, bool keepdim) {
  return extreme_with_index<Smallest>(input, dim, keepdim);
}

}  // namespace xgrad::kernels
