#pragma once

#include <optional>
#include <string>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/nn/module.hpp>

/// Activations as modules: functions of one tensor. Results have the input's shape unless said otherwise; the
/// functions of their names say more of gradients and errors.
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

/// x within [0, 6]; gradient 1 strictly inside, 0 elsewhere. Source: torch.nn.ReLU6.
class XGRAD_API ReLU6 : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// The scaled ELU that keeps mean 0 and variance 1. Source: torch.nn.SELU.
class XGRAD_API SELU : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// x * sigmoid(x). Source: torch.nn.SiLU.
class XGRAD_API SiLU : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// x * tanh(softplus(x)). Source: torch.nn.Mish.
class XGRAD_API Mish : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// relu6(x + 3) / 6. Source: torch.nn.Hardsigmoid.
class XGRAD_API Hardsigmoid : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// x * relu6(x + 3) / 6. Source: torch.nn.Hardswish.
class XGRAD_API Hardswish : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// log(sigmoid(x)), stable at both ends. Source: torch.nn.LogSigmoid.
class XGRAD_API LogSigmoid : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// x / (1 + |x|). Source: torch.nn.Softsign.
class XGRAD_API Softsign : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// x - tanh(x). Source: torch.nn.Tanhshrink.
class XGRAD_API Tanhshrink : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// The perceptron's threshold: 1 where x > 0, else 0. It has no gradient; nan stays nan.
class XGRAD_API Step : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

/// x for x > 0, else negative_slope * x. Source: torch.nn.LeakyReLU.
class XGRAD_API LeakyReLU : public Module {
 public:
  explicit LeakyReLU(double negative_slope = 0.01) : negative_slope_(negative_slope) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double negative_slope_;
};

/// x for x > 0, else alpha * (e^x - 1). Source: torch.nn.ELU.
class XGRAD_API ELU : public Module {
 public:
  explicit ELU(double alpha = 1.0) : alpha_(alpha) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double alpha_;
};

/// x for x > 0, else alpha * (e^(x / alpha) - 1). Source: torch.nn.CELU.
class XGRAD_API CELU : public Module {
 public:
  explicit CELU(double alpha = 1.0) : alpha_(alpha) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double alpha_;
};

/// x within [min_val, max_val]. Source: torch.nn.Hardtanh.
class XGRAD_API Hardtanh : public Module {
 public:
  explicit Hardtanh(double min_val = -1.0, double max_val = 1.0) : min_val_(min_val), max_val_(max_val) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double min_val_;
  double max_val_;
};

/// x where |x| > lambd, else 0. Source: torch.nn.Hardshrink.
class XGRAD_API Hardshrink : public Module {
 public:
  explicit Hardshrink(double lambd = 0.5) : lambd_(lambd) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double lambd_;
};

/// x moved by lambd toward 0, 0 within [-lambd, lambd]. Source: torch.nn.Softshrink.
class XGRAD_API Softshrink : public Module {
 public:
  explicit Softshrink(double lambd = 0.5) : lambd_(lambd) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double lambd_;
};

/// log(1 + e^(beta x)) / beta; x itself where beta x > threshold. Source: torch.nn.Softplus.
class XGRAD_API Softplus : public Module {
 public:
  explicit Softplus(double beta = 1.0, double threshold = 20.0) : beta_(beta), threshold_(threshold) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double beta_;
  double threshold_;
};

/// x where x > threshold, else value. Source: torch.nn.Threshold.
class XGRAD_API Threshold : public Module {
 public:
  Threshold(double threshold, double value) : threshold_(threshold), value_(value) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double threshold_;
  double value_;
};

/// x * Phi(x), or with `approximate` "tanh" the approximation by tanh. Throws ValueError for a word other
/// than "none" and "tanh". Source: torch.nn.GELU.
class XGRAD_API GELU : public Module {
 public:
  explicit GELU(std::string approximate = "none");
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::string approximate_;
};

/// a * sigmoid(b) for the halves a and b of the input along `dim`, which becomes half as long. Source:
/// torch.nn.GLU.
class XGRAD_API GLU : public Module {
 public:
  explicit GLU(std::int64_t dim = -1) : dim_(dim) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t dim_;
};

struct PReLUOptions {
  std::int64_t num_parameters = 1;  ///< one slope for all, or one for each channel of [N, C, ...]
  double init = 0.25;               ///< the slopes at first
  std::optional<DType> dtype = std::nullopt;
};

/// x for x > 0, else weight * x. Throws ValueError unless num_parameters is positive. Source: torch.nn.PReLU.
class XGRAD_API PReLU : public Module {
 public:
  explicit PReLU(PReLUOptions options = {});

  Parameter weight;  ///< [num_parameters]

  void visit(Visitor& visitor) override;
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t num_parameters_;
};

/// leaky_relu whose slope is drawn from between lower and upper for each element, in evaluation their middle.
/// The generator, if one is given, must outlive the module. Throws ValueError when lower > upper. Source:
/// torch.nn.RReLU.
class XGRAD_API RReLU : public Module {
 public:
  explicit RReLU(double lower = 1.0 / 8, double upper = 1.0 / 3, Generator* generator = nullptr);
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  double lower_;
  double upper_;
  Generator* generator_;
};

}  // namespace xgrad::nn
