#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Functions of two or three tensors, element by element. Shapes broadcast, dtypes promote; where not said
/// otherwise integers give the default floating dtype.
namespace xgrad {

/// The larger (smaller) of two; a nan on one side does not count. Integers stay. On a tie the first receives
/// all of the gradient. Source: torch.fmax.
XGRAD_API Tensor fmax(const Tensor& a, const Tensor& b);
XGRAD_API Tensor fmin(const Tensor& a, const Tensor& b);

/// sqrt(a^2 + b^2), without overflow. Gradient at (0, 0): nan. Source: torch.hypot.
XGRAD_API Tensor hypot(const Tensor& a, const Tensor& b);
/// The magnitude of a with the sign of b, also of -0.0. Gradient of a: 0 where a is 0; of b: 0. Source:
/// torch.copysign.
XGRAD_API Tensor copysign(const Tensor& a, const Tensor& b);
XGRAD_API Tensor copysign(const Tensor& a, Scalar b);

/// x * log(y), 0 where x is 0 unless y is nan. Gradient of x: 0 where x is 0 and y <= 0. Source: torch.xlogy.
XGRAD_API Tensor xlogy(const Tensor& x, const Tensor& y);
XGRAD_API Tensor xlogy(const Tensor& x, Scalar y);
XGRAD_API Tensor xlogy(Scalar x, const Tensor& y);

/// log(e^a + e^b), without overflow. Source: torch.logaddexp.
XGRAD_API Tensor logaddexp(const Tensor& a, const Tensor& b);
/// log2(2^a + 2^b), without overflow. Source: torch.logaddexp2.
XGRAD_API Tensor logaddexp2(const Tensor& a, const Tensor& b);
/// x * 2^exponent. Source: torch.ldexp.
XGRAD_API Tensor ldexp(const Tensor& x, const Tensor& exponent);
/// base^exponent in float64, whatever the dtypes. Source: torch.float_power.
XGRAD_API Tensor float_power(const Tensor& base, const Tensor& exponent);
XGRAD_API Tensor float_power(const Tensor& base, Scalar exponent);
XGRAD_API Tensor float_power(Scalar base, const Tensor& exponent);

/// 0 for x < 0, 1 for x > 0, `values` where x is 0. Not differentiable. Throws DTypeError unless both have
/// one dtype. Source: torch.heaviside.
XGRAD_API Tensor heaviside(const Tensor& x, const Tensor& values);

/// start + weight * (end - start), exact at weight 0 and 1. Throws DTypeError unless all have one floating
/// dtype. Source: torch.lerp.
XGRAD_API Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight);
XGRAD_API Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight);

/// x + value * a * b; integers stay. Throws DTypeError for a floating value beside integers. Source:
/// torch.addcmul.
XGRAD_API Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value = 1);
/// x + value * a / b. Throws DTypeError for integers. Source: torch.addcdiv.
XGRAD_API Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value = 1);

/// The p-norm of a - b, 0-d. Gradient 0 where the norm is 0. Source: torch.dist.
XGRAD_API Tensor dist(const Tensor& a, const Tensor& b, double p = 2);

namespace special {
/// x * log(1 + y), 0 where x is 0 unless y is nan. Gradient of x: 0 where x is 0 and y <= -1. Source:
/// torch.special.xlog1py.
XGRAD_API Tensor xlog1py(const Tensor& x, const Tensor& y);
}  // namespace special

}  // namespace xgrad
