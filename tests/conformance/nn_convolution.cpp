#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

Tensor optional_tensor(const A& a, const char* name) { return a.is_null(name) ? Tensor() : a.tensor(name); }

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

}  // namespace

Rows nn_convolution_rows() {
  return {
      {"nn/conv1d", convolution(conv1d)},
      {"nn/conv2d", convolution(conv2d)},
      {"nn/conv3d", convolution(conv3d)},
      {"nn/conv_transpose1d", transposed(conv_transpose1d)},
      {"nn/conv_transpose2d", transposed(conv_transpose2d)},
      {"nn/conv_transpose3d", transposed(conv_transpose3d)},
  };
}

}  // namespace conformance
