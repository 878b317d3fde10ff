// Attention in several heads, see attention.hpp.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/attention.hpp>
#include <xgrad/autograd/ops/attention_core.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/dropout.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/padding.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

constexpr const char* heads_name = "multi_head_attention_forward";

void check_parameter(const char* operand, const Tensor& parameter, const Tensor& query, const Shape& shape) {
  detail::require_parameter(heads_name, operand, parameter, "query", query, shape);
}

/// The projected query, key and value. One product projects what is one tensor.
std::array<Tensor, 3> projected(const std::array<Tensor, 3>& inputs, const Tensor& in_proj_weight,
                                const Tensor& in_proj_bias, const MultiHeadAttentionOptions& options) {
  const Tensor& query = inputs[0];
  std::int64_t size = query.size(-1);
  std::array<Tensor, 3> weights = {options.q_proj_weight, options.k_proj_weight, options.v_proj_weight};
  if (in_proj_bias.defined()) check_parameter("in_proj_bias", in_proj_bias, query, {3 * size});
  std::array<Tensor, 3> results;
  if (in_proj_weight.defined()) {
    check_parameter("in_proj_weight", in_proj_weight, query, {3 * size, size});
    for (const Tensor& input : inputs) {
      if (input.size(-1) != size) {
        throw ShapeError(fmt::format(
            "{}: expected key and value with the {} features of query for in_proj_weight, got {} and {}",
            heads_name, size, to_string(inputs[1].shape()), to_string(inputs[2].shape())));
      }
    }
    std::vector<Tensor> different{query};
    Shape sizes{size};
    for (std::size_t i = 1; i < 3; ++i) {
      if (inputs[i].is_same(inputs[i - 1])) {
        sizes.back() += size;
      } else {
        different.push_back(inputs[i]);
        sizes.push_back(size);
      }
    }
    auto parts = [&](const Tensor& x) { return sizes.size() == 1 ? std::vector{x} : split(x, sizes, 0); };
    std::vector<Tensor> parts_of_weight = parts(in_proj_weight);
    std::vector<Tensor> parts_of_bias(sizes.size());
    if (in_proj_bias.defined()) parts_of_bias = parts(in_proj_bias);
    std::size_t done = 0;
    for (std::size_t i = 0; i < different.size(); ++i) {
      Tensor all = linear(different[i], parts_of_weight[i], parts_of_bias[i]);
      for (const Tensor& result : split(all, size, -1)) results[done++] = result;
    }
    return results;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    if (!weights[i].defined()) {
      throw ValueError(fmt::format(
          "{}: expected in_proj_weight, or q_proj_weight, k_proj_weight and v_proj_weight", heads_name));
    }
    check_parameter("a projection", weights[i], query, {size, inputs[i].size(-1)});
  }
  for (std::size_t i = 0; i < 3; ++i) {
    Tensor bias = in_proj_bias.defined() ? narrow(in_proj_bias, 0, static_cast<std::int64_t>(i) * size, size)
                                         : Tensor();
    results[i] = linear(inputs[i], weights[i], bias);
  }
  return results;
}

/// A mask of what may not be looked at (bool), or of what is added, as the latter, with `more` keys behind.
Tensor added_mask(const char* operand, const Tensor& mask, const Tensor& query, const Shape& shape,
                  std::int64_t more) {
  if (!(mask.shape() == shape)) {
    throw ShapeError(fmt::format("{}: expected {} of shape {}, got {}", heads_name, operand, to_string(shape),
                                 to_string(mask.shape())));
  }
  if (mask.dtype() != boolean && mask.dtype() != query.dtype()) {
    throw DTypeError(fmt::format("{}: expected {} of bool or {}, got {}", heads_name, operand,
                                 name(query.dtype()), name(mask.dtype())));
  }
  Tensor added = mask.dtype() == boolean
                     ? where(mask, -std::numeric_limits<double>::infinity(), zeros(shape, query.dtype()))
                     : mask;
  return more == 0 ? added : pad(added, {0, more});
}

/// The masks as one that is added to the scores [N, heads, L, S + more], or an undefined one.
Tensor joint_mask(const Tensor& query, const Shape& scores, std::int64_t more, bool causal,
                  const MultiHeadAttentionOptions& options) {
  std::int64_t batch = scores[0], heads = scores[1], targets = scores[2], sources = scores[3] - more;
  Tensor mask;
  if (options.attn_mask.defined()) {
    bool each = options.attn_mask.ndim() == 3;
    Shape shape = each ? Shape{batch * heads, targets, sources} : Shape{targets, sources};
    mask = added_mask("attn_mask", options.attn_mask, query, shape, more);
    if (each) mask = reshape(mask, {batch, heads, targets, sources + more});
  }
  if (options.key_padding_mask.defined()) {
    Tensor padding = added_mask("key_padding_mask", options.key_padding_mask, query, {batch, sources}, more);
    padding = reshape(padding, {batch, 1, 1, sources + more});
    mask = mask.defined() ? mask + padding : padding;
  }
  if (causal) {
    Tensor later = logical_not(tril(ones({targets, sources}, boolean)));
    later = added_mask("attn_mask", later, query, {targets, sources}, more);
    mask = mask.defined() ? mask + later : later;
  }
  return mask;
}

}  // namespace

std::pair<Tensor, Tensor> multi_head_attention_forward(
    const Tensor& query, const Tensor& key, const Tensor& value, std::int64_t num_heads,
    const Tensor& in_proj_weight, const Tensor& in_proj_bias, const Tensor& out_proj_weight,
    const Tensor& out_proj_bias, const MultiHeadAttentionOptions& options) {
  detail::require_floating(heads_name, query);
  bool batched = query.ndim() == 3;
  if ((!batched && query.ndim() != 2) || key.ndim() != query.ndim() || value.ndim() != query.ndim()) {
    throw ShapeError(
        fmt::format("{}: expected query [L, N, E], key and value [S, N, E], or all without N; got {}, "
                    "{} and {}",
                    heads_name, to_string(query.shape()), to_string(key.shape()), to_string(value.shape())));
  }
  detail::check_dropout(heads_name, options.dropout_p);
  std::int64_t at = options.batch_first ? 0 : 1;  // the dimension of the batch; that of the rows is 1 - at
  if (!batched) {
    MultiHeadAttentionOptions with_batch = options;
    if (options.key_padding_mask.defined())
      with_batch.key_padding_mask = unsqueeze(options.key_padding_mask, 0);
    Tensor one_query = unsqueeze(query, at);
    Tensor one_key = key.is_same(query) ? one_query : unsqueeze(key, at);
    Tensor one_value = value.is_same(key) ? one_key : unsqueeze(value, at);
    auto [output, weights] =
        multi_head_attention_forward(one_query, one_key, one_value, num_heads, in_proj_weight, in_proj_bias,
                                     out_proj_weight, out_proj_bias, with_batch);
    return {squeeze(output, at), weights.defined() ? squeeze(weights, 0) : weights};
  }
  std::int64_t targets = query.size(1 - at), batch = query.size(at), size = query.size(2),
               sources = key.size(1 - at);
  if (num_heads <= 0 || size % num_heads != 0) {
    throw ValueError(fmt::format("{}: expected num_heads that divides the {} features of query {}, got {}",
                                 heads_name, size, to_string(query.shape()), num_heads));
  }
  if (key.size(at) != batch || value.size(at) != batch || value.size(1 - at) != sources) {
    throw ShapeError(fmt::format(
        "{}: expected key and value {} for query {}, got {} and {}", heads_name,
        options.batch_first ? fmt::format("[{}, S, ...]", batch) : fmt::format("[S, {}, ...]", batch),
        to_string(query.shape()), to_string(key.shape()), to_string(value.shape())));
  }
  check_parameter("out_proj_weight", out_proj_weight, query, {size, size});
  if (out_proj_bias.defined()) check_parameter("out_proj_bias", out_proj_bias, query, {size});
  if (options.bias_k.defined() != options.bias_v.defined())
    throw ValueError(fmt::format("{}: expected bias_k and bias_v together", heads_name));
  if (options.bias_k.defined()) {
    check_parameter("bias_k", options.bias_k, query, {1, 1, size});
    check_parameter("bias_v", options.bias_v, query, {1, 1, size});
  }
  std::int64_t more = (options.bias_k.defined() ? 1 : 0) + (options.add_zero_attn ? 1 : 0);
  bool causal = options.is_causal && more == 0;  // what is appended is not later than any query
  Shape scores{batch, num_heads, targets, sources + more};
  Tensor mask = joint_mask(query, scores, more, options.is_causal && more > 0, options);
  auto [q, k, v] = projected({query, key, value}, in_proj_weight, in_proj_bias, options);

  Shape row = query.shape();
  row[static_cast<std::size_t>(1 - at)] = 1;
  if (options.bias_k.defined()) {
    k = cat({k, expand(options.bias_k, row)}, 1 - at);
    v = cat({v, expand(options.bias_v, row)}, 1 - at);
  }
  if (options.add_zero_attn) {
    Tensor nothing = zeros(row, query.dtype());
    k = cat({k, nothing}, 1 - at);
    v = cat({v, nothing}, 1 - at);
  }

  auto in_heads = [&](const Tensor& x) {  // [rows, N, E] or [N, rows, E] to [N, heads, rows, E / heads]
    Tensor cut = reshape(x, {x.size(0), x.size(1), num_heads, size / num_heads});
    return permute(cut, {at, 2, 1 - at, 3});
  };
  double scale = 1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(size / num_heads, 1)));
  Tensor heads, weights;
  if (options.need_weights) {
    weights = detail::attention_weights(in_heads(q), in_heads(k), mask, scale, causal);
    weights = detail::dropped(weights, options.dropout_p, options.generator);
    heads = matmul(weights, in_heads(v));
  } else {
    heads = detail::attended(in_heads(q), in_heads(k), in_heads(v), mask, scale, causal, options.dropout_p,
                             options.generator);
  }
  heads = permute(heads, options.batch_first ? Shape{0, 2, 1, 3} : Shape{2, 0, 1, 3});
  Tensor output = linear(reshape(heads, query.shape()), out_proj_weight, out_proj_bias);
  if (!options.need_weights) return {output, Tensor()};
  return {output, options.average_attn_weights ? mean(weights, Shape{1}) : weights};
}

}  // namespace xgrad
