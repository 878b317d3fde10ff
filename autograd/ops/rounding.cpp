#include <xgrad/autograd/ops/rounding.hpp>

#include <fmt/format.h>

#include <limits>
#include <numbers>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>

namespace xgrad {
namespace {

/// A test of every element; the formula returns a Mask.
template <class Formula>
Tensor test(const Formula& formula, const Tensor& x) {
  Array out(x.shape(), boolean);
  dispatch(x.dtype(), [&](auto tag) {
    kernels::map<typename decltype(tag)::type>(out, formula, Cost::cheap, x.array());
  });
  return Tensor(std::move(out));
}

}  // namespace

Tensor round(const Tensor& x, std::int64_t decimals) {
  if (decimals == 0) return round(x);
  detail::require_floating("round", x);
  // Beyond this every number of the dtype is whole after scaling, or rounds to 0.
  constexpr std::int64_t most = std::numeric_limits<double>::max_exponent10;
  if (decimals > most) return x * 1;
  if (decimals < -most) return x * 0;
  auto zero = with_gradients([](auto g, auto, auto) { return g * 0; });
  if (decimals < 0) {
    return elementwise(
        "round", Cost::cheap,
        [unit = std::pow(10.0, static_cast<double>(-decimals))](auto x) { return round(x / unit) * unit; },
        zero, x);
  }
  return elementwise(
      "round", Cost::cheap,
      [unit = std::pow(10.0, static_cast<double>(decimals))](auto x) {
        auto scaled = x * unit;
        auto rounded = round(scaled) / unit;
        return select((scaled - scaled) == 0, rounded, x);  // what overflows when scaled is whole
      },
      zero, x);
}

Tensor frac(const Tensor& x) {
  detail::require_floating("frac", x);
  return elementwise(
      "frac", Cost::cheap, [](auto x) { return x - trunc(x); },
      with_gradients([](auto g, auto, auto) { return g * 1; }), x);
}

Tensor sgn(const Tensor& x) { return sign(x); }

Tensor positive(const Tensor& x) {
  if (x.dtype() == boolean) throw DTypeError("positive: expected numbers, got bool; convert with to(...)");
  return x;
}

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  if (!is_floating(x.dtype())) return x * Scalar(true);
  double largest = x.dtype() == float32 ? static_cast<double>(std::numeric_limits<float>::max())
                                        : std::numeric_limits<double>::max();
  return elementwise(
      "nan_to_num", Cost::cheap,
      [nan, above = posinf.value_or(largest), below = neginf.value_or(-largest)](auto x) {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        return select(x == infinity, above, select(x == -infinity, below, select(x == x, x, nan)));
      },
      with_gradients([](auto g, auto x, auto) { return select((x - x) == 0, g, 0); }), x);
}

namespace {
constexpr double degree = std::numbers::pi / 180;
constexpr double radian = 180 / std::numbers::pi;
}  // namespace

Tensor deg2rad(const Tensor& x) {
  return elementwise(
      "deg2rad", Cost::cheap, [](auto x) { return x * degree; },
      with_gradients([](auto g, auto, auto) { return g * degree; }), x);
}

Tensor rad2deg(const Tensor& x) {
  return elementwise(
      "rad2deg", Cost::cheap, [](auto x) { return x * radian; },
      with_gradients([](auto g, auto, auto) { return g * radian; }), x);
}

Tensor signbit(const Tensor& x) {
  return test(
      []<class T>(kernels::Lanes<T> x) {
        if constexpr (kernels::is_vector<T>) {
          using Values = typename kernels::Lanes<T>::Values;
          return kernels::Lanes<T>(xsimd::copysign(Values(T(1)), x.values)) < 0;
        } else {
          return x < 0;
        }
      },
      x);
}

Tensor isposinf(const Tensor& x) {
  return test([](auto x) { return (x == x) & ((x - x) != (x - x)) & (x > 0); }, x);
}
Tensor isneginf(const Tensor& x) {
  return test([](auto x) { return (x == x) & ((x - x) != (x - x)) & (x < 0); }, x);
}

Tensor bitwise_not(const Tensor& x) {
  if (is_floating(x.dtype())) {
    throw DTypeError(fmt::format("bitwise_not: expected x of integers or bool, got {} {}", name(x.dtype()),
                                 to_string(x.shape())));
  }
  Array out(x.shape(), x.dtype());
  dispatch(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (!kernels::is_vector<T>) {
      kernels::map<T>(
          out,
          [](kernels::Lanes<T> x) {
            if constexpr (std::is_same_v<T, bool>)
              return kernels::Lanes<T>(!x.values);
            else
              return kernels::Lanes<T>(static_cast<T>(~x.values));
          },
          Cost::cheap, x.array());
    }
  });
  return Tensor(std::move(out));
}

}  // namespace xgrad
