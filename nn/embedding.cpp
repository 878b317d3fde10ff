#include <xgrad/nn/embedding.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/embedding.hpp>
#include <xgrad/nn/init.hpp>

namespace xgrad::nn {
namespace {

/// The row that padding_idx names, if it names one.
std::optional<std::int64_t> checked_row(const char* name, std::optional<std::int64_t> padding_idx,
                                        std::int64_t rows) {
  if (!padding_idx) return std::nullopt;
  if (*padding_idx < -rows || *padding_idx >= rows) {
    throw IndexError(
        fmt::format("{}: expected padding_idx within the {} rows, got {}", name, rows, *padding_idx));
  }
  return *padding_idx < 0 ? *padding_idx + rows : *padding_idx;
}

/// A table with standard normal rows, but for the padding's.
template <class Options>
Tensor first_rows(const char* name, std::int64_t rows, std::int64_t features, Options& options) {
  if (rows <= 0 || features <= 0) {
    throw ValueError(fmt::format("{}: expected positive sizes, got num_embeddings {} and embedding_dim {}",
                                 name, rows, features));
  }
  options.padding_idx = checked_row(name, options.padding_idx, rows);
  Tensor table = empty({rows, features}, options.dtype.value_or(default_dtype()));
  init::normal_(table, 0, 1, options.generator);
  if (options.padding_idx) table.select(0, *options.padding_idx).fill_(0);
  return table;
}

std::string common_text(std::int64_t rows, std::int64_t features, std::optional<std::int64_t> padding_idx,
                        std::optional<double> max_norm) {
  std::string text = fmt::format("{}, {}", rows, features);
  if (padding_idx) text += fmt::format(", padding_idx={}", *padding_idx);
  if (max_norm) text += fmt::format(", max_norm={}", *max_norm);
  return text;
}

}  // namespace

Embedding::Embedding(std::int64_t num_embeddings, std::int64_t embedding_dim, EmbeddingLayerOptions options)
    : num_embeddings_(num_embeddings), embedding_dim_(embedding_dim), options_(options) {
  weight = Parameter(first_rows("Embedding", num_embeddings, embedding_dim, options_));
}

Embedding Embedding::from_pretrained(const Tensor& rows, bool freeze, EmbeddingLayerOptions options) {
  if (rows.ndim() != 2) {
    throw ShapeError(fmt::format("Embedding::from_pretrained: expected [rows, features], got {}",
                                 to_string(rows.shape())));
  }
  options.dtype = rows.dtype();
  Embedding result(rows.size(0), rows.size(1), options);
  NoGrad off;
  result.weight.copy_(rows);
  result.weight.requires_grad_(!freeze);
  return result;
}

void Embedding::visit(Visitor& visitor) { visitor("weight", weight); }

Tensor Embedding::forward(const Tensor& input) {
  return embedding(input, weight,
                   {.padding_idx = options_.padding_idx,
                    .max_norm = options_.max_norm,
                    .norm_type = options_.norm_type,
                    .scale_grad_by_freq = options_.scale_grad_by_freq});
}

std::string Embedding::describe() const {
  return "Embedding(" +
         common_text(num_embeddings_, embedding_dim_, options_.padding_idx, options_.max_norm) + ")";
}

EmbeddingBag::EmbeddingBag(std::int64_t num_embeddings, std::int64_t embedding_dim,
                           EmbeddingBagLayerOptions options)
    : num_embeddings_(num_embeddings), embedding_dim_(embedding_dim), options_(std::move(options)) {
  if (options_.mode != "sum" && options_.mode != "mean" && options_.mode != "max") {
    throw ValueError(
        fmt::format("EmbeddingBag: expected mode \"sum\", \"mean\" or \"max\", got \"{}\"", options_.mode));
  }
  weight = Parameter(first_rows("EmbeddingBag", num_embeddings, embedding_dim, options_));
}

void EmbeddingBag::visit(Visitor& visitor) { visitor("weight", weight); }

Tensor EmbeddingBag::forward(const Tensor& input, const Tensor& offsets, const Tensor& per_sample_weights) {
  return embedding_bag(input, weight,
                       {.offsets = offsets,
                        .max_norm = options_.max_norm,
                        .norm_type = options_.norm_type,
                        .scale_grad_by_freq = options_.scale_grad_by_freq,
                        .mode = options_.mode,
                        .per_sample_weights = per_sample_weights,
                        .include_last_offset = options_.include_last_offset,
                        .padding_idx = options_.padding_idx});
}

std::string EmbeddingBag::describe() const {
  return "EmbeddingBag(" +
         common_text(num_embeddings_, embedding_dim_, options_.padding_idx, options_.max_norm) +
         ", mode=" + options_.mode + ")";
}

}  // namespace xgrad::nn
