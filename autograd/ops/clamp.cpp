#include <algorithm>
#include <cmath>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

void refuse_bool(DType dtype) {
  if (dtype == boolean) throw DTypeError("clamp: expected numbers, got bool; convert with to(...)");
}

/// A bound as it acts on a dtype: one beyond the range of an integer dtype is the end of the range.
Scalar bound_within(DType dtype, Scalar bound) {
  if (is_floating(dtype)) return bound;
  return dispatch(dtype, [&](auto tag) -> Scalar {
    using Limits = std::numeric_limits<typename decltype(tag)::type>;
    return std::clamp(bound.to<std::int64_t>(), static_cast<std::int64_t>(Limits::lowest()),
                      static_cast<std::int64_t>(Limits::max()));
  });
}

/// `result_type` of the tensors that are defined.
DType meeting_dtype(std::initializer_list<const Tensor*> tensors) {
  auto kind = [](DType dtype) { return is_floating(dtype) ? 2 : dtype == boolean ? 0 : 1; };
  std::optional<DType> with_dims;
  std::optional<DType> single;
  for (const Tensor* tensor : tensors) {
    if (!tensor->defined()) continue;
    std::optional<DType>& meeting = tensor->ndim() == 0 ? single : with_dims;
    meeting = meeting ? promote_types(*meeting, tensor->dtype()) : tensor->dtype();
  }
  if (!with_dims || !single) return with_dims ? *with_dims : *single;
  return kind(*single) > kind(*with_dims) ? *single : *with_dims;
}

}  // namespace

Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
  if (!min && !max) throw ValueError("clamp: expected min, max or both, got neither");
  DType dtype = x.dtype();
  if (min) dtype = min->promote(dtype);
  if (max) dtype = max->promote(dtype);
  refuse_bool(dtype);
  auto is_nan = [](const std::optional<Scalar>& bound) { return bound && std::isnan(bound->to<double>()); };
  if (is_nan(min) || is_nan(max)) return x.to(dtype) * NAN;
  if (min) min = bound_within(dtype, *min);
  if (max) max = bound_within(dtype, *max);
  if (dtype != x.dtype()) return clamp(x.to(dtype), min, max);
  if (min && max) {
    return elementwise<Domain::all>(
        "clamp", Cost::cheap,
        [low = *min, high = *max](auto x) {
          auto above = select(x < low, low, x);
          return select(above > high, high, above);
        },
        with_gradients([low = *min, high = *max](auto g, auto x, auto) {
          return select(x >= low, select(x <= high, g, 0), 0);
        }),
        x);
  }
  if (min) {
    return elementwise<Domain::all>(
        "clamp", Cost::cheap, [low = *min](auto x) { return select(x < low, low, x); },
        with_gradients([low = *min](auto g, auto x, auto) { return select(x >= low, g, 0); }), x);
  }
  return elementwise<Domain::all>(
      "clamp", Cost::cheap, [high = *max](auto x) { return select(x > high, high, x); },
      with_gradients([high = *max](auto g, auto x, auto) { return select(x <= high, g, 0); }), x);
}

Tensor clamp(const Tensor& x, const Tensor& min, const Tensor& max) {
  Shape shape = x.shape();
  if (!min.defined() && !max.defined()) throw ValueError("clamp: expected min, max or both, got neither");
  if (min.defined()) shape = broadcast_shapes("clamp", shape, min.shape());
  if (max.defined()) broadcast_shapes("clamp", shape, max.shape());
  DType dtype = meeting_dtype({&x, &min, &max});
  refuse_bool(dtype);
  Tensor value = x.to(dtype);
  if (!max.defined()) {
    return elementwise<Domain::all>(
        "clamp", Cost::cheap, [](auto x, auto low) { return select((x < low) | (low != low), low, x); },
        with_gradients([](auto g, auto x, auto low, auto) { return select(x >= low, g, 0); },
                       [](auto g, auto x, auto low, auto) { return select(x < low, g, 0); }),
        value, min.to(dtype));
  }
  if (!min.defined()) {
    return elementwise<Domain::all>(
        "clamp", Cost::cheap, [](auto x, auto high) { return select((x > high) | (high != high), high, x); },
        with_gradients([](auto g, auto x, auto high, auto) { return select(x <= high, g, 0); },
                       [](auto g, auto x, auto high, auto) { return select(x > high, g, 0); }),
        value, max.to(dtype));
  }
  return elementwise<Domain::all>(
      "clamp", Cost::cheap,
      [](auto x, auto low, auto high) {
        auto above = select((x < low) | (low != low), low, x);
        return select((above > high) | ((high != high) & (above == above)), high, above);
      },
      with_gradients(
          [](auto g, auto x, auto low, auto high, auto) { return select((x >= low) & (x <= high), g, 0); },
          [](auto g, auto x, auto low, auto high, auto) { return select((x < low) & (low < high), g, 0); },
          [](auto g, auto x, auto low, auto high, auto) { return select((x > high) | (high < low), g, 0); }),
      value, min.to(dtype), max.to(dtype));
}

}  // namespace xgrad
