#include <xgrad/autograd/ops/distance.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/distance.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {

using namespace detail;

namespace {

/// The gradients of both, as differentiable operations over all differences [batch, P, R, M].
std::array<Tensor, 2> distance_gradients(const Tensor& g, const Tensor& a, const Tensor& b,
                                         const Tensor& distances, double p) {
  if (p == 0) return {zeros_like(a), zeros_like(b)};
  Tensor d = sub(unsqueeze(a, 2), unsqueeze(b, 1));
  Tensor length = unsqueeze(distances, -1);
  Tensor none = length == 0;
  Tensor nonzero = where(none, 1, length);
  Tensor slopes;
  if (p == 1) {
    slopes = sign(d);
  } else if (p == 2) {
    slopes = div(d, nonzero);
  } else if (std::isinf(p)) {
    slopes = where(abs(d) == length, sign(d), 0);
  } else {
    Tensor flat = d == 0;
    slopes = where(flat, 0, mul(sign(d), pow(div(abs(where(flat, 1, d)), nonzero), p - 1)));
  }
  Tensor parts = mul(where(none, 0, slopes), unsqueeze(g, -1));
  return {sum(parts, Shape{2}), neg(sum(parts, Shape{1}))};
}

/// a [batch, P, M] and b [batch, R, M].
Tensor batch_distances(const char* name, const Tensor& a, const Tensor& b, double p) {
  return record_joint(
      name, kernels::distances(a.array(), b.array(), p), std::array{&a, &b},
      [p](const Tensor& g, const Wanted<2>& wanted, const Tensor& x, const Tensor& y, const Tensor& lengths) {
        if (is_grad_enabled()) return distance_gradients(g, x, y, lengths, p);
        std::array<Tensor, 2> gradients;
        if (wanted[0]) {
          gradients[0] =
              Tensor(kernels::distances_backward(g.array(), x.array(), y.array(), lengths.array(), p));
        }
        if (wanted[1]) {
          gradients[1] = Tensor(
              kernels::distances_backward(g.mT().array(), y.array(), x.array(), lengths.mT().array(), p));
        }
        return gradients;
      },
      a, b, result);
}

void check_norm(const char* name, double p) {
  if (!(p >= 0)) throw ValueError(fmt::format("{}: expected p of 0 or more, got {}", name, p));
}

}  // namespace

Tensor cdist(const Tensor& x1, const Tensor& x2, double p) {
  require_floating("cdist", x1);
  require_same_dtype("cdist", "x1", x1, "x2", x2);
  require_matrix("cdist", "x1", x1);
  require_matrix("cdist", "x2", x2);
  check_norm("cdist", p);
  std::int64_t rows = x1.size(-2), others = x2.size(-2), size = x1.size(-1);
  if (size != x2.size(-1)) {
    throw ShapeError(fmt::format("cdist: rows must have one length: x1 is {}, x2 is {}",
                                 to_string(x1.shape()), to_string(x2.shape())));
  }
  Shape batch = broadcast_shapes("cdist", batch_shape(x1), batch_shape(x2));
  std::int64_t count = batch.elements();
  Tensor distances = batch_distances("cdist", reshape(expand_batch(x1, batch), {count, rows, size}),
                                     reshape(expand_batch(x2, batch), {count, others, size}), p);
  return reshape(distances, with_matrix(batch, rows, others));
}

Tensor pdist(const Tensor& x, double p) {
  require_floating("pdist", x);
  require_ndim("pdist", "x", x, 2);
  check_norm("pdist", p);
  std::int64_t n = x.size(0);
  Tensor rows = unsqueeze(x, 0);
  Tensor all_pairs = reshape(batch_distances("pdist", rows, rows, p), {n * n});
  Tensor places = empty({n > 0 ? n * (n - 1) / 2 : 0}, int64);
  auto* place = places.data<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = i + 1; j < n; ++j) *place++ = i * n + j;
  }
  return index_select(all_pairs, 0, places);
}

// Covariance ----------------------------------------------------------------------------------------

namespace {

void check_weights(const char* which, const Tensor& weights, std::int64_t count, bool whole) {
  bool right_kind =
      whole ? is_integral(weights.dtype()) && weights.dtype() != boolean : is_floating(weights.dtype());
  if (!right_kind) {
    throw DTypeError(fmt::format("cov: expected {} {}, got {}", whole ? "integer" : "floating", which,
                                 name(weights.dtype())));
  }
  if (weights.ndim() != 1 || weights.size(0) != count) {
    throw ShapeError(fmt::format("cov: expected one number of {} for each of {} observations, got shape {}",
                                 which, count, to_string(weights.shape())));
  }
  if (any(weights < 0).item<bool>()) throw ValueError(fmt::format("cov: {} must not be negative", which));
}

}  // namespace

Tensor cov(const Tensor& x, std::int64_t correction, const Tensor& fweights, const Tensor& aweights) {
  if (x.ndim() > 2)
    throw ShapeError(fmt::format("cov: expected at most two dimensions: x is {}", to_string(x.shape())));
  if (x.dtype() == boolean) throw DTypeError("cov: expected numbers, got bool");
  Tensor rows = as_floating(x.ndim() == 2 ? x : reshape(x, {1, -1}));
  std::int64_t count = rows.size(1);
  if (fweights.defined()) check_weights("fweights", fweights, count, true);
  if (aweights.defined()) check_weights("aweights", aweights, count, false);

  Tensor weights;
  if (fweights.defined()) weights = to(fweights, rows.dtype());
  if (aweights.defined()) {
    Tensor relative = to(aweights, rows.dtype());
    weights = weights.defined() ? mul(weights, relative) : relative;
  }
  Tensor centred, weighted;
  Tensor divisor = full({}, static_cast<double>(count - correction), rows.dtype());
  if (weights.defined()) {
    Tensor total = sum(weights);
    if (total.item() == 0) throw ValueError("cov: the weights sum to 0");
    centred = sub(rows, div(sum(mul(rows, weights), Shape{1}, true), total));
    weighted = mul(centred, weights);
    Tensor lost = full({}, static_cast<double>(correction), rows.dtype());
    if (aweights.defined() && correction != 0)
      lost = mul(div(sum(mul(weights, to(aweights, rows.dtype()))), total), correction);
    divisor = sub(total, lost);
  } else {
    centred = sub(rows, div(sum(rows, Shape{1}, true), count));
    weighted = centred;
  }
  return squeeze(div(matmul(centred, weighted.mT()), clamp(divisor, 0)));
}

Tensor corrcoef(const Tensor& x) {
  if (x.ndim() > 2)
    throw ShapeError(fmt::format("corrcoef: expected at most two dimensions: x is {}", to_string(x.shape())));
  Tensor covariance = cov(x);
  if (covariance.ndim() == 0) return div(covariance, covariance);
  Tensor deviations = sqrt(diagonal(covariance));
  return clamp(div(div(covariance, unsqueeze(deviations, 1)), deviations), -1, 1);
}

}  // namespace xgrad
