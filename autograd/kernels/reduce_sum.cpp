// Sums, means, products and variances.

#include <algorithm>
#include <limits>
#include <vector>

#include <xgrad/autograd/kernels/elementwise.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/reduce_plan.hpp>

namespace xgrad::kernels {
namespace {

constexpr std::int64_t block = 4096;     // numbers summed by one run of vector accumulators
constexpr std::int64_t chunk = 1 << 16;  // numbers of a long row that one thread takes at a time

/// The sum of all lanes.
template <class T>
T horizontal_sum(Lanes<T> lanes) {
  alignas(64) T buffer[Lanes<T>::count];
  store(lanes, buffer);
  for (std::size_t width = Lanes<T>::count / 2; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) buffer[i] += buffer[i + width];
  }
  return buffer[0];
}

/// The sum of term(x[i]) over at most a block of numbers.
template <class T, class Term>
T block_sum(const T* x, std::int64_t count, const Term& term) {
  if constexpr (is_vector<T>) {
    constexpr auto width = static_cast<std::int64_t>(Lanes<T>::count);
    Lanes<T> sums[4] = {Lanes<T>(T(0)), Lanes<T>(T(0)), Lanes<T>(T(0)), Lanes<T>(T(0))};
    std::int64_t i = 0;
    for (; i + 4 * width <= count; i += 4 * width) {
      for (std::int64_t k = 0; k < 4; ++k) sums[k] = sums[k] + term(load(x + i + k * width));
    }
    for (; i + width <= count; i += width) sums[0] = sums[0] + term(load(x + i));
    T total = horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    if (i < count) {
      alignas(64) T rest[Lanes<T>::count];
      store(term(load_first(x + i, static_cast<std::size_t>(count - i))), rest);
      for (std::int64_t k = 0; k < count - i; ++k) total += rest[k];
    }
    return total;
  } else {
    std::uint64_t total = 0;
    for (std::int64_t i = 0; i < count; ++i) total += static_cast<std::uint64_t>(x[i]);
    return static_cast<T>(total);
  }
}

/// Blocks are added in pairs, so that the rounding error grows with the logarithm of the count.
template <class T, class Term>
T pairwise_sum(const T* x, std::int64_t count, const Term& term) {
  if (count <= block) return block_sum(x, count, term);
  std::int64_t half = (count / block + 1) / 2 * block;
  if constexpr (is_vector<T>)
    return pairwise_sum(x, half, term) + pairwise_sum(x + half, count - half, term);
  else
    return static_cast<T>(static_cast<std::uint64_t>(pairwise_sum(x, half, term)) +
                          static_cast<std::uint64_t>(pairwise_sum(x + half, count - half, term)));
}

constexpr auto itself = [](auto x) { return x; };

template <class T, class Term>
T row_sum(const T* x, std::int64_t count, const Term& term) {
  if (count <= chunk) return pairwise_sum(x, count, term);
  std::int64_t chunks = (count + chunk - 1) / chunk;
  std::vector<T> sums(static_cast<std::size_t>(chunks));
  parallel_for(chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      sums[static_cast<std::size_t>(i)] =
          pairwise_sum(x + i * chunk, std::min(chunk, count - i * chunk), term);
    }
  });
  return pairwise_sum(sums.data(), chunks, itself);
}

/// Calls row(i) for every row, on several threads when that pays.
template <class Row>
void for_rows(const ReducePlan& plan, const Row& row) {
  std::int64_t grain = std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(plan.length, 1));
  parallel_for(plan.outer, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) row(i);
  });
}

/// result[o, j] = sum over i of input[o, i, j], a strip of columns at a time that stays in the first cache;
/// runs of rows are summed apart, for accuracy.
template <class T>
void sum_columns(const ReducePlan& plan, const T* input, T* result) {
  constexpr std::int64_t strip = 1024;
  constexpr std::int64_t run = 256;
  std::int64_t strips = (plan.inner + strip - 1) / strip;
  parallel_for(
      plan.outer * strips, std::max<std::int64_t>(1, 32768 / (plan.length * std::min(strip, plan.inner) + 1)),
      [&](std::int64_t begin, std::int64_t end) {
        alignas(64) T part[strip];
        for (std::int64_t s = begin; s < end; ++s) {
          std::int64_t first = s % strips * strip;
          std::int64_t width = std::min(strip, plan.inner - first);
          const T* from = input + s / strips * plan.length * plan.inner + first;
          T* to = result + s / strips * plan.inner + first;
          std::fill_n(to, width, T(0));
          for (std::int64_t start = 0; start < plan.length; start += run) {
            std::int64_t stop = std::min(plan.length, start + run);
            std::fill_n(part, width, T(0));
            std::int64_t i = start;
            for (; i + 4 <= stop; i += 4) {
              const T* row = from + i * plan.inner;
              for (std::int64_t j = 0; j < width; ++j) {
                if constexpr (is_vector<T>)
                  part[j] +=
                      (row[j] + row[j + plan.inner]) + (row[j + 2 * plan.inner] + row[j + 3 * plan.inner]);
                else
                  part[j] = static_cast<T>(static_cast<std::uint64_t>(part[j]) +
                                           static_cast<std::uint64_t>(row[j]) +
                                           static_cast<std::uint64_t>(row[j + plan.inner]) +
                                           static_cast<std::uint64_t>(row[j + 2 * plan.inner]) +
                                           static_cast<std::uint64_t>(row[j + 3 * plan.inner]));
              }
            }
            for (; i < stop; ++i) {
              const T* row = from + i * plan.inner;
              for (std::int64_t j = 0; j < width; ++j) {
                if constexpr (is_vector<T>)
                  part[j] += row[j];
                else
                  part[j] = static_cast<T>(static_cast<std::uint64_t>(part[j]) +
                                           static_cast<std::uint64_t>(row[j]));
              }
            }
            for (std::int64_t j = 0; j < width; ++j) {
              if constexpr (is_vector<T>)
                to[j] += part[j];
              else
                to[j] =
                    static_cast<T>(static_cast<std::uint64_t>(to[j]) + static_cast<std::uint64_t>(part[j]));
            }
          }
        }
      });
}

/// Sums of float32, float64 or int64.
template <class T>
Array sum_of(const ReducePlan& plan, DType dtype) {
  Array result(plan.result_shape, dtype);
  const T* input = plan.row<T>(0);
  T* to = result.data<T>();
  if (result.numel() == 0) return result;
  if (plan.outer == 1 && plan.inner > 1 && plan.length > 0 && plan.length * plan.inner <= 256) {
    std::copy_n(input, plan.inner, to);  // tiny: without strips
    for (std::int64_t i = 1; i < plan.length; ++i) {
      for (std::int64_t j = 0; j < plan.inner; ++j) {
        if constexpr (is_vector<T>) {
          to[j] += input[i * plan.inner + j];
        } else {
          to[j] = static_cast<T>(static_cast<std::uint64_t>(to[j]) +
                                 static_cast<std::uint64_t>(input[i * plan.inner + j]));
        }
      }
    }
  } else if (plan.inner > 1 && plan.length > 0) {
    sum_columns(plan, input, to);
  } else if (plan.length == 0) {
    fill(result, 0);
  } else if (plan.outer == 1) {
    to[0] = row_sum(input, plan.length, itself);
  } else {
    for_rows(plan, [&](std::int64_t i) { to[i] = row_sum(plan.row<T>(i), plan.length, itself); });
  }
  return result;
}

}  // namespace

Array sum(const Array& input, const DimSet& dims, bool keepdim) {
  if (input.dtype() == float32) return sum_of<float>(plan_reduction(input, dims, keepdim), float32);
  if (input.dtype() == float64) return sum_of<double>(plan_reduction(input, dims, keepdim), float64);
  Array whole = cast(input, int64);
  return sum_of<std::int64_t>(plan_reduction(whole, dims, keepdim), int64);
}

Array mean(const Array& input, const DimSet& dims, bool keepdim) {
  Array result = sum(input, dims, keepdim);
  std::int64_t count = 1;
  for (std::size_t i = 0; i < input.ndim(); ++i) count *= dims[i] ? input.shape()[i] : 1;
  dispatch_floating(result.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    map<T>(result, [divisor = static_cast<T>(count)](auto x) { return x / divisor; }, Cost::cheap, result);
  });
  return result;
}

Array sum_to_shape(const Array& input, const Shape& shape) {
  DimSet dims;
  std::size_t lead = input.ndim() - shape.size();
  for (std::size_t i = 0; i < input.ndim(); ++i)
    dims[i] = i < lead || (shape[i - lead] == 1 && input.shape()[i] != 1);
  Array result = sum(input, dims, true);
  return result.view(shape, contiguous_strides(shape));
}

Array prod(const Array& input, const DimSet& dims, bool keepdim) {
  if (is_integral(input.dtype()) && input.dtype() != int64) return prod(cast(input, int64), dims, keepdim);
  ReducePlan plan = plan_reduction(input, dims, keepdim, true);
  Array result(plan.result_shape, input.dtype());
  auto run = [&](auto zero) {
    using T = decltype(zero);
    using Computed = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;
    for_rows(plan, [&](std::int64_t i) {
      const T* row = plan.row<T>(i);
      Computed product = 1;
      for (std::int64_t k = 0; k < plan.length; ++k) product *= static_cast<Computed>(row[k]);
      result.data<T>()[i] = static_cast<T>(product);
    });
  };
  if (input.dtype() == float32)
    run(float{});
  else if (input.dtype() == float64)
    run(double{});
  else
    run(std::int64_t{});
  return result;
}

std::pair<Array, Array> var_mean(const Array& input, const DimSet& dims, double correction, bool keepdim) {
  ReducePlan plan = plan_reduction(input, dims, keepdim, true);
  Array variances(plan.result_shape, input.dtype());
  Array means(plan.result_shape, input.dtype());
  dispatch_floating(input.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto count = static_cast<T>(plan.length);
    auto divisor = static_cast<T>(std::max(0.0, static_cast<double>(plan.length) - correction));
    for_rows(plan, [&](std::int64_t i) {
      const T* row = plan.row<T>(i);
      T mean = row_sum(row, plan.length, itself) / count;
      T squares = row_sum(row, plan.length, [mean](Lanes<T> x) {
        Lanes<T> deviation = x - mean;
        return deviation * deviation;
      });
      means.data<T>()[i] = mean;
      variances.data<T>()[i] = plan.length == 0 ? std::numeric_limits<T>::quiet_NaN() : squares / divisor;
    });
  });
  return {variances, means};
}

}  // namespace xgrad::kernels
