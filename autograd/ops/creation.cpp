#include <xgrad/autograd/ops/creation.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/random.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// Walks nested lists: fixes the shape on the way down the first branch, checks all others against it, and
/// collects the numbers in row-major order.
void collect(const std::vector<detail::Nested>& items, std::size_t depth, Shape& shape, bool& leaf_reached,
             std::vector<Scalar>& numbers) {
  auto count = static_cast<std::int64_t>(items.size());
  if (!leaf_reached && depth == shape.size()) shape.push_back(count);
  bool fits = depth < shape.size() && shape[depth] == count;
  for (const auto& item : items) {
    if (item.is_list()) {
      collect(item.items(), depth + 1, shape, leaf_reached, numbers);
    } else {
      leaf_reached = true;
      fits = fits && depth + 1 == shape.size();
      numbers.push_back(item.number());
    }
  }
  leaf_reached = leaf_reached || items.empty();
  if (!fits) {
    throw ShapeError(fmt::format(
        "tensor: the lists do not form a block: a list at depth {} has {} items where {} were expected",
        depth, count, depth < shape.size() ? shape[depth] : 0));
  }
}

DType or_default(std::optional<DType> dtype) { return dtype.value_or(default_dtype()); }
Generator& or_default(Generator* generator) {
  return generator != nullptr ? *generator : default_generator();
}

void require_floating(const char* name, DType dtype) {
  if (!is_floating(dtype))
    throw DTypeError(fmt::format("{}: expected float32 or float64, got {}", name, xgrad::name(dtype)));
}

}  // namespace

Tensor tensor(std::initializer_list<detail::Nested> values, std::optional<DType> dtype) {
  Shape shape;
  std::vector<Scalar> numbers;
  bool leaf_reached = false;
  collect(std::vector<detail::Nested>(values), 0, shape, leaf_reached, numbers);
  bool all_bool = !numbers.empty();
  for (const Scalar& number : numbers) all_bool = all_bool && number.is_boolean();
  Array array(shape, dtype.value_or(all_bool ? boolean : default_dtype()));
  dispatch(array.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::size_t i = 0; i < numbers.size(); ++i) array.data<T>()[i] = numbers[i].template to<T>();
  });
  return Tensor(std::move(array));
}

Tensor tensor(Scalar value, std::optional<DType> dtype) { return full({}, value, dtype); }

template <Element T>
Tensor tensor(std::span<const T> values, std::optional<Shape> shape) {
  Shape target = shape.value_or(Shape{static_cast<std::int64_t>(values.size())});
  if (target.elements() != static_cast<std::int64_t>(values.size())) {
    throw ShapeError(fmt::format("tensor: {} values do not fit shape {}", values.size(), to_string(target)));
  }
  Array array(target, dtype_of<T>);
  std::copy(values.begin(), values.end(), array.template data<T>());
  return Tensor(std::move(array));
}
#define XGRAD_INSTANTIATE(T) template XGRAD_API Tensor tensor<T>(std::span<const T>, std::optional<Shape>);
XGRAD_INSTANTIATE(bool)
XGRAD_INSTANTIATE(std::uint8_t)
XGRAD_INSTANTIATE(std::int32_t)
XGRAD_INSTANTIATE(std::int64_t)
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

Tensor empty(const Shape& shape, std::optional<DType> dtype) {
  return Tensor(Array(shape, or_default(dtype)));
}
Tensor zeros(const Shape& shape, std::optional<DType> dtype) {
  return Tensor(Array::zeros(shape, or_default(dtype)));
}
Tensor ones(const Shape& shape, std::optional<DType> dtype) {
  return Tensor(Array::full(shape, 1, or_default(dtype)));
}
Tensor full(const Shape& shape, Scalar value, std::optional<DType> dtype) {
  return Tensor(Array::full(shape, value, dtype.value_or(value.dtype())));
}
Tensor zeros_like(const Tensor& like, std::optional<DType> dtype) {
  return zeros(like.shape(), dtype.value_or(like.dtype()));
}
Tensor ones_like(const Tensor& like, std::optional<DType> dtype) {
  return ones(like.shape(), dtype.value_or(like.dtype()));
}
Tensor full_like(const Tensor& like, Scalar value, std::optional<DType> dtype) {
  return full(like.shape(), value, dtype.value_or(like.dtype()));
}

Tensor arange(Scalar start, Scalar end, Scalar step, std::optional<DType> dtype) {
  bool whole = !start.is_floating() && !end.is_floating() && !step.is_floating();
  auto first = start.to<double>();
  auto last = end.to<double>();
  auto by = step.to<double>();
  if (!std::isfinite(first) || !std::isfinite(last) || !std::isfinite(by))
    throw ValueError("arange: expected finite numbers");
  if (by == 0) throw ValueError("arange: expected a step other than 0");
  if ((by > 0 && last < first) || (by < 0 && last > first)) {
    throw ValueError(fmt::format("arange: a step of {} does not lead from {} to {}", by, first, last));
  }
  double length = std::ceil((last - first) / by);
  if (length > 9e15)
    throw ValueError(fmt::format("arange: {} elements are more than memory can hold", length));
  auto count = static_cast<std::int64_t>(length);
  if (whole) {
    // As unsigned numbers: the distance may be larger than the largest int64.
    auto low = static_cast<std::uint64_t>((by > 0 ? start : end).to<std::int64_t>());
    auto high = static_cast<std::uint64_t>((by > 0 ? end : start).to<std::int64_t>());
    auto stride = static_cast<std::uint64_t>(step.to<std::int64_t>());
    if (by < 0) stride = 0 - stride;
    count = static_cast<std::int64_t>((high - low) / stride + ((high - low) % stride != 0 ? 1 : 0));
  }
  // Unsigned again: a step may be larger than what is left up to the largest number.
  auto whole_at = [&](std::int64_t i) {
    auto from = static_cast<std::uint64_t>(start.to<std::int64_t>());
    return static_cast<std::int64_t>(from + static_cast<std::uint64_t>(i) *
                                                static_cast<std::uint64_t>(step.to<std::int64_t>()));
  };
  Array array({count}, dtype.value_or(whole ? int64 : default_dtype()));
  dispatch(array.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::int64_t i = 0; i < count; ++i) {
      array.data<T>()[i] = whole ? Scalar(whole_at(i)).template to<T>()
                                 : Scalar(first + static_cast<double>(i) * by).template to<T>();
    }
  });
  return Tensor(std::move(array));
}
Tensor arange(Scalar end) { return arange(0, end, 1); }

Tensor linspace(double start, double end, std::int64_t steps, std::optional<DType> dtype) {
  if (steps < 0) throw ValueError(fmt::format("linspace: expected 0 steps or more, got {}", steps));
  Array array({steps}, or_default(dtype));
  double step = steps > 1 ? (end - start) / static_cast<double>(steps - 1) : 0;
  dispatch(array.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::int64_t i = 0; i < steps; ++i) {
      // Each half counts from its own end, so that both ends are exact.
      double value = i < steps / 2 + steps % 2 ? start + static_cast<double>(i) * step
                                               : end - static_cast<double>(steps - 1 - i) * step;
      array.data<T>()[i] = Scalar(value).template to<T>();
    }
  });
  return Tensor(std::move(array));
}

Tensor eye(std::int64_t n, std::optional<std::int64_t> m, std::optional<DType> dtype) {
  std::int64_t columns = m.value_or(n);
  if (n < 0 || columns < 0)
    throw ValueError(fmt::format("eye: expected sizes of 0 or more, got {} and {}", n, columns));
  Array array = Array::zeros({n, columns}, or_default(dtype));
  kernels::fill(array.view({std::min(n, columns)}, {columns + 1}), 1);
  return Tensor(std::move(array));
}

Tensor rand(const Shape& shape, std::optional<DType> dtype, Generator* generator) {
  require_floating("rand", or_default(dtype));
  return Tensor(kernels::uniform(shape, or_default(dtype), 0, 1, or_default(generator)));
}

Tensor randn(const Shape& shape, std::optional<DType> dtype, Generator* generator) {
  require_floating("randn", or_default(dtype));
  return Tensor(kernels::normal(shape, or_default(dtype), 0, 1, or_default(generator)));
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, DType dtype, Generator* generator) {
  if (low >= high) throw ValueError(fmt::format("randint: expected low < high, got {} and {}", low, high));
  return Tensor(kernels::integers(shape, dtype, low, high, or_default(generator)));
}

Tensor randperm(std::int64_t n, Generator* generator) {
  if (n < 0) throw ValueError(fmt::format("randperm: expected 0 elements or more, got {}", n));
  return Tensor(kernels::permutation(n, or_default(generator)));
}

Tensor bernoulli(const Tensor& p, Generator* generator) {
  NoGrad off;
  require_floating("bernoulli", p.dtype());
  Tensor inside = (p >= 0) & (p <= 1);
  if (!equal(inside, ones_like(inside))) throw ValueError("bernoulli: expected probabilities in [0, 1]");
  return to(rand(p.shape(), p.dtype(), generator) < p, p.dtype());
}

}  // namespace xgrad
