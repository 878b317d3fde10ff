#pragma once

#include <span>
#include <string_view>

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

/// Sums of products in Einstein's notation: "ij,jk->ik" is the matrix product. Each operand names its
/// dimensions by letters (a-z, A-Z); a letter that the output does not name is summed over, one that stands
/// twice in an operand takes its diagonal, and "..." stands for any further dimensions, which broadcast.
/// Without "->" the output has the dimensions of "..." and then, in alphabetical order (capitals first), the
/// letters that occur once. Sizes of a letter must agree or be 1; spaces are ignored. Operands are multiplied
/// from left to right, two at a time, as batched matrix products. Throws ValueError for what is no equation
/// or does not fit the number of operands, ShapeError for sizes and numbers of dimensions, DTypeError for
/// operands of different dtypes. Source: torch.einsum.
XGRAD_API Tensor einsum(std::string_view equation, std::span<const Tensor> operands);
inline Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands) {
  return einsum(equation, std::span(operands.begin(), operands.size()));
}

}  // namespace xgrad
