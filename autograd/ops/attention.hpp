#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// Attention: means of values, weighted by how well their keys fit a query.
namespace xgrad {

/// Of attention_weights and scaled_dot_product_attention.
struct AttentionOptions {
  Tensor attn_mask = {};   ///< bool: true where a query may look at a key; floating: added to the scores
  double dropout_p = 0;    ///< the probability to set a weight to 0, the others being divided by 1 - p
  bool is_causal = false;  ///< query i looks at keys j <= i; not together with attn_mask
  std::optional<double> scale = std::nullopt;  ///< of the scores; by default 1 / sqrt(features of a query)
  Generator* generator = nullptr;              ///< of dropout; the thread's own, if none is given
};

/// softmax(query key^T * scale + mask) over the keys, [..., L, S] for query [..., L, E] and key [..., S, E];
/// the mask broadcasts to it. A query that may look at nothing has nan. Throws ShapeError, DTypeError unless
/// both are of one floating dtype, ValueError for dropout_p outside [0, 1] and for two masks.
XGRAD_API Tensor attention_weights(const Tensor& query, const Tensor& key,
                                   const AttentionOptions& options = {});

/// attention_weights(query, key) value, after dropout: [..., L, Ev] for value [..., S, Ev]. Throws likewise.
/// Without dropout, and unless the mask's own gradient is wanted, one operation, which reads the inputs where
/// they are and never has all weights in memory.
/// Source: torch.nn.functional.scaled_dot_product_attention; Vaswani et al., "Attention is all you need",
/// 2017.
XGRAD_API Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                              const AttentionOptions& options = {});

/// Of multi_head_attention_forward.
struct MultiHeadAttentionOptions {
  Tensor bias_k = {}, bias_v = {};   ///< [1, 1, E]: appended to the projected keys and values
  bool add_zero_attn = false;        ///< appends a key and a value of zeros behind them
  Tensor key_padding_mask = {};      ///< [N, S]: bool, true where a key may NOT be looked at, or added scores
  Tensor attn_mask = {};             ///< [L, S] or [N * num_heads, L, S]: likewise
  bool is_causal = false;            ///< query i looks at keys j <= i, whatever attn_mask says
  bool batch_first = false;          ///< query is [N, L, E], key and value are [N, S, E], as is the output
  bool need_weights = true;          ///< whether the second result is wanted
  bool average_attn_weights = true;  ///< its mean over the heads
  double dropout_p = 0;
  Generator* generator = nullptr;
  /// Instead of in_proj_weight, for keys of kdim and values of vdim features: [E, E], [E, kdim], [E, vdim].
  Tensor q_proj_weight = {}, k_proj_weight = {}, v_proj_weight = {};
};

/// Attention in num_heads consecutive slices of E / num_heads features. query is [L, N, E], key and value are
/// [S, N, E], or all without N. in_proj_weight [3 E, E] stacks the projections of query, key and value,
/// in_proj_bias is [3 E] or undefined; the heads' results, side by side, go through out_proj_weight [E, E]
/// and out_proj_bias. Returns the output [L, N, E] and, where it is wanted, the weights [N, L, S], or [N,
/// num_heads, L, S]. Throws ShapeError, DTypeError, ValueError. Source:
/// torch.nn.functional.multi_head_attention_forward.
XGRAD_API std::pair<Tensor, Tensor> multi_head_attention_forward(
    const Tensor& query, const Tensor& key, const Tensor& value, std::int64_t num_heads,
    const Tensor& in_proj_weight, const Tensor& in_proj_bias, const Tensor& out_proj_weight,
    const Tensor& out_proj_bias, const MultiHeadAttentionOptions& options = {});

}  // namespace xgrad
