// Products and variances.

#include <limits>

#include <xgrad/autograd/kernels/moments.hpp>
#include <xgrad/autograd/kernels/reduce_loops.hpp>

namespace xgrad::kernels {
namespace {

using namespace detail;

/// Integers wrap around.
template <class T>
T wrapping_product(T a, T b) {
  if constexpr (is_vector<T>)
    return a * b;
  else
    return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

template <class T>
T row_product(const T* x, std::int64_t count) {
  T product = 1;
  std::int64_t i = 0;
  if constexpr (is_vector<T>) {
    constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
    if (count >= 2 * width) {
      Lanes<T> even(T(1));
      Lanes<T> odd(T(1));
      for (; i + 2 * width <= count; i += 2 * width) {
        even = even * load(x + i);
        odd = odd * load(x + i + width);
      }
      alignas(64) T lanes[Lanes<T>::count];
      store(even * odd, lanes);
      for (T lane : lanes) product *= lane;
    }
  }
  for (; i < count; ++i) product = wrapping_product(product, x[i]);
  return product;
}

template <class T>
void products(const ReducePlan& plan, T* result) {
  if (plan.inner > 1)
    fold_columns(plan, plan.row<T>(0), result, T(1), [](T a, T b) { return wrapping_product(a, b); });
  else
    for_rows(plan, [&](std::int64_t i) {
      const T* row = plan.row<T>(i);
      result[i] = over_row(
          plan.length,
          [row](std::int64_t begin, std::int64_t size) { return row_product(row + begin, size); },
          [](T a, T b) { return wrapping_product(a, b); });
    });
}

template <class T>
Moments moments_of_row(const T* row, std::int64_t length) {
  return over_row(
      length, [row](std::int64_t begin, std::int64_t size) { return block_moments(row + begin, size); },
      join);
}

constexpr std::int64_t moments_strip = 256;

/// Those of `width` columns, at most moments_strip; rows in runs that stay in cache, so that memory is read
/// once.
template <class T>
void moments_of_columns(const T* first, std::int64_t length, std::int64_t inner, std::int64_t width,
                        Moments* all) {
  constexpr std::int64_t run = 64;
  alignas(64) T shift[moments_strip];
  alignas(64) T deviations[moments_strip];
  alignas(64) T squares[moments_strip];
  for (std::int64_t start = 0; start < length; start += run) {
    const T* from = first + start * inner;
    std::int64_t rows = std::min(run, length - start);
    sum_strip(from, rows, inner, width, shift, [](T x, std::int64_t) { return x; });
    for (std::int64_t j = 0; j < width; ++j) shift[j] /= static_cast<T>(rows);
    sum_strip(from, rows, inner, width, deviations, [&shift](T x, std::int64_t j) { return x - shift[j]; });
    sum_strip(from, rows, inner, width, squares,
              [&shift](T x, std::int64_t j) { return (x - shift[j]) * (x - shift[j]); });
    for (std::int64_t j = 0; j < width; ++j) {
      Moments part = moments_about(static_cast<double>(shift[j]), static_cast<double>(rows),
                                   static_cast<double>(deviations[j]), static_cast<double>(squares[j]));
      all[j] = start == 0 ? part : join(all[j], part);
    }
  }
}

/// Calls row(place, first element, moments), or columns(place, first element, width, moments) for a strip.
template <class T, class Row, class Columns>
void for_moments(const ReducePlan& plan, const Row& row, const Columns& columns) {
  if (plan.inner == 1) {
    for_rows(plan,
             [&](std::int64_t i) { row(i, plan.row<T>(i), moments_of_row(plan.row<T>(i), plan.length)); });
    return;
  }
  for_strips<moments_strip>(plan, [&](std::int64_t from, std::int64_t width, std::int64_t to) {
    Moments all[moments_strip];
    const T* first = plan.row<T>(0) + from;
    moments_of_columns(first, plan.length, plan.inner, width, all);
    columns(to, first, width, all);
  });
}

}  // namespace

Array prod(const Array& input, const DimSet& dims, bool keepdim) {
  if (is_integral(input.dtype()) && input.dtype() != int64) return prod(cast(input, int64), dims, keepdim);
  ReducePlan plan = plan_reduction(input, dims, keepdim);
  Array result(plan.result_shape, input.dtype());
  if (input.dtype() == float32)
    products(plan, result.data<float>());
  else if (input.dtype() == float64)
    products(plan, result.data<double>());
  else
    products(plan, result.data<std::int64_t>());
  return result;
}

std::pair<Array, Array> var_mean(const Array& input, const DimSet& dims, double correction, bool keepdim) {
  ReducePlan plan = plan_reduction(input, dims, keepdim);
  Array variances(plan.result_shape, input.dtype());
  Array means(plan.result_shape, input.dtype());
  if (plan.length == 0) {
    fill(variances, std::numeric_limits<double>::quiet_NaN());
    fill(means, std::numeric_limits<double>::quiet_NaN());
    return {variances, means};
  }
  double divisor = std::max(0.0, static_cast<double>(plan.length) - correction);
  dispatch_floating(input.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto write = [&](std::int64_t to, const T*, const Moments& moments) {
      means.data<T>()[to] = static_cast<T>(moments.mean);
      variances.data<T>()[to] = static_cast<T>(moments.squares / divisor);
    };
    for_moments<T>(plan, write, [&](std::int64_t to, const T* first, std::int64_t width, const Moments* all) {
      for (std::int64_t j = 0; j < width; ++j) write(to + j, first, all[j]);
    });
  });
  return {variances, means};
}

Array scaled_deviations(const Array& input, const Array& scale, const DimSet& dims) {
  Array x = contiguous(input);
  ReducePlan plan = plan_reduction(x, dims, true);
  if (plan.copy.defined()) return {};
  Array factors = contiguous(scale);
  Array result = Array::empty_like(x);
  if (result.numel() == 0) return result;
  dispatch_floating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* factor = factors.data<T>();
    auto beside = [from = x.data<T>(), to = result.data<T>()](const T* element) {
      return to + (element - from);
    };
    for_moments<T>(
        plan,
        [&](std::int64_t place, const T* row, const Moments& moments) {
          T* to = beside(row);
          for (std::int64_t k = 0; k < plan.length; ++k)
            to[k] = static_cast<T>(static_cast<double>(row[k]) - moments.mean) * factor[place];
        },
        [&](std::int64_t place, const T* first, std::int64_t width, const Moments* all) {
          for (std::int64_t i = 0; i < plan.length; ++i) {
            const T* row = first + i * plan.inner;
            T* to = beside(row);
            for (std::int64_t j = 0; j < width; ++j)
              to[j] = static_cast<T>(static_cast<double>(row[j]) - all[j].mean) * factor[place + j];
          }
        });
  });
  return result;
}

}  // namespace xgrad::kernels
