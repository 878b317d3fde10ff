#include <xgrad/nn/parameter.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/nn/clone.hpp>
#include <xgrad/nn/members.hpp>

namespace xgrad::nn {
namespace {

Tensor copy_of(const Tensor& tensor) {
  detail::CloneScope* scope = detail::CloneScope::current();
  return scope != nullptr && tensor.defined() ? scope->counterpart(tensor) : tensor;
}

/// A leaf of its own over the same memory, so that the caller's tensor stays as it is.
Tensor leaf_over(const Tensor& numbers, bool requires_grad) {
  Tensor leaf = numbers.detach();
  leaf.requires_grad_(requires_grad);
  return leaf;
}

}  // namespace

Parameter::Parameter() noexcept { detail::enlist(this, detail::MemberKind::parameter); }
Parameter::Parameter(const Tensor& numbers) : Tensor(leaf_over(numbers, true)) {
  detail::enlist(this, detail::MemberKind::parameter);
}
Parameter::Parameter(const Parameter& other) : Tensor(copy_of(other)) {
  detail::enlist(this, detail::MemberKind::parameter);
}
Parameter::Parameter(Parameter&& other) noexcept : Tensor(std::move(other)) {
  detail::enlist(this, detail::MemberKind::parameter);
}
Parameter& Parameter::operator=(Parameter&& other) noexcept = default;
Parameter::~Parameter() { detail::delist(this); }

Buffer::Buffer() noexcept { detail::enlist(this, detail::MemberKind::buffer); }
Buffer::Buffer(const Tensor& numbers) : Tensor(leaf_over(numbers, false)) {
  detail::enlist(this, detail::MemberKind::buffer);
}
Buffer::Buffer(const Buffer& other) : Tensor(copy_of(other)) {
  detail::enlist(this, detail::MemberKind::buffer);
}
Buffer::Buffer(Buffer&& other) noexcept : Tensor(std::move(other)) {
  detail::enlist(this, detail::MemberKind::buffer);
}
Buffer& Buffer::operator=(Buffer&& other) noexcept = default;
Buffer::~Buffer() { detail::delist(this); }

void tie(Parameter& parameter, const Parameter& source) {
  if (!(parameter.shape() == source.shape())) {
    throw ShapeError(fmt::format("tie: expected two parameters of one shape, got {} and {}",
                                 to_string(parameter.shape()), to_string(source.shape())));
  }
  if (parameter.dtype() != source.dtype()) {
    throw DTypeError(
        fmt::format("tie: expected two parameters of one dtype, got {} and {}; convert with to()",
                    name(parameter.dtype()), name(source.dtype())));
  }
  static_cast<Tensor&>(parameter) = source;
}

}  // namespace xgrad::nn
