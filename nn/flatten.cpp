#include <xgrad/nn/flatten.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad::nn {

Tensor Flatten::forward(const Tensor& input) { return flatten(input, start_dim_, end_dim_); }
std::string Flatten::describe() const {
  return fmt::format("Flatten(start_dim={}, end_dim={})", start_dim_, end_dim_);
}

}  // namespace xgrad::nn
