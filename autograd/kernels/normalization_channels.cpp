// Normalization of channels: batch norm and group norm.

#include <algorithm>
#include <vector>

#include <xgrad/autograd/kernels/channel_columns.hpp>
#include <xgrad/autograd/kernels/channel_planes.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/normalization.hpp>

namespace xgrad::kernels {
namespace {

using detail::Channels;
using std::int64_t;

Channels channels_of(const Array& x) {
  Channels channels{x.shape()[0], x.shape()[1], 1};
  for (std::size_t i = 2; i < x.ndim(); ++i) channels.inner *= x.shape()[i];
  return channels;
}

/// Runs function(engine, TypeTag): the loops over columns where planes are shorter than a few registers.
template <class Function>
void with_engine(const Array& x, ChannelSets sets, const Function& function) {
  constexpr int64_t short_plane = 32;
  Channels channels = channels_of(x);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T> tag) {
    if (sets.groups == 0 && channels.inner < short_plane)
      function(detail::ColumnEngine<T>{channels}, tag);
    else
      function(detail::PlaneEngine<T>{channels, sets.groups}, tag);
  });
}

}  // namespace

Normalized normalize_channels(const Array& x, ChannelSets sets, const Array& weight, const Array& bias,
                              double eps, bool flat_is_zero) {
  int64_t count = sets.groups == 0 ? x.shape()[1] : x.shape()[0] * sets.groups;
  Normalized all{Array::empty_like(x), Array({count}, x.dtype()), Array({count}, x.dtype()),
                 Array({count}, x.dtype())};
  if (x.numel() == 0) {
    fill(all.mean, 0);
    fill(all.deviation, 0);
    fill(all.variance, 0);
    return all;
  }
  with_engine(x, sets, [&]<class T>(const auto& engine, TypeTag<T>) {
    detail::ChannelNumbers<T> numbers(all.mean, all.deviation, weight, bias);
    engine.normalize(x.data<T>(), all.result.data<T>(), numbers, [&](int64_t set, const auto& moments) {
      double variance = moments.variance();
      all.mean.data<T>()[set] = static_cast<T>(moments.mean);
      all.variance.data<T>()[set] = static_cast<T>(variance);
      all.deviation.data<T>()[set] =
          flat_is_zero && variance == 0 && eps == 0 ? T(0) : detail::reciprocal_deviation<T>(variance, eps);
    });
  });
  return all;
}

Array apply_statistics(const Array& x, const Array& mean, const Array& deviation, const Array& weight,
                       const Array& bias) {
  Array result = Array::empty_like(x);
  if (x.numel() == 0) return result;
  with_engine(x, {}, [&]<class T>(const auto& engine, TypeTag<T>) {
    engine.apply(x.data<T>(), result.data<T>(), detail::ChannelNumbers<T>(mean, deviation, weight, bias));
  });
  return result;
}

namespace {

NormalizationGradients backward(const Array& g, const Array& x, ChannelSets sets, const Array& mean,
                                const Array& deviation, const Array& weight, const WantedGradients& wanted,
                                bool own_statistics) {
  int64_t channels = x.shape()[1];
  NormalizationGradients all;
  if (wanted[0]) all.input = Array::empty_like(x);
  if (wanted[1]) all.weight = Array::zeros({channels}, x.dtype());
  if (wanted[2]) all.bias = Array::zeros({channels}, x.dtype());
  if (x.numel() == 0) return all;
  bool sums = own_statistics || wanted[1] || wanted[2];
  with_engine(x, sets, [&]<class T>(const auto& engine, TypeTag<T>) {
    detail::ChannelNumbers<T> numbers(mean, deviation, weight, Array());
    // Of every channel, once or for each sample: the sums of g and of g times the normalized x.
    int64_t planes = sets.groups == 0 ? channels : x.shape()[0] * channels;
    std::vector<double> totals(static_cast<std::size_t>(sums ? planes : 0));
    std::vector<double> dots(totals.size());
    engine.backward(g.data<T>(), x.data<T>(), wanted[0] ? all.input.data<T>() : nullptr, numbers,
                    own_statistics, sums ? totals.data() : nullptr, dots.data());
    auto add = [&](const std::vector<double>& from, const Array& to) {
      for (int64_t c = 0; c < channels; ++c) {
        double sum = 0;
        for (int64_t i = c; i < planes; i += channels) sum += from[static_cast<std::size_t>(i)];
        to.data<T>()[c] = static_cast<T>(sum);
      }
    };
    if (wanted[1]) add(dots, all.weight);
    if (wanted[2]) add(totals, all.bias);
  });
  return all;
}

}  // namespace

NormalizationGradients normalize_channels_backward(const Array& g, const Array& x, ChannelSets sets,
                                                   const Array& mean, const Array& deviation,
                                                   const Array& weight, const WantedGradients& wanted) {
  return backward(g, x, sets, mean, deviation, weight, wanted, true);
}

NormalizationGradients apply_statistics_backward(const Array& g, const Array& x, const Array& mean,
                                                 const Array& deviation, const Array& weight,
                                                 const WantedGradients& wanted) {
  return backward(g, x, {}, mean, deviation, weight, wanted, false);
}

}  // namespace xgrad::kernels
