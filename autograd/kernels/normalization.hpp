#pragma once

#include <array>
#include <cstdint>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Normalizations, forward and backward, each fused. Arrays are floating, of one dtype and row-major (checked
/// by the caller). The order of every sum follows from the shapes alone.
namespace xgrad::kernels {

/// A normalized array and the statistics that backward needs again, one number for each normalized set.
struct Normalized {
  Array result;
  Array mean;
  Array deviation;  ///< reciprocal: 1 / sqrt(variance + eps)
  Array variance;   ///< biased; of normalize_channels alone
};

/// Undefined where not asked for.
struct NormalizationGradients {
  Array input, weight, bias;
};

/// Which of them are asked for: of the input, the weight, the bias.
using WantedGradients = std::array<bool, 3>;

// Rows: every run of `length` numbers for itself, weight and bias [length] or undefined. ------------------

/// (x - mean) * deviation * weight + bias.
XGRAD_API Normalized normalize_rows(const Array& x, std::int64_t length, const Array& weight,
                                    const Array& bias, double eps);
/// Its gradients for g, of the shapes of x, [length] and [length].
XGRAD_API NormalizationGradients normalize_rows_backward(const Array& g, const Array& x, std::int64_t length,
                                                         const Array& mean, const Array& deviation,
                                                         const Array& weight, const WantedGradients& wanted);

/// x * deviation * weight, the deviation being that from 0: 1 / sqrt(mean of x^2 + eps).
XGRAD_API Normalized scale_rows(const Array& x, std::int64_t length, const Array& weight, double eps);
XGRAD_API NormalizationGradients scale_rows_backward(const Array& g, const Array& x, std::int64_t length,
                                                     const Array& deviation, const Array& weight,
                                                     const WantedGradients& wanted);

// Channels: dimension 1 of x [N, C, ...], weight and bias [C] or undefined. -------------------------------

/// Which numbers of x are normalized together.
struct ChannelSets {
  /// 0: channel c of all samples, as one set of C. Else: each of so many groups of channels of every sample,
  /// as N * groups sets.
  std::int64_t groups = 0;
};

/// (x - mean) * deviation * weight + bias. With `flat_is_zero` a variance and an eps of 0 make a deviation of
/// 0, not infinity.
XGRAD_API Normalized normalize_channels(const Array& x, ChannelSets sets, const Array& weight,
                                        const Array& bias, double eps, bool flat_is_zero);
/// Its gradients for g, of the shapes of x, [C] and [C].
XGRAD_API NormalizationGradients normalize_channels_backward(const Array& g, const Array& x, ChannelSets sets,
                                                             const Array& mean, const Array& deviation,
                                                             const Array& weight,
                                                             const WantedGradients& wanted);

/// The same formula with statistics [C] that were given.
XGRAD_API Array apply_statistics(const Array& x, const Array& mean, const Array& deviation,
                                 const Array& weight, const Array& bias);
XGRAD_API NormalizationGradients apply_statistics_backward(const Array& g, const Array& x, const Array& mean,
                                                           const Array& deviation, const Array& weight,
                                                           const WantedGradients& wanted);

}  // namespace xgrad::kernels
