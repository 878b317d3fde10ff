#include <xgrad/nn/linear.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/random.hpp>
#include <xgrad/autograd/ops/matmul.hpp>

namespace xgrad::nn {

Linear::Linear(std::int64_t in_features, std::int64_t out_features, LinearOptions options)
    : in_features_(in_features), out_features_(out_features) {
  if (in_features <= 0 || out_features <= 0) {
    throw ValueError(fmt::format("Linear: expected positive sizes, got in_features {} and out_features {}",
                                 in_features, out_features));
  }
  DType dtype = options.dtype.value_or(default_dtype());
  Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
  double bound = 1 / std::sqrt(static_cast<double>(in_features));
  weight = Parameter(Tensor(kernels::uniform({out_features, in_features}, dtype, -bound, bound, generator)));
  if (options.bias)
    bias = Parameter(Tensor(kernels::uniform({out_features}, dtype, -bound, bound, generator)));
}

void Linear::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor Linear::forward(const Tensor& input) {
  if (input.ndim() == 0 || input.shape().back() != in_features_) {
    throw ShapeError(fmt::format("Linear({}, {}): expected input [..., {}], got {}", in_features_,
                                 out_features_, in_features_, to_string(input.shape())));
  }
  return linear(input, weight, bias);
}

std::int64_t Linear::multiply_adds(const Shape& /*input*/, const Shape& output) const {
  return output.elements() * in_features_;
}

std::string Linear::describe() const {
  return fmt::format("Linear(in_features={}, out_features={}, bias={})", in_features_, out_features_,
                     bias.defined());
}

}  // namespace xgrad::nn
