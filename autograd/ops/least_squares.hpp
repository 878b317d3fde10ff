#pragma once

#include <optional>
#include <string_view>

#include <xgrad/autograd/ops/decompositions.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// Systems that have no solution, or many. Both throw ShapeError, DTypeError for integers, ValueError for nan
/// and infinities.
namespace xgrad::linalg {

/// The Moore-Penrose inverse [..., n, m] of matrices [..., m, n]; singular values that count as 0 (see
/// RankOptions) are left out. The gradient assumes that the rank does not change. Source: torch.linalg.pinv.
XGRAD_API Tensor pinv(const Tensor& A, RankOptions options = {});

/// What lstsq gives.
struct Lstsq {
  Tensor solution;         ///< [..., n, columns]; the only one with a gradient
  Tensor residuals;        ///< sums of squares [..., columns], where m > n = rank, not of gelsy; else empty
  Tensor rank;             ///< int64 [...]; empty for gels
  Tensor singular_values;  ///< [..., min(m, n)] of gelsd and gelss; else empty
};
/// X of least |A X - B|, and of least |X| among these: A is [..., m, n], B [..., m, columns] or, with one
/// dimension or A's batch shape and one more, vectors. Batches broadcast. Singular values up to rcond times
/// the largest count as 0; by default rcond is max(m, n) * epsilon. driver: LAPACK's "gelsy" (QR with
/// pivoting), "gels" (A must have full rank), "gelsd" or "gelss" (singular values). The gradient assumes full
/// rank. Throws ValueError for another driver. Source: torch.linalg.lstsq.
XGRAD_API Lstsq lstsq(const Tensor& A, const Tensor& B, std::optional<double> rcond = std::nullopt,
                      std::string_view driver = "gelsy");

}  // namespace xgrad::linalg
