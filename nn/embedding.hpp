#pragma once

#include <optional>
#include <string>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

struct EmbeddingLayerOptions {
  std::optional<std::int64_t> padding_idx = std::nullopt;  ///< a row, at first 0, that has no gradient
  std::optional<double> max_norm = std::nullopt;           ///< rows that are used are first scaled down to it
  double norm_type = 2;                                    ///< p of that norm
  bool scale_grad_by_freq = false;            ///< divides the gradient of a row by how often it is picked
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
  Generator* generator = nullptr;             ///< for the first weights; the thread's own, if none is given
};

/// A table of vectors: indices [...] give [..., embedding_dim]. At first the weight is standard normal.
/// Throws ValueError unless both sizes are positive, IndexError for a padding_idx that is no row; forward
/// throws as xgrad::embedding. Source: torch.nn.Embedding.
class XGRAD_API Embedding : public Module {
 public:
  Embedding(std::int64_t num_embeddings, std::int64_t embedding_dim, EmbeddingLayerOptions options = {});
  /// A table with these rows, [rows, features]; with freeze it is not trained. Throws ShapeError, DTypeError.
  static Embedding from_pretrained(const Tensor& rows, bool freeze = true,
                                   EmbeddingLayerOptions options = {});

  Parameter weight;  ///< [num_embeddings, embedding_dim]

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t num_embeddings_;
  std::int64_t embedding_dim_;
  EmbeddingLayerOptions options_;
};

struct EmbeddingBagLayerOptions {
  std::optional<double> max_norm = std::nullopt;  ///< see EmbeddingLayerOptions
  double norm_type = 2;
  bool scale_grad_by_freq = false;
  std::string mode = "mean";                               ///< "sum", "mean" or "max" over a bag
  bool include_last_offset = false;                        ///< the last offset is the end of the last bag
  std::optional<std::int64_t> padding_idx = std::nullopt;  ///< a row that does not count
  std::optional<DType> dtype = std::nullopt;
  Generator* generator = nullptr;
};

/// Sums, means or maxima of the rows of bags: indices [bags, n] give [bags, embedding_dim], and so do indices
/// [n] with the `offsets` [bags] at which bags begin. Throws as Embedding, and ValueError for another mode;
/// forward throws as xgrad::embedding_bag. Source: torch.nn.EmbeddingBag.
class XGRAD_API EmbeddingBag : public Module {
 public:
  EmbeddingBag(std::int64_t num_embeddings, std::int64_t embedding_dim,
               EmbeddingBagLayerOptions options = {});

  Parameter weight;  ///< [num_embeddings, embedding_dim]

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override { return forward(input, Tensor()); }
  /// per_sample_weights: factors of the rows, of input's shape; mode "sum" alone.
  Tensor forward(const Tensor& input, const Tensor& offsets, const Tensor& per_sample_weights = {});
  using Module::operator();
  Tensor operator()(const Tensor& input, const Tensor& offsets, const Tensor& per_sample_weights = {}) {
    return forward(input, offsets, per_sample_weights);
  }
  std::string describe() const override;

 private:
  std::int64_t num_embeddings_;
  std::int64_t embedding_dim_;
  EmbeddingBagLayerOptions options_;
};

}  // namespace xgrad::nn
