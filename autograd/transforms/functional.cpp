#include <xgrad/autograd/transforms/functional.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad::detail {
namespace {

/// x as the variable of a derivative. While something outside differentiates through x (gradients of
/// gradients), it is x itself at another place of the graph, else a leaf of its own.
struct Variable {
  explicit Variable(const Tensor& given)
      : outer(is_grad_enabled() && given.requires_grad()),
        x(outer ? as_strided(given, given.shape(), given.strides()) : given.detach().requires_grad_()) {}
  bool outer;
  EnableGrad on;
  Tensor x;
};

Tensor zeros_if_undefined(const Tensor& gradient, const Tensor& x) {
  return gradient.defined() ? gradient : zeros_like(x);
}

}  // namespace

std::pair<Tensor, Tensor> value_and_gradient(const Function1& f, const Tensor& given) {
  Variable variable(given);
  Tensor y = f(variable.x);
  if (!y.requires_grad()) return {y, zeros_like(given)};
  auto gradients = grad(std::span(&y, 1), std::span(&variable.x, 1), {},
                        {.create_graph = variable.outer, .allow_unused = true});
  return {variable.outer ? y : y.detach(), zeros_if_undefined(gradients[0], given)};
}

std::pair<Tensor, Tensor> vjp_of(const Function1& f, const Tensor& given, const Tensor& v) {
  Variable variable(given);
  Tensor y = f(variable.x);
  if (!y.requires_grad()) return {y, zeros_like(given)};
  bool record = variable.outer || v.requires_grad();
  auto gradients = grad(std::span(&y, 1), std::span(&variable.x, 1), std::span(&v, 1),
                        {.create_graph = record, .allow_unused = true});
  return {variable.outer ? y : y.detach(), zeros_if_undefined(gradients[0], given)};
}

Tensor jacobian_of(const Function1& f, const Tensor& given) {
  Variable variable(given);
  Tensor y = f(variable.x);
  Shape shape = y.shape();
  shape = [&] {
    Shape joined = y.shape();
    for (std::int64_t size : given.shape()) joined.push_back(size);
    return joined;
  }();
  if (!y.requires_grad() || y.numel() == 0) return zeros(shape, given.dtype());
  Tensor flat = y.reshape({-1});
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    Tensor start = zeros({flat.numel()}, y.dtype());
    start.select(0, i).fill_(1);
    auto gradients = grad(std::span(&flat, 1), std::span(&variable.x, 1), std::span(&start, 1),
                          {.retain_graph = true, .create_graph = variable.outer, .allow_unused = true});
    rows.push_back(zeros_if_undefined(gradients[0], given));
  }
  return stack(rows).reshape(shape);
}

std::pair<Tensor, Tensor> jvp_of(const Function1& f, const Tensor& given, const Tensor& v) {
  if (!(v.shape() == given.shape())) {
    throw ShapeError(fmt::format("jvp: expected a direction of the variable's shape: x is {}, v is {}",
                                 to_string(given.shape()), to_string(v.shape())));
  }
  Variable variable(given);
  Tensor y = f(variable.x);
  if (!y.requires_grad()) return {y, zeros_like(y)};
  // u -> u^T J is linear in u; its own derivative applied to v is J v.
  Tensor u = zeros_like(y).requires_grad_();
  auto pulled = grad(std::span(&y, 1), std::span(&variable.x, 1), std::span(&u, 1),
                     {.create_graph = true, .allow_unused = true});
  if (!pulled[0].defined() || !pulled[0].requires_grad()) return {y, zeros_like(y)};
  auto pushed = grad(std::span(&pulled[0], 1), std::span(&u, 1), std::span(&v, 1),
                     {.create_graph = variable.outer, .allow_unused = true});
  return {variable.outer ? y : y.detach(), zeros_if_undefined(pushed[0], y)};
}

}  // namespace xgrad::detail
