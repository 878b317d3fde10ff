#pragma once

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/nn/module.hpp>

/// Elements or channels left out at random while a model is trained.
namespace xgrad::nn {

struct DropoutOptions {
  bool training = true;            ///< false: the input comes back as it is
  Generator* generator = nullptr;  ///< the thread's own, if none is given
};

/// Each element set to 0 with probability p, the others multiplied by 1 / (1 - p), so that the mean stays.
/// Throws ValueError for p outside [0, 1], DTypeError for integers; so do all below. Source:
/// torch.nn.functional.dropout.
XGRAD_API Tensor dropout(const Tensor& input, double p = 0.5, DropoutOptions options = {});
/// `dropout` of whole channels of [N, C, L], or [C, L]. Throws ShapeError for others. Source:
/// torch.nn.functional.dropout1d.
XGRAD_API Tensor dropout1d(const Tensor& input, double p = 0.5, DropoutOptions options = {});
/// `dropout` of whole channels of [N, C, H, W], or [N, C, L]. Throws ShapeError for others. Source:
/// torch.nn.functional.dropout2d.
XGRAD_API Tensor dropout2d(const Tensor& input, double p = 0.5, DropoutOptions options = {});
/// `dropout` of whole channels of [N, C, D, H, W], or [C, D, H, W]. Throws ShapeError for others. Source:
/// torch.nn.functional.dropout3d.
XGRAD_API Tensor dropout3d(const Tensor& input, double p = 0.5, DropoutOptions options = {});
/// Each element set, with probability p, to the number that selu goes to at -inf; then all are scaled and
/// moved so that mean 0 and variance 1 stay. Klambauer et al., "Self-normalizing neural networks", 2017.
/// Source: torch.nn.functional.alpha_dropout.
XGRAD_API Tensor alpha_dropout(const Tensor& input, double p = 0.5, DropoutOptions options = {});
/// `alpha_dropout` of whole channels of [N, C, ...]. Throws ShapeError below two dimensions. Source:
/// torch.nn.functional.feature_alpha_dropout.
XGRAD_API Tensor feature_alpha_dropout(const Tensor& input, double p = 0.5, DropoutOptions options = {});

/// What the dropout modules have in common: the function while the module is in training; in evaluation the
/// input comes back as it is. The generator, if one is given, must outlive the module. Throws ValueError for
/// p outside [0, 1].
class XGRAD_API DropoutLayer : public Module {
 public:
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 protected:
  using Function = Tensor (*)(const Tensor&, double, DropoutOptions);
  DropoutLayer(const char* name, Function function, double p, Generator* generator);

 private:
  const char* name_;
  Function function_;
  double p_;
  Generator* generator_;
};

/// nn::dropout. Source: torch.nn.Dropout.
class XGRAD_API Dropout : public DropoutLayer {
 public:
  explicit Dropout(double p = 0.5, Generator* generator = nullptr)
      : DropoutLayer("Dropout", dropout, p, generator) {}
};

/// nn::dropout1d. Source: torch.nn.Dropout1d.
class XGRAD_API Dropout1d : public DropoutLayer {
 public:
  explicit Dropout1d(double p = 0.5, Generator* generator = nullptr)
      : DropoutLayer("Dropout1d", dropout1d, p, generator) {}
};

/// nn::dropout2d. Source: torch.nn.Dropout2d.
class XGRAD_API Dropout2d : public DropoutLayer {
 public:
  explicit Dropout2d(double p = 0.5, Generator* generator = nullptr)
      : DropoutLayer("Dropout2d", dropout2d, p, generator) {}
};

/// nn::dropout3d. Source: torch.nn.Dropout3d.
class XGRAD_API Dropout3d : public DropoutLayer {
 public:
  explicit Dropout3d(double p = 0.5, Generator* generator = nullptr)
      : DropoutLayer("Dropout3d", dropout3d, p, generator) {}
};

/// nn::alpha_dropout. Source: torch.nn.AlphaDropout.
class XGRAD_API AlphaDropout : public DropoutLayer {
 public:
  explicit AlphaDropout(double p = 0.5, Generator* generator = nullptr)
      : DropoutLayer("AlphaDropout", alpha_dropout, p, generator) {}
};

/// nn::feature_alpha_dropout. Source: torch.nn.FeatureAlphaDropout.
class XGRAD_API FeatureAlphaDropout : public DropoutLayer {
 public:
  explicit FeatureAlphaDropout(double p = 0.5, Generator* generator = nullptr)
      : DropoutLayer("FeatureAlphaDropout", feature_alpha_dropout, p, generator) {}
};

}  // namespace xgrad::nn
