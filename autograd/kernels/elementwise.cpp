#include <xgrad/autograd/kernels/elementwise.hpp>

#include <algorithm>

#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

constexpr std::size_t max_rank = 64;

/// The dimensions of one loop, outermost first, with a byte stride for every operand.
struct Nest {
  std::size_t rank = 0;
  std::int64_t sizes[max_rank];
  std::int64_t strides[max_rank][max_operands];
};

/// Lines all operands up at the last dimension, drops dimensions of size 1 and merges what lies in one piece.
void collapse(const Array* const* operands, std::size_t count, Nest& nest) {
  const Shape& shape = operands[0]->shape();
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    std::int64_t strides[max_operands];
    for (std::size_t k = 0; k < count; ++k) {
      const Array& operand = *operands[k];
      std::size_t lead = shape.size() - operand.ndim();
      bool repeated = d < lead || operand.shape()[d - lead] == 1;
      strides[k] =
          repeated ? 0 : operand.strides()[d - lead] * static_cast<std::int64_t>(item_size(operand.dtype()));
    }
    bool merges = nest.rank > 0;
    for (std::size_t k = 0; merges && k < count; ++k)
      merges = nest.strides[nest.rank - 1][k] == strides[k] * shape[d];
    if (merges) {
      nest.sizes[nest.rank - 1] *= shape[d];
    } else {
      nest.sizes[nest.rank] = shape[d];
      ++nest.rank;
    }
    std::copy_n(strides, count, nest.strides[nest.rank - 1]);
  }
}

void run_nest(const Nest& nest, const Array* const* operands, std::size_t count, InnerLoop inner,
              const void* formula, Cost cost) {
  std::size_t last = nest.rank - 1;
  std::int64_t outer = 1;
  for (std::size_t d = 0; d < last; ++d) outer *= nest.sizes[d];
  std::int64_t row = nest.sizes[last];
  const std::int64_t* steps = nest.strides[last];
  if (outer == 1) {
    parallel_for(row, static_cast<std::int64_t>(cost), [&](std::int64_t begin, std::int64_t end) {
      std::byte* pointers[max_operands];
      for (std::size_t k = 0; k < count; ++k) pointers[k] = operands[k]->bytes() + begin * steps[k];
      inner(formula, pointers, steps, end - begin, false);
    });
    return;
  }
  std::int64_t grain = std::max<std::int64_t>(1, static_cast<std::int64_t>(cost) / row);
  parallel_for(outer, grain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t index[max_rank];
    std::byte* pointers[max_operands];
    for (std::size_t k = 0; k < count; ++k) pointers[k] = operands[k]->bytes();
    std::int64_t rest = begin;
    for (std::size_t d = last; d-- > 0;) {
      index[d] = rest % nest.sizes[d];
      rest /= nest.sizes[d];
      for (std::size_t k = 0; k < count; ++k) pointers[k] += index[d] * nest.strides[d][k];
    }
    for (std::int64_t i = begin; i < end; ++i) {
      inner(formula, pointers, steps, row, false);
      for (std::size_t d = last; d-- > 0;) {
        for (std::size_t k = 0; k < count; ++k) pointers[k] += nest.strides[d][k];
        if (++index[d] < nest.sizes[d]) break;
        for (std::size_t k = 0; k < count; ++k) pointers[k] -= nest.sizes[d] * nest.strides[d][k];
        index[d] = 0;
      }
    }
  });
}

}  // namespace

void run_elementwise(const Array* const* operands, std::size_t count, std::size_t results, InnerLoop inner,
                     const void* formula, Cost cost) {
  const Array& result = *operands[0];
  std::int64_t elements = result.numel();
  if (elements == 0) return;

  // The common case first: everything row-major in one shape, or a single element.
  bool simple = true;
  std::byte* pointers[max_operands];
  std::int64_t strides[max_operands];
  for (std::size_t k = 0; k < count; ++k) {
    const Array& operand = *operands[k];
    pointers[k] = operand.bytes();
    bool single = operand.numel() == 1 && elements != 1;
    strides[k] = single ? 0 : static_cast<std::int64_t>(item_size(operand.dtype()));
    simple = simple && (single || (operand.is_contiguous() && operand.numel() == elements));
  }
  if (simple) {
    auto grain = static_cast<std::int64_t>(cost);
    if (elements <= grain) {
      inner(formula, pointers, strides, elements, false);
      return;
    }
    std::int64_t bytes = elements * static_cast<std::int64_t>(item_size(result.dtype()));
    bool stream =
        bytes >= stream_bytes && results == 1 && reinterpret_cast<std::uintptr_t>(pointers[0]) % 64 == 0;
    for (std::size_t k = results; k < count; ++k) stream = stream && pointers[k] != pointers[0];
    parallel_for(elements, grain, [&](std::int64_t begin, std::int64_t end) {
      std::byte* moved[max_operands];
      for (std::size_t k = 0; k < count; ++k) moved[k] = pointers[k] + begin * strides[k];
      inner(formula, moved, strides, end - begin, stream);
    });
    return;
  }
  Nest nest;
  collapse(operands, count, nest);
  run_nest(nest, operands, count, inner, formula, cost);
}

}  // namespace xgrad::kernels
