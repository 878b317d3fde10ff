#include "module.hpp"

namespace conformance {

using namespace xgrad;

namespace {

std::optional<std::int64_t> optional_integer(const Config& c, const char* name) {
  if (c.is_null(name)) return std::nullopt;
  return c.integer(name);
}

nn::TransformerLayerOptions layer_options(const Config& c) {
  nn::Activation activation = [](const Tensor& x) { return relu(x); };
  if (c.text("activation") == "gelu") activation = [](const Tensor& x) { return gelu(x); };
  return {.dim_feedforward = c.integer("dim_feedforward"),
          .dropout = c.real("dropout"),
          .activation = activation,
          .layer_norm_eps = c.real("layer_norm_eps"),
          .batch_first = c.flag("batch_first"),
          .norm_first = c.flag("norm_first")};
}

}  // namespace

Rows module_attention_rows() {
  return {
      {"module/nn.MultiheadAttention",
       module_row(
           [](const Config& c) {
             return nn::MultiheadAttention(c.integer("embed_dim"), c.integer("num_heads"),
                                           {.dropout = c.real("dropout"),
                                            .bias = c.flag("bias"),
                                            .add_bias_kv = c.flag("add_bias_kv"),
                                            .add_zero_attn = c.flag("add_zero_attn"),
                                            .kdim = optional_integer(c, "kdim"),
                                            .vdim = optional_integer(c, "vdim"),
                                            .batch_first = c.flag("batch_first")});
           },
           [](nn::MultiheadAttention& m, const std::vector<Tensor>& x, const Config& call) {
             auto [output, weights] = m(x.at(0), x.at(1), x.at(2),
                                        {.key_padding_mask = call.optional_tensor("key_padding_mask"),
                                         .need_weights = call.flag("need_weights"),
                                         .attn_mask = call.optional_tensor("attn_mask"),
                                         .average_attn_weights = call.flag("average_attn_weights")});
             return weights.defined() ? Outputs{output, weights} : Outputs{output};
           })},
      {"module/nn.TransformerEncoderLayer",
       module_row(
           [](const Config& c) {
             return nn::TransformerEncoderLayer(c.integer("d_model"), c.integer("nhead"), layer_options(c));
           },
           [](nn::TransformerEncoderLayer& m, const std::vector<Tensor>& x, const Config& call) {
             return Outputs{
                 m(x.at(0), {.mask = call.optional_tensor("src_mask"),
                             .src_key_padding_mask = call.optional_tensor("src_key_padding_mask")})};
           })},
      {"module/nn.TransformerDecoderLayer",
       module_row(
           [](const Config& c) {
             return nn::TransformerDecoderLayer(c.integer("d_model"), c.integer("nhead"), layer_options(c));
           },
           [](nn::TransformerDecoderLayer& m, const std::vector<Tensor>& x, const Config& call) {
             return Outputs{m(x.at(0), x.at(1),
                              {.tgt_mask = call.optional_tensor("tgt_mask"),
                               .memory_mask = call.optional_tensor("memory_mask"),
                               .tgt_key_padding_mask = call.optional_tensor("tgt_key_padding_mask"),
                               .memory_key_padding_mask = call.optional_tensor("memory_key_padding_mask")})};
           })},
      {"module/nn.Transformer",
       module_row(
           [](const Config& c) {
             return nn::Transformer({.d_model = c.integer("d_model"),
                                     .nhead = c.integer("nhead"),
                                     .num_encoder_layers = c.integer("num_encoder_layers"),
                                     .num_decoder_layers = c.integer("num_decoder_layers"),
                                     .layer = layer_options(c)});
           },
           [](nn::Transformer& m, const std::vector<Tensor>& x, const Config& call) {
             return Outputs{m(x.at(0), x.at(1),
                              {.src_mask = call.optional_tensor("src_mask"),
                               .tgt_mask = call.optional_tensor("tgt_mask"),
                               .memory_mask = call.optional_tensor("memory_mask"),
                               .src_key_padding_mask = call.optional_tensor("src_key_padding_mask"),
                               .tgt_key_padding_mask = call.optional_tensor("tgt_key_padding_mask"),
                               .memory_key_padding_mask = call.optional_tensor("memory_key_padding_mask")})};
           })},
  };
}

}  // namespace conformance
