#pragma once

#include <xgrad/nn/module.hpp>

/// Activations as modules: functions of one tensor without parameters. Results have the input's shape.
namespace xgrad::nn {

/// 1 / (1 + e^-x). Source: torch.nn.Sigmoid.
class XGRAD_API Sigmoid : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// Source: torch.nn.Tanh.
class XGRAD_API Tanh : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// max(x, 0). Gradient at 0: 0. Source: torch.nn.ReLU.
class XGRAD_API ReLU : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// e^x / sum of e^x along `dim`. Source: torch.nn.Softmax.
class XGRAD_API Softmax : public Module {
 public:
  explicit Softmax(std::int64_t dim) : dim_(dim) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t dim_;
};

/// The perceptron's threshold: 1 where x > 0, else 0. It has no gradient; nan stays nan.
class XGRAD_API Step : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

}  // namespace xgrad::nn
