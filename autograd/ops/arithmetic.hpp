#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Arithmetic on two tensors, or a tensor and a number. Shapes broadcast by NumPy's rule. dtypes promote:
/// bool, integer, floating, the higher kind wins; a number promotes a tensor only to its own kind.
namespace xgrad {

/// a + alpha * b. Source: torch.add.
XGRAD_API Tensor add(const Tensor& a, const Tensor& b, Scalar alpha = 1);
XGRAD_API Tensor add(const Tensor& a, Scalar b, Scalar alpha = 1);
/// a - alpha * b. Throws DTypeError for two bool tensors. Source: torch.sub.
XGRAD_API Tensor sub(const Tensor& a, const Tensor& b, Scalar alpha = 1);
XGRAD_API Tensor sub(const Tensor& a, Scalar b, Scalar alpha = 1);
/// b - alpha * a. Source: torch.rsub.
XGRAD_API Tensor rsub(const Tensor& a, Scalar b, Scalar alpha = 1);
/// a * b; for bool "and".
XGRAD_API Tensor mul(const Tensor& a, const Tensor& b);
XGRAD_API Tensor mul(const Tensor& a, Scalar b);
/// a / b; integers give the default floating dtype. Division by 0 gives inf or nan.
XGRAD_API Tensor div(const Tensor& a, const Tensor& b);
XGRAD_API Tensor div(const Tensor& a, Scalar b);
XGRAD_API Tensor div(Scalar a, const Tensor& b);
/// -x. Throws DTypeError for bool.
XGRAD_API Tensor neg(const Tensor& x);

/// base^exponent; 0^0 is 1, a negative base to a fractional power is nan. Gradients: for the base
/// exponent * base^(exponent - 1), 0 where the exponent is 0; for the exponent base^exponent * log(base), 0
/// where base is 0 and exponent >= 0. Throws ValueError for integers to a negative power. Source: torch.pow.
XGRAD_API Tensor pow(const Tensor& base, const Tensor& exponent);
XGRAD_API Tensor pow(const Tensor& base, Scalar exponent);
XGRAD_API Tensor pow(Scalar base, const Tensor& exponent);

/// The larger (smaller) of two; nan in either gives nan. On a tie each receives half of the gradient.
XGRAD_API Tensor maximum(const Tensor& a, const Tensor& b);
XGRAD_API Tensor minimum(const Tensor& a, const Tensor& b);

/// The angle of the point (x, y) in (-pi, pi]. Source: torch.atan2.
XGRAD_API Tensor atan2(const Tensor& y, const Tensor& x);

XGRAD_API Tensor operator+(const Tensor& a, const Tensor& b);
XGRAD_API Tensor operator+(const Tensor& a, Scalar b);
XGRAD_API Tensor operator+(Scalar a, const Tensor& b);
XGRAD_API Tensor operator-(const Tensor& a, const Tensor& b);
XGRAD_API Tensor operator-(const Tensor& a, Scalar b);
XGRAD_API Tensor operator-(Scalar a, const Tensor& b);
XGRAD_API Tensor operator*(const Tensor& a, const Tensor& b);
XGRAD_API Tensor operator*(const Tensor& a, Scalar b);
XGRAD_API Tensor operator*(Scalar a, const Tensor& b);
XGRAD_API Tensor operator/(const Tensor& a, const Tensor& b);
XGRAD_API Tensor operator/(const Tensor& a, Scalar b);
XGRAD_API Tensor operator/(Scalar a, const Tensor& b);

}  // namespace xgrad
