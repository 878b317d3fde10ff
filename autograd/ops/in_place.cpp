// Operations in place: the members of Tensor whose names end in "_".

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// The tensor as it is now, at the same place of the graph, over numbers that the coming change does not
/// touch.
Tensor before_change(const Tensor& self, bool needs_numbers) {
  Tensor before(needs_numbers ? kernels::clone(self.array()) : self.array());
  if (self.grad_fn() != nullptr) before.impl().node = self.impl().node;
  before.impl().output_index = self.impl().output_index;
  return before;
}

void check_result(const char* name, const Tensor& self, const Tensor& value) {
  if (!(value.shape() == self.shape())) {
    throw ShapeError(
        fmt::format("{}: the result has shape {}, but the tensor that it is to be written into is {}", name,
                    to_string(value.shape()), to_string(self.shape())));
  }
  auto kind = [](DType dtype) { return is_floating(dtype) ? 2 : dtype == boolean ? 0 : 1; };
  if (kind(value.dtype()) > kind(self.dtype())) {
    throw DTypeError(
        fmt::format("{}: the result is {}, which the {} tensor cannot hold; convert it with to() first", name,
                    xgrad::name(value.dtype()), xgrad::name(self.dtype())));
  }
}

/// Memory that could be written while it is still to be read: the same storage in another geometry.
bool may_overlap(const Tensor& self, const Tensor& other) {
  return self.array().storage() == other.array().storage() &&
         !(self.array().bytes() == other.array().bytes() && self.strides() == other.strides() &&
           self.shape() == other.shape());
}

/// self = operation(self). `saves_input`: whether the recorded operation keeps its input.
template <class Operation, class... Others>
Tensor& in_place(const char* name, Tensor& self, bool saves_input, const Operation& operation,
                 const Others&... others) {
  check_in_place(name, self);
  bool recording = must_record(self, others...);
  Tensor value = operation(recording ? before_change(self, saves_input) : self);
  check_result(name, self, value);
  replace_in_place(name, self, value.dtype() == self.dtype() ? value : to(value, self.dtype()));
  return self;
}

/// The quick way, where nothing is recorded and no conversion is needed: one loop in the tensor's own memory.
template <Domain domain, class Formula, class... Others>
bool computed_directly(const char* name, Tensor& self, const Formula& formula, const Others&... others) {
  if (must_record(self, others...) || (domain == Domain::floating && !is_floating(self.dtype())))
    return false;
  if (((others.dtype() != self.dtype() || may_overlap(self, others)) || ...)) return false;
  if constexpr (sizeof...(others) > 0) {
    if (!(detail::broadcast_all(name, self, others...) == self.shape())) return false;
  }
  check_in_place(name, self);
  detail::dispatch_in<domain>(self.dtype(), [&](auto tag) {
    kernels::map<typename decltype(tag)::type>(self.array(), formula, Cost::cheap, self.array(),
                                               others.array()...);
  });
  self.array().storage()->bump_version();
  return true;
}

bool stays(const Tensor& self, Scalar number) { return number.promote(self.dtype()) == self.dtype(); }

}  // namespace

Tensor& Tensor::add_(const Tensor& other, Scalar alpha) {
  if (alpha.to<double>() == 1 &&
      computed_directly<Domain::all>("add_", *this, [](auto x, auto y) { return x + y; }, other)) {
    return *this;
  }
  if (stays(*this, alpha) && computed_directly<Domain::all>(
                                 "add_", *this, [alpha](auto x, auto y) { return x + y * alpha; }, other)) {
    return *this;
  }
  return in_place("add_", *this, false, [&](const Tensor& self) { return add(self, other, alpha); }, other);
}
Tensor& Tensor::add_(Scalar other) {
  if (stays(*this, other) &&
      computed_directly<Domain::all>("add_", *this, [other](auto x) { return x + other; }))
    return *this;
  return in_place("add_", *this, false, [&](const Tensor& self) { return add(self, other); });
}
Tensor& Tensor::sub_(const Tensor& other, Scalar alpha) {
  if (dtype() != boolean && alpha.to<double>() == 1 &&
      computed_directly<Domain::all>("sub_", *this, [](auto x, auto y) { return x - y; }, other)) {
    return *this;
  }
  return in_place("sub_", *this, false, [&](const Tensor& self) { return sub(self, other, alpha); }, other);
}
Tensor& Tensor::sub_(Scalar other) {
  return in_place("sub_", *this, false, [&](const Tensor& self) { return sub(self, other); });
}
Tensor& Tensor::mul_(const Tensor& other) {
  if (computed_directly<Domain::all>("mul_", *this, [](auto x, auto y) { return x * y; }, other))
    return *this;
  return in_place("mul_", *this, true, [&](const Tensor& self) { return mul(self, other); }, other);
}
Tensor& Tensor::mul_(Scalar other) {
  if (stays(*this, other) &&
      computed_directly<Domain::all>("mul_", *this, [other](auto x) { return x * other; }))
    return *this;
  return in_place("mul_", *this, false, [&](const Tensor& self) { return mul(self, other); });
}
Tensor& Tensor::div_(const Tensor& other) {
  if (computed_directly<Domain::floating>("div_", *this, [](auto x, auto y) { return x / y; }, other))
    return *this;
  return in_place("div_", *this, true, [&](const Tensor& self) { return div(self, other); }, other);
}
Tensor& Tensor::div_(Scalar other) {
  if (computed_directly<Domain::floating>("div_", *this, [other](auto x) { return x / other; })) return *this;
  return in_place("div_", *this, false, [&](const Tensor& self) { return div(self, other); });
}
Tensor& Tensor::pow_(Scalar exponent) {
  return in_place("pow_", *this, true, [&](const Tensor& self) { return xgrad::pow(self, exponent); });
}

Tensor& Tensor::copy_(const Tensor& source) {
  check_in_place("copy_", *this);
  Tensor value = broadcast_to(xgrad::to(source, dtype()), shape());
  if (may_overlap(*this, value)) value = xgrad::clone(value);
  replace_in_place("copy_", *this, value);
  return *this;
}

Tensor& Tensor::fill_(Scalar value) {
  check_in_place("fill_", *this);
  if (!must_record(*this)) {
    kernels::fill(array(), value);
    array().storage()->bump_version();
    return *this;
  }
  // What was there before has no influence any more: its gradient is 0.
  Tensor filled =
      record("fill_", Array::full(shape(), value, dtype()),
             gradient(before_change(*this, false), [](const Tensor& g) { return zeros_like(g); }));
  replace_in_place("fill_", *this, filled);
  return *this;
}

#define XGRAD_IN_PLACE(name)                                                                       \
  Tensor& Tensor::name##_() {                                                                      \
    return in_place(#name "_", *this, true, [](const Tensor& self) { return xgrad::name(self); }); \
  }
XGRAD_IN_PLACE(neg)
XGRAD_IN_PLACE(exp)
XGRAD_IN_PLACE(log)
XGRAD_IN_PLACE(sqrt)
XGRAD_IN_PLACE(abs)
XGRAD_IN_PLACE(tanh)
XGRAD_IN_PLACE(sigmoid)
XGRAD_IN_PLACE(relu)
#undef XGRAD_IN_PLACE

Tensor& Tensor::clamp_(std::optional<Scalar> min, std::optional<Scalar> max) {
  return in_place("clamp_", *this, true, [&](const Tensor& self) { return xgrad::clamp(self, min, max); });
}

}  // namespace xgrad
