#pragma once

#include <optional>
#include <utility>

#include <xgrad/nn/linear.hpp>

namespace xgrad::nn {

struct MultiheadAttentionOptions {
  double dropout = 0;                               ///< of the weights, while the module is in training
  bool bias = true;                                 ///< whether the projections have biases, at first 0
  bool add_bias_kv = false;                         ///< appends a key and a value that are trained
  bool add_zero_attn = false;                       ///< appends a key and a value of zeros
  std::optional<std::int64_t> kdim = std::nullopt;  ///< features of the keys; embed_dim, if none is given
  std::optional<std::int64_t> vdim = std::nullopt;  ///< features of the values
  bool batch_first = false;                         ///< N stands before the length
  std::optional<DType> dtype = std::nullopt;        ///< the default dtype, if none is given
  /// For the first weights and for dropout; the thread's own, if none is given. With dropout it must outlive
  /// the module.
  Generator* generator = nullptr;
};

/// How MultiheadAttention is called.
struct AttentionCall {
  Tensor key_padding_mask = {};  ///< [N, S]: bool, true where a key may NOT be looked at, or added scores
  bool need_weights = true;      ///< without the weights, attention is one fused operation
  Tensor attn_mask = {};         ///< [L, S] or [N * num_heads, L, S]: likewise
  bool average_attn_weights = true;
  bool is_causal = false;  ///< query i looks at keys j <= i, whatever attn_mask says
};

/// Attention in num_heads slices of embed_dim / num_heads features each, of projected queries, keys and
/// values; see multi_head_attention_forward for shapes and masks. At first in_proj_weight (or the three
/// weights that stand for it) is uniform as xavier_uniform_, bias_k and bias_v are normal as xavier_normal_,
/// out_proj.weight is as Linear's, and biases are 0. Throws ValueError unless the sizes are positive and
/// num_heads divides embed_dim, and for a dropout outside [0, 1]. Source: torch.nn.MultiheadAttention.
class XGRAD_API MultiheadAttention : public Module {
 public:
  MultiheadAttention(std::int64_t embed_dim, std::int64_t num_heads, MultiheadAttentionOptions options = {});

  Parameter in_proj_weight;  ///< [3 E, E]: of queries, keys and values; undefined with kdim or vdim
  Parameter q_proj_weight;   ///< [E, E], only with kdim or vdim, as the next two
  Parameter k_proj_weight;   ///< [E, kdim]
  Parameter v_proj_weight;   ///< [E, vdim]
  Parameter in_proj_bias;    ///< [3 E], or undefined
  Parameter bias_k;          ///< [1, 1, E], or undefined
  Parameter bias_v;          ///< [1, 1, E], or undefined
  Linear out_proj;

  /// The output, and the weights or, where they are not wanted, an undefined tensor.
  std::pair<Tensor, Tensor> forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const AttentionCall& call = {});
  std::pair<Tensor, Tensor> operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                       const AttentionCall& call = {}) {
    return forward(query, key, value, call);
  }
  /// The input's attention to itself, without the weights.
  Tensor forward(const Tensor& input) override;
  using Module::operator();

  void visit(Visitor& visitor) override;
  std::string describe() const override;

 private:
  std::int64_t embed_dim_;
  std::int64_t num_heads_;
  MultiheadAttentionOptions options_;
};

}  // namespace xgrad::nn
