#pragma once

#include <xgrad/autograd/tensor/tensor.hpp>

/// Comparisons, element by element with broadcasting. Results are bool and have no gradient; nan compares
/// unequal to everything.
namespace xgrad {

#define XGRAD_COMPARISON(name, op)                                                   \
  XGRAD_API Tensor name(const Tensor& a, const Tensor& b);                           \
  XGRAD_API Tensor name(const Tensor& a, Scalar b);                                  \
  inline Tensor operator op(const Tensor& a, const Tensor& b) { return name(a, b); } \
  inline Tensor operator op(const Tensor& a, Scalar b) { return name(a, b); }
/// Each pair of elements compared; a number stands for a tensor of it.
XGRAD_COMPARISON(eq, ==)
XGRAD_COMPARISON(ne, !=)
XGRAD_COMPARISON(lt, <)
XGRAD_COMPARISON(le, <=)
XGRAD_COMPARISON(gt, >)
XGRAD_COMPARISON(ge, >=)
#undef XGRAD_COMPARISON

/// Truth values: not 0 is true.
XGRAD_API Tensor logical_not(const Tensor& x);
XGRAD_API Tensor logical_and(const Tensor& a, const Tensor& b);
XGRAD_API Tensor logical_or(const Tensor& a, const Tensor& b);
XGRAD_API Tensor logical_xor(const Tensor& a, const Tensor& b);
inline Tensor operator!(const Tensor& x) { return logical_not(x); }
inline Tensor operator&(const Tensor& a, const Tensor& b) { return logical_and(a, b); }
inline Tensor operator|(const Tensor& a, const Tensor& b) { return logical_or(a, b); }

/// Where x is nan.
XGRAD_API Tensor isnan(const Tensor& x);
/// Where x is inf or -inf; of integers nowhere.
XGRAD_API Tensor isinf(const Tensor& x);
/// Where x is neither nan nor infinite; of integers everywhere.
XGRAD_API Tensor isfinite(const Tensor& x);

/// Where |a - b| <= atol + rtol * |b| (equal infinities are close; nan only with equal_nan). Throws
/// DTypeError unless both have one dtype, ValueError for a negative tolerance. Source: torch.isclose.
XGRAD_API Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
                         bool equal_nan = false);
/// For each element whether it is among `test_elements` (invert: whether it is not). Source: torch.isin.
XGRAD_API Tensor isin(const Tensor& elements, const Tensor& test_elements, bool invert = false);
/// |a - b| <= atol + rtol * |b| everywhere (equal infinities are close; nan only with equal_nan).
/// Source: torch.allclose.
XGRAD_API bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
                        bool equal_nan = false);
/// The same shape and the same elements; nan is unequal.
XGRAD_API bool equal(const Tensor& a, const Tensor& b);

/// a where the condition (bool) holds, else b; all three broadcast. The branch that is not taken receives
/// gradient 0.
XGRAD_API Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
XGRAD_API Tensor where(const Tensor& condition, const Tensor& a, Scalar b);
XGRAD_API Tensor where(const Tensor& condition, Scalar a, const Tensor& b);
XGRAD_API Tensor where(const Tensor& condition, Scalar a, Scalar b);

/// `where` under the name that formulas use (see elementwise.hpp).
inline Tensor select(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return where(condition, a, b);
}
inline Tensor select(const Tensor& condition, const Tensor& a, Scalar b) { return where(condition, a, b); }
inline Tensor select(const Tensor& condition, Scalar a, const Tensor& b) { return where(condition, a, b); }

}  // namespace xgrad
