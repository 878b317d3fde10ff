#include <xgrad/autograd/ops/comparison.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/promotion.hpp>
#include <xgrad/autograd/ops/reduction.hpp>

namespace xgrad {
namespace {

/// The truth of a formula over inputs of one dtype.
template <class Formula, class... Inputs>
Tensor truth(const char* name, const Formula& formula, const Inputs&... inputs) {
  Array result(detail::broadcast_all(name, inputs...), boolean);
  dispatch(std::get<0>(std::tie(inputs...)).dtype(), [&](auto tag) {
    kernels::map<typename decltype(tag)::type>(result, formula, Cost::cheap, inputs.array()...);
  });
  return Tensor(std::move(result));
}

/// The dtype in which a tensor and a number are compared: a fraction makes integers floating.
Tensor beside(const Tensor& x, Scalar number) {
  DType dtype = number.promote(x.dtype());
  return dtype == x.dtype() ? x : to(x, dtype);
}

}  // namespace

#define XGRAD_COMPARISON(name, op)                                       \
  Tensor name(const Tensor& a, const Tensor& b) {                        \
    return detail::promoted(a, b, [](const Tensor& p, const Tensor& q) { \
      return truth(#name, [](auto x, auto y) { return x op y; }, p, q);  \
    });                                                                  \
  }                                                                      \
  Tensor name(const Tensor& a, Scalar b) {                               \
    return truth(#name, [b](auto x) { return x op b; }, beside(a, b));   \
  }
XGRAD_COMPARISON(eq, ==)
XGRAD_COMPARISON(ne, !=)
XGRAD_COMPARISON(lt, <)
XGRAD_COMPARISON(le, <=)
XGRAD_COMPARISON(gt, >)
XGRAD_COMPARISON(ge, >=)
#undef XGRAD_COMPARISON

Tensor logical_not(const Tensor& x) { return eq(x, 0); }

namespace {
template <class Formula>
Tensor logical(const char* name, const Tensor& a, const Tensor& b, const Formula& formula) {
  return truth(name, formula, to(a, boolean), to(b, boolean));
}
}  // namespace

Tensor logical_and(const Tensor& a, const Tensor& b) {
  return logical("logical_and", a, b, [](auto x, auto y) { return (x != 0) & (y != 0); });
}
Tensor logical_or(const Tensor& a, const Tensor& b) {
  return logical("logical_or", a, b, [](auto x, auto y) { return (x != 0) | (y != 0); });
}
Tensor logical_xor(const Tensor& a, const Tensor& b) {
  return logical("logical_xor", a, b, [](auto x, auto y) { return x != y; });
}

Tensor isnan(const Tensor& x) {
  return truth("isnan", [](auto v) { return v != v; }, x);
}
Tensor isinf(const Tensor& x) {
  return truth("isinf", [](auto v) { return (v == v) & ((v - v) != (v - v)); }, x);
}
Tensor isfinite(const Tensor& x) {
  return truth("isfinite", [](auto v) { return (v - v) == (v - v); }, x);
}

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  if (a.dtype() != b.dtype()) {
    throw DTypeError(fmt::format("isclose: expected one dtype, got {} and {}; convert with to()",
                                 name(a.dtype()), name(b.dtype())));
  }
  if (!(rtol >= 0) || !(atol >= 0)) {
    throw ValueError(
        fmt::format("isclose: expected tolerances of 0 or more, got rtol {} and atol {}", rtol, atol));
  }
  NoGrad off;
  Tensor x = to(a, float64);
  Tensor y = to(b, float64);
  Tensor close = (a == b) | (isfinite(y) & (abs(x - y) <= abs(y) * rtol + atol));
  return equal_nan ? close | (isnan(x) & isnan(y)) : close;
}

Tensor isin(const Tensor& elements, const Tensor& test_elements, bool invert) {
  NoGrad off;
  return detail::promoted(elements, test_elements, [&](const Tensor& x, const Tensor& among) {
    Array found(x.shape(), boolean);
    Array numbers = kernels::contiguous(x.array());
    Array wanted = kernels::clone(among.array());
    dispatch(numbers.dtype(), [&]<class T>(TypeTag<T>) {
      T* first = wanted.data<T>();
      T* last = first + wanted.numel();
      last = std::remove_if(first, last, [](T value) { return value != value; });  // nan is in no set
      std::sort(first, last);
      for (std::int64_t i = 0; i < numbers.numel(); ++i) {
        T value = numbers.data<T>()[i];
        found.data<bool>()[i] = (value == value && std::binary_search(first, last, value)) != invert;
      }
    });
    return Tensor(std::move(found));
  });
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  NoGrad off;
  Tensor x = to(a, float64);
  Tensor y = to(b, float64);
  Tensor close = (x == y) | (isfinite(y) & (abs(x - y) <= abs(y) * rtol + atol));
  if (equal_nan) close = close | (isnan(x) & isnan(y));
  return all(close).item<bool>();
}

bool equal(const Tensor& a, const Tensor& b) { return a.shape() == b.shape() && all(eq(a, b)).item<bool>(); }

namespace {

Tensor where_same(const Tensor& condition, const Tensor& a, const Tensor& b) {
  Array numbers(detail::broadcast_all("where", condition, a, b), a.dtype());
  dispatch(a.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    kernels::map_kinds<T, kernels::Truth, T, T>(
        numbers, [](auto mask, auto x, auto y) { return select(mask, x, y); }, Cost::cheap, condition.array(),
        a.array(), b.array());
  });
  return record(
      "where", std::move(numbers),
      gradient(
          a, [](const Tensor& g, const Tensor& mask) { return where(mask, g, 0); }, condition),
      gradient(b, [](const Tensor& g, const Tensor& mask) { return where(mask, 0, g); }, condition));
}

Tensor number_like(Scalar number, DType dtype) { return Tensor(Array::full({}, number, dtype)); }

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  if (condition.dtype() != boolean) {
    throw DTypeError(
        fmt::format("where: expected a bool condition, got {}; compare it with something, as in x != 0",
                    name(condition.dtype())));
  }
  return detail::promoted(a, b,
                          [&](const Tensor& x, const Tensor& y) { return where_same(condition, x, y); });
}
Tensor where(const Tensor& condition, const Tensor& a, Scalar b) {
  return where(condition, a, number_like(b, b.promote(a.dtype())));
}
Tensor where(const Tensor& condition, Scalar a, const Tensor& b) {
  return where(condition, number_like(a, a.promote(b.dtype())), b);
}
Tensor where(const Tensor& condition, Scalar a, Scalar b) {
  DType dtype = promote_types(a.dtype(), b.dtype());
  return where(condition, number_like(a, dtype), number_like(b, dtype));
}

}  // namespace xgrad
