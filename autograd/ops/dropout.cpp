#include <xgrad/autograd/ops/dropout.hpp>

#include <xgrad/autograd/kernels/random.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>

namespace xgrad::detail {

Tensor dropped(const Tensor& x, double p, Generator* generator) {
  if (p == 0) return x;
  if (p == 1) return x * zeros_like(x);
  Tensor kept(kernels::bernoulli(x.shape(), x.dtype(), 1 - p,
                                 generator != nullptr ? *generator : default_generator()));
  return x * kept.mul_(1 / (1 - p));
}

}  // namespace xgrad::detail
