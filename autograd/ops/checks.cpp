#include <xgrad/autograd/ops/checks.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::detail {

void require_floating(const char* name, const Tensor& x) {
  if (is_floating(x.dtype())) return;
  throw DTypeError(fmt::format("{}: expected a floating tensor, got {} {}; convert with to(float32) first",
                               name, xgrad::name(x.dtype()), to_string(x.shape())));
}

}  // namespace xgrad::detail
