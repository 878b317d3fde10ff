#pragma once

#include <initializer_list>
#include <span>

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad::linalg {

/// The product of a chain of matrices, multiplied in the order that needs the fewest multiplications. The
/// first may be a vector (a row), and so may the last (a column). Throws ValueError below two tensors,
/// ShapeError for other shapes and for inner sizes that differ, DTypeError for tensors of different dtypes.
/// Source: torch.linalg.multi_dot.
XGRAD_API Tensor multi_dot(std::span<const Tensor> tensors);
inline Tensor multi_dot(std::initializer_list<Tensor> tensors) {
  return multi_dot(std::span(tensors.begin(), tensors.size()));
}

}  // namespace xgrad::linalg
