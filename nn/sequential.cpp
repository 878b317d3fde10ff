#include <xgrad/nn/sequential.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::nn {

Sequential::Sequential() = default;

void Sequential::push_back(AnyModule module) {
  static_cast<void>(*module);  // an empty one throws here
  modules_.push_back(std::move(module));
}

Module& Sequential::operator[](std::size_t place) const {
  if (place >= modules_.size()) {
    throw IndexError(fmt::format("Sequential: expected a place below {}, got {}", modules_.size(), place));
  }
  return *modules_[place];
}

void Sequential::visit(Visitor& visitor) {
  visitor.object(*this);
  std::size_t place = 0;
  for (AnyModule& module : modules_) visitor(std::to_string(place++), module);
}

Tensor Sequential::forward(const Tensor& input) {
  Tensor x = input;
  for (const AnyModule& module : modules_) x = module(x);
  return x;
}

}  // namespace xgrad::nn
