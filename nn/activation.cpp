#include <xgrad/nn/activation.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/activation.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad::nn {

Tensor Sigmoid::forward(const Tensor& input) { return sigmoid(input); }
Tensor Tanh::forward(const Tensor& input) { return tanh(input); }
Tensor ReLU::forward(const Tensor& input) { return relu(input); }
Tensor ReLU6::forward(const Tensor& input) { return relu6(input); }
Tensor SELU::forward(const Tensor& input) { return selu(input); }
Tensor SiLU::forward(const Tensor& input) { return silu(input); }
Tensor Mish::forward(const Tensor& input) { return mish(input); }
Tensor Hardsigmoid::forward(const Tensor& input) { return hardsigmoid(input); }
Tensor Hardswish::forward(const Tensor& input) { return hardswish(input); }
Tensor LogSigmoid::forward(const Tensor& input) { return logsigmoid(input); }
Tensor Softsign::forward(const Tensor& input) { return softsign(input); }
Tensor Tanhshrink::forward(const Tensor& input) { return tanhshrink(input); }
Tensor Step::forward(const Tensor& input) { return heaviside(input, 0.0); }

Tensor LeakyReLU::forward(const Tensor& input) { return leaky_relu(input, negative_slope_); }
std::string LeakyReLU::describe() const {
  return fmt::format("LeakyReLU(negative_slope={})", negative_slope_);
}

Tensor ELU::forward(const Tensor& input) { return elu(input, alpha_); }
std::string ELU::describe() const { return fmt::format("ELU(alpha={})", alpha_); }

Tensor CELU::forward(const Tensor& input) { return celu(input, alpha_); }
std::string CELU::describe() const { return fmt::format("CELU(alpha={})", alpha_); }

Tensor Hardtanh::forward(const Tensor& input) { return hardtanh(input, min_val_, max_val_); }
std::string Hardtanh::describe() const {
  return fmt::format("Hardtanh(min_val={}, max_val={})", min_val_, max_val_);
}

Tensor Hardshrink::forward(const Tensor& input) { return hardshrink(input, lambd_); }
std::string Hardshrink::describe() const { return fmt::format("Hardshrink(lambd={})", lambd_); }

Tensor Softshrink::forward(const Tensor& input) { return softshrink(input, lambd_); }
std::string Softshrink::describe() const { return fmt::format("Softshrink(lambd={})", lambd_); }

Tensor Softplus::forward(const Tensor& input) { return softplus(input, beta_, threshold_); }
std::string Softplus::describe() const {
  return fmt::format("Softplus(beta={}, threshold={})", beta_, threshold_);
}

Tensor Threshold::forward(const Tensor& input) { return xgrad::threshold(input, threshold_, value_); }
std::string Threshold::describe() const {
  return fmt::format("Threshold(threshold={}, value={})", threshold_, value_);
}

GELU::GELU(std::string approximate) : approximate_(std::move(approximate)) {
  if (approximate_ != "none" && approximate_ != "tanh")
    throw ValueError(
        fmt::format("GELU: expected approximate \"none\" or \"tanh\", got \"{}\"", approximate_));
}
Tensor GELU::forward(const Tensor& input) { return gelu(input, approximate_); }
std::string GELU::describe() const { return fmt::format("GELU(approximate={})", approximate_); }

Tensor GLU::forward(const Tensor& input) { return glu(input, dim_); }
std::string GLU::describe() const { return fmt::format("GLU(dim={})", dim_); }

PReLU::PReLU(PReLUOptions options) : num_parameters_(options.num_parameters) {
  if (options.num_parameters <= 0)
    throw ValueError(fmt::format("PReLU: expected positive num_parameters, got {}", options.num_parameters));
  weight = Parameter(full({options.num_parameters}, options.init, options.dtype.value_or(default_dtype())));
}
void PReLU::visit(Visitor& visitor) { visitor("weight", weight); }
Tensor PReLU::forward(const Tensor& input) { return prelu(input, weight); }
std::string PReLU::describe() const { return fmt::format("PReLU(num_parameters={})", num_parameters_); }

RReLU::RReLU(double lower, double upper, Generator* generator)
    : lower_(lower), upper_(upper), generator_(generator) {
  if (!(lower <= upper))
    throw ValueError(fmt::format("RReLU: expected lower <= upper, got {} and {}", lower, upper));
}
Tensor RReLU::forward(const Tensor& input) { return rrelu(input, lower_, upper_, is_training(), generator_); }
std::string RReLU::describe() const { return fmt::format("RReLU(lower={}, upper={})", lower_, upper_); }

}  // namespace xgrad::nn
