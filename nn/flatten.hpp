#pragma once

#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

/// Dimensions start_dim to end_dim made one; by default all but the batch: [N, a, b] gives [N, a * b].
/// forward throws IndexError for a dimension that is not there. Source: torch.nn.Flatten.
class XGRAD_API Flatten : public Module {
 public:
  explicit Flatten(std::int64_t start_dim = 1, std::int64_t end_dim = -1)
      : start_dim_(start_dim), end_dim_(end_dim) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t start_dim_;
  std::int64_t end_dim_;
};

}  // namespace xgrad::nn
