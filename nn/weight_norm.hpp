#pragma once

#include <optional>

#include <xgrad/nn/parametrized.hpp>

namespace xgrad::nn {

namespace detail {
/// The 2-norms of the slices of v along `dim`, in v's number of dimensions; of all of v without one.
XGRAD_API Tensor slice_norms(const Tensor& v, std::optional<std::int64_t> dim);
}  // namespace detail

/// g * v / |v|, |v| the 2-norms of the slices of v along `dim`, or of all of v without one; g has v's shape
/// with 1 in all other dimensions. Throws ShapeError, IndexError, DTypeError unless both have one floating
/// dtype. Salimans and Kingma, "Weight normalization", 2016. Source: torch._weight_norm.
XGRAD_API Tensor weight_norm(const Tensor& v, const Tensor& g, std::optional<std::int64_t> dim = 0);

/// M with weight = weight_norm(weight_v, weight_g): the lengths and the directions of its rows are trained
/// apart. At first the weight is what it was. Source: torch.nn.utils.weight_norm.
///
///     nn::WeightNorm layer(nn::Linear(20, 40));
template <HasWeight M>
class WeightNorm : public M {
 public:
  explicit WeightNorm(M module, std::optional<std::int64_t> dim = 0) : M(std::move(module)), dim_(dim) {
    Tensor given = detail::take_weight("WeightNorm", *this, this->weight);
    weight_g = Parameter(detail::slice_norms(given, dim_));
    weight_v = Parameter(given);
  }

  Parameter weight_g;
  Parameter weight_v;

  void visit(Visitor& visitor) override {
    M::visit(visitor);
    visitor("weight_g", weight_g);
    visitor("weight_v", weight_v);
  }
  Tensor forward(const Tensor& input) override {
    detail::InPlaceOf place(this->weight, computed_weight());
    return M::forward(input);
  }
  /// The weight as the next call computes it.
  Tensor computed_weight() const { return weight_norm(weight_v, weight_g, dim_); }

 private:
  std::optional<std::int64_t> dim_;
};

}  // namespace xgrad::nn
