#include <xgrad/nn/activation.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/ops/softmax.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad::nn {

Tensor Sigmoid::forward(const Tensor& input) { return sigmoid(input); }
Tensor Tanh::forward(const Tensor& input) { return tanh(input); }
Tensor ReLU::forward(const Tensor& input) { return relu(input); }
Tensor Softmax::forward(const Tensor& input) { return softmax(input, dim_); }
std::string Softmax::describe() const { return fmt::format("Softmax(dim={})", dim_); }
Tensor Step::forward(const Tensor& input) { return heaviside(input, 0.0); }

}  // namespace xgrad::nn
