#include <xgrad/nn/bilinear.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/random.hpp>
#include <xgrad/autograd/ops/bilinear.hpp>

namespace xgrad::nn {

Bilinear::Bilinear(std::int64_t in1_features, std::int64_t in2_features, std::int64_t out_features,
                   BilinearOptions options)
    : in1_features_(in1_features), in2_features_(in2_features), out_features_(out_features) {
  if (in1_features <= 0 || in2_features <= 0 || out_features <= 0) {
    throw ValueError(fmt::format(
        "Bilinear: expected positive sizes, got in1_features {}, in2_features {}, out_features {}",
        in1_features, in2_features, out_features));
  }
  DType dtype = options.dtype.value_or(default_dtype());
  Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
  double bound = 1 / std::sqrt(static_cast<double>(in1_features));
  weight = Parameter(
      Tensor(kernels::uniform({out_features, in1_features, in2_features}, dtype, -bound, bound, generator)));
  if (options.bias)
    bias = Parameter(Tensor(kernels::uniform({out_features}, dtype, -bound, bound, generator)));
}

void Bilinear::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor Bilinear::forward(const Tensor& input1, const Tensor& input2) {
  return bilinear(input1, input2, weight, bias);
}

std::string Bilinear::describe() const {
  return fmt::format("Bilinear(in1_features={}, in2_features={}, out_features={}, bias={})", in1_features_,
                     in2_features_, out_features_, bias.defined());
}

}  // namespace xgrad::nn
