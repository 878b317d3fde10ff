#pragma once

#include <cstdint>
#include <optional>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Parts, signs and repairs of numbers, element by element.
namespace xgrad {

/// The nearest number with `decimals` digits after the point (before it when negative), halves to even.
/// Gradient 0. Throws DTypeError for integers unless decimals is 0. Source: torch.round.
XGRAD_API Tensor round(const Tensor& x, std::int64_t decimals);
/// x - trunc(x). Gradient 1. Throws DTypeError for integers. Source: torch.frac.
XGRAD_API Tensor frac(const Tensor& x);
/// -1, 0 or 1: sign under its other name. Source: torch.sgn.
XGRAD_API Tensor sgn(const Tensor& x);
/// x itself. Throws DTypeError for bool. Source: torch.positive.
XGRAD_API Tensor positive(const Tensor& x);
/// nan replaced by `nan`, inf by `posinf` (absent: the largest number of the dtype), -inf by `neginf`
/// (absent: the lowest). Gradient 0 at what was replaced. Source: torch.nan_to_num.
XGRAD_API Tensor nan_to_num(const Tensor& x, double nan = 0.0, std::optional<double> posinf = std::nullopt,
                            std::optional<double> neginf = std::nullopt);
/// x * pi / 180. Source: torch.deg2rad.
XGRAD_API Tensor deg2rad(const Tensor& x);
/// x * 180 / pi. Source: torch.rad2deg.
XGRAD_API Tensor rad2deg(const Tensor& x);

/// Whether the sign bit is set, also of -0 and nan; for integers x < 0. Source: torch.signbit.
XGRAD_API Tensor signbit(const Tensor& x);
/// Where x is inf.
XGRAD_API Tensor isposinf(const Tensor& x);
/// Where x is -inf.
XGRAD_API Tensor isneginf(const Tensor& x);

/// Every bit of an integer turned over; for bool "not". Throws DTypeError for floating x. Source:
/// torch.bitwise_not.
XGRAD_API Tensor bitwise_not(const Tensor& x);
inline Tensor operator~(const Tensor& x) { return bitwise_not(x); }

}  // namespace xgrad
