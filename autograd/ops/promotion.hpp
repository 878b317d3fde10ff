#pragma once

#include <utility>

#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad::detail {

/// Calls `operation(a, b)` with both tensors in the dtype that they meet in.
template <class Operation>
Tensor promoted(const Tensor& a, const Tensor& b, Operation&& operation) {
  if (a.dtype() == b.dtype()) return operation(a, b);
  DType dtype = result_type(a, b);
  return operation(to(a, dtype), to(b, dtype));
}

}  // namespace xgrad::detail
