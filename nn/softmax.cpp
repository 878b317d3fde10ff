#include <xgrad/nn/softmax.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/softmax.hpp>

namespace xgrad::nn {

Tensor Softmax::forward(const Tensor& input) { return softmax(input, dim_); }
std::string Softmax::describe() const { return fmt::format("Softmax(dim={})", dim_); }

Tensor LogSoftmax::forward(const Tensor& input) { return log_softmax(input, dim_); }
std::string LogSoftmax::describe() const { return fmt::format("LogSoftmax(dim={})", dim_); }

Tensor Softmin::forward(const Tensor& input) { return softmin(input, dim_); }
std::string Softmin::describe() const { return fmt::format("Softmin(dim={})", dim_); }

Tensor Softmax2d::forward(const Tensor& input) {
  if (input.ndim() != 3 && input.ndim() != 4) {
    throw ShapeError(
        fmt::format("Softmax2d: expected input [N, C, H, W] or [C, H, W], got {}", to_string(input.shape())));
  }
  return softmax(input, -3);
}

}  // namespace xgrad::nn
