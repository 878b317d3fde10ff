#pragma once

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/nn/parametrized.hpp>

namespace xgrad::nn {

struct SpectralNormOptions {
  std::int64_t n_power_iterations = 1;  ///< for each call in training
  double eps = 1e-12;                   ///< the least length that a vector is divided by
  std::int64_t dim = 0;                 ///< of the weight's outputs; 1 for transposed convolutions
  Generator* generator = nullptr;       ///< for the first vectors; the thread's own, if none is given
};

namespace detail {

/// The weight as a matrix whose rows are its slices along `dim`.
XGRAD_API Tensor spectral_matrix(const Tensor& weight, std::int64_t dim);
/// weight / (u^T W v) for W = spectral_matrix(weight). With iterations, v and u first become W^T u and W v,
/// each made of length 1, that many times: in place and unrecorded.
XGRAD_API Tensor spectral_norm(const Tensor& weight, Tensor& u, Tensor& v, std::int64_t iterations,
                               const SpectralNormOptions& options);
/// A random vector of length 1.
XGRAD_API Tensor random_direction(std::int64_t size, DType dtype, Generator* generator);
/// Throws ValueError unless there is an iteration and eps is positive, IndexError for a dim that is not
/// there.
XGRAD_API void check_spectral_norm(const Tensor& weight, const SpectralNormOptions& options);

}  // namespace detail

/// M with weight = weight_orig / its largest singular value, which two vectors that move with every call in
/// training estimate. Miyato et al., "Spectral normalization for generative adversarial networks", 2018.
/// Source: torch.nn.utils.spectral_norm.
///
///     nn::SpectralNorm layer(nn::Linear(20, 40));
template <HasWeight M>
class SpectralNorm : public M {
 public:
  explicit SpectralNorm(M module, SpectralNormOptions options = {})
      : M(std::move(module)), options_(options) {
    detail::check_spectral_norm(this->weight, options_);
    Tensor given = detail::take_weight("SpectralNorm", *this, this->weight);
    Tensor matrix = detail::spectral_matrix(given, options_.dim);
    weight_u = Buffer(detail::random_direction(matrix.size(0), given.dtype(), options_.generator));
    weight_v = Buffer(detail::random_direction(matrix.size(1), given.dtype(), options_.generator));
    weight_orig = Parameter(given);
  }

  Parameter weight_orig;
  Buffer weight_u;
  Buffer weight_v;

  void visit(Visitor& visitor) override {
    M::visit(visitor);
    visitor("weight_orig", weight_orig);
    visitor("weight_u", weight_u);
    visitor("weight_v", weight_v);
  }
  Tensor forward(const Tensor& input) override {
    std::int64_t iterations = this->is_training() ? options_.n_power_iterations : 0;
    detail::InPlaceOf place(this->weight,
                            detail::spectral_norm(weight_orig, weight_u, weight_v, iterations, options_));
    return M::forward(input);
  }

 private:
  SpectralNormOptions options_;
};

}  // namespace xgrad::nn
