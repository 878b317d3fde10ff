#include <xgrad/autograd/ops/division.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/division.hpp>
#include <xgrad/autograd/kernels/reduce.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/promotion.hpp>

namespace xgrad {
namespace {

/// Both in the dtype that they meet in. Throws for what has no quotient.
template <class Operation>
Tensor divided(const char* name, const Tensor& a, const Tensor& b, const Operation& operation) {
  return detail::promoted(a, b, [&](const Tensor& x, const Tensor& y) {
    if (x.dtype() == boolean) {
      throw DTypeError(fmt::format("{}: not defined for bool; convert with to(int64) first", name));
    }
    broadcast_shapes(name, x.shape(), y.shape());
    bool zero = is_integral(y.dtype()) &&
                !kernels::all(y.array(), kernels::all_dims(y.array()), false).data<bool>()[0];
    if (zero && x.numel() > 0) throw ValueError(fmt::format("{}: an integer was divided by 0", name));
    return operation(x, y);
  });
}

Tensor truncated(const Tensor& a, const Tensor& b) {
  return elementwise<Domain::all>(
      "div", Cost::cheap, [](auto x, auto y) { return trunc_quotient(x, y); },
      with_gradients([](auto g, auto, auto, auto) { return g * 0; },
                     [](auto g, auto, auto, auto) { return g * 0; }),
      a, b);
}

Tensor floored(const Tensor& a, const Tensor& b) {
  return elementwise<Domain::all>(
      "div", [](auto x, auto y) { return floor_quotient(x, y); },
      with_gradients([](auto g, auto, auto, auto) { return g * 0; },
                     [](auto g, auto, auto, auto) { return g * 0; }),
      a, b);
}

/// A number as a tensor that promotes as a number does.
Tensor beside(const Tensor& a, Scalar b) { return Tensor(Array::full({}, b, b.promote(a.dtype()))); }

}  // namespace

Tensor div(const Tensor& a, const Tensor& b, RoundingMode rounding_mode) {
  if (rounding_mode == RoundingMode::none) return div(a, b);
  return divided("div", a, b, rounding_mode == RoundingMode::trunc ? truncated : floored);
}
Tensor div(const Tensor& a, Scalar b, RoundingMode rounding_mode) {
  return rounding_mode == RoundingMode::none ? div(a, b) : div(a, beside(a, b), rounding_mode);
}

Tensor floor_divide(const Tensor& a, const Tensor& b) {
  NoGrad off;
  return divided("floor_divide", a, b, floored);
}
Tensor floor_divide(const Tensor& a, Scalar b) { return floor_divide(a, beside(a, b)); }

Tensor fmod(const Tensor& a, const Tensor& b) {
  return divided("fmod", a, b, [](const Tensor& x, const Tensor& y) {
    return elementwise<Domain::all>(
        "fmod", [](auto p, auto q) { return trunc_remainder(p, q); },
        with_gradients([](auto g, auto, auto, auto) { return g; },
                       [](auto g, auto p, auto q, auto) { return -g * trunc(p / q); }),
        x, y);
  });
}
Tensor fmod(const Tensor& a, Scalar b) { return fmod(a, beside(a, b)); }

Tensor remainder(const Tensor& a, const Tensor& b) {
  return divided("remainder", a, b, [](const Tensor& x, const Tensor& y) {
    return elementwise<Domain::all>(
        "remainder", [](auto p, auto q) { return floor_remainder(p, q); },
        with_gradients([](auto g, auto, auto, auto) { return g; },
                       [](auto g, auto p, auto q, auto) { return -g * floor(p / q); }),
        x, y);
  });
}
Tensor remainder(const Tensor& a, Scalar b) { return remainder(a, beside(a, b)); }

}  // namespace xgrad
