#include <xgrad/nn/similarity.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/ops/similarity.hpp>

namespace xgrad::nn {

Tensor CosineSimilarity::forward(const Tensor& x1, const Tensor& x2) {
  return cosine_similarity(x1, x2, dim_, eps_);
}
std::string CosineSimilarity::describe() const {
  return fmt::format("CosineSimilarity(dim={}, eps={})", dim_, eps_);
}

Tensor PairwiseDistance::forward(const Tensor& x1, const Tensor& x2) {
  return pairwise_distance(x1, x2, p_, eps_, keepdim_);
}
std::string PairwiseDistance::describe() const {
  return fmt::format("PairwiseDistance(p={}, eps={}, keepdim={})", p_, eps_, keepdim_);
}

}  // namespace xgrad::nn
