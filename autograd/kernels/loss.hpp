#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

/// The loops of the losses: a formula summed as it is computed, and cross-entropy over rows.
namespace xgrad::kernels {

namespace detail {

/// formula(inputs...) summed over [begin, end).
template <class T, class Formula, class... Inputs>
double sum_of_range(const Formula& formula, std::int64_t begin, std::int64_t end, const Inputs*... inputs) {
  constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  constexpr std::int64_t rows = 4;  // sums that do not wait for each other
  std::array<Lanes<T>, rows> sums;
  sums.fill(Lanes<T>(T(0)));
  std::int64_t i = begin;
  for (; i + rows * lanes <= end; i += rows * lanes) {
    for (std::int64_t r = 0; r < rows; ++r) {
      sums[static_cast<std::size_t>(r)] =
          sums[static_cast<std::size_t>(r)] + formula(load(inputs + i + r * lanes)...);
    }
  }
  for (; i + lanes <= end; i += lanes) sums[0] = sums[0] + formula(load(inputs + i)...);
  alignas(64) T parts[Lanes<T>::count];
  double total = 0;
  if (i > begin) {
    store((sums[0] + sums[1]) + (sums[2] + sums[3]), parts);
    for (T part : parts) total += static_cast<double>(part);
  }
  if (i < end) {
    auto rest = static_cast<std::size_t>(end - i);
    store(formula(load_first(inputs + i, rest)...), parts);
    for (std::size_t k = 0; k < rest; ++k) total += static_cast<double>(parts[k]);
  }
  return total;
}

}  // namespace detail

/// The sum of formula(inputs...) over row-major arrays of one shape and of dtype T, in an order that the
/// shape alone decides.
template <class T, class Formula, class... Inputs>
double sum_of(const Formula& formula, const Array& first, const Inputs&... others) {
  constexpr std::int64_t block = 8192;
  std::int64_t count = first.numel();
  if (count <= block) {
    return detail::sum_of_range<T>(formula, 0, count, first.data<T>(), others.template data<T>()...);
  }
  Array partial({(count + block - 1) / block}, DType::float64);
  parallel_for(partial.numel(), 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t b = from; b < to; ++b) {
      partial.data<double>()[b] =
          detail::sum_of_range<T>(formula, b * block, std::min(count, (b + 1) * block), first.data<T>(),
                                  others.template data<T>()...);
    }
  });
  double total = 0;
  for (std::int64_t b = 0; b < partial.numel(); ++b) total += partial.data<double>()[b];
  return total;
}

/// What cross_entropy depends on beside the scores. Arrays are row-major; the caller has checked them.
struct CrossEntropyTargets {
  Array classes;              ///< [rows] int64: a class, or ignore_index
  Array weight;               ///< [classes] of the scores' dtype, or undefined: all 1
  std::int64_t ignore_index;  ///< rows of this class do not count
  double smoothing;           ///< the share of the target that is spread over all classes
};

struct CrossEntropyRows {
  Array losses;         ///< [rows]
  Array maxima;         ///< [rows]: the largest score m of each row
  Array log_sums;       ///< [rows]: log(sum of e^(x - m))
  double total_weight;  ///< the sum of the weights of the targets that count
};

/// For each row of scores x [rows, classes] with target t and s = smoothing / classes:
/// (1 - smoothing) * w[t] * -log p[t] + s * sum over c of w[c] * -log p[c], p = softmax(x); 0 where t is
/// ignored.
XGRAD_API CrossEntropyRows cross_entropy(const Array& x, const CrossEntropyTargets& targets);

/// The gradient with respect to x: that of row i times scale * g[i] (or scale * g[0], when g has one
/// element).
XGRAD_API Array cross_entropy_backward(const Array& g, double scale, const Array& x,
                                       const CrossEntropyTargets& targets, const CrossEntropyRows& forward);

/// The numbers a [rows, 1] and b [rows, classes] with which the gradient of row i is a * softmax(x) - b.
XGRAD_API std::pair<Array, Array> cross_entropy_coefficients(const Array& x,
                                                             const CrossEntropyTargets& targets);

}  // namespace xgrad::kernels
