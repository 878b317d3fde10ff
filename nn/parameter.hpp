#pragma once

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad::nn {

/// A tensor that training changes: a leaf that requires a gradient. As a member of a module it is found by
/// `parameters()` once `visit` names it. Like any Tensor it is a handle, so `Tensor w = layer.weight` is the
/// weight itself; inside nn::clone a copy has numbers of its own. Source: torch.nn.Parameter.
class XGRAD_API Parameter : public Tensor {
 public:
  /// Undefined: a parameter that a layer does without, such as the bias with {.bias = false}.
  Parameter() noexcept;
  /// Takes over the memory of `numbers` without its graph. Throws DTypeError unless floating.
  explicit Parameter(const Tensor& numbers);
  Parameter(const Parameter& other);
  Parameter(Parameter&& other) noexcept;
  /// To share a parameter between two modules, say so with nn::tie.
  Parameter& operator=(const Parameter&) = delete;
  Parameter& operator=(Parameter&& other) noexcept;
  ~Parameter();
};

/// A tensor that belongs to a module's state but is not trained, such as running statistics: part of the
/// state dict, converted and cloned with the module. Source: torch.nn.Module.register_buffer.
class XGRAD_API Buffer : public Tensor {
 public:
  Buffer() noexcept;
  /// Takes over the memory of `numbers` without its graph.
  explicit Buffer(const Tensor& numbers);
  Buffer(const Buffer& other);
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(const Buffer&) = delete;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();
};

/// Makes `parameter` the same tensor as `source`: trained as one, listed once by `parameters()`, under both
/// names in the state dict, and still shared after nn::clone. Throws ShapeError and DTypeError when they do
/// not match.
XGRAD_API void tie(Parameter& parameter, const Parameter& source);

}  // namespace xgrad::nn
