#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

Rows nn_attention_rows() {
  return {
      {"nn/scaled_dot_product_attention",
       [](const A& a) {
         AttentionOptions options{.attn_mask = optional_tensor(a, "attn_mask"),
                                  .is_causal = a.flag("is_causal")};
         return Outputs{
             scaled_dot_product_attention(a.tensor("query"), a.tensor("key"), a.tensor("value"), options),
             attention_weights(a.tensor("query"), a.tensor("key"), options)};
       }},
      {"nn/multi_head_attention_forward",
       [](const A& a) {
         auto [output, weights] = multi_head_attention_forward(
             a.tensor("query"), a.tensor("key"), a.tensor("value"), a.integer("num_heads"),
             a.tensor("in_proj_weight"), optional_tensor(a, "in_proj_bias"), a.tensor("out_proj_weight"),
             optional_tensor(a, "out_proj_bias"),
             {.bias_k = optional_tensor(a, "bias_k"),
              .bias_v = optional_tensor(a, "bias_v"),
              .add_zero_attn = a.flag("add_zero_attn"),
              .key_padding_mask = optional_tensor(a, "key_padding_mask"),
              .attn_mask = optional_tensor(a, "attn_mask"),
              .need_weights = a.flag("need_weights"),
              .average_attn_weights = a.flag("average_attn_weights")});
         return weights.defined() ? Outputs{output, weights} : Outputs{output};
       }},
  };
}

}  // namespace conformance
