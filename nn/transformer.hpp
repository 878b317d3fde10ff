#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <xgrad/nn/attention.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/nn/normalization.hpp>

/// The transformer and its parts. Inputs are [L, N, d_model], with batch_first [N, L, d_model], or [L,
/// d_model] without a batch. Masks are those of MultiheadAttention: bool, true where something may NOT be
/// looked at, or floating and added to the scores. Source: Vaswani et al., "Attention is all you need", 2017.
namespace xgrad::nn {

/// A function of one tensor, element by element.
using Activation = std::function<Tensor(const Tensor&)>;

/// Of the layers of a transformer.
struct TransformerLayerOptions {
  std::int64_t dim_feedforward = 2048;  ///< features between the two linear layers
  double dropout = 0.1;                 ///< of weights, and of what each block adds
  Activation activation = {};           ///< between the linear layers; relu, if none is given
  double layer_norm_eps = 1e-5;
  bool batch_first = false;
  bool norm_first = false;  ///< a block normalizes what goes in, not the sum of that and what comes out
  bool bias = true;         ///< whether linear layers and normalizations have biases
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
  /// For the first weights and for dropout; the thread's own, if none is given. It must outlive the module.
  Generator* generator = nullptr;
};

struct EncoderMasks {
  Tensor mask = {};                  ///< [L, L], or [N * nhead, L, L]
  Tensor src_key_padding_mask = {};  ///< [N, L], or [L]
  bool is_causal = false;            ///< place i looks at places j <= i, whatever the mask says
};

struct DecoderMasks {
  Tensor tgt_mask = {};                 ///< [T, T], or [N * nhead, T, T]
  Tensor memory_mask = {};              ///< [T, S], or [N * nhead, T, S]
  Tensor tgt_key_padding_mask = {};     ///< [N, T], or [T]
  Tensor memory_key_padding_mask = {};  ///< [N, S], or [S]
  bool tgt_is_causal = false;
  bool memory_is_causal = false;
};

/// Attention of a sequence to itself, then two linear layers at every place, each with dropout, added to what
/// went in, and normalized. Throws as MultiheadAttention and Linear. Source:
/// torch.nn.TransformerEncoderLayer.
class XGRAD_API TransformerEncoderLayer : public Module {
 public:
  TransformerEncoderLayer(std::int64_t d_model, std::int64_t nhead, TransformerLayerOptions options = {});

  MultiheadAttention self_attn;
  Linear linear1;
  Dropout dropout;
  Linear linear2;
  LayerNorm norm1, norm2;
  Dropout dropout1, dropout2;

  Tensor forward(const Tensor& src) override;
  Tensor forward(const Tensor& src, const EncoderMasks& masks);
  using Module::operator();
  Tensor operator()(const Tensor& src, const EncoderMasks& masks) { return forward(src, masks); }
  void visit(Visitor& visitor) override;

 private:
  Tensor attend(const Tensor& x, const EncoderMasks& masks);
  Tensor feed(const Tensor& x);

  Activation activation_;
  bool norm_first_;
};

/// A TransformerEncoderLayer with, in its middle, attention of the sequence to another one, the memory.
/// Source: torch.nn.TransformerDecoderLayer.
class XGRAD_API TransformerDecoderLayer : public Module {
 public:
  TransformerDecoderLayer(std::int64_t d_model, std::int64_t nhead, TransformerLayerOptions options = {});

  MultiheadAttention self_attn, multihead_attn;
  Linear linear1;
  Dropout dropout;
  Linear linear2;
  LayerNorm norm1, norm2, norm3;
  Dropout dropout1, dropout2, dropout3;

  using Module::forward;
  Tensor forward(const Tensor& tgt, const Tensor& memory, const DecoderMasks& masks = {});
  Tensor operator()(const Tensor& tgt, const Tensor& memory, const DecoderMasks& masks = {}) {
    return forward(tgt, memory, masks);
  }
  void visit(Visitor& visitor) override;

 private:
  Tensor attend(const Tensor& x, const DecoderMasks& masks);
  Tensor attend_memory(const Tensor& x, const Tensor& memory, const DecoderMasks& masks);
  Tensor feed(const Tensor& x);

  Activation activation_;
  bool norm_first_;
};

/// Clones of one layer, one after the other, and a normalization at the end, if one is given. Throws
/// ValueError for a negative num_layers. Source: torch.nn.TransformerEncoder.
class XGRAD_API TransformerEncoder : public Module {
 public:
  TransformerEncoder(const TransformerEncoderLayer& layer, std::int64_t num_layers,
                     std::optional<LayerNorm> final_norm = std::nullopt);

  std::vector<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;

  Tensor forward(const Tensor& src) override;
  Tensor forward(const Tensor& src, const EncoderMasks& masks);
  using Module::operator();
  Tensor operator()(const Tensor& src, const EncoderMasks& masks) { return forward(src, masks); }
  void visit(Visitor& visitor) override;
};

/// Source: torch.nn.TransformerDecoder.
class XGRAD_API TransformerDecoder : public Module {
 public:
  TransformerDecoder(const TransformerDecoderLayer& layer, std::int64_t num_layers,
                     std::optional<LayerNorm> final_norm = std::nullopt);

  std::vector<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;

  using Module::forward;
  Tensor forward(const Tensor& tgt, const Tensor& memory, const DecoderMasks& masks = {});
  Tensor operator()(const Tensor& tgt, const Tensor& memory, const DecoderMasks& masks = {}) {
    return forward(tgt, memory, masks);
  }
  void visit(Visitor& visitor) override;
};

struct TransformerOptions {
  std::int64_t d_model = 512;
  std::int64_t nhead = 8;
  std::int64_t num_encoder_layers = 6;
  std::int64_t num_decoder_layers = 6;
  TransformerLayerOptions layer = {};  ///< of all layers
};

struct TransformerMasks {
  Tensor src_mask = {};
  Tensor tgt_mask = {};
  Tensor memory_mask = {};
  Tensor src_key_padding_mask = {};
  Tensor tgt_key_padding_mask = {};
  Tensor memory_key_padding_mask = {};
  bool src_is_causal = false;
  bool tgt_is_causal = false;
  bool memory_is_causal = false;
};

/// An encoder of a source sequence and a decoder, to which its result is the memory, of a target sequence;
/// both end in a normalization. Parameters of two dimensions and more are at first uniform as
/// xavier_uniform_. Throws ShapeError for a source and a target with different batches or other features
/// than d_model. Source: torch.nn.Transformer.
class XGRAD_API Transformer : public Module {
 public:
  explicit Transformer(TransformerOptions options = {});

  TransformerEncoder encoder;
  TransformerDecoder decoder;

  using Module::forward;
  Tensor forward(const Tensor& src, const Tensor& tgt, const TransformerMasks& masks = {});
  Tensor operator()(const Tensor& src, const Tensor& tgt, const TransformerMasks& masks = {}) {
    return forward(src, tgt, masks);
  }
  void visit(Visitor& visitor) override;

  /// [size, size]: -inf above the diagonal and 0 elsewhere, a mask under which a place sees no later one.
  /// Throws ShapeError for a negative size.
  static Tensor generate_square_subsequent_mask(std::int64_t size, std::optional<DType> dtype = std::nullopt);

 private:
  std::int64_t d_model_;
  bool batch_first_;
};

}  // namespace xgrad::nn
