#include <xgrad/autograd/ops/checks.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::detail {

void require_floating(const char* name, const Tensor& x) {
  if (is_floating(x.dtype())) return;
  throw DTypeError(fmt::format("{}: expected a floating tensor, got {} {}; convert with to(float32) first",
                               name, xgrad::name(x.dtype()), to_string(x.shape())));
}

void require_same_dtype(const char* name, const char* a_name, const Tensor& a, const char* b_name,
                        const Tensor& b) {
  if (a.dtype() == b.dtype()) return;
  throw DTypeError(fmt::format("{}: expected one dtype: {} is {}, {} is {}; convert with to()", name, a_name,
                               xgrad::name(a.dtype()), b_name, xgrad::name(b.dtype())));
}

void require_parameter(const char* name, const char* operand, const Tensor& parameter, const char* x_name,
                       const Tensor& x, const Shape& shape) {
  require_same_dtype(name, x_name, x, operand, parameter);
  if (parameter.shape() == shape) return;
  throw ShapeError(fmt::format("{}: expected {} of shape {} for {} {}, got {}", name, operand,
                               to_string(shape), x_name, to_string(x.shape()), to_string(parameter.shape())));
}

}  // namespace xgrad::detail
