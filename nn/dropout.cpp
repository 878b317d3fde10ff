#include <xgrad/nn/dropout.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/dropout.hpp>

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
  return options.training ? xgrad::detail::dropped(input, p, options.generator) : input;
}

Dropout::Dropout(double p, Generator* generator) : p_(p), generator_(generator) { check_probability(p); }
Tensor Dropout::forward(const Tensor& input) {
  return dropout(input, p_, {.training = is_training(), .generator = generator_});
}
std::string Dropout::describe() const { return fmt::format("Dropout(p={})", p_); }

}  // namespace xgrad::nn
