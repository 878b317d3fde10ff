#include <xgrad/nn/spectral_norm.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/similarity.hpp>
#include <xgrad/autograd/ops/views.hpp>
#include <xgrad/nn/init.hpp>

namespace xgrad::nn::detail {

void check_spectral_norm(const Tensor& weight, const SpectralNormOptions& options) {
  if (options.n_power_iterations <= 0 || !(options.eps > 0)) {
    throw ValueError(fmt::format("SpectralNorm: expected positive n_power_iterations and eps, got {} and {}",
                                 options.n_power_iterations, options.eps));
  }
  if (!weight.defined()) return;  // said better elsewhere
  if (options.dim < 0 || options.dim >= static_cast<std::int64_t>(weight.ndim())) {
    throw IndexError(fmt::format("SpectralNorm: expected dim within the {} dimensions of weight {}, got {}",
                                 weight.ndim(), to_string(weight.shape()), options.dim));
  }
}

Tensor spectral_matrix(const Tensor& weight, std::int64_t dim) {
  Tensor first = dim == 0 ? weight : movedim(weight, dim, 0);
  return first.ndim() == 1 ? first.unsqueeze(1) : first.flatten(1);
}

Tensor spectral_norm(const Tensor& weight, Tensor& u, Tensor& v, std::int64_t iterations,
                     const SpectralNormOptions& options) {
  Tensor matrix = spectral_matrix(weight, options.dim);
  {
    NoGrad off;
    for (std::int64_t i = 0; i < iterations; ++i) {
      v.copy_(normalize(matmul(matrix.t(), u), 2, 0, options.eps));
      u.copy_(normalize(matmul(matrix, v), 2, 0, options.eps));
    }
  }
  // Copies: the graph keeps what it was made with, while the next call moves the vectors on.
  Tensor sigma = dot(u.clone(), matmul(matrix, v.clone()));
  return weight / sigma;
}

Tensor random_direction(std::int64_t size, DType dtype, Generator* generator) {
  NoGrad off;
  return normalize(init::normal_(empty({size}, dtype), 0, 1, generator), 2, 0, 1e-12);
}

}  // namespace xgrad::nn::detail
