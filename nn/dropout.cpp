#include <xgrad/nn/dropout.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/random.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>

namespace xgrad::nn {
namespace {

void check_probability(double p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("Dropout: expected a probability within [0, 1], got {}", p));
}

}  // namespace

Tensor dropout(const Tensor& input, double p, DropoutOptions options) {
  check_probability(p);
  if (!is_floating(input.dtype())) {
    throw DTypeError(fmt::format("dropout: expected a floating input, got {}", name(input.dtype())));
  }
  if (!options.training || p == 0) return input;
  if (p == 1) return input * zeros_like(input);
  Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
  Tensor kept(kernels::bernoulli(input.shape(), input.dtype(), 1 - p, generator));
  return input * kept.mul_(1 / (1 - p));
}

Dropout::Dropout(double p, Generator* generator) : p_(p), generator_(generator) { check_probability(p); }
Tensor Dropout::forward(const Tensor& input) {
  return dropout(input, p_, {.training = is_training(), .generator = generator_});
}
std::string Dropout::describe() const { return fmt::format("Dropout(p={})", p_); }

}  // namespace xgrad::nn
