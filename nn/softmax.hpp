#pragma once

#include <xgrad/nn/module.hpp>

/// The softmax family as modules; see autograd/ops/softmax.hpp for the functions.
namespace xgrad::nn {

/// e^x / sum of e^x along `dim`. Source: torch.nn.Softmax.
class XGRAD_API Softmax : public Module {
 public:
  explicit Softmax(std::int64_t dim) : dim_(dim) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t dim_;
};

/// log(softmax(x)) along `dim`. Source: torch.nn.LogSoftmax.
class XGRAD_API LogSoftmax : public Module {
 public:
  explicit LogSoftmax(std::int64_t dim) : dim_(dim) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t dim_;
};

/// softmax(-x) along `dim`. Source: torch.nn.Softmin.
class XGRAD_API Softmin : public Module {
 public:
  explicit Softmin(std::int64_t dim) : dim_(dim) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t dim_;
};

/// softmax over the channels of images [N, C, H, W] or [C, H, W]. forward throws ShapeError for others.
/// Source: torch.nn.Softmax2d.
class XGRAD_API Softmax2d : public Module {
 public:
  Tensor forward(const Tensor& input) override;
};

}  // namespace xgrad::nn
