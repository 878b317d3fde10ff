#include <xgrad/autograd/ops/multi_dot.hpp>

#include <fmt/format.h>

#include <limits>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// For matrices i of sizes [sizes[i], sizes[i + 1]]: where the product of i to j is best cut in two. Source:
/// Cormen et al., "Introduction to Algorithms", chapter 15.2.
std::vector<std::vector<std::size_t>> best_cuts(const std::vector<double>& sizes) {
  std::size_t n = sizes.size() - 1;
  std::vector<std::vector<double>> cost(n, std::vector<double>(n, 0.0));
  std::vector<std::vector<std::size_t>> cut(n, std::vector<std::size_t>(n, 0));
  for (std::size_t length = 1; length < n; ++length) {
    for (std::size_t i = 0; i + length < n; ++i) {
      std::size_t j = i + length;
      cost[i][j] = std::numeric_limits<double>::infinity();
      for (std::size_t k = i; k < j; ++k) {
        double total = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1];
        if (total < cost[i][j]) {
          cost[i][j] = total;
          cut[i][j] = k;
        }
      }
    }
  }
  return cut;
}

Tensor chain_product(const std::vector<Tensor>& matrices, const std::vector<std::vector<std::size_t>>& cut,
                     std::size_t i, std::size_t j) {
  if (i == j) return matrices[i];
  return matmul(chain_product(matrices, cut, i, cut[i][j]), chain_product(matrices, cut, cut[i][j] + 1, j));
}

}  // namespace

Tensor linalg::multi_dot(std::span<const Tensor> tensors) {
  const char* name = "linalg.multi_dot";
  if (tensors.size() < 2)
    throw ValueError(fmt::format("{}: expected at least two tensors, got {}", name, tensors.size()));
  std::vector<Tensor> matrices;
  std::vector<double> sizes;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& x = tensors[i];
    bool first = i == 0, last = i + 1 == tensors.size();
    if (x.ndim() != 2 && !(x.ndim() == 1 && (first || last))) {
      throw ShapeError(fmt::format("{}: expected matrices (or vectors at either end): tensor {} is {}", name,
                                   i, to_string(x.shape())));
    }
    if (!first) detail::require_same_dtype(name, "tensor 0", tensors[0], "another", x);
    matrices.push_back(x.ndim() == 2 ? x : unsqueeze(x, first ? 0 : 1));
    if (!first && matrices[i - 1].size(1) != matrices[i].size(0)) {
      throw ShapeError(fmt::format("{}: inner sizes differ: tensor {} is {}, tensor {} is {}", name, i - 1,
                                   to_string(tensors[i - 1].shape()), i, to_string(x.shape())));
    }
    sizes.push_back(static_cast<double>(matrices[i].size(0)));
  }
  sizes.push_back(static_cast<double>(matrices.back().size(1)));
  Tensor product = chain_product(matrices, best_cuts(sizes), 0, matrices.size() - 1);
  if (tensors.back().ndim() == 1) product = squeeze(product, 1);
  if (tensors.front().ndim() == 1) product = squeeze(product, 0);
  return product;
}

}  // namespace xgrad
