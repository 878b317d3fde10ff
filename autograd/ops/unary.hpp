#pragma once

#include <optional>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Functions of one tensor, element by element. Integers give the default floating dtype, except where the
/// function stays within the integers (abs, square, relu, sign, floor, ceil, trunc, round, clamp).
namespace xgrad {

/// |x|. Gradient at 0: 0.
XGRAD_API Tensor abs(const Tensor& x);
/// x * x.
XGRAD_API Tensor square(const Tensor& x);
/// e^x.
XGRAD_API Tensor exp(const Tensor& x);
/// 2^x.
XGRAD_API Tensor exp2(const Tensor& x);
/// e^x - 1, accurate near 0.
XGRAD_API Tensor expm1(const Tensor& x);
/// Natural logarithm; nan for negative x, -inf at 0.
XGRAD_API Tensor log(const Tensor& x);
/// log(1 + x), accurate near 0.
XGRAD_API Tensor log1p(const Tensor& x);
/// The logarithm to base 2; nan for negative x, -inf at 0.
XGRAD_API Tensor log2(const Tensor& x);
/// The logarithm to base 10; nan for negative x, -inf at 0.
XGRAD_API Tensor log10(const Tensor& x);
/// Square root; nan for negative x. Gradient at 0: inf.
XGRAD_API Tensor sqrt(const Tensor& x);
/// 1 / sqrt(x).
XGRAD_API Tensor rsqrt(const Tensor& x);
/// 1 / x.
XGRAD_API Tensor reciprocal(const Tensor& x);
/// The sine of x in radians.
XGRAD_API Tensor sin(const Tensor& x);
/// The cosine of x in radians.
XGRAD_API Tensor cos(const Tensor& x);
/// The tangent of x in radians.
XGRAD_API Tensor tan(const Tensor& x);
/// The angle in [-pi/2, pi/2] whose sine is x; nan outside [-1, 1]. The gradient at -1 and 1 is infinite.
XGRAD_API Tensor asin(const Tensor& x);
/// The angle in [0, pi] whose cosine is x; nan outside [-1, 1]. The gradient at -1 and 1 is infinite.
XGRAD_API Tensor acos(const Tensor& x);
/// The angle in (-pi/2, pi/2) whose tangent is x.
XGRAD_API Tensor atan(const Tensor& x);
/// (e^x - e^-x) / 2.
XGRAD_API Tensor sinh(const Tensor& x);
/// (e^x + e^-x) / 2.
XGRAD_API Tensor cosh(const Tensor& x);
/// sinh(x) / cosh(x).
XGRAD_API Tensor tanh(const Tensor& x);
/// The inverse of sinh.
XGRAD_API Tensor asinh(const Tensor& x);
/// The inverse of cosh, not negative; nan below 1. The gradient at 1 is infinite.
XGRAD_API Tensor acosh(const Tensor& x);
/// The inverse of tanh: infinite at -1 and 1, nan outside.
XGRAD_API Tensor atanh(const Tensor& x);
/// 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x.
XGRAD_API Tensor erf(const Tensor& x);
/// 1 - erf(x), accurate for large x.
XGRAD_API Tensor erfc(const Tensor& x);
/// 1 / (1 + e^-x).
XGRAD_API Tensor sigmoid(const Tensor& x);
/// log(sigmoid(x)), without underflow.
XGRAD_API Tensor logsigmoid(const Tensor& x);
/// max(x, 0). Gradient at 0: 0.
XGRAD_API Tensor relu(const Tensor& x);
/// x for x > 0, else negative_slope * x (also the gradient at 0). Source: torch.nn.functional.leaky_relu.
XGRAD_API Tensor leaky_relu(const Tensor& x, double negative_slope = 0.01);
/// x for x > 0, else alpha * (e^x - 1). Source: torch.nn.functional.elu.
XGRAD_API Tensor elu(const Tensor& x, double alpha = 1.0);
/// x * Phi(x), Phi the standard normal distribution. Source: torch.nn.functional.gelu, approximate='none'.
XGRAD_API Tensor gelu(const Tensor& x);
/// x * sigmoid(x).
XGRAD_API Tensor silu(const Tensor& x);
/// log(1 + e^(beta * x)) / beta; x itself where beta * x > threshold. Source: torch.nn.functional.softplus.
XGRAD_API Tensor softplus(const Tensor& x, double beta = 1.0, double threshold = 20.0);
/// -1, 0 or 1; 0 for nan. Gradient 0.
XGRAD_API Tensor sign(const Tensor& x);
/// The largest whole number that is not above x. Gradient 0.
XGRAD_API Tensor floor(const Tensor& x);
/// The smallest whole number that is not below x. Gradient 0.
XGRAD_API Tensor ceil(const Tensor& x);
/// x without its fraction: toward 0. Gradient 0.
XGRAD_API Tensor trunc(const Tensor& x);
/// The nearest whole number, halves to even. Gradient 0.
XGRAD_API Tensor round(const Tensor& x);
/// x within [min, max]; an absent bound does not bind, min > max gives max, nan stays nan. The gradient
/// passes where min <= x <= max. Throws ValueError without any bound, DTypeError for bool. Source:
/// torch.clamp.
XGRAD_API Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max = std::nullopt);
/// `clamp` between tensors; all broadcast and meet in one dtype; an undefined bound does not bind. min > max
/// gives max, nan anywhere gives nan. The gradient goes to x where min <= x <= max, to min where
/// x < min < max, to max where x > max or min > max.
XGRAD_API Tensor clamp(const Tensor& x, const Tensor& min, const Tensor& max = Tensor());
/// 1 where x > 0, `at_zero` where x is 0, 0 below; nan stays nan. No gradient. Source: torch.heaviside.
XGRAD_API Tensor heaviside(const Tensor& x, double at_zero = 0.0);

}  // namespace xgrad
