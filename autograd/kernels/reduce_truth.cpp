// Truths of all or any elements, and how many are not zero.

#include <functional>

#include <xgrad/autograd/kernels/reduce_loops.hpp>

namespace xgrad::kernels {
namespace {

using namespace detail;

template <class T>
std::int64_t nonzeros(const T* x, std::int64_t count) {
  std::int64_t found = 0;
  for (std::int64_t i = 0; i < count; ++i) found += x[i] != T(0) ? 1 : 0;
  return found;
}

/// Whether a row holds an element whose truth is `wanted`: a block at a time, so that the loop has no branch.
template <class T>
bool holds(const T* x, std::int64_t count, bool wanted) {
  constexpr std::int64_t stretch = 1024;
  for (std::int64_t first = 0; first < count; first += stretch) {
    std::int64_t size = std::min(stretch, count - first);
    std::int32_t truths = 0;
    for (std::int64_t i = first; i < first + size; ++i) truths += x[i] != T(0) ? 1 : 0;
    if (wanted ? truths > 0 : truths < size) return true;
  }
  return false;
}

/// The answer where an element of truth `wanted` is found is `wanted`, else its opposite.
Array truth_of(const Array& input, const DimSet& dims, bool keepdim, bool wanted) {
  ReducePlan plan = plan_reduction(input, dims, keepdim);
  Array result(plan.result_shape, boolean);
  bool* to = result.data<bool>();
  if (plan.inner > 1) {
    Array found(plan.result_shape, int32);  // as wide as most elements: then the loop is one over lanes
    dispatch(input.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      fold_columns(plan, plan.row<T>(0), found.data<std::int32_t>(), std::int32_t{0},
                   [wanted](std::int32_t before, T x) { return before | ((x != T(0)) == wanted ? 1 : 0); });
    });
    for (std::int64_t i = 0; i < result.numel(); ++i) to[i] = (found.data<std::int32_t>()[i] != 0) == wanted;
    return result;
  }
  dispatch(input.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_rows(plan, [&](std::int64_t i) { to[i] = holds(plan.row<T>(i), plan.length, wanted) == wanted; });
  });
  return result;
}

}  // namespace

Array all(const Array& input, const DimSet& dims, bool keepdim) {
  return truth_of(input, dims, keepdim, false);
}
Array any(const Array& input, const DimSet& dims, bool keepdim) {
  return truth_of(input, dims, keepdim, true);
}

Array count_nonzero(const Array& input, const DimSet& dims, bool keepdim) {
  ReducePlan plan = plan_reduction(input, dims, keepdim);
  Array result(plan.result_shape, int64);
  auto* to = result.data<std::int64_t>();
  dispatch(input.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (plan.inner > 1) {
      fold_columns(plan, plan.row<T>(0), to, std::int64_t{0},
                   [](std::int64_t count, T x) { return count + (x != T(0) ? 1 : 0); });
    } else {
      for_rows(plan, [&](std::int64_t i) {
        const T* row = plan.row<T>(i);
        to[i] = over_row(
            plan.length, [row](std::int64_t begin, std::int64_t size) { return nonzeros(row + begin, size); },
            std::plus<>());
      });
    }
  });
  return result;
}

}  // namespace xgrad::kernels
