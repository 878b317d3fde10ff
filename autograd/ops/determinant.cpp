#include <xgrad/autograd/ops/determinant.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/solve.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/decompositions.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/solve.hpp>

namespace xgrad {

using namespace detail;

namespace {

/// Numbers [...] as [..., 1, 1], one for each matrix.
Tensor for_matrices(const Tensor& numbers) { return unsqueeze(unsqueeze(numbers, -1), -1); }

Tensor sign_of_determinant(const Tensor& orthogonal) {
  return Tensor(kernels::log_determinants(kernels::lu_factor(orthogonal.array())).sign);
}

/// The products of all other numbers, along the last dimension.
Tensor products_of_others(const Tensor& x) {
  std::vector<Tensor> parts = unbind(x, -1), others(parts.size());
  Tensor before = ones_like(parts[0]), after = before;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    others[i] = before;
    before = mul(before, parts[i]);
  }
  for (std::size_t i = parts.size(); i-- > 0;) {
    others[i] = mul(others[i], after);
    after = mul(after, parts[i]);
  }
  return stack(others, -1);
}

/// The transposed adjugates of matrices of which some are singular: for A = U S V^T those of the factors.
Tensor cofactors(const Tensor& a) {
  auto [u, s, vh] = linalg::svd(a, false);
  Tensor sign = mul(sign_of_determinant(u), sign_of_determinant(vh));
  return mul(for_matrices(sign), matmul(mul(u, unsqueeze(products_of_others(s), -2)), vh));
}

bool any_singular(const kernels::LuFactors& lu) {
  const auto* info = lu.info.data<std::int32_t>();
  return std::any_of(info, info + lu.info.numel(), [](std::int32_t at) { return at > 0; });
}

}  // namespace

Tensor linalg::det(const Tensor& A) {
  require_floating("linalg.det", A);
  require_square("linalg.det", "A", A);
  kernels::LuFactors lu = kernels::lu_factor(A.array());
  bool singular = any_singular(lu);
  return record("linalg.det", kernels::determinants(lu),
                exact_gradient(
                    A,
                    [singular](const Tensor& g, const Tensor& a, const Tensor& y) {
                      if (singular) return mul(for_matrices(g), cofactors(a));
                      return mul(for_matrices(mul(g, y)), inverse_or_nan(a).mT());
                    },
                    A, result));
}

linalg::SlogDet linalg::slogdet(const Tensor& A) {
  require_floating("linalg.slogdet", A);
  require_square("linalg.slogdet", "A", A);
  auto [sign, logarithm] = kernels::log_determinants(kernels::lu_factor(A.array()));
  return {Tensor(std::move(sign)), record("linalg.slogdet", std::move(logarithm),
                                          exact_gradient(
                                              A,
                                              [](const Tensor& g, const Tensor& a) {
                                                return mul(for_matrices(g), inverse_or_nan(a).mT());
                                              },
                                              A))};
}

Tensor logdet(const Tensor& A) {
  require_floating("logdet", A);
  require_square("logdet", "A", A);
  auto [sign, logarithm] = linalg::slogdet(A);
  return where(sign < 0, std::numeric_limits<double>::quiet_NaN(), logarithm);
}

}  // namespace xgrad
