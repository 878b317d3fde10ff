#include <xgrad/autograd/ops/softmax.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>

#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/softmax.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

/// A kernel over one dimension, for tensors of any number of dimensions.
template <class Kernel>
Array over_dim(const Tensor& x, std::size_t dim, const Kernel& kernel) {
  if (x.ndim() > 0) return kernel(x.array(), dim);
  return kernel(x.array().view({1}, {1}), dim).view({}, {});
}

}  // namespace

Tensor softmax(const Tensor& x, std::int64_t dim) {
  if (!is_floating(x.dtype())) return softmax(as_floating(x), dim);
  std::size_t at = wrap_dim("softmax", dim, x.ndim());
  auto along = static_cast<std::int64_t>(at);
  return record("softmax", over_dim(x, at, kernels::softmax),
                gradient(
                    x,
                    [at, along](const Tensor& g, const Tensor& y) {
                      if (!is_grad_enabled() && g.ndim() > 0)
                        return Tensor(kernels::softmax_backward(g.array(), y.array(), at));
                      return y * (g - sum(g * y, Shape{along}, true));
                    },
                    result));
}

Tensor softmin(const Tensor& x, std::int64_t dim) { return softmax(neg(x), dim); }

Tensor log_softmax(const Tensor& x, std::int64_t dim) {
  if (!is_floating(x.dtype())) return log_softmax(as_floating(x), dim);
  std::size_t at = wrap_dim("log_softmax", dim, x.ndim());
  auto along = static_cast<std::int64_t>(at);
  return record("log_softmax", over_dim(x, at, kernels::log_softmax),
                gradient(
                    x,
                    [at, along](const Tensor& g, const Tensor& y) {
                      if (!is_grad_enabled() && g.ndim() > 0)
                        return Tensor(kernels::log_softmax_backward(g.array(), y.array(), at));
                      return g - exp(y) * sum(g, Shape{along}, true);
                    },
                    result));
}

namespace {

/// Over the last dimension.
Tensor logsumexp_rows(const Tensor& x) {
  return record("logsumexp", kernels::logsumexp(x.array(), x.ndim() - 1),
                gradient(
                    x,
                    [](const Tensor& g, const Tensor& input, const Tensor& y) {
                      // Where the result is infinite, the shares are those of the infinite elements.
                      return g * exp(input - where(isinf(y), 0, y));
                    },
                    x, result));
}

}  // namespace

Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim) {
  if (!is_floating(x.dtype())) return logsumexp(as_floating(x), dims, keepdim);
  // The reduced dimensions go to the back and become one.
  std::vector<bool> reduced(x.ndim(), !dims || dims->empty());
  if (dims) {
    for (std::int64_t dim : *dims) {
      std::size_t at = wrap_dim("logsumexp", dim, x.ndim());
      if (at >= reduced.size()) continue;  // a 0-d tensor
      if (reduced[at])
        throw ShapeError(fmt::format("logsumexp: dimension {} is named twice in {}", at, to_string(*dims)));
      reduced[at] = true;
    }
  }
  Shape order;
  Shape kept;
  Shape final_shape;
  for (std::size_t pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0; i < x.ndim(); ++i) {
      if (reduced[i] != (pass == 1)) continue;
      order.push_back(static_cast<std::int64_t>(i));
      if (pass == 0) kept.push_back(x.shape()[i]);
    }
  }
  std::int64_t rows = kept.elements();
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    if (!reduced[i])
      final_shape.push_back(x.shape()[i]);
    else if (keepdim)
      final_shape.push_back(1);
  }
  std::int64_t columns = 1;
  for (std::size_t i = 0; i < x.ndim(); ++i) columns *= reduced[i] ? x.shape()[i] : 1;
  return reshape(logsumexp_rows(reshape(permute(x, order), {rows, columns})), final_shape);
}

}  // namespace xgrad
