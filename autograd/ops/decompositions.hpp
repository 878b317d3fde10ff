#pragma once

#include <optional>
#include <string_view>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Orthogonal decompositions of matrices [..., m, n]. k is min(m, n). All throw ShapeError, and
/// DTypeError for integers. Decompositions are unique only up to signs (and, for equal singular or
/// eigenvalues, up to rotations): gradients are meaningful where what is computed from the factors does not
/// depend on the choice. Gradients of all orders.
namespace xgrad {

namespace linalg {

/// A = Q R.
struct Qr {
  Tensor Q, R;
};
/// A = Q R with orthonormal columns of Q and upper triangular R. mode "reduced": Q [..., m, k] and
/// R [..., k, n]; "complete": Q [..., m, m] and R [..., m, n]; "r": R of "reduced" and an empty Q. Gradients
/// need first k columns of A that are independent; there are none for "r" and, where m > n, for "complete":
/// recorded, these throw in backward. Throws ValueError for another mode. Source: torch.linalg.qr.
XGRAD_API Qr qr(const Tensor& A, std::string_view mode = "reduced");

/// A = U diag(S) Vh.
struct Svd {
  Tensor U;   ///< [..., m, k], or [..., m, m] with full_matrices
  Tensor S;   ///< [..., k], descending
  Tensor Vh;  ///< [..., k, n], or [..., n, n] with full_matrices
};
/// A = U diag(S) Vh with orthonormal columns of U and rows of Vh. Gradients that come through U and Vh need
/// distinct singular values, and other than 0 where A is not square; what full_matrices adds has no gradient.
/// Throws ValueError for nan and infinities. Source: torch.linalg.svd.
XGRAD_API Svd svd(const Tensor& A, bool full_matrices = true);
/// The singular values alone, descending. Source: torch.linalg.svdvals.
XGRAD_API Tensor svdvals(const Tensor& A);

/// A = V diag(w) V^T for symmetric A.
struct Eigh {
  Tensor eigenvalues;   ///< [..., n], ascending
  Tensor eigenvectors;  ///< [..., n, n], in columns
};
/// A = V diag(w) V^T for symmetric A, of which the lower triangle (UPLO "L") or the upper ("U") is read; the
/// gradient is that of a function of symmetric matrices. Gradients that come through the vectors need
/// distinct eigenvalues. Throws ValueError for another UPLO, for nan and infinities. Source:
/// torch.linalg.eigh.
XGRAD_API Eigh eigh(const Tensor& A, std::string_view UPLO = "L");
/// The eigenvalues alone. Source: torch.linalg.eigvalsh.
XGRAD_API Tensor eigvalsh(const Tensor& A, std::string_view UPLO = "L");

/// The first n columns of H_1 H_2 ... H_k for A [..., m, n] and tau [..., k], k <= n <= m, where H_i is
/// I - tau[i] v v^T, v being column i of A with 1 on the diagonal and 0 above. Source:
/// torch.linalg.householder_product.
XGRAD_API Tensor householder_product(const Tensor& A, const Tensor& tau);

/// Which singular values count as 0: those up to max(atol, rtol * the largest). By default rtol is
/// max(m, n) * epsilon, or 0 where atol is given and above 0.
struct RankOptions {
  std::optional<double> atol = std::nullopt;
  std::optional<double> rtol = std::nullopt;
  bool hermitian = false;  ///< A is symmetric: eigenvalues serve, and the lower triangle alone is read
};
/// The number of singular values that do not count as 0, int64 [...]. Source: torch.linalg.matrix_rank.
XGRAD_API Tensor matrix_rank(const Tensor& A, RankOptions options = {});

}  // namespace linalg

namespace detail {
/// The bound of RankOptions for singular values [..., k] of m by n matrices, [..., 1].
Tensor rank_bound(const Tensor& singular_values, std::int64_t m, std::int64_t n,
                  const linalg::RankOptions& options);
}  // namespace detail

}  // namespace xgrad
