#include <xgrad/autograd/kernels/softmax.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/row_lanes.hpp>

namespace xgrad::kernels {
namespace {

using detail::exp_sum;
using detail::fetch;
using detail::for_lanes;
using detail::lane_sums;
using detail::put;
using detail::row_max;

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
      dim,
      [](const auto* from, auto* to, std::int64_t count) {
        using T = std::remove_pointer_t<decltype(to)>;
        T sum = exp_sum(from, count, row_max(from, count),
                        [to](Lanes<T> e, std::int64_t i, auto how) { put(e, to + i, how); });
        T scale = T(1) / sum;
        for_lanes<T>(count,
                     [=](std::int64_t i, auto how) { put(fetch<T>(to + i, how) * scale, to + i, how); });
      },
      x);
}

Array softmax_backward(const Array& g, const Array& y, std::size_t dim) {
  return over_rows(
      dim,
      [](const auto* g_row, const auto* y_row, auto* to, std::int64_t count) {
        using T = std::remove_pointer_t<decltype(to)>;
        T dot = lane_sums<1, T>(count, [=](std::int64_t i, auto how) {
          return std::array{fetch(g_row + i, how) * fetch(y_row + i, how)};
        })[0];
        for_lanes<T>(count, [=](std::int64_t i, auto how) {
          put(fetch(y_row + i, how) * (fetch(g_row + i, how) - dot), to + i, how);
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
        T shift = std::log(exp_sum(from, count, top));
        for_lanes<T>(count,
                     [=](std::int64_t i, auto how) { put(fetch(from + i, how) - top - shift, to + i, how); });
      },
      x);
}

Array log_softmax_backward(const Array& g, const Array& y, std::size_t dim) {
  return over_rows(
      dim,
      [](const auto* g_row, const auto* y_row, auto* to, std::int64_t count) {
        using T = std::remove_pointer_t<decltype(to)>;
        T total = lane_sums<1, T>(
            count, [=](std::int64_t i, auto how) { return std::array{fetch(g_row + i, how)}; })[0];
        for_lanes<T>(count, [=](std::int64_t i, auto how) {
          put(fetch(g_row + i, how) - exp(fetch(y_row + i, how)) * total, to + i, how);
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
                     result.data<T>()[i] = std::log(exp_sum(row, count, shift)) + shift;
                   }
                 });
  });
  std::swap(shape[dim], shape[last]);
  return result.view(shape, contiguous_strides(shape));
}

}  // namespace xgrad::kernels
