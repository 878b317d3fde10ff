#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

template <std::size_t N>
Call convolution(Tensor (*call)(const Tensor&, const Tensor&, const Tensor&, const ConvOptions<N>&)) {
  return [call](const A& a) {
    Padding<N> padding = a.json("padding").is_string() ? Padding<N>(a.text("padding")) : a.ints("padding");
    return Outputs{call(a.tensor("input"), a.tensor("weight"), optional_tensor(a, "bias"),
                        {.stride = a.ints("stride"),
                         .padding = padding,
                         .dilation = a.ints("dilation"),
                         .groups = a.integer("groups")})};
  };
}

template <std::size_t N>
Call transposed(Tensor (*call)(const Tensor&, const Tensor&, const Tensor&, const ConvTransposeOptions<N>&)) {
  return [call](const A& a) {
    return Outputs{call(a.tensor("input"), a.tensor("weight"), optional_tensor(a, "bias"),
                        {.stride = a.ints("stride"),
                         .padding = a.ints("padding"),
                         .output_padding = a.ints("output_padding"),
                         .groups = a.integer("groups"),
                         .dilation = a.ints("dilation")})};
  };
}

template <std::size_t N>
PerDim<N> stride_of(const A& a) {
  return a.is_null("stride") ? PerDim<N>() : PerDim<N>(a.ints("stride"));
}

template <std::size_t N>
Call max_pool(std::pair<Tensor, Tensor> (*call)(const Tensor&, PerDim<N>, const MaxPoolOptions<N>&)) {
  return [call](const A& a) {
    auto [values, places] = call(a.tensor("input"), a.ints("kernel_size"),
                                 {.stride = stride_of<N>(a),
                                  .padding = a.ints("padding"),
                                  .dilation = a.ints("dilation"),
                                  .ceil_mode = a.flag("ceil_mode")});
    return Outputs{values, places};
  };
}

template <std::size_t N>
Call avg_pool(Tensor (*call)(const Tensor&, PerDim<N>, const AvgPoolOptions<N>&)) {
  return [call](const A& a) {
    std::optional<std::int64_t> divisor;
    if (N > 1 && !a.is_null("divisor_override")) divisor = a.integer("divisor_override");
    return Outputs{call(a.tensor("input"), a.ints("kernel_size"),
                        {.stride = stride_of<N>(a),
                         .padding = a.ints("padding"),
                         .ceil_mode = a.flag("ceil_mode"),
                         .count_include_pad = a.flag("count_include_pad"),
                         .divisor_override = divisor})};
  };
}

template <std::size_t N>
Call lp_pool(Tensor (*call)(const Tensor&, double, PerDim<N>, const LpPoolOptions<N>&)) {
  return [call](const A& a) {
    return Outputs{call(a.tensor("input"), a.real("norm_type"), a.ints("kernel_size"),
                        {.stride = stride_of<N>(a), .ceil_mode = a.flag("ceil_mode")})};
  };
}

template <std::size_t N>
OutputSize<N> output_size(const A& a) {
  std::array<std::optional<std::int64_t>, N> sizes;
  const Json& list = a.json("output_size");
  for (std::size_t i = 0; i < N; ++i) {
    if (!list.at(i).is_null()) sizes[i] = list.at(i).template get<std::int64_t>();
  }
  return sizes;
}

template <std::size_t N>
Call adaptive_avg_pool(Tensor (*call)(const Tensor&, OutputSize<N>)) {
  return [call](const A& a) { return Outputs{call(a.tensor("input"), output_size<N>(a))}; };
}

template <std::size_t N>
Call adaptive_max_pool(std::pair<Tensor, Tensor> (*call)(const Tensor&, OutputSize<N>)) {
  return [call](const A& a) {
    auto [values, places] = call(a.tensor("input"), output_size<N>(a));
    return Outputs{values, places};
  };
}

Outputs unpool(const A& a) {
  MaxUnpoolOptions<2> options{.stride = stride_of<2>(a), .padding = a.ints("padding")};
  if (!a.is_null("output_size")) options.output_size = a.ints("output_size");
  return {max_unpool2d(a.tensor("input"), a.tensor("indices"), a.ints("kernel_size"), options)};
}

}  // namespace

Rows nn_convolution_rows() {
  return {
      {"nn/conv1d", convolution(conv1d)},
      {"nn/conv2d", convolution(conv2d)},
      {"nn/conv3d", convolution(conv3d)},
      {"nn/conv_transpose1d", transposed(conv_transpose1d)},
      {"nn/conv_transpose2d", transposed(conv_transpose2d)},
      {"nn/conv_transpose3d", transposed(conv_transpose3d)},
      {"nn/max_pool1d", max_pool(max_pool1d_with_indices)},
      {"nn/max_pool2d", max_pool(max_pool2d_with_indices)},
      {"nn/max_pool3d", max_pool(max_pool3d_with_indices)},
      {"nn/max_unpool2d", unpool},
      {"nn/avg_pool1d", avg_pool(avg_pool1d)},
      {"nn/avg_pool2d", avg_pool(avg_pool2d)},
      {"nn/avg_pool3d", avg_pool(avg_pool3d)},
      {"nn/lp_pool1d", lp_pool(lp_pool1d)},
      {"nn/lp_pool2d", lp_pool(lp_pool2d)},
      {"nn/adaptive_avg_pool1d", adaptive_avg_pool(adaptive_avg_pool1d)},
      {"nn/adaptive_avg_pool2d", adaptive_avg_pool(adaptive_avg_pool2d)},
      {"nn/adaptive_avg_pool3d", adaptive_avg_pool(adaptive_avg_pool3d)},
      {"nn/adaptive_max_pool1d", adaptive_max_pool(adaptive_max_pool1d_with_indices)},
      {"nn/adaptive_max_pool2d", adaptive_max_pool(adaptive_max_pool2d_with_indices)},
      {"nn/adaptive_max_pool3d", adaptive_max_pool(adaptive_max_pool3d_with_indices)},
  };
}

}  // namespace conformance
