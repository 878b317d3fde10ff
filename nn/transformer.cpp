#include <xgrad/nn/transformer.hpp>

#include <fmt/format.h>

#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/nn/clone.hpp>
#include <xgrad/nn/init.hpp>

namespace xgrad::nn {
namespace {

MultiheadAttentionOptions attention_options(const TransformerLayerOptions& options) {
  return {.dropout = options.dropout,
          .bias = options.bias,
          .batch_first = options.batch_first,
          .dtype = options.dtype,
          .generator = options.generator};
}
LinearOptions linear_options(const TransformerLayerOptions& options) {
  return {.bias = options.bias, .dtype = options.dtype, .generator = options.generator};
}
LayerNorm layer_norm_of(std::int64_t d_model, const TransformerLayerOptions& options) {
  return LayerNorm(d_model, {.eps = options.layer_norm_eps, .bias = options.bias, .dtype = options.dtype});
}
Dropout dropout_of(const TransformerLayerOptions& options) {
  return Dropout(options.dropout, options.generator);
}
Activation activation_of(const TransformerLayerOptions& options) {
  if (options.activation) return options.activation;
  return [](const Tensor& x) { return relu(x); };
}

/// The residual connection around a block.
template <class Block>
Tensor around(const Tensor& x, LayerNorm& norm, bool norm_first, const Block& block) {
  return norm_first ? x + block(norm(x)) : norm(x + block(x));
}

template <class Layer>
std::vector<Layer> clones(const char* name, const Layer& layer, std::int64_t count) {
  if (count < 0) throw ValueError(fmt::format("{}: expected num_layers of 0 or more, got {}", name, count));
  std::vector<Layer> layers;
  layers.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) layers.push_back(clone(layer));
  return layers;
}

}  // namespace

// Layers --------------------------------------------------------------------------------------------

TransformerEncoderLayer::TransformerEncoderLayer(std::int64_t d_model, std::int64_t nhead,
                                                 TransformerLayerOptions options)
    : self_attn(d_model, nhead, attention_options(options)),
      linear1(d_model, options.dim_feedforward, linear_options(options)),
      dropout(dropout_of(options)),
      linear2(options.dim_feedforward, d_model, linear_options(options)),
      norm1(layer_norm_of(d_model, options)),
      norm2(layer_norm_of(d_model, options)),
      dropout1(dropout_of(options)),
      dropout2(dropout_of(options)),
      activation_(activation_of(options)),
      norm_first_(options.norm_first) {}

void TransformerEncoderLayer::visit(Visitor& visitor) {
  visitor("self_attn", self_attn);
  visitor("linear1", linear1);
  visitor("dropout", dropout);
  visitor("linear2", linear2);
  visitor("norm1", norm1);
  visitor("norm2", norm2);
  visitor("dropout1", dropout1);
  visitor("dropout2", dropout2);
}

Tensor TransformerEncoderLayer::attend(const Tensor& x, const EncoderMasks& masks) {
  return dropout1(self_attn(x, x, x,
                            {.key_padding_mask = masks.src_key_padding_mask,
                             .need_weights = false,
                             .attn_mask = masks.mask,
                             .is_causal = masks.is_causal})
                      .first);
}

Tensor TransformerEncoderLayer::feed(const Tensor& x) {
  return dropout2(linear2(dropout(activation_(linear1(x)))));
}

Tensor TransformerEncoderLayer::forward(const Tensor& src, const EncoderMasks& masks) {
  Tensor x = around(src, norm1, norm_first_, [&](const Tensor& y) { return attend(y, masks); });
  return around(x, norm2, norm_first_, [&](const Tensor& y) { return feed(y); });
}

Tensor TransformerEncoderLayer::forward(const Tensor& src) { return forward(src, EncoderMasks{}); }

TransformerDecoderLayer::TransformerDecoderLayer(std::int64_t d_model, std::int64_t nhead,
                                                 TransformerLayerOptions options)
    : self_attn(d_model, nhead, attention_options(options)),
      multihead_attn(d_model, nhead, attention_options(options)),
      linear1(d_model, options.dim_feedforward, linear_options(options)),
      dropout(dropout_of(options)),
      linear2(options.dim_feedforward, d_model, linear_options(options)),
      norm1(layer_norm_of(d_model, options)),
      norm2(layer_norm_of(d_model, options)),
      norm3(layer_norm_of(d_model, options)),
      dropout1(dropout_of(options)),
      dropout2(dropout_of(options)),
      dropout3(dropout_of(options)),
      activation_(activation_of(options)),
      norm_first_(options.norm_first) {}

void TransformerDecoderLayer::visit(Visitor& visitor) {
  visitor("self_attn", self_attn);
  visitor("multihead_attn", multihead_attn);
  visitor("linear1", linear1);
  visitor("dropout", dropout);
  visitor("linear2", linear2);
  visitor("norm1", norm1);
  visitor("norm2", norm2);
  visitor("norm3", norm3);
  visitor("dropout1", dropout1);
  visitor("dropout2", dropout2);
  visitor("dropout3", dropout3);
}

Tensor TransformerDecoderLayer::attend(const Tensor& x, const DecoderMasks& masks) {
  return dropout1(self_attn(x, x, x,
                            {.key_padding_mask = masks.tgt_key_padding_mask,
                             .need_weights = false,
                             .attn_mask = masks.tgt_mask,
                             .is_causal = masks.tgt_is_causal})
                      .first);
}

Tensor TransformerDecoderLayer::attend_memory(const Tensor& x, const Tensor& memory,
                                              const DecoderMasks& masks) {
  return dropout2(multihead_attn(x, memory, memory,
                                 {.key_padding_mask = masks.memory_key_padding_mask,
                                  .need_weights = false,
                                  .attn_mask = masks.memory_mask,
                                  .is_causal = masks.memory_is_causal})
                      .first);
}

Tensor TransformerDecoderLayer::feed(const Tensor& x) {
  return dropout3(linear2(dropout(activation_(linear1(x)))));
}

Tensor TransformerDecoderLayer::forward(const Tensor& tgt, const Tensor& memory, const DecoderMasks& masks) {
  Tensor x = around(tgt, norm1, norm_first_, [&](const Tensor& y) { return attend(y, masks); });
  x = around(x, norm2, norm_first_, [&](const Tensor& y) { return attend_memory(y, memory, masks); });
  return around(x, norm3, norm_first_, [&](const Tensor& y) { return feed(y); });
}

// Stacks --------------------------------------------------------------------------------------------

TransformerEncoder::TransformerEncoder(const TransformerEncoderLayer& layer, std::int64_t num_layers,
                                       std::optional<LayerNorm> final_norm)
    : layers(clones("TransformerEncoder", layer, num_layers)), norm(std::move(final_norm)) {}

void TransformerEncoder::visit(Visitor& visitor) {
  visitor("layers", layers);
  visitor("norm", norm);
}

Tensor TransformerEncoder::forward(const Tensor& src, const EncoderMasks& masks) {
  Tensor x = src;
  for (TransformerEncoderLayer& layer : layers) x = layer(x, masks);
  return norm ? (*norm)(x) : x;
}

Tensor TransformerEncoder::forward(const Tensor& src) { return forward(src, EncoderMasks{}); }

TransformerDecoder::TransformerDecoder(const TransformerDecoderLayer& layer, std::int64_t num_layers,
                                       std::optional<LayerNorm> final_norm)
    : layers(clones("TransformerDecoder", layer, num_layers)), norm(std::move(final_norm)) {}

void TransformerDecoder::visit(Visitor& visitor) {
  visitor("layers", layers);
  visitor("norm", norm);
}

Tensor TransformerDecoder::forward(const Tensor& tgt, const Tensor& memory, const DecoderMasks& masks) {
  Tensor x = tgt;
  for (TransformerDecoderLayer& layer : layers) x = layer(x, memory, masks);
  return norm ? (*norm)(x) : x;
}

Transformer::Transformer(TransformerOptions options)
    : encoder(TransformerEncoderLayer(options.d_model, options.nhead, options.layer),
              options.num_encoder_layers, layer_norm_of(options.d_model, options.layer)),
      decoder(TransformerDecoderLayer(options.d_model, options.nhead, options.layer),
              options.num_decoder_layers, layer_norm_of(options.d_model, options.layer)),
      d_model_(options.d_model),
      batch_first_(options.layer.batch_first) {
  for (const Tensor& parameter : parameters()) {
    if (parameter.ndim() > 1) init::xavier_uniform_(parameter, 1, options.layer.generator);
  }
}

void Transformer::visit(Visitor& visitor) {
  visitor("encoder", encoder);
  visitor("decoder", decoder);
}

Tensor Transformer::forward(const Tensor& src, const Tensor& tgt, const TransformerMasks& masks) {
  bool fits = src.ndim() == tgt.ndim() && (src.ndim() == 2 || src.ndim() == 3) &&
              src.shape().back() == d_model_ && tgt.shape().back() == d_model_;
  if (fits && src.ndim() == 3) {
    std::int64_t batch = batch_first_ ? 0 : 1;
    fits = src.size(batch) == tgt.size(batch);
  }
  if (!fits) {
    const char* form = batch_first_ ? "[N, L, {0}] or [L, {0}]" : "[L, N, {0}] or [L, {0}]";
    throw ShapeError(fmt::format("Transformer: expected src and tgt {} with one batch, got {} and {}",
                                 fmt::format(fmt::runtime(form), d_model_), to_string(src.shape()),
                                 to_string(tgt.shape())));
  }
  Tensor memory = encoder(src, {.mask = masks.src_mask,
                                .src_key_padding_mask = masks.src_key_padding_mask,
                                .is_causal = masks.src_is_causal});
  return decoder(tgt, memory,
                 {.tgt_mask = masks.tgt_mask,
                  .memory_mask = masks.memory_mask,
                  .tgt_key_padding_mask = masks.tgt_key_padding_mask,
                  .memory_key_padding_mask = masks.memory_key_padding_mask,
                  .tgt_is_causal = masks.tgt_is_causal,
                  .memory_is_causal = masks.memory_is_causal});
}

Tensor Transformer::generate_square_subsequent_mask(std::int64_t size, std::optional<DType> dtype) {
  return triu(full({size, size}, -std::numeric_limits<double>::infinity(), dtype.value_or(default_dtype())),
              1);
}

}  // namespace xgrad::nn
