#pragma once

#include <string_view>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// Activations beside those of unary.hpp, element by element unless said otherwise. Integers give the default
/// floating dtype, except where the function stays within them (hardtanh, relu6, threshold). nan stays nan.
namespace xgrad {

/// x within [min_val, max_val]. Gradient 1 strictly inside, 0 at the bounds and beyond. Throws DTypeError for
/// bool. Source: torch.nn.functional.hardtanh.
XGRAD_API Tensor hardtanh(const Tensor& x, double min_val = -1.0, double max_val = 1.0);
/// x within [0, 6]. Gradient as hardtanh. Source: torch.nn.functional.relu6.
XGRAD_API Tensor relu6(const Tensor& x);
/// relu6(x + 3) / 6. Gradient strictly inside (-3, 3) 1/6 rounded to float32, as PyTorch has it, also in
/// float64; 0 elsewhere. Source: torch.nn.functional.hardsigmoid.
XGRAD_API Tensor hardsigmoid(const Tensor& x);
/// x * relu6(x + 3) / 6. Gradient x / 3 + 1/2 on [-3, 3]. Source: torch.nn.functional.hardswish.
XGRAD_API Tensor hardswish(const Tensor& x);
/// x where |x| > lambd, else 0; so is the gradient. Source: torch.nn.functional.hardshrink.
XGRAD_API Tensor hardshrink(const Tensor& x, double lambd = 0.5);
/// x - lambd for x > lambd, x + lambd for x < -lambd, else 0, also for nan. Throws ValueError for a negative
/// lambd. Source: torch.nn.functional.softshrink.
XGRAD_API Tensor softshrink(const Tensor& x, double lambd = 0.5);
/// x - tanh(x). Source: torch.nn.functional.tanhshrink.
XGRAD_API Tensor tanhshrink(const Tensor& x);
/// x / (1 + |x|). Source: torch.nn.functional.softsign.
XGRAD_API Tensor softsign(const Tensor& x);
/// x where x > threshold, else value; the gradient is 0 there. Source: torch.nn.functional.threshold.
XGRAD_API Tensor threshold(const Tensor& x, double threshold, double value);

/// scale * (x for x > 0, else alpha * (e^x - 1)), with the numbers that keep mean 0 and variance 1. Source:
/// Klambauer et al. 2017, "Self-normalizing neural networks"; torch.nn.functional.selu.
XGRAD_API Tensor selu(const Tensor& x);
/// x for x > 0, else alpha * (e^(x / alpha) - 1). Throws ValueError for alpha = 0. Source:
/// torch.nn.functional.celu.
XGRAD_API Tensor celu(const Tensor& x, double alpha = 1.0);
/// x * tanh(softplus(x)). Source: torch.nn.functional.mish.
XGRAD_API Tensor mish(const Tensor& x);
/// gelu with `approximate` "none": x * Phi(x), or "tanh":
/// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))). Throws ValueError for another string. Source:
/// torch.nn.functional.gelu.
XGRAD_API Tensor gelu(const Tensor& x, std::string_view approximate);

/// a * sigmoid(b) for the halves a and b of x along `dim`. Throws ShapeError for a 0-d tensor or an odd size.
/// Source: torch.nn.functional.glu.
XGRAD_API Tensor glu(const Tensor& x, std::int64_t dim = -1);
/// x for x > 0, else weight * x, the weight one number, or [C] for x [N, C, ...]. Throws ShapeError
/// otherwise, DTypeError unless both are of one floating dtype. Source: torch.nn.functional.prelu.
XGRAD_API Tensor prelu(const Tensor& x, const Tensor& weight);
/// leaky_relu whose slope is the middle of lower and upper, or in training drawn from between them for every
/// element. Throws ValueError when lower > upper. Source: torch.nn.functional.rrelu.
XGRAD_API Tensor rrelu(const Tensor& x, double lower = 1.0 / 8, double upper = 1.0 / 3, bool training = false,
                       Generator* generator = nullptr);

}  // namespace xgrad
