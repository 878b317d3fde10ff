#include <xgrad/autograd/kernels/ctc.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// log(e^a + e^b + e^c)
double log_sum(double a, double b, double c) {
  double m = std::max({a, b, c});
  if (m == -infinity) return m;
  return m + std::log(std::exp(a - m) + std::exp(b - m) + std::exp(c - m));
}

/// One sample.
template <class T>
struct Sample {
  const CtcTargets& targets;
  std::size_t n;
  const T* log_probs;   ///< of step 0
  std::int64_t stride;  ///< from step to step
  double* alpha;        ///< [rows, width]
  std::int64_t rows;    ///< all steps, or 2 in turns
  std::int64_t width;
  double* beta;  ///< [2, width]

  std::int64_t states() const { return 2 * targets.lengths[n] + 1; }
  std::int64_t steps() const { return targets.steps[n]; }
  double emission(std::int64_t t, std::int64_t s) const {
    return static_cast<double>(log_probs[t * stride + targets.extended(n, s)]);
  }
  double* alpha_row(std::int64_t t) const { return alpha + t % rows * width; }

  /// The log of the probability of all alignments. alpha[t, s]: of those of the first t + 1 steps that end in
  /// state s.
  double forward() const {
    if (steps() == 0) return states() == 1 ? 0.0 : -infinity;
    for (std::int64_t t = 0; t < steps(); ++t) {
      double* row = alpha_row(t);
      const double* before = t > 0 ? alpha_row(t - 1) : nullptr;
      for (std::int64_t s = 0; s < states(); ++s) {
        double sum = s < 2 ? 0.0 : -infinity;
        if (before != nullptr) {
          sum = log_sum(before[s], s > 0 ? before[s - 1] : -infinity,
                        targets.skips(n, s) ? before[s - 2] : -infinity);
        }
        row[s] = sum + emission(t, s);
      }
    }
    const double* last = alpha_row(steps() - 1);
    return log_sum(last[states() - 1], states() > 1 ? last[states() - 2] : -infinity, -infinity);
  }

  /// Subtracts from the slopes the probability of each state at each step, given the labels.
  void backward(double log_likelihood, T* slopes) const {
    for (std::int64_t t = steps() - 1; t >= 0; --t) {
      // beta[s]: of the alignments of the steps after t, from state s on.
      double* row = beta + t % 2 * width;
      const double* after = beta + (t + 1) % 2 * width;
      const double* reached = alpha_row(t);
      for (std::int64_t s = 0; s < states(); ++s) {
        if (t == steps() - 1) {
          row[s] = s >= states() - 2 ? 0.0 : -infinity;
        } else {
          auto on = [&](std::int64_t next) { return after[next] + emission(t + 1, next); };
          row[s] = log_sum(on(s), s + 1 < states() ? on(s + 1) : -infinity,
                           s + 2 < states() && targets.skips(n, s + 2) ? on(s + 2) : -infinity);
        }
        slopes[t * stride + targets.extended(n, s)] -=
            static_cast<T>(std::exp(reached[s] + row[s] - log_likelihood));
      }
    }
  }
};

template <class T>
void all_samples(const Array& log_probs, const CtcTargets& targets, const CtcLosses& result) {
  std::int64_t time = log_probs.shape()[0];
  std::int64_t count = log_probs.shape()[1];
  std::int64_t classes = log_probs.shape()[2];
  std::int64_t longest = targets.lengths.empty() ? 0 : *std::ranges::max_element(targets.lengths);
  std::int64_t width = 2 * longest + 1;
  bool with_slopes = result.slopes.defined();
  std::int64_t rows = with_slopes ? std::max<std::int64_t>(1, time) : 2;
  Array alpha({count, rows, width}, DType::float64);
  Array beta({count, 2, width}, DType::float64);
  parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      Sample<T> sample{targets,
                       static_cast<std::size_t>(n),
                       log_probs.data<T>() + n * classes,
                       count * classes,
                       alpha.data<double>() + n * rows * width,
                       rows,
                       width,
                       beta.data<double>() + n * 2 * width};
      double log_likelihood = sample.forward();
      bool impossible = log_likelihood == -infinity;
      result.losses.data<T>()[n] =
          impossible && targets.zero_infinity ? T(0) : static_cast<T>(-log_likelihood);
      if (!with_slopes || (impossible && targets.zero_infinity)) continue;
      T* slopes = result.slopes.data<T>() + n * classes;
      if (impossible) {
        for (std::int64_t t = 0; t < sample.steps(); ++t)
          std::fill_n(slopes + t * count * classes, classes, std::numeric_limits<T>::quiet_NaN());
      } else {
        sample.backward(log_likelihood, slopes);
      }
    }
  });
}

}  // namespace

CtcLosses ctc(const Array& log_probs, const CtcTargets& targets, bool with_slopes) {
  CtcLosses result{Array({log_probs.shape()[1]}, log_probs.dtype()), Array()};
  if (with_slopes) result.slopes = Array::zeros(log_probs.shape(), log_probs.dtype());
  dispatch_floating(log_probs.dtype(),
                    [&](auto tag) { all_samples<typename decltype(tag)::type>(log_probs, targets, result); });
  return result;
}

}  // namespace xgrad::kernels
