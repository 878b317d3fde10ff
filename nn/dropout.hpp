#pragma once

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

struct DropoutOptions {
  bool training = true;            ///< false: the input comes back as it is
  Generator* generator = nullptr;  ///< the thread's own, if none is given
};

/// Each element set to 0 with probability p, the others multiplied by 1 / (1 - p), so that the mean stays.
/// Throws ValueError for p outside [0, 1]. Source: torch.nn.functional.dropout.
XGRAD_API Tensor dropout(const Tensor& input, double p = 0.5, DropoutOptions options = {});

/// nn::dropout while the module is in training; in evaluation the input comes back as it is. The generator,
/// if one is given, must outlive the module. Throws ValueError for p outside [0, 1]. Source:
/// torch.nn.Dropout.
class XGRAD_API Dropout : public Module {
 public:
  explicit Dropout(double p = 0.5, Generator* generator = nullptr);
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double p_;
  Generator* generator_;
};

}  // namespace xgrad::nn
