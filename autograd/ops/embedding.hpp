#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Rows of a table, picked by numbers. `weight` is [rows, features] and floating; indices are int64 or int32,
/// and one that is no row throws IndexError before anything changes.
namespace xgrad {

/// Of embedding.
struct EmbeddingOptions {
  /// A row whose gradient is 0; negative from the end. Throws IndexError unless there is such a row.
  std::optional<std::int64_t> padding_idx = std::nullopt;
  /// Rows that are used and whose norm is larger are first scaled down to it, in place and unrecorded.
  std::optional<double> max_norm = std::nullopt;
  double norm_type = 2;             ///< p of that norm
  bool scale_grad_by_freq = false;  ///< divides the gradient of a row by how often it is picked
};

/// The rows of `weight` at the indices `input` [...]: [..., features]. A row that is picked several times
/// receives the sum of the gradients. Throws DTypeError, ShapeError, IndexError. Source:
/// torch.nn.functional.embedding.
XGRAD_API Tensor embedding(const Tensor& input, const Tensor& weight, EmbeddingOptions options = {});

/// Of embedding_bag.
struct EmbeddingBagOptions {
  Tensor offsets = {};  ///< where each bag of a 1-d input begins, from 0 and ascending
  std::optional<double> max_norm = std::nullopt;  ///< see EmbeddingOptions
  double norm_type = 2;
  bool scale_grad_by_freq = false;  ///< not with "max"
  std::string_view mode = "mean";   ///< "sum", "mean" or "max" over a bag
  Tensor per_sample_weights = {};   ///< factors of the rows, of input's shape and weight's dtype; "sum" alone
  bool include_last_offset = false;  ///< the last offset is the end of the last bag
  std::optional<std::int64_t> padding_idx =
      std::nullopt;  ///< a row that does not count, negative from the end
};

/// The sum, mean or maximum of the rows of each bag, [bags, features]: bags are the rows of a 2-d `input`, or
/// the parts of a 1-d one that begin at the offsets. A bag without rows gives zeros. Of equal maxima the
/// first has the gradient. Throws DTypeError, ShapeError, IndexError, and ValueError for another mode, for
/// offsets that do not begin at 0, descend or lie beyond the input, and for options that do not go together.
/// Source: torch.nn.functional.embedding_bag.
XGRAD_API Tensor embedding_bag(const Tensor& input, const Tensor& weight, EmbeddingBagOptions options = {});

}  // namespace xgrad
