#pragma once

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/reduce.hpp>

namespace xgrad::kernels {

/// A reduction as one of two plain loops over row-major memory: every kept element is one row of `length`
/// numbers (inner == 1), or `length` rows of `inner` numbers are folded into one, `outer` times.
struct ReducePlan {
  const std::byte* data = nullptr;  ///< what to read; row-major, or rows at `row_step`
  Array copy;                       ///< what `data` points into, where the input's own strides did not fit
  std::int64_t outer = 1;
  std::int64_t length = 1;
  std::int64_t inner = 1;
  std::int64_t row_step = 1;  ///< from one row to the next, for inner == 1
  Shape result_shape;

  template <class T>
  const T* row(std::int64_t i) const {
    return reinterpret_cast<const T*>(data) + i * row_step;
  }
};

/// Finds the loop for a reduction; copies the input first where its strides fit neither. `rows_only`: never
/// the second kind.
ReducePlan plan_reduction(const Array& input, const DimSet& dims, bool keepdim, bool rows_only = false);

}  // namespace xgrad::kernels
