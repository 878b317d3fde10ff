#pragma once

#include <optional>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

struct LinearOptions {
  bool bias = true;
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
  Generator* generator = nullptr;             ///< for the first weights; the thread's own, if none is given
};

/// x W^T + b: [..., in_features] gives [..., out_features]. At first W and b are uniform in
/// (-1/sqrt(in_features), 1/sqrt(in_features)). Throws ValueError unless both sizes are positive; forward
/// throws ShapeError for another last dimension. Source: torch.nn.Linear.
class XGRAD_API Linear : public Module {
 public:
  Linear(std::int64_t in_features, std::int64_t out_features, LinearOptions options = {});

  Parameter weight;  ///< [out_features, in_features]
  Parameter bias;    ///< [out_features], or undefined

  std::int64_t in_features() const noexcept { return in_features_; }
  std::int64_t out_features() const noexcept { return out_features_; }
  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::int64_t multiply_adds(const Shape& input, const Shape& output) const override;
  std::string describe() const override;

 private:
  std::int64_t in_features_;
  std::int64_t out_features_;
};

}  // namespace xgrad::nn
