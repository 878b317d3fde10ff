#pragma once

#include <cstdint>
#include <optional>

#include <xgrad/autograd/ops/unary.hpp>

/// Special functions, element by element, in float64 to a few units of the last digit. Integers give the
/// default floating dtype. Gradients of every order.
namespace xgrad {

/// log |Gamma(x)|; inf at 0, -1, -2, ... Gradient: digamma. Source: torch.lgamma.
XGRAD_API Tensor lgamma(const Tensor& x);
/// The derivative of lgamma; -inf at 0, inf at -0, nan at -1, -2, ... Source: torch.digamma.
XGRAD_API Tensor digamma(const Tensor& x);
/// The n-th derivative of digamma; infinite at 0, -1, ... for n > 0. Throws ValueError for negative n.
/// Source: torch.polygamma.
XGRAD_API Tensor polygamma(std::int64_t n, const Tensor& x);
/// p (p - 1) / 4 * log(pi) + sum over i = 1 .. p of lgamma(x + (1 - i) / 2). Throws ValueError for p below 1
/// or above 100000. Source: torch.mvlgamma.
XGRAD_API Tensor mvlgamma(const Tensor& x, std::int64_t p);
/// The inverse of erf: infinite at -1 and 1, nan outside. Source: torch.erfinv.
XGRAD_API Tensor erfinv(const Tensor& x);
/// The modified Bessel function of the first kind of order 0. Source: torch.i0.
XGRAD_API Tensor i0(const Tensor& x);
/// sin(pi x) / (pi x); 1 at 0. Source: torch.sinc.
XGRAD_API Tensor sinc(const Tensor& x);
/// log(x / (1 - x)): infinite at 0 and 1, nan outside, with a gradient of nan. With eps, x is first clamped
/// to [eps, 1 - eps], and the gradient is 0 beyond. Source: torch.logit.
XGRAD_API Tensor logit(const Tensor& x, std::optional<double> eps = std::nullopt);

namespace special {

/// -x log x for x > 0, 0 at 0, -inf for x < 0. Gradient -log(x) - 1: inf at 0, nan below. Source:
/// torch.special.entr.
XGRAD_API Tensor entr(const Tensor& x);
/// e^(x^2) * erfc(x), without underflow. Source: torch.special.erfcx.
XGRAD_API Tensor erfcx(const Tensor& x);
/// The distribution function of the standard normal distribution. Source: torch.special.ndtr.
XGRAD_API Tensor ndtr(const Tensor& x);
/// The inverse of ndtr: infinite at 0 and 1, nan outside. Source: torch.special.ndtri.
XGRAD_API Tensor ndtri(const Tensor& x);
/// log(ndtr(x)), accurate in both tails. Source: torch.special.log_ndtr.
XGRAD_API Tensor log_ndtr(const Tensor& x);
/// The modified Bessel function of the first kind of order 1. Source: torch.special.i1.
XGRAD_API Tensor i1(const Tensor& x);
/// i0(x) * e^-|x|. The gradient at 0 is 0. Source: torch.special.i0e.
XGRAD_API Tensor i0e(const Tensor& x);
/// i1(x) * e^-|x|. Source: torch.special.i1e.
XGRAD_API Tensor i1e(const Tensor& x);

// What torch.special names too.
using xgrad::digamma;
using xgrad::erf;
using xgrad::erfc;
using xgrad::erfinv;
using xgrad::exp2;
using xgrad::expm1;
using xgrad::i0;
using xgrad::log1p;
using xgrad::logit;
using xgrad::polygamma;
using xgrad::sinc;
/// sigmoid, digamma, lgamma and mvlgamma under their names in torch.special.
inline Tensor expit(const Tensor& x) { return sigmoid(x); }
inline Tensor psi(const Tensor& x) { return digamma(x); }
inline Tensor gammaln(const Tensor& x) { return lgamma(x); }
inline Tensor multigammaln(const Tensor& x, std::int64_t p) { return mvlgamma(x, p); }

}  // namespace special
}  // namespace xgrad
