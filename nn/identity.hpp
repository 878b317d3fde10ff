#pragma once

#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

/// The input as it is: a place that another module may take. Source: torch.nn.Identity.
class XGRAD_API Identity : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

}  // namespace xgrad::nn
