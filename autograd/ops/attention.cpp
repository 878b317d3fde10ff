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
#include <xgrad/autograd/ops/attention_core.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/dropout.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/softmax.hpp>

namespace xgrad {

Tensor detail::attention_weights(const Tensor& query, const Tensor& key, const Tensor& mask, double scale,
                                 bool causal) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
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

void detail::check_dropout(const char* name, double p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("{}: expected dropout_p from 0 to 1, got {}", name, p));
}

namespace {

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

/// The gradients of query, key and value, in differentiable operations.
std::array<Tensor, 3> composed_gradients(const Tensor& g, const detail::Wanted<3>& wanted,
                                         const Tensor& query, const Tensor& key, const Tensor& value,
                                         const Tensor& mask, double scale, bool causal) {
  std::array<Tensor, 3> gradients;
  Tensor weights = detail::attention_weights(query, key, mask, scale, causal);
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
  detail::check_dropout(name, options.dropout_p);
  if (options.is_causal && options.attn_mask.defined())
    throw ValueError(fmt::format("{}: expected attn_mask or is_causal, got both", name));
  Shape sizes = broadcast_shapes(name, detail::batch_shape(query), detail::batch_shape(key));
  check_mask(name, options.attn_mask, query, detail::with_matrix(sizes, query.size(-2), key.size(-2)));
}

}  // namespace

Tensor detail::attended(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                        double scale, bool causal, double dropout_p, Generator* generator) {
  if (dropout_p == 0 && !(mask.defined() && must_record(mask)))
    return fused_attention(query, key, value, mask, scale, causal);
  Tensor weights = detail::attention_weights(query, key, mask, scale, causal);
  return matmul(detail::dropped(weights, dropout_p, generator), value);
}

Tensor attention_weights(const Tensor& query, const Tensor& key, const AttentionOptions& options) {
  check_arguments("attention_weights", query, key, options);
  return detail::attention_weights(query, key, options.attn_mask, scale_of(query, options.scale),
                                   options.is_causal);
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
  return detail::attended(query, key, value, options.attn_mask, scale_of(query, options.scale),
                          options.is_causal, options.dropout_p, options.generator);
}

}  // namespace xgrad
