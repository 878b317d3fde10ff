#pragma once

#include <array>
#include <cstdint>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Attention, softmax(query key^T * scale + mask) value, without its weights ever being in memory as a whole:
/// some rows of them at a time stay in the cache, and backward computes them anew.
namespace xgrad::kernels {

/// The last two dimensions are matrices, the leading ones, the same in all arrays, count the heads. Any
/// strides; nothing is copied as a whole.
struct AttentionInputs {
  Array query;  ///< [..., L, E]
  Array key;    ///< [..., S, E]
  Array value;  ///< [..., S, Ev]
  Array mask;   ///< undefined, or [..., L, S]: bool, or floating and added; its last stride is 1
  double scale;
  bool causal;  ///< query i looks at keys j <= i
};

struct Attention {
  Array result;  ///< [..., L, Ev], its dimensions in memory in the order of the query's
  Array top;     ///< [heads, L]: the largest score of each query
  Array share;   ///< [heads, L]: 1 / the sum of e^(score - top)
};

XGRAD_API Attention attention(const AttentionInputs& inputs);

/// The gradients of query, key and value, for a gradient g of the result; those that are not wanted are
/// undefined. Where the three inputs are slices of one array (parts of one projection), so are the gradients,
/// in the same order.
XGRAD_API std::array<Array, 3> attention_backward(const Array& g, const AttentionInputs& inputs,
                                                  const Array& top, const Array& share,
                                                  const std::array<bool, 3>& wanted);

}  // namespace xgrad::kernels
