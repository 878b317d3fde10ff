#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/matmul.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/matmul.hpp>
#include <xgrad/autograd/kernels/reduce.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

void check_inner(const Tensor& a, const Tensor& b, std::int64_t inner_a, std::int64_t inner_b) {
  if (inner_a != inner_b) {
    throw ShapeError(fmt::format("matmul: inner dimensions differ: a is {}, b is {} ({} and {})",
                                 to_string(a.shape()), to_string(b.shape()), inner_a, inner_b));
  }
}

/// A matrix seen the other way round.
Array turned(const Array& a) {
  return a.view({a.shape()[1], a.shape()[0]}, {a.strides()[1], a.strides()[0]});
}

/// All leading dimensions as one.
Tensor rows_of(const Tensor& x) { return x.ndim() == 1 ? unsqueeze(x, 0) : flatten(x, 0, -2); }

Tensor matrices(const Tensor& a, const Tensor& b) {
  check_inner(a, b, a.shape()[1], b.shape()[0]);
  return record(
      "matmul", kernels::matmul_2d(a.array(), b.array()),
      gradient(
          a, [](const Tensor& g, const Tensor& right) { return matmul(g, right.mT()); }, b),
      exact_gradient(b, [](const Tensor& g, const Tensor& left) { return matmul(left.mT(), g); }, a));
}

Tensor batches(const Tensor& a, const Tensor& b) {
  check_inner(a, b, a.size(-1), b.size(-2));
  broadcast_shapes("matmul", Shape(a.shape().begin(), a.shape().end() - 2),
                   Shape(b.shape().begin(), b.shape().end() - 2));
  return record("matmul", kernels::matmul_batched(a.array(), b.array()),
                gradient(
                    a, [](const Tensor& g, const Tensor& right) { return matmul(g, right.mT()); }, b),
                gradient(b, [](const Tensor& g, const Tensor& left) { return matmul(left.mT(), g); }, a));
}

Tensor same_dtype(const Tensor& a, const Tensor& b) {
  if (a.ndim() == 2 && b.ndim() == 2) return matrices(a, b);
  if (a.ndim() == 0 || b.ndim() == 0) {
    throw ShapeError(
        fmt::format("matmul: expected at least one dimension each: a is {}, b is {}; use a * b for numbers",
                    to_string(a.shape()), to_string(b.shape())));
  }
  check_inner(a, b, a.size(-1), b.size(b.ndim() == 1 ? 0 : -2));
  if (a.ndim() == 1 && b.ndim() == 1) return reshape(matrices(unsqueeze(a, 0), unsqueeze(b, 1)), {});
  if (a.ndim() == 1) return squeeze(matmul(unsqueeze(a, 0), b), -2);
  if (b.ndim() == 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1);
  if (b.ndim() == 2) {  // one product for the whole batch
    Shape shape = a.shape();
    shape.back() = b.shape()[1];
    return reshape(matrices(flatten(a, 0, -2), b), shape);
  }
  return batches(a, b);
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  detail::require_same_dtype("matmul", "a", a, "b", b);
  return same_dtype(a, b);
}

Tensor dot(const Tensor& a, const Tensor& b) {
  if (a.ndim() != 1 || b.ndim() != 1) {
    throw ShapeError(fmt::format("dot: expected two vectors: a is {}, b is {}", to_string(a.shape()),
                                 to_string(b.shape())));
  }
  return matmul(a, b);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  bool fits = x.ndim() >= 1 && weight.ndim() == 2 && x.size(-1) == weight.shape()[1] &&
              (!bias.defined() || (bias.ndim() == 1 && bias.shape()[0] == weight.shape()[0]));
  if (!fits) {
    throw ShapeError(fmt::format(
        "linear: expected x [..., in], weight [out, in] and bias [out]: x is {}, weight is {}, bias is {}",
        to_string(x.shape()), to_string(weight.shape()),
        bias.defined() ? to_string(bias.shape()) : "undefined"));
  }
  if (x.dtype() != weight.dtype() || (bias.defined() && bias.dtype() != weight.dtype())) {
    throw DTypeError(fmt::format(
        "linear: expected one dtype: x is {}, weight is {}, bias is {}; convert with to()", name(x.dtype()),
        name(weight.dtype()), bias.defined() ? name(bias.dtype()) : "undefined"));
  }
  Array numbers = kernels::linear(x.array(), weight.array(), bias.defined() ? bias.array() : Array());
  return record_joint(
      "linear", std::move(numbers), std::array{&x, &weight, &bias},
      [](const Tensor& g, const detail::Wanted<3>& wanted, const Tensor& input, const Tensor& w) {
        std::array<Tensor, 3> gradients;
        if (!is_grad_enabled() && g.ndim() == 2 &&
            input.ndim() == 2) {  // the same, straight from the kernels
          if (wanted[0]) gradients[0] = Tensor(kernels::matmul_2d(g.array(), w.array()));
          if (wanted[1]) gradients[1] = Tensor(kernels::matmul_2d(turned(g.array()), input.array()));
          if (wanted[2]) gradients[2] = Tensor(kernels::sum(g.array(), kernels::DimSet().set(0), false));
          return gradients;
        }
        if (wanted[0]) gradients[0] = matmul(g, w);
        if (wanted[1]) gradients[1] = matmul(rows_of(g).mT(), rows_of(input));
        if (wanted[2]) gradients[2] = sum_to_shape(g, {g.size(-1)});
        return gradients;
      },
      x, weight);
}

}  // namespace xgrad
