// Normalization of rows: layer norm and RMS norm.

#include <algorithm>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/lane_loops.hpp>
#include <xgrad/autograd/kernels/moments.hpp>
#include <xgrad/autograd/kernels/normalization.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/reduce.hpp>

namespace xgrad::kernels {
namespace {

using detail::fetch;
using detail::fused;
using detail::put;
using std::int64_t;

constexpr int64_t grain = 16384;  // numbers that are worth a thread

template <class T>
const T* data_or_null(const Array& array) {
  return array.defined() ? array.data<T>() : nullptr;
}

/// Calls function.operator()<a, b>() for two run-time truths.
template <class Function>
void with_truths(bool a, bool b, const Function& function) {
  if (a)
    b ? function.template operator()<true, true>() : function.template operator()<true, false>();
  else
    b ? function.template operator()<false, true>() : function.template operator()<false, false>();
}

/// What a row is moved and multiplied by.
template <class T>
struct RowStatistics {
  T mean;
  T rest;       ///< what rounding took from the mean: far from 0 it is seen in x - mean, which is exact
  T deviation;  ///< reciprocal
};

/// y = (x - mean) * deviation * weight + bias along a row.
template <bool weighted, bool shifted, class T>
void write_row(const T* x, T* y, int64_t length, const RowStatistics<T>& row, const T* weight,
               const T* bias) {
  Lanes<T> centre(row.mean), scale(row.deviation), offset(-row.rest * row.deviation);
  detail::for_lanes<T>(length, [=](int64_t i, auto how) {
    Lanes<T> value = fused(fetch(x + i, how) - centre, scale, offset);
    if constexpr (weighted && shifted)
      value = fused(value, fetch(weight + i, how), fetch(bias + i, how));
    else if constexpr (weighted)
      value = value * fetch(weight + i, how);
    else if constexpr (shifted)
      value = value + fetch(bias + i, how);
    put(value, y + i, how);
  });
}

/// The mean and the reciprocal deviation of a row; about 0 where it is not centred.
template <bool centred, class T>
RowStatistics<T> statistics(const T* x, int64_t length, double eps) {
  if constexpr (centred) {
    detail::Moments moments = detail::moments_of(x, length);
    T mean = static_cast<T>(moments.mean);
    return {mean, static_cast<T>(moments.mean - static_cast<double>(mean)),
            detail::reciprocal_deviation<T>(moments.variance(), eps)};
  } else {
    double squares = detail::long_sums<1, T>(length, [x](int64_t i, auto how) {
      Lanes<T> number = fetch(x + i, how);
      return std::array<Lanes<T>, 1>{number * number};
    })[0];
    return {T(0), T(0), detail::reciprocal_deviation<T>(squares / static_cast<double>(length), eps)};
  }
}

template <bool centred>
Normalized forward(const Array& x, int64_t length, const Array& weight, const Array& bias, double eps) {
  int64_t rows = length == 0 ? 0 : x.numel() / length;
  Normalized all{Array::empty_like(x), Array({rows}, x.dtype()), Array({rows}, x.dtype()), Array()};
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    const T* factors = data_or_null<T>(weight);
    const T* shifts = data_or_null<T>(bias);
    parallel_for(rows, grain / std::max<int64_t>(length, 1) + 1, [&](int64_t begin, int64_t end) {
      with_truths(weight.defined(), bias.defined(), [&]<bool weighted, bool shifted>() {
        for (int64_t row = begin; row < end; ++row) {
          const T* from = x.data<T>() + row * length;
          RowStatistics<T> numbers = statistics<centred>(from, length, eps);
          all.mean.data<T>()[row] = numbers.mean;
          all.deviation.data<T>()[row] = numbers.deviation;
          write_row<weighted, shifted>(from, all.result.data<T>() + row * length, length, numbers, factors,
                                       shifts);
        }
      });
    });
  });
  return all;
}

/// One row of backward.
template <class T>
struct RowGradient {
  const T* g;
  const T* x;
  T mean, deviation;
  const T* weight;
  T* to;                       ///< the gradient of x; null: not wanted
  T *weight_sums, *bias_sums;  ///< what the row adds to the gradients of weight and bias
};

template <bool centred, bool weighted, bool with_sums, class T>
void backward_row(const RowGradient<T>& row, int64_t length) {
  Lanes<T> centre(row.mean), scale(row.deviation);
  auto product = [&](int64_t i, auto how) {
    Lanes<T> g = fetch(row.g + i, how);
    if constexpr (weighted) g = g * fetch(row.weight + i, how);
    return g;
  };
  auto normal = [&](int64_t i, auto how) { return (fetch(row.x + i, how) - centre) * scale; };
  // The sums of g * weight and of that times the normalized numbers.
  auto [total, dot] = detail::long_sums<2, T>(length, [&](int64_t i, auto how) {
    Lanes<T> z = normal(i, how);
    Lanes<T> g = fetch(row.g + i, how);
    if constexpr (with_sums) {
      put(fused(g, z, fetch(row.weight_sums + i, how)), row.weight_sums + i, how);
      put(g + fetch(row.bias_sums + i, how), row.bias_sums + i, how);
    }
    if constexpr (weighted) g = g * fetch(row.weight + i, how);
    return std::array<Lanes<T>, 2>{g, g * z};
  });
  if (row.to == nullptr) return;
  auto n = static_cast<double>(length);
  Lanes<T> mean_total(centred ? static_cast<T>(total / n) : T(0));
  Lanes<T> mean_dot(static_cast<T>(-dot / n));
  detail::for_lanes<T>(length, [&](int64_t i, auto how) {
    Lanes<T> value = product(i, how);
    if constexpr (centred) value = value - mean_total;
    put(fused(normal(i, how), mean_dot, value) * scale, row.to + i, how);
  });
}

/// The sums of all rows of `parts` [chunks, length].
Array joined(const Array& parts) {
  int64_t length = parts.shape()[1];
  if (parts.shape()[0] == 1) return parts.view({length}, {1});
  return sum(parts, DimSet().set(0), false);
}

template <bool centred>
NormalizationGradients backward(const Array& g, const Array& x, int64_t length, const Array& mean,
                                const Array& deviation, const Array& weight, const WantedGradients& wanted) {
  int64_t rows = deviation.numel();
  bool with_sums = wanted[1] || wanted[2];
  // Rows of one chunk add to the same sums; chunks follow from the shape alone.
  int64_t chunk = std::clamp<int64_t>(4 * grain / std::max<int64_t>(length, 1), 16, 128);
  int64_t chunks = std::max<int64_t>(1, (rows + chunk - 1) / chunk);
  NormalizationGradients all;
  if (wanted[0]) all.input = Array::empty_like(x);
  Array weight_parts, bias_parts;
  if (with_sums) {
    weight_parts = Array({chunks, length}, x.dtype());
    bias_parts = Array({chunks, length}, x.dtype());
    if (rows == 0) {
      fill(weight_parts, 0);
      fill(bias_parts, 0);
    }
  }
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    auto run = [&]<bool weighted, bool sums>(int64_t begin, int64_t end) {
      RowGradient<T> row{};
      row.weight = data_or_null<T>(weight);
      for (int64_t c = begin; c < end; ++c) {
        if constexpr (sums) {
          row.weight_sums = weight_parts.data<T>() + c * length;
          row.bias_sums = bias_parts.data<T>() + c * length;
          std::fill_n(row.weight_sums, length, T(0));
          std::fill_n(row.bias_sums, length, T(0));
        }
        for (int64_t r = c * chunk; r < std::min(rows, (c + 1) * chunk); ++r) {
          row.g = g.data<T>() + r * length;
          row.x = x.data<T>() + r * length;
          row.mean = centred ? mean.data<T>()[r] : T(0);
          row.deviation = deviation.data<T>()[r];
          if (wanted[0]) row.to = all.input.data<T>() + r * length;
          backward_row<centred, weighted, sums>(row, length);
        }
      }
    };
    if (rows == 0) return;
    int64_t chunks_in_grain = 4 * grain / (chunk * std::max<int64_t>(length, 1)) + 1;
    parallel_for(chunks, chunks_in_grain, [&](int64_t begin, int64_t end) {
      with_truths(weight.defined(), with_sums,
                  [&]<bool weighted, bool sums>() { run.template operator()<weighted, sums>(begin, end); });
    });
  });
  if (wanted[1]) all.weight = joined(weight_parts);
  if (wanted[2]) all.bias = joined(bias_parts);
  return all;
}

}  // namespace

Normalized normalize_rows(const Array& x, int64_t length, const Array& weight, const Array& bias,
                          double eps) {
  return forward<true>(x, length, weight, bias, eps);
}

NormalizationGradients normalize_rows_backward(const Array& g, const Array& x, int64_t length,
                                               const Array& mean, const Array& deviation, const Array& weight,
                                               const WantedGradients& wanted) {
  return backward<true>(g, x, length, mean, deviation, weight, wanted);
}

Normalized scale_rows(const Array& x, int64_t length, const Array& weight, double eps) {
  return forward<false>(x, length, weight, Array(), eps);
}

NormalizationGradients scale_rows_backward(const Array& g, const Array& x, int64_t length,
                                           const Array& deviation, const Array& weight,
                                           const WantedGradients& wanted) {
  return backward<false>(g, x, length, Array(), deviation, weight, wanted);
}

}  // namespace xgrad::kernels
