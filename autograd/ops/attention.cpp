#include <xgrad/autograd/ops/attention.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/attention.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
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

/// Throws unless the mask may be laid on scores of this shape.
void check_mask(const char* name, const Tensor& mask, const Tensor& query, const Shape& scores) {
  if (!mask.defined()) return;
  if (mask.dtype() != boolean && mask.dtype() != query.dtype()) {
    throw DTypeError(fmt::format("{}: expected attn_mask of bool or {}, got {}", name,
                                 xgrad::name(query.dtype()), xgrad::name(mask.dtype())));
  }
  if (!(broadcast_shapes(name, scores, mask.shape()) == scores)) {
    throw ShapeError(fmt::format("{}: expected attn_mask that broadcasts to the scores {}, got {}", name,
                                 to_string(scores), to_string(mask.shape())));
  }
}

double scale_of(const Tensor& query, std::optional<double> scale) {
  // Without features all scores are 0.
  return scale.value_or(1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(query.size(-1), 1))));
}

void check_probability(const char* name, double p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("{}: expected dropout_p from 0 to 1, got {}", name, p));
}

/// The weights, in differentiable operations.
Tensor composed_weights(const Tensor& query, const Tensor& key, const Tensor& mask, double scale,
                        bool causal) {
  Tensor scores = matmul(query * scale, key.mT());
  if (causal) {
    Tensor allowed;
    {
      NoGrad off;
      allowed = tril(ones({query.size(-2), key.size(-2)}, boolean));
    }
    scores = where(allowed, scores, -infinity);
  }
  if (mask.defined()) scores = mask.dtype() == boolean ? where(mask, scores, -infinity) : scores + mask;
  return softmax(scores, -1);
}

/// The gradients of query, key and value, in differentiable operations.
std::array<Tensor, 3> composed_gradients(const Tensor& g, const detail::Wanted<3>& wanted,
                                         const Tensor& query, const Tensor& key, const Tensor& value,
                                         const Tensor& mask, double scale, bool causal) {
  std::array<Tensor, 3> gradients;
  Tensor weights = composed_weights(query, key, mask, scale, causal);
  if (wanted[0] || wanted[1]) {
    Tensor change = matmul(g, value.mT());
    change = weights * (change - sum(change * weights, Shape{-1}, true)) * scale;
    if (mask.defined() && mask.dtype() == boolean) change = where(mask, change, 0);
    if (wanted[0]) gradients[0] = matmul(change, key);
    if (wanted[1]) gradients[1] = matmul(change.mT(), query);
  }
  if (wanted[2]) gradients[2] = matmul(weights.mT(), g);
  return gradients;
}

/// The mask as the kernel reads it: as large as all scores, the last dimension without gaps.
Array mask_for_kernel(const Tensor& mask, const Shape& scores) {
  if (!mask.defined()) return Array();
  Array array = mask.array();
  bool dense = array.ndim() > 0 && array.shape().back() == scores.back() &&
               (array.strides().back() == 1 || scores.back() == 1);
  if (!dense) {
    Shape shape = array.shape();
    if (shape.empty()) shape.push_back(1);
    shape.back() = scores.back();
    array = kernels::clone(array.broadcast_to("attention", shape));
  }
  return array.broadcast_to("attention", scores);
}

/// All operands have been checked.
Tensor fused_attention(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                       double scale, bool causal) {
  const char* name = "scaled_dot_product_attention";
  Shape sizes =
      broadcast_shapes(name, broadcast_shapes(name, detail::batch_shape(query), detail::batch_shape(key)),
                       detail::batch_shape(value));
  Tensor q = detail::expand_batch(query, sizes);
  Tensor k = detail::expand_batch(key, sizes);
  Tensor v = detail::expand_batch(value, sizes);
  auto inputs = [scores = detail::with_matrix(sizes, q.size(-2), k.size(-2)), scale, causal](
                    const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& m) {
    return kernels::AttentionInputs{a.array(), b.array(), c.array(), mask_for_kernel(m, scores),
                                    scale,     causal};
  };
  kernels::Attention numbers = kernels::attention(inputs(q, k, v, mask));
  return record_joint(
      name, std::move(numbers.result), std::array<const Tensor*, 3>{&q, &k, &v},
      [inputs, scale, causal](const Tensor& g, const detail::Wanted<3>& wanted, const Tensor& a,
                              const Tensor& b, const Tensor& c, const Tensor& m, const Tensor& top,
                              const Tensor& share) {
        if (is_grad_enabled()) return composed_gradients(g, wanted, a, b, c, m, scale, causal);
        auto arrays =
            kernels::attention_backward(g.array(), inputs(a, b, c, m), top.array(), share.array(), wanted);
        std::array<Tensor, 3> gradients;
        for (std::size_t i = 0; i < 3; ++i) {
          if (wanted[i]) gradients[i] = Tensor(std::move(arrays[i]));
        }
        return gradients;
      },
      q, k, v, mask, Tensor(numbers.top), Tensor(numbers.share));
}

void check_arguments(const char* name, const Tensor& query, const Tensor& key,
                     const AttentionOptions& options) {
  check_operands(name, query, key);
  check_probability(name, options.dropout_p);
  if (options.is_causal && options.attn_mask.defined())
    throw ValueError(fmt::format("{}: expected attn_mask or is_causal, got both", name));
  Shape sizes = broadcast_shapes(name, detail::batch_shape(query), detail::batch_shape(key));
  check_mask(name, options.attn_mask, query, detail::with_matrix(sizes, query.size(-2), key.size(-2)));
}

/// What a mask whose gradient is wanted, and dropout, need the weights for, is composed; all else is fused.
Tensor attended(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask, double scale,
                bool causal, double dropout_p, Generator* generator) {
  if (dropout_p == 0 && !(mask.defined() && must_record(mask)))
    return fused_attention(query, key, value, mask, scale, causal);
  Tensor weights = composed_weights(query, key, mask, scale, causal);
  return matmul(detail::dropped(weights, dropout_p, generator), value);
}

}  // namespace

Tensor attention_weights(const Tensor& query, const Tensor& key, const AttentionOptions& options) {
  check_arguments("attention_weights", query, key, options);
  return composed_weights(query, key, options.attn_mask, scale_of(query, options.scale), options.is_causal);
}

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const AttentionOptions& options) {
  const char* name = "scaled_dot_product_attention";
  check_arguments(name, query, key, options);
  detail::require_same_dtype(name, "query", query, "value", value);
  detail::require_matrix(name, "value", value);
  if (key.size(-2) != value.size(-2)) {
    throw ShapeError(fmt::format("{}: expected a value for every key: key is {}, value is {}", name,
                                 to_string(key.shape()), to_string(value.shape())));
  }
  return attended(query, key, value, options.attn_mask, scale_of(query, options.scale), options.is_causal,
                  options.dropout_p, options.generator);
}

// Several heads -------------------------------------------------------------------------------------

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
    std::size_t i = 0;
    while (i < 3) {
      std::size_t end = i + 1;
      while (end < 3 && inputs[end].is_same(inputs[i])) ++end;
      auto first = static_cast<std::int64_t>(i), count = static_cast<std::int64_t>(end - i);
      auto part = [&](const Tensor& x) {
        return count == 3 || !x.defined() ? x : narrow(x, 0, first * size, count * size);
      };
      Tensor all = linear(inputs[i], part(in_proj_weight), part(in_proj_bias));
      for (const Tensor& result : split(all, size, -1)) results[i++] = result;
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
  Tensor added = mask.dtype() == boolean ? where(mask, -infinity, zeros(shape, query.dtype())) : mask;
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
  check_probability(heads_name, options.dropout_p);
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
    weights = composed_weights(in_heads(q), in_heads(k), mask, scale, causal);
    weights = detail::dropped(weights, options.dropout_p, options.generator);
    heads = matmul(weights, in_heads(v));
  } else {
    heads = attended(in_heads(q), in_heads(k), in_heads(v), mask, scale, causal, options.dropout_p,
                     options.generator);
  }
  heads = permute(heads, options.batch_first ? Shape{0, 2, 1, 3} : Shape{2, 0, 1, 3});
  Tensor output = linear(reshape(heads, query.shape()), out_proj_weight, out_proj_bias);
  if (!options.need_weights) return {output, Tensor()};
  return {output, options.average_attn_weights ? mean(weights, Shape{1}) : weights};
}

}  // namespace xgrad
