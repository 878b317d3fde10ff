#include <xgrad/autograd/kernels/loss.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/kernels/row_lanes.hpp>

namespace xgrad::kernels {
namespace {

/// Rows that one thread takes at least.
std::int64_t grain_of_rows(std::int64_t classes) {
  return std::max<std::int64_t>(1, 4096 / std::max<std::int64_t>(1, classes));
}

/// How the loss of one row is made up: of -log p at the target, and of the sum over all classes.
template <class T>
struct RowWeights {
  RowWeights(const CrossEntropyTargets& targets, std::int64_t classes)
      : weight(targets.weight.defined() ? targets.weight.template data<T>() : nullptr),
        at_target(static_cast<T>(1 - targets.smoothing)),
        everywhere(static_cast<T>(targets.smoothing / static_cast<double>(classes))),
        sum(static_cast<T>(classes)) {
    if (weight != nullptr) {
      double total = 0;
      for (std::int64_t c = 0; c < classes; ++c) total += static_cast<double>(weight[c]);
      sum = static_cast<T>(total);
    }
  }
  T of(std::int64_t c) const { return weight != nullptr ? weight[c] : T(1); }
  /// What softmax(x) is multiplied with in the gradient of a row with target t.
  T of_softmax(std::int64_t t) const { return at_target * of(t) + everywhere * sum; }

  const T* weight;
  T at_target;
  T everywhere;
  T sum;
};

template <class T>
void forward(const Array& x, const CrossEntropyTargets& targets, CrossEntropyRows& rows) {
  std::int64_t classes = x.shape()[1];
  const std::int64_t* target = targets.classes.data<std::int64_t>();
  RowWeights<T> weights(targets, classes);
  parallel_for(x.shape()[0], grain_of_rows(classes), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const T* row = x.data<T>() + r * classes;
      T m = detail::row_max(row, classes);
      T log_sum = std::log(detail::exp_sum(row, classes, m));
      T loss = 0;
      if (std::int64_t t = target[r]; t != targets.ignore_index) {
        loss = weights.at_target * weights.of(t) * (log_sum - (row[t] - m));
        if (weights.everywhere != 0) {
          T all = 0;
          for (std::int64_t c = 0; c < classes; ++c) all += weights.of(c) * (log_sum - (row[c] - m));
          loss += weights.everywhere * all;
        }
      }
      rows.losses.template data<T>()[r] = loss;
      rows.maxima.template data<T>()[r] = m;
      rows.log_sums.template data<T>()[r] = log_sum;
    }
  });
  rows.total_weight = 0;
  for (std::int64_t r = 0; r < x.shape()[0]; ++r) {
    if (target[r] != targets.ignore_index) rows.total_weight += static_cast<double>(weights.of(target[r]));
  }
}

template <class T>
void backward(const Array& g, double scale, const Array& x, const CrossEntropyTargets& targets,
              const CrossEntropyRows& rows, const Array& out) {
  std::int64_t classes = x.shape()[1];
  const std::int64_t* target = targets.classes.data<std::int64_t>();
  RowWeights<T> weights(targets, classes);
  bool shared = g.numel() == 1;
  parallel_for(x.shape()[0], grain_of_rows(classes), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      T* result = out.data<T>() + r * classes;
      std::int64_t t = target[r];
      if (t == targets.ignore_index) {
        std::fill(result, result + classes, T(0));
        continue;
      }
      T upstream = g.data<T>()[shared ? 0 : r] * static_cast<T>(scale);
      T m = rows.maxima.template data<T>()[r];
      T log_sum = rows.log_sums.template data<T>()[r];
      T factor = upstream * weights.of_softmax(t);
      const T* row = x.data<T>() + r * classes;
      detail::for_lanes<T>(classes, [&](std::int64_t c, auto how) {
        detail::put(exp(detail::fetch(row + c, how) - m - log_sum) * factor, result + c, how);
      });
      if (weights.everywhere != 0) {
        for (std::int64_t c = 0; c < classes; ++c) result[c] -= upstream * weights.everywhere * weights.of(c);
      }
      result[t] -= upstream * weights.at_target * weights.of(t);
    }
  });
}

template <class T>
void coefficients(const CrossEntropyTargets& targets, const Array& a, const Array& b) {
  std::int64_t classes = b.shape()[1];
  const std::int64_t* target = targets.classes.data<std::int64_t>();
  RowWeights<T> weights(targets, classes);
  for (std::int64_t r = 0; r < b.shape()[0]; ++r) {
    std::int64_t t = target[r];
    bool counts = t != targets.ignore_index;
    a.data<T>()[r] = counts ? weights.of_softmax(t) : T(0);
    for (std::int64_t c = 0; c < classes; ++c) {
      b.data<T>()[r * classes + c] =
          counts ? weights.everywhere * weights.of(c) + (c == t ? weights.at_target * weights.of(t) : T(0))
                 : T(0);
    }
  }
}

}  // namespace

CrossEntropyRows cross_entropy(const Array& x, const CrossEntropyTargets& targets) {
  Shape shape{x.shape()[0]};
  CrossEntropyRows rows{Array(shape, x.dtype()), Array(shape, x.dtype()), Array(shape, x.dtype()), 0};
  dispatch_floating(x.dtype(), [&](auto tag) { forward<typename decltype(tag)::type>(x, targets, rows); });
  return rows;
}

Array cross_entropy_backward(const Array& g, double scale, const Array& x, const CrossEntropyTargets& targets,
                             const CrossEntropyRows& rows) {
  Array out(x.shape(), x.dtype());
  dispatch_floating(
      x.dtype(), [&](auto tag) { backward<typename decltype(tag)::type>(g, scale, x, targets, rows, out); });
  return out;
}

std::pair<Array, Array> cross_entropy_coefficients(const Array& x, const CrossEntropyTargets& targets) {
  Array a({x.shape()[0], 1}, x.dtype());
  Array b(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&](auto tag) { coefficients<typename decltype(tag)::type>(targets, a, b); });
  return {a, b};
}

}  // namespace xgrad::kernels
