#include <xgrad/autograd/ops/attention.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/dropout.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/padding.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/softmax.hpp>

namespace xgrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void check_operands(const char* name, const Tensor& query, const Tensor& key) {
  detail::require_floating(name, query);
  detail::require_same_dtype(name, "query", query, "key", key);
  detail::require_matrix(name, "query", query);
  detail::require_matrix(name, "key", key);
  if (query.size(-1) != key.size(-1)) {
    throw ShapeError(fmt::format("{}: query and key must have as many features: query is {}, key is {}", name,
                                 to_string(query.shape()), to_string(key.shape())));
  }
}

/// Scores with what a mask forbids at -inf, or with the mask added.
Tensor masked(const char* name, const Tensor& scores, const Tensor& mask) {
  if (!mask.defined()) return scores;
  if (mask.dtype() != boolean && mask.dtype() != scores.dtype()) {
    throw DTypeError(fmt::format("{}: expected attn_mask of bool or {}, got {}", name,
                                 xgrad::name(scores.dtype()), xgrad::name(mask.dtype())));
  }
  if (!(broadcast_shapes(name, scores.shape(), mask.shape()) == scores.shape())) {
    throw ShapeError(fmt::format("{}: expected attn_mask that broadcasts to the scores {}, got {}", name,
                                 to_string(scores.shape()), to_string(mask.shape())));
  }
  return mask.dtype() == boolean ? where(mask, scores, -infinity) : scores + mask;
}

void check_probability(const char* name, double p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("{}: expected dropout_p from 0 to 1, got {}", name, p));
}

}  // namespace

Tensor attention_weights(const Tensor& query, const Tensor& key, const AttentionOptions& options) {
  const char* name = "scaled_dot_product_attention";
  check_operands(name, query, key);
  check_probability(name, options.dropout_p);
  if (options.is_causal && options.attn_mask.defined())
    throw ValueError(fmt::format("{}: expected attn_mask or is_causal, got both", name));
  double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(query.size(-1))));
  Tensor scores = matmul(query * scale, key.mT());
  Tensor mask = options.attn_mask;
  if (options.is_causal) {
    NoGrad off;
    mask = tril(ones({query.size(-2), key.size(-2)}, boolean));
  }
  return softmax(masked(name, scores, mask), -1);
}

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const AttentionOptions& options) {
  const char* name = "scaled_dot_product_attention";
  check_operands(name, query, key);
  detail::require_same_dtype(name, "query", query, "value", value);
  detail::require_matrix(name, "value", value);
  if (key.size(-2) != value.size(-2)) {
    throw ShapeError(fmt::format("{}: expected a value for every key: key is {}, value is {}", name,
                                 to_string(key.shape()), to_string(value.shape())));
  }
  Tensor weights = attention_weights(query, key, options);
  return matmul(detail::dropped(weights, options.dropout_p, options.generator), value);
}

// Several heads -------------------------------------------------------------------------------------

namespace {

constexpr const char* heads_name = "multi_head_attention_forward";

void check_parameter(const char* operand, const Tensor& parameter, const Tensor& query, const Shape& shape) {
  detail::require_parameter(heads_name, operand, parameter, "query", query, shape);
}

/// The projected query, key and value.
std::array<Tensor, 3> projected(const std::array<Tensor, 3>& inputs, const Tensor& in_proj_weight,
                                const Tensor& in_proj_bias, const MultiHeadAttentionOptions& options) {
  const Tensor& query = inputs[0];
  std::int64_t size = query.size(-1);
  std::array<Tensor, 3> weights = {options.q_proj_weight, options.k_proj_weight, options.v_proj_weight};
  if (in_proj_weight.defined()) {
    check_parameter("in_proj_weight", in_proj_weight, query, {3 * size, size});
    for (std::int64_t i = 0; i < 3; ++i)
      weights[static_cast<std::size_t>(i)] = narrow(in_proj_weight, 0, i * size, size);
  }
  if (in_proj_bias.defined()) check_parameter("in_proj_bias", in_proj_bias, query, {3 * size});
  std::array<Tensor, 3> results;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!weights[i].defined()) {
      throw ValueError(fmt::format(
          "{}: expected in_proj_weight, or q_proj_weight, k_proj_weight and v_proj_weight", heads_name));
    }
    check_parameter("a projection", weights[i], query, {size, inputs[i].size(-1)});
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
  Tensor added = mask.dtype() == boolean ? where(mask, -infinity, zeros(shape, query.dtype())) : mask;
  return more == 0 ? added : pad(added, {0, more});
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
  check_probability(heads_name, options.dropout_p);
  if (!batched) {
    MultiHeadAttentionOptions with_batch = options;
    if (options.key_padding_mask.defined())
      with_batch.key_padding_mask = unsqueeze(options.key_padding_mask, 0);
    auto [output, weights] = multi_head_attention_forward(
        unsqueeze(query, 1), unsqueeze(key, 1), unsqueeze(value, 1), num_heads, in_proj_weight, in_proj_bias,
        out_proj_weight, out_proj_bias, with_batch);
    return {squeeze(output, 1), weights.defined() ? squeeze(weights, 0) : weights};
  }
  std::int64_t targets = query.size(0), batch = query.size(1), size = query.size(2), sources = key.size(0);
  if (num_heads <= 0 || size % num_heads != 0) {
    throw ValueError(fmt::format("{}: expected num_heads that divides the {} features of query {}, got {}",
                                 heads_name, size, to_string(query.shape()), num_heads));
  }
  if (key.size(1) != batch || value.size(1) != batch || value.size(0) != sources) {
    throw ShapeError(fmt::format("{}: expected key and value [S, {}, ...] for query {}, got {} and {}",
                                 heads_name, batch, to_string(query.shape()), to_string(key.shape()),
                                 to_string(value.shape())));
  }
  check_parameter("out_proj_weight", out_proj_weight, query, {size, size});
  if (out_proj_bias.defined()) check_parameter("out_proj_bias", out_proj_bias, query, {size});
  auto [q, k, v] = projected({query, key, value}, in_proj_weight, in_proj_bias, options);

  std::int64_t more = 0;
  if (options.bias_k.defined() != options.bias_v.defined())
    throw ValueError(fmt::format("{}: expected bias_k and bias_v together", heads_name));
  if (options.bias_k.defined()) {
    check_parameter("bias_k", options.bias_k, query, {1, 1, size});
    check_parameter("bias_v", options.bias_v, query, {1, 1, size});
    k = cat({k, expand(options.bias_k, {1, batch, size})});
    v = cat({v, expand(options.bias_v, {1, batch, size})});
    ++more;
  }
  if (options.add_zero_attn) {
    Tensor nothing = zeros({1, batch, size}, query.dtype());
    k = cat({k, nothing});
    v = cat({v, nothing});
    ++more;
  }

  Tensor mask;
  if (options.attn_mask.defined()) {
    bool each = options.attn_mask.ndim() == 3;
    Shape shape = each ? Shape{batch * num_heads, targets, sources} : Shape{targets, sources};
    mask = added_mask("attn_mask", options.attn_mask, query, shape, more);
    if (each) mask = reshape(mask, {batch, num_heads, targets, sources + more});
  }
  if (options.key_padding_mask.defined()) {
    Tensor padding = added_mask("key_padding_mask", options.key_padding_mask, query, {batch, sources}, more);
    padding = reshape(padding, {batch, 1, 1, sources + more});
    mask = mask.defined() ? mask + padding : padding;
  }

  auto in_heads = [&](const Tensor& x) {  // [rows, N, E] to [N, heads, rows, E / heads]
    return permute(reshape(x, {x.size(0), batch, num_heads, size / num_heads}), {1, 2, 0, 3});
  };
  Tensor weights = attention_weights(in_heads(q), in_heads(k), {.attn_mask = mask});
  weights = detail::dropped(weights, options.dropout_p, options.generator);
  Tensor heads = permute(matmul(weights, in_heads(v)), {2, 0, 1, 3});
  Tensor output = linear(reshape(heads, {targets, batch, size}), out_proj_weight, out_proj_bias);
  if (!options.need_weights) return {output, Tensor()};
  return {output, options.average_attn_weights ? mean(weights, Shape{1}) : weights};
}

}  // namespace xgrad
