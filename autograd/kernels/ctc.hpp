#pragma once

#include <cstdint>
#include <vector>

#include <xgrad/autograd/array/array.hpp>

/// Connectionist temporal classification by the forward-backward recursion, in logarithms and in float64.
/// Source: Graves et al. 2006, "Connectionist temporal classification", section 4.1.
namespace xgrad::kernels {

/// What ctc depends on beside the log-probabilities. The caller has checked it.
struct CtcTargets {
  Array labels;                       ///< int64, row-major: the labels of all samples
  std::vector<std::int64_t> starts;   ///< [N]: where those of a sample begin
  std::vector<std::int64_t> lengths;  ///< [N]: how many they are
  std::vector<std::int64_t> steps;    ///< [N]: the time steps that count
  std::int64_t blank;
  bool zero_infinity;  ///< the loss of an impossible alignment is 0, not inf

  /// Label s of sample n with blanks before, between and after: s = 0 .. 2 * length.
  std::int64_t extended(std::size_t n, std::int64_t s) const {
    return s % 2 == 0 ? blank : labels.data<std::int64_t>()[starts[n] + s / 2];
  }
  /// Whether state s may follow s - 2: blanks, and repeated labels, may not be skipped.
  bool skips(std::size_t n, std::int64_t s) const {
    return s % 2 == 1 && s > 1 && extended(n, s) != extended(n, s - 2);
  }
};

struct CtcLosses {
  Array losses;  ///< [N]: -log of the probability of the labels
  Array slopes;  ///< [T, N, C]: of each loss with respect to the log-probabilities; nan where it is infinite
};

/// log_probs: [T, N, C] row-major. Without `with_slopes` the slopes are undefined.
XGRAD_API CtcLosses ctc(const Array& log_probs, const CtcTargets& targets, bool with_slopes);

}  // namespace xgrad::kernels
