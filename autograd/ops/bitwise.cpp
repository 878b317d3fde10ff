#include <xgrad/autograd/ops/bitwise.hpp>

#include <fmt/format.h>

#include <limits>
#include <numeric>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/promotion.hpp>

namespace xgrad {
namespace {

/// formula(x, y) for every pair of integers of one C++ type.
template <class Formula>
Tensor of_integers(const char* name, const Tensor& a, const Tensor& b, bool allows_bool,
                   const Formula& formula) {
  return detail::promoted(a, b, [&](const Tensor& x, const Tensor& y) {
    if (is_floating(x.dtype()) || (x.dtype() == boolean && !allows_bool)) {
      throw DTypeError(fmt::format("{}: expected integers{}, got {} and {}", name,
                                   allows_bool ? " or bool" : "", xgrad::name(a.dtype()),
                                   xgrad::name(b.dtype())));
    }
    Array result(broadcast_shapes(name, x.shape(), y.shape()), x.dtype());
    dispatch(x.dtype(), [&]<class T>(TypeTag<T>) {
      if constexpr (std::is_integral_v<T>) {
        auto lanes = [&formula](kernels::Lanes<T> p, kernels::Lanes<T> q) {
          return kernels::Lanes<T>(static_cast<T>(formula(p.values, q.values)));
        };
        kernels::map<T>(result, lanes, Cost::cheap, x.array(), y.array());
      }
    });
    return Tensor(std::move(result));
  });
}

Tensor beside(const Tensor& a, Scalar b) { return Tensor(Array::full({}, b, b.promote(a.dtype()))); }

template <class T>
constexpr int bits =
    std::numeric_limits<std::make_unsigned_t<std::conditional_t<std::is_same_v<T, bool>, char, T>>>::digits;

/// |value| as an unsigned number, also of the lowest.
template <class T>
std::uint64_t magnitude(T value) {
  auto wide = static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  return value < T(0) ? std::uint64_t{0} - wide : wide;
}

}  // namespace

Tensor bitwise_and(const Tensor& a, const Tensor& b) {
  return of_integers("bitwise_and", a, b, true, [](auto x, auto y) { return x & y; });
}
Tensor bitwise_and(const Tensor& a, Scalar b) { return bitwise_and(a, beside(a, b)); }
Tensor bitwise_or(const Tensor& a, const Tensor& b) {
  return of_integers("bitwise_or", a, b, true, [](auto x, auto y) { return x | y; });
}
Tensor bitwise_or(const Tensor& a, Scalar b) { return bitwise_or(a, beside(a, b)); }
Tensor bitwise_xor(const Tensor& a, const Tensor& b) {
  return of_integers("bitwise_xor", a, b, true, [](auto x, auto y) { return x ^ y; });
}
Tensor bitwise_xor(const Tensor& a, Scalar b) { return bitwise_xor(a, beside(a, b)); }

Tensor bitwise_left_shift(const Tensor& a, const Tensor& b) {
  return of_integers("bitwise_left_shift", a, b, false, []<class T>(T x, T y) {
    if (y < T(0) || static_cast<std::uint64_t>(y) >= bits<T>) return T(0);
    return static_cast<T>(static_cast<std::uint64_t>(x) << static_cast<unsigned>(y));
  });
}
Tensor bitwise_left_shift(const Tensor& a, Scalar b) { return bitwise_left_shift(a, beside(a, b)); }
Tensor bitwise_right_shift(const Tensor& a, const Tensor& b) {
  return of_integers("bitwise_right_shift", a, b, false, []<class T>(T x, T y) {
    if (y < T(0) || static_cast<std::uint64_t>(y) >= bits<T>) return static_cast<T>(x < T(0) ? -1 : 0);
    return static_cast<T>(x >> static_cast<int>(y));
  });
}
Tensor bitwise_right_shift(const Tensor& a, Scalar b) { return bitwise_right_shift(a, beside(a, b)); }

Tensor gcd(const Tensor& a, const Tensor& b) {
  return of_integers("gcd", a, b, false,
                     []<class T>(T x, T y) { return static_cast<T>(std::gcd(magnitude(x), magnitude(y))); });
}
Tensor lcm(const Tensor& a, const Tensor& b) {
  return of_integers("lcm", a, b, false, []<class T>(T x, T y) {
    std::uint64_t p = magnitude(x);
    std::uint64_t q = magnitude(y);
    return static_cast<T>(p == 0 || q == 0 ? 0 : p / std::gcd(p, q) * q);
  });
}

}  // namespace xgrad
