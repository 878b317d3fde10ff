#include <xgrad/autograd/ops/bilinear.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {

Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias) {
  bool fits = x1.ndim() >= 1 && x1.ndim() == x2.ndim() && weight.ndim() == 3 &&
              std::equal(x1.shape().begin(), x1.shape().end() - 1, x2.shape().begin()) &&
              x1.size(-1) == weight.shape()[1] && x2.size(-1) == weight.shape()[2] &&
              (!bias.defined() || (bias.ndim() == 1 && bias.shape()[0] == weight.shape()[0]));
  if (!fits) {
    throw ShapeError(
        fmt::format("bilinear: expected x1 [..., in1], x2 [..., in2], weight [out, in1, in2] and bias [out]: "
                    "x1 is {}, x2 is "
                    "{}, weight is {}, bias is {}",
                    to_string(x1.shape()), to_string(x2.shape()), to_string(weight.shape()),
                    bias.defined() ? to_string(bias.shape()) : "undefined"));
  }
  bool one_dtype = is_floating(x1.dtype()) && x1.dtype() == x2.dtype() && x1.dtype() == weight.dtype() &&
                   (!bias.defined() || bias.dtype() == x1.dtype());
  if (!one_dtype) {
    throw DTypeError(
        fmt::format("bilinear: expected one floating dtype: x1 is {}, x2 is {}, weight is {}, bias is {}",
                    name(x1.dtype()), name(x2.dtype()), name(weight.dtype()),
                    bias.defined() ? name(bias.dtype()) : "undefined"));
  }
  std::int64_t out = weight.shape()[0];
  std::int64_t in1 = weight.shape()[1];
  std::int64_t in2 = weight.shape()[2];
  Shape shape = x1.shape();
  shape.back() = out;
  std::int64_t rows = Shape(x1.shape().begin(), x1.shape().end() - 1).elements();
  // x1 times all matrices at once, then each of the products times x2.
  Tensor products = matmul(reshape(x1, {rows, in1}), reshape(transpose(weight, 0, 1), {in1, out * in2}));
  Tensor y = matmul(reshape(products, {rows, out, in2}), reshape(x2, {rows, in2, 1}));
  y = reshape(y, shape);
  return bias.defined() ? y + bias : y;
}

}  // namespace xgrad
