#include <xgrad/autograd/ops/arithmetic.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/promotion.hpp>
#include <xgrad/autograd/ops/reduction.hpp>

namespace xgrad {

DType result_type(const Tensor& a, const Tensor& b) {
  DType x = a.dtype();
  DType y = b.dtype();
  if (x == y || (a.ndim() == 0) == (b.ndim() == 0)) return promote_types(x, y);
  auto kind = [](DType dtype) { return is_floating(dtype) ? 2 : dtype == boolean ? 0 : 1; };
  DType with_dims = a.ndim() > 0 ? x : y;
  DType single = a.ndim() > 0 ? y : x;
  return kind(single) > kind(with_dims) ? single : with_dims;
}

DType common_floating_dtype(std::initializer_list<Tensor> tensors) {
  DType meeting = boolean;
  for (bool single : {false, true}) {  // 0-d tensors count only by their kind
    for (const Tensor& tensor : tensors) {
      bool counts = (tensor.ndim() == 0) == single && (!single || !is_floating(meeting));
      if (counts) meeting = promote_types(meeting, tensor.dtype());
    }
  }
  return is_floating(meeting) ? meeting : default_dtype();
}

Tensor as_floating(const Tensor& x) { return is_floating(x.dtype()) ? x : to(x, default_dtype()); }

Array detail::reuse_or_allocate(const Tensor& candidate, bool last_use, const Shape& shape, DType dtype) {
  const Array& array = candidate.array();
  if (last_use && candidate.is_unique() && array.owns_alone() && array.is_contiguous()) return array;
  return Array(shape, dtype);
}

namespace {

/// The gradient of a sum passes through; that of a difference changes its sign.
constexpr auto pass = [](const Tensor& g) { return g; };

void refuse_bool(const char* name, DType dtype, const char* instead) {
  if (dtype == boolean) throw DTypeError(fmt::format("{}: not defined for bool; use {}", name, instead));
}

/// A fraction as alpha would be cut off beside integers.
void check_alpha(const char* name, Scalar alpha, DType meeting) {
  if (alpha.is_floating() && !is_floating(meeting)) {
    throw DTypeError(
        fmt::format("{}: alpha {} is floating, but the result is {}; use a whole alpha or to() first", name,
                    alpha.to<double>(), xgrad::name(meeting)));
  }
}

/// The product of two whole numbers, which wraps around.
Scalar wrapped_product(Scalar a, Scalar b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a.to<std::int64_t>()) *
                                   static_cast<std::uint64_t>(b.to<std::int64_t>()));
}

template <class Forward>
Tensor with_number(const Tensor& x, Scalar number, const Forward& forward) {
  DType dtype = number.promote(x.dtype());
  return dtype == x.dtype() ? forward(x) : forward(to(x, dtype));
}

Tensor add_same(const Tensor& a, const Tensor& b) {
  return record("add",
                detail::compute<Domain::all>(
                    "add", Cost::cheap, [](auto x, auto y) { return x + y; }, a, b),
                gradient(a, pass), gradient(b, pass));
}

Tensor sub_same(const Tensor& a, const Tensor& b) {
  return record("sub",
                detail::compute<Domain::all>(
                    "sub", Cost::cheap, [](auto x, auto y) { return x - y; }, a, b),
                gradient(a, pass), gradient(b, [](const Tensor& g) { return neg(g); }));
}

Tensor mul_same(const Tensor& a, const Tensor& b) {
  return elementwise<Domain::all>(
      "mul", Cost::cheap, [](auto x, auto y) { return x * y; },
      with_gradients([](auto g, auto, auto y, auto) { return g * y; },
                     [](auto g, auto x, auto, auto) { return g * x; }),
      a, b);
}

Tensor div_same(const Tensor& a, const Tensor& b) {
  return elementwise(
      "div", Cost::cheap, [](auto x, auto y) { return x / y; },
      with_gradients([](auto g, auto, auto y, auto) { return g / y; },
                     [](auto g, auto, auto y, auto z) { return -g * z / y; }),
      a, b);
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b, Scalar alpha) {
  if (alpha.is_floating()) check_alpha("add", alpha, result_type(a, b));
  if (alpha.to<double>() != 1) return add(a, mul(b, alpha));
  return a.dtype() == b.dtype() ? add_same(a, b) : detail::promoted(a, b, add_same);
}

Tensor add(const Tensor& a, Scalar b, Scalar alpha) {
  check_alpha("add", alpha, b.promote(a.dtype()));
  Scalar number = b.is_floating() || alpha.is_floating() ? Scalar(b.to<double>() * alpha.to<double>())
                  : alpha.to<std::int64_t>() == 1        ? b
                                                         : wrapped_product(b, alpha);
  return with_number(a, number, [number](const Tensor& x) {
    return record("add",
                  detail::compute<Domain::all>(
                      "add", Cost::cheap, [number](auto lanes) { return lanes + number; }, x),
                  gradient(x, pass));
  });
}

Tensor sub(const Tensor& a, const Tensor& b, Scalar alpha) {
  if (a.dtype() == boolean && b.dtype() == boolean) refuse_bool("sub", boolean, "logical_xor");
  if (alpha.is_floating()) check_alpha("sub", alpha, result_type(a, b));
  if (alpha.to<double>() != 1) return sub(a, mul(b, alpha));
  return a.dtype() == b.dtype() ? sub_same(a, b) : detail::promoted(a, b, sub_same);
}

Tensor sub(const Tensor& a, Scalar b, Scalar alpha) {
  if (b.is_boolean()) refuse_bool("sub", a.dtype(), "logical_xor");
  Scalar minus = b.is_floating() ? Scalar(-b.to<double>()) : wrapped_product(b, -1);
  return add(a, minus, alpha);
}

Tensor rsub(const Tensor& a, Scalar b, Scalar alpha) {
  refuse_bool("rsub", a.dtype(), "logical_not");
  if (alpha.to<double>() != 1) return rsub(mul(a, alpha), b);
  return with_number(a, b, [b](const Tensor& x) {
    return record("rsub",
                  detail::compute<Domain::all>(
                      "rsub", Cost::cheap, [b](auto lanes) { return b - lanes; }, x),
                  gradient(x, [](const Tensor& g) { return neg(g); }));
  });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() ? mul_same(a, b) : detail::promoted(a, b, mul_same);
}

Tensor mul(const Tensor& a, Scalar b) {
  return with_number(a, b, [b](const Tensor& x) {
    return record("mul",
                  detail::compute<Domain::all>(
                      "mul", Cost::cheap, [b](auto lanes) { return lanes * b; }, x),
                  gradient(x, [b](const Tensor& g) { return mul(g, b); }));
  });
}

Tensor div(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() ? div_same(a, b) : detail::promoted(a, b, div_same);
}

Tensor div(const Tensor& a, Scalar b) {
  Tensor x = as_floating(a);
  return record("div",
                detail::compute<Domain::floating>(
                    "div", Cost::cheap, [b](auto lanes) { return lanes / b; }, x),
                gradient(x, [b](const Tensor& g) { return div(g, b); }));
}

Tensor div(Scalar a, const Tensor& b) {
  return elementwise(
      "div", Cost::cheap, [a](auto x) { return a / x; },
      with_gradients([](auto g, auto x, auto y) { return -g * y / x; }), b);
}

Tensor neg(const Tensor& x) {
  refuse_bool("neg", x.dtype(), "logical_not");
  return record("neg",
                detail::compute<Domain::all>(
                    "neg", Cost::cheap, [](auto lanes) { return -lanes; }, x),
                gradient(x, [](const Tensor& g) { return neg(g); }));
}

// Powers --------------------------------------------------------------------------------------------

namespace {

Tensor pow_same(const Tensor& base, const Tensor& exponent) {
  return elementwise<Domain::all>(
      "pow", [](auto b, auto e) { return pow(b, e); },
      with_gradients(
          [](auto g, auto b, auto e, auto) { return select(e == 0, 0, g * e * pow(b, e - 1)); },
          [](auto g, auto b, auto e, auto y) { return select((b == 0) & (e >= 0), 0, g * y * log(b)); }),
      base, exponent);
}

/// x^e for one number e; small whole powers are products.
template <class Formula>
Tensor power(const Tensor& x, double e, const Formula& formula) {
  return record(
      "pow", detail::compute<Domain::floating>("pow", Cost::cheap, formula, x),
      gradient(
          x, [e](const Tensor& g, const Tensor& base) { return e == 0 ? g * 0 : g * (pow(base, e - 1) * e); },
          x));
}

}  // namespace

Tensor pow(const Tensor& base, const Tensor& exponent) { return detail::promoted(base, exponent, pow_same); }

Tensor pow(const Tensor& base, Scalar exponent) {
  DType dtype = exponent.promote(base.dtype());
  if (dtype != base.dtype()) return pow(to(base, dtype), exponent);
  if (is_integral(dtype)) {
    if (exponent.to<std::int64_t>() < 0) {
      throw ValueError(fmt::format(
          "pow: integers to a negative power ({}) are not integers; convert with to(float32) first",
          exponent.to<std::int64_t>()));
    }
    return Tensor(detail::compute<Domain::all>(
        "pow", Cost::heavy, [exponent](auto x) { return pow(x, exponent); }, base));
  }
  auto e = exponent.to<double>();
  if (e == 1) return power(base, e, [](auto x) { return x; });
  if (e == 2) return square(base);
  if (e == 3) {
    return elementwise(
        "pow", Cost::cheap, [](auto x) { return x * x * x; },
        with_gradients([](auto g, auto x, auto) { return g * (x * x * 3); }), base);
  }
  if (e == 0.5) return sqrt(base);
  if (e == -1) return reciprocal(base);
  return power(base, e, [e](auto x) { return pow(x, e); });
}

Tensor pow(Scalar base, const Tensor& exponent) {
  DType dtype = base.promote(exponent.dtype());
  if (dtype != exponent.dtype()) return pow(base, to(exponent, dtype));
  return pow_same(Tensor(Array::full({}, base, dtype)), exponent);
}

// Two at a time -------------------------------------------------------------------------------------

namespace {

Tensor maximum_same(const Tensor& a, const Tensor& b) {
  return elementwise<Domain::all>(
      "maximum", Cost::cheap, [](auto x, auto y) { return maximum(x, y); },
      with_gradients(
          [](auto g, auto x, auto y, auto) { return select(x < y, 0, select(x == y, g * 0.5, g)); },
          [](auto g, auto x, auto y, auto) { return select(y < x, 0, select(x == y, g * 0.5, g)); }),
      a, b);
}

Tensor minimum_same(const Tensor& a, const Tensor& b) {
  return elementwise<Domain::all>(
      "minimum", Cost::cheap, [](auto x, auto y) { return minimum(x, y); },
      with_gradients(
          [](auto g, auto x, auto y, auto) { return select(x > y, 0, select(x == y, g * 0.5, g)); },
          [](auto g, auto x, auto y, auto) { return select(y > x, 0, select(x == y, g * 0.5, g)); }),
      a, b);
}

Tensor atan2_same(const Tensor& y, const Tensor& x) {
  return elementwise(
      "atan2", [](auto a, auto b) { return atan2(a, b); },
      with_gradients([](auto g, auto a, auto b, auto) { return g * (b / (a * a + b * b)); },
                     [](auto g, auto a, auto b, auto) { return -g * (a / (a * a + b * b)); }),
      y, x);
}

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b) { return detail::promoted(a, b, maximum_same); }
Tensor minimum(const Tensor& a, const Tensor& b) { return detail::promoted(a, b, minimum_same); }
Tensor atan2(const Tensor& y, const Tensor& x) { return detail::promoted(y, x, atan2_same); }

Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
Tensor operator+(const Tensor& a, Scalar b) { return add(a, b); }
Tensor operator+(Scalar a, const Tensor& b) { return add(b, a); }
Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
Tensor operator-(const Tensor& a, Scalar b) { return sub(a, b); }
Tensor operator-(Scalar a, const Tensor& b) { return rsub(b, a); }
Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
Tensor operator*(const Tensor& a, Scalar b) { return mul(a, b); }
Tensor operator*(Scalar a, const Tensor& b) { return mul(b, a); }
Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
Tensor operator/(const Tensor& a, Scalar b) { return div(a, b); }
Tensor operator/(Scalar a, const Tensor& b) { return div(a, b); }

}  // namespace xgrad
