#pragma once

#include <optional>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

struct BilinearOptions {
  bool bias = true;
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
  Generator* generator = nullptr;             ///< for the first weights; the thread's own, if none is given
};

/// x1^T W x2 + b for x1 [..., in1_features] and x2 [..., in2_features]: [..., out_features]. At first W and b
/// are uniform in (-1/sqrt(in1_features), 1/sqrt(in1_features)). Throws ValueError unless the sizes are
/// positive; forward throws ShapeError. Source: torch.nn.Bilinear.
class XGRAD_API Bilinear : public Module {
 public:
  Bilinear(std::int64_t in1_features, std::int64_t in2_features, std::int64_t out_features,
           BilinearOptions options = {});

  Parameter weight;  ///< [out_features, in1_features, in2_features]
  Parameter bias;    ///< [out_features], or undefined

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input1, const Tensor& input2);
  Tensor operator()(const Tensor& input1, const Tensor& input2) { return forward(input1, input2); }
  std::string describe() const override;

 private:
  using Module::forward;
  std::int64_t in1_features_;
  std::int64_t in2_features_;
  std::int64_t out_features_;
};

}  // namespace xgrad::nn
