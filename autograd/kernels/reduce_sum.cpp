// Sums and means.

#include <cmath>

#include <xgrad/autograd/kernels/elementwise.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/reduce_loops.hpp>

namespace xgrad::kernels {
namespace {

using namespace detail;

// What is summed, of lanes along rows and of single numbers down columns.

struct Itself {
  template <class V>
  V operator()(V x) const {
    return x;
  }
};
struct NanIsZero {
  template <class T>
  Lanes<T> operator()(Lanes<T> x) const {
    return select(x == x, x, T(0));
  }
  template <std::floating_point T>
  T operator()(T x) const {
    return x == x ? x : T(0);
  }
};
struct NotZero {
  template <class T>
  Lanes<T> operator()(Lanes<T> x) const {
    return select(x == T(0), T(0), T(1));
  }
  template <std::floating_point T>
  T operator()(T x) const {
    return x == T(0) ? T(0) : T(1);
  }
};
struct Magnitude {
  template <class T>
  Lanes<T> operator()(Lanes<T> x) const {
    return abs(x);
  }
  template <std::floating_point T>
  T operator()(T x) const {
    return std::abs(x);
  }
};
struct Square {
  template <class V>
  V operator()(V x) const {
    return x * x;
  }
};
/// |x|^p for a whole p.
struct WholePower {
  unsigned p;
  template <class V>
  V operator()(V x) const {
    V square = Magnitude()(x);
    V power(1.0F);
    for (unsigned rest = p;; square = square * square) {
      if ((rest & 1U) != 0) power = power * square;
      rest >>= 1U;
      if (rest == 0) return power;
    }
  }
};
struct Power {
  double p;
  template <class T>
  Lanes<T> operator()(Lanes<T> x) const {
    return pow(abs(x), p);
  }
  template <std::floating_point T>
  T operator()(T x) const {
    return std::pow(std::abs(x), static_cast<T>(p));
  }
};

/// The sum of term(x) over float32, float64 or int64.
template <class T, class Term>
Array sum_of(const ReducePlan& plan, DType dtype, const Term& term) {
  Array result(plan.result_shape, dtype);
  const T* input = plan.row<T>(0);
  T* to = result.data<T>();
  if (result.numel() == 0) return result;
  if (plan.outer == 1 && plan.inner > 1 && plan.length > 0 && plan.length * plan.inner <= 256) {
    for (std::int64_t j = 0; j < plan.inner; ++j) to[j] = term(input[j]);  // tiny: without strips
    for (std::int64_t i = 1; i < plan.length; ++i) {
      for (std::int64_t j = 0; j < plan.inner; ++j)
        to[j] = wrapping_sum(to[j], term(input[i * plan.inner + j]));
    }
  } else if (plan.inner > 1 && plan.length > 0) {
    for_strips<sum_strip_width>(plan, [&](std::int64_t from, std::int64_t width, std::int64_t place) {
      sum_strip(input + from, plan.length, plan.inner, width, to + place,
                [&term](T x, std::int64_t) { return term(x); });
    });
  } else if (plan.length == 0) {
    fill(result, 0);
  } else if (plan.outer == 1) {
    to[0] = row_sum(input, plan.length, term);
  } else {
    for_rows(plan, [&](std::int64_t i) { to[i] = row_sum(plan.row<T>(i), plan.length, term); });
  }
  return result;
}

template <class Term>
Array floating_sum(const Array& input, const DimSet& dims, bool keepdim, const Term& term) {
  ReducePlan plan = plan_reduction(input, dims, keepdim);
  return dispatch_floating(input.dtype(), [&](auto tag) {
    return sum_of<typename decltype(tag)::type>(plan, input.dtype(), term);
  });
}

}  // namespace

Array sum(const Array& input, const DimSet& dims, bool keepdim) {
  if (is_floating(input.dtype())) return floating_sum(input, dims, keepdim, Itself());
  Array whole = cast(input, int64);
  return sum_of<std::int64_t>(plan_reduction(whole, dims, keepdim), int64, Itself());
}

Array nansum(const Array& input, const DimSet& dims, bool keepdim) {
  return floating_sum(input, dims, keepdim, NanIsZero());
}

Array power_sum(const Array& input, double p, const DimSet& dims, bool keepdim) {
  if (p == 0) return floating_sum(input, dims, keepdim, NotZero());
  if (p == 1) return floating_sum(input, dims, keepdim, Magnitude());
  if (p == 2) return floating_sum(input, dims, keepdim, Square());
  if (p == std::floor(p) && p > 0 && p <= 16)
    return floating_sum(input, dims, keepdim, WholePower{static_cast<unsigned>(p)});
  return floating_sum(input, dims, keepdim, Power{p});
}

Array mean(const Array& input, const DimSet& dims, bool keepdim) {
  Array result = sum(input, dims, keepdim);
  std::int64_t count = 1;
  for (std::size_t i = 0; i < input.ndim(); ++i) count *= dims[i] ? input.shape()[i] : 1;
  dispatch_floating(result.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    map<T>(result, [divisor = static_cast<T>(count)](auto x) { return x / divisor; }, Cost::cheap, result);
  });
  return result;
}

Array sum_to_shape(const Array& input, const Shape& shape) {
  DimSet dims;
  std::size_t lead = input.ndim() - shape.size();
  for (std::size_t i = 0; i < input.ndim(); ++i)
    dims[i] = i < lead || (shape[i - lead] == 1 && input.shape()[i] != 1);
  Array result = sum(input, dims, true);
  return result.view(shape, contiguous_strides(shape));
}

}  // namespace xgrad::kernels
