#include <xgrad/nn/attention.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/attention.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/nn/init.hpp>

namespace xgrad::nn {
namespace {

std::int64_t checked_embed_dim(std::int64_t embed_dim, std::int64_t num_heads,
                               const MultiheadAttentionOptions& options) {
  if (embed_dim <= 0 || num_heads <= 0 || embed_dim % num_heads != 0) {
    throw ValueError(
        fmt::format("MultiheadAttention: expected a positive num_heads that divides embed_dim, got {} and {}",
                    num_heads, embed_dim));
  }
  if (options.kdim.value_or(1) <= 0 || options.vdim.value_or(1) <= 0) {
    throw ValueError(fmt::format("MultiheadAttention: expected positive sizes, got kdim {} and vdim {}",
                                 options.kdim.value_or(embed_dim), options.vdim.value_or(embed_dim)));
  }
  if (!(options.dropout >= 0 && options.dropout <= 1)) {
    throw ValueError(
        fmt::format("MultiheadAttention: expected dropout from 0 to 1, got {}", options.dropout));
  }
  return embed_dim;
}

}  // namespace

MultiheadAttention::MultiheadAttention(std::int64_t embed_dim, std::int64_t num_heads,
                                       MultiheadAttentionOptions options)
    : out_proj(checked_embed_dim(embed_dim, num_heads, options), embed_dim,
               {.bias = options.bias, .dtype = options.dtype, .generator = options.generator}),
      embed_dim_(embed_dim),
      num_heads_(num_heads),
      options_(options) {
  DType dtype = options.dtype.value_or(default_dtype());
  std::int64_t keys = options.kdim.value_or(embed_dim), values = options.vdim.value_or(embed_dim);
  auto weight = [&](std::int64_t rows, std::int64_t columns) {
    return Parameter(init::xavier_uniform_(empty({rows, columns}, dtype), 1, options.generator));
  };
  if (keys == embed_dim && values == embed_dim) {
    in_proj_weight = weight(3 * embed_dim, embed_dim);
  } else {
    q_proj_weight = weight(embed_dim, embed_dim);
    k_proj_weight = weight(embed_dim, keys);
    v_proj_weight = weight(embed_dim, values);
  }
  if (options.bias) {
    in_proj_bias = Parameter(zeros({3 * embed_dim}, dtype));
    init::zeros_(out_proj.bias);
  }
  if (options.add_bias_kv) {
    auto appended = [&] {
      return Parameter(init::xavier_normal_(empty({1, 1, embed_dim}, dtype), 1, options.generator));
    };
    bias_k = appended();
    bias_v = appended();
  }
}

void MultiheadAttention::visit(Visitor& visitor) {
  visitor("in_proj_weight", in_proj_weight);
  visitor("q_proj_weight", q_proj_weight);
  visitor("k_proj_weight", k_proj_weight);
  visitor("v_proj_weight", v_proj_weight);
  visitor("in_proj_bias", in_proj_bias);
  visitor("bias_k", bias_k);
  visitor("bias_v", bias_v);
  visitor("out_proj", out_proj);
}

std::pair<Tensor, Tensor> MultiheadAttention::forward(const Tensor& query, const Tensor& key,
                                                      const Tensor& value, const AttentionCall& call) {
  auto check = [&](const char* name, const Tensor& operand, std::int64_t size) {
    if (operand.ndim() == 0 || operand.shape().back() != size) {
      throw ShapeError(fmt::format("MultiheadAttention({}, {}): expected {} [..., {}], got {}", embed_dim_,
                                   num_heads_, name, size, to_string(operand.shape())));
    }
  };
  check("query", query, embed_dim_);
  check("key", key, options_.kdim.value_or(embed_dim_));
  check("value", value, options_.vdim.value_or(embed_dim_));
  return multi_head_attention_forward(query, key, value, num_heads_, in_proj_weight, in_proj_bias,
                                      out_proj.weight, out_proj.bias,
                                      {.bias_k = bias_k,
                                       .bias_v = bias_v,
                                       .add_zero_attn = options_.add_zero_attn,
                                       .key_padding_mask = call.key_padding_mask,
                                       .attn_mask = call.attn_mask,
                                       .is_causal = call.is_causal,
                                       .batch_first = options_.batch_first,
                                       .need_weights = call.need_weights,
                                       .average_attn_weights = call.average_attn_weights,
                                       .dropout_p = is_training() ? options_.dropout : 0,
                                       .generator = options_.generator,
                                       .q_proj_weight = q_proj_weight,
                                       .k_proj_weight = k_proj_weight,
                                       .v_proj_weight = v_proj_weight});
}

Tensor MultiheadAttention::forward(const Tensor& input) {
  return forward(input, input, input, {.need_weights = false}).first;
}

std::string MultiheadAttention::describe() const {
  std::string sizes;
  if (q_proj_weight.defined()) {
    sizes = fmt::format(", kdim={}, vdim={}", k_proj_weight.shape()[1], v_proj_weight.shape()[1]);
  }
  return fmt::format("MultiheadAttention(embed_dim={}, num_heads={}, bias={}{}, batch_first={}, dropout={})",
                     embed_dim_, num_heads_, in_proj_bias.defined(), sizes, options_.batch_first,
                     options_.dropout);
}

}  // namespace xgrad::nn
