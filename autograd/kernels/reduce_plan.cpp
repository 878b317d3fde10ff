#include <xgrad/autograd/kernels/reduce_plan.hpp>

namespace xgrad::kernels {

DimSet all_dims(const Array& input) {
  DimSet dims;
  for (std::size_t i = 0; i < input.ndim(); ++i) dims.set(i);
  return dims;
}

Shape reduced_shape(const Shape& shape, const DimSet& dims, bool keepdim) {
  Shape result;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (!dims[i])
      result.push_back(shape[i]);
    else if (keepdim)
      result.push_back(1);
  }
  return result;
}

namespace {

/// The input with the kept dimensions first and the reduced ones last.
Array kept_first(const Array& input, const DimSet& dims) {
  Shape shape;
  Strides strides;
  for (bool reduced : {false, true}) {
    for (std::size_t i = 0; i < input.ndim(); ++i) {
      if (dims[i] != reduced) continue;
      shape.push_back(input.shape()[i]);
      strides.push_back(input.strides()[i]);
    }
  }
  return input.view(shape, strides);
}

/// Whether the reduced dimensions stand together (sizes of 1 aside), so that a row-major input is [outer,
/// length, inner].
bool together(const Array& input, const DimSet& dims, ReducePlan& plan) {
  enum { before, within, after } place = before;
  plan.outer = plan.length = plan.inner = 1;
  for (std::size_t i = 0; i < input.ndim(); ++i) {
    std::int64_t size = input.shape()[i];
    if (size == 1) continue;
    if (dims[i]) {
      if (place == after) return false;
      place = within;
      plan.length *= size;
    } else if (place == before) {
      plan.outer *= size;
    } else {
      place = after;
      plan.inner *= size;
    }
  }
  return true;
}

}  // namespace

ReducePlan plan_reduction(const Array& input, const DimSet& dims, bool keepdim, bool rows_only) {
  ReducePlan plan;
  plan.result_shape = reduced_shape(input.shape(), dims, keepdim);
  if (input.is_contiguous() && together(input, dims, plan) && (plan.inner == 1 || !rows_only)) {
    plan.data = input.bytes();
    plan.row_step = plan.length;
    return plan;
  }
  Array ordered = kept_first(input, dims);
  plan.outer = plan.result_shape.elements();
  plan.length = 1;
  for (std::size_t i = 0; i < input.ndim(); ++i) plan.length *= dims[i] ? input.shape()[i] : 1;
  plan.inner = 1;
  Array rows = ordered.try_reshape({plan.outer, plan.length});
  bool readable = rows.defined() && (plan.length <= 1 || rows.strides()[1] == 1);
  if (!readable) plan.copy = clone(ordered);
  plan.data = readable ? rows.bytes() : plan.copy.bytes();
  plan.row_step = readable ? rows.strides()[0] : plan.length;
  return plan;
}

}  // namespace xgrad::kernels
