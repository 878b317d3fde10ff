#include <xgrad/autograd/ops/matrix_functions.hpp>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/matrix_exp.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/solve.hpp>

namespace xgrad {

using namespace detail;

Tensor linalg::matrix_power(const Tensor& A, std::int64_t n) {
  require_square("linalg.matrix_power", "A", A);
  if (n == 0) {
    return record("linalg.matrix_power", clone(expand(identity_like(A), A.shape())).array(),
                  exact_gradient(A, [](const Tensor& g) { return zeros_like(g); }));
  }
  Tensor square = n < 0 ? inv(A) : A;
  std::uint64_t left = n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);
  if (left == 1) return n < 0 ? square : clone(A);
  Tensor product;
  while (true) {  // the bits of n, the lowest first
    if (left & 1U) product = product.defined() ? matmul(product, square) : square;
    left >>= 1U;
    if (left == 0) return product;
    square = matmul(square, square);
  }
}

Tensor linalg::matrix_exp(const Tensor& A) {
  require_floating("linalg.matrix_exp", A);
  require_square("linalg.matrix_exp", "A", A);
  return record("linalg.matrix_exp", kernels::matrix_exp(A.array()),
                exact_gradient(
                    A,
                    [](const Tensor& g, const Tensor& a) {
                      // The derivative in direction E is the upper right block of exp([A E; 0 A]). Source:
                      // Higham, "Functions of Matrices", 2008, (3.16).
                      std::int64_t n = a.size(-1);
                      Tensor turned = a.mT();
                      Tensor blocks = cat({cat({turned, g}, -1), cat({zeros_like(a), turned}, -1)}, -2);
                      return narrow(narrow(linalg::matrix_exp(blocks), -2, 0, n), -1, n, n);
                    },
                    A));
}

}  // namespace xgrad
