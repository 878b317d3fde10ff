#pragma once

#include <string>

#include <xgrad/nn/module.hpp>

/// Padding of the last N dimensions as modules. `padding` is one number for all sides, or a pair (before,
/// after) for the last dimension, then one for the last but one, and so on; negative numbers cut off. forward
/// throws as xgrad::pad, whose modes these are.
namespace xgrad::nn {

/// What the padding modules have in common.
class XGRAD_API PadLayer : public Module {
 public:
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 protected:
  /// Throws ValueError unless there are one or 2 * dims numbers.
  PadLayer(const char* name, std::size_t dims, const Shape& padding, const char* mode, double value = 0);

 private:
  std::string name_;
  Shape padding_;
  const char* mode_;
  double value_;
};

/// `value` at every new place. Source: torch.nn.ConstantPad2d.
template <std::size_t N>
class ConstantPad : public PadLayer {
 public:
  ConstantPad(const Shape& padding, double value) : PadLayer("ConstantPad", N, padding, "constant", value) {}
  ConstantPad(std::int64_t padding, double value) : ConstantPad(Shape{padding}, value) {}
};
using ConstantPad1d = ConstantPad<1>;
using ConstantPad2d = ConstantPad<2>;
using ConstantPad3d = ConstantPad<3>;

/// 0 at every new place. Source: torch.nn.ZeroPad2d.
template <std::size_t N>
class ZeroPad : public PadLayer {
 public:
  explicit ZeroPad(const Shape& padding) : PadLayer("ZeroPad", N, padding, "constant") {}
  explicit ZeroPad(std::int64_t padding) : ZeroPad(Shape{padding}) {}
};
using ZeroPad1d = ZeroPad<1>;
using ZeroPad2d = ZeroPad<2>;
using ZeroPad3d = ZeroPad<3>;

/// Mirrored at the edge element, which is not repeated. Source: torch.nn.ReflectionPad2d.
template <std::size_t N>
class ReflectionPad : public PadLayer {
 public:
  explicit ReflectionPad(const Shape& padding) : PadLayer("ReflectionPad", N, padding, "reflect") {}
  explicit ReflectionPad(std::int64_t padding) : ReflectionPad(Shape{padding}) {}
};
using ReflectionPad1d = ReflectionPad<1>;
using ReflectionPad2d = ReflectionPad<2>;
using ReflectionPad3d = ReflectionPad<3>;

/// The edge element repeated. Source: torch.nn.ReplicationPad2d.
template <std::size_t N>
class ReplicationPad : public PadLayer {
 public:
  explicit ReplicationPad(const Shape& padding) : PadLayer("ReplicationPad", N, padding, "replicate") {}
  explicit ReplicationPad(std::int64_t padding) : ReplicationPad(Shape{padding}) {}
};
using ReplicationPad1d = ReplicationPad<1>;
using ReplicationPad2d = ReplicationPad<2>;
using ReplicationPad3d = ReplicationPad<3>;

/// Continued from the other end. Source: torch.nn.CircularPad2d.
template <std::size_t N>
class CircularPad : public PadLayer {
 public:
  explicit CircularPad(const Shape& padding) : PadLayer("CircularPad", N, padding, "circular") {}
  explicit CircularPad(std::int64_t padding) : CircularPad(Shape{padding}) {}
};
using CircularPad1d = CircularPad<1>;
using CircularPad2d = CircularPad<2>;
using CircularPad3d = CircularPad<3>;

}  // namespace xgrad::nn
