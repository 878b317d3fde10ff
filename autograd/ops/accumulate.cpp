// What the engine computes itself, see graph/accumulate.hpp.

#include <xgrad/autograd/graph/accumulate.hpp>

#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>

namespace xgrad {
namespace {

void add_arrays(const Array& result, const Array& a, const Array& b) {
  dispatch_floating(result.dtype(), [&](auto tag) {
    kernels::map<typename decltype(tag)::type>(
        result, [](auto x, auto y) { return x + y; }, Cost::cheap, a, b);
  });
}

bool only_ours(const Tensor& tensor) {
  return tensor.is_unique() && tensor.array().owns_alone() && tensor.is_contiguous();
}

}  // namespace

Tensor add_gradients(const Tensor& a, const Tensor& b) { return add(a, b); }

Tensor add_into(Tensor sum, const Tensor& gradient) {
  if (only_ours(sum)) {
    add_arrays(sum.array(), sum.array(), gradient.array());
    return sum;
  }
  Array numbers(sum.shape(), sum.dtype());
  add_arrays(numbers, sum.array(), gradient.array());
  return Tensor(std::move(numbers));
}

void add_in_place(const Tensor& target, const Tensor& gradient) {
  add_arrays(target.array(), target.array(), gradient.array());
  target.array().storage()->bump_version();
}

Tensor keep_gradient(Tensor gradient) {
  if (only_ours(gradient) && gradient.is_leaf()) return gradient;
  return Tensor(kernels::clone(gradient.array()));
}

}  // namespace xgrad
