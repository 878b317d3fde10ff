#include <xgrad/nn/padding.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/padding.hpp>

namespace xgrad::nn {

PadLayer::PadLayer(const char* name, std::size_t dims, const Shape& padding, const char* mode, double value)
    : name_(fmt::format("{}{}d", name, dims)), padding_(padding), mode_(mode), value_(value) {
  while (padding.size() == 1 && padding_.size() < 2 * dims) padding_.push_back(padding[0]);
  if (padding_.size() != 2 * dims) {
    throw ValueError(
        fmt::format("{}: expected padding of 1 or {} numbers, got {}", name_, 2 * dims, to_string(padding)));
  }
}

Tensor PadLayer::forward(const Tensor& input) { return pad(input, padding_, mode_, value_); }

std::string PadLayer::describe() const {
  std::string numbers = fmt::format("({})", fmt::join(padding_, ", "));
  if (name_.starts_with("Constant")) return fmt::format("{}(padding={}, value={})", name_, numbers, value_);
  return name_ + numbers;
}

}  // namespace xgrad::nn
