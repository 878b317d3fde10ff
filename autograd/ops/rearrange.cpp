#include <xgrad/autograd/ops/rearrange.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {

Tensor flip(const Tensor& x, const Shape& dims) {
  const Array& array = x.array();
  Strides strides = array.strides();
  std::vector<bool> seen(x.ndim() + 1, false);
  std::int64_t first = 0;
  for (std::int64_t dim : dims) {
    std::size_t at = wrap_dim("flip", dim, x.ndim());
    if (seen[at])
      throw ShapeError(fmt::format("flip: dimension {} is named twice in {}", at, to_string(dims)));
    seen[at] = true;
    if (x.ndim() == 0) continue;
    if (array.numel() > 0) first += (array.shape()[at] - 1) * strides[at];
    strides[at] = -strides[at];
  }
  return record("flip", kernels::clone(array.view(array.shape(), strides, first)),
                exact_gradient(x, [dims](const Tensor& g) { return flip(g, dims); }));
}

Tensor fliplr(const Tensor& x) {
  if (x.ndim() < 2) {
    throw ShapeError(
        fmt::format("fliplr: expected at least two dimensions, got shape {}", to_string(x.shape())));
  }
  return flip(x, {1});
}

Tensor flipud(const Tensor& x) {
  if (x.ndim() < 1) throw ShapeError("flipud: expected at least one dimension, got a 0-d tensor");
  return flip(x, {0});
}

Tensor rot90(const Tensor& x, std::int64_t k, const Shape& dims) {
  if (dims.size() != 2 || x.ndim() < 2) {
    throw ShapeError(
        fmt::format("rot90: expected two dimensions of a tensor that has them, got dims {} for shape {}",
                    to_string(dims), to_string(x.shape())));
  }
  auto from = static_cast<std::int64_t>(wrap_dim("rot90", dims[0], x.ndim()));
  auto toward = static_cast<std::int64_t>(wrap_dim("rot90", dims[1], x.ndim()));
  if (from == toward) {
    throw ShapeError(fmt::format("rot90: expected two different dimensions, got dims {} for shape {}",
                                 to_string(dims), to_string(x.shape())));
  }
  switch ((k % 4 + 4) % 4) {
    case 0:
      return clone(x);
    case 1:
      return transpose(flip(x, {toward}), from, toward);
    case 2:
      return flip(x, dims);
    default:
      return transpose(flip(x, {from}), from, toward);
  }
}

// Shifts --------------------------------------------------------------------------------------------

namespace {

/// The elements moved by `shift` (in [0, size)) places along `dim`.
Array rolled(const Array& source, std::size_t dim, std::int64_t shift) {
  Array result(source.shape(), source.dtype());
  std::int64_t size = source.shape()[dim];
  auto move = [&](std::int64_t from, std::int64_t to, std::int64_t length) {
    Shape part = source.shape();
    part[dim] = length;
    kernels::copy(source.view(part, source.strides(), from * source.strides()[dim]),
                  result.view(part, result.strides(), to * result.strides()[dim]));
  };
  move(0, shift, size - shift);
  if (shift > 0) move(size - shift, 0, shift);
  return result;
}

/// `shift` within [0, size).
std::int64_t wrapped(std::int64_t shift, std::int64_t size) { return (shift % size + size) % size; }

/// roll by shifts[i] in [0, size of i) along every dimension i.
Tensor roll_all(const Tensor& x, const Shape& shifts) {
  Array numbers = x.array();
  for (std::size_t i = 0; i < shifts.size(); ++i) {
    if (shifts[i] != 0) numbers = rolled(numbers, i, shifts[i]);
  }
  if (numbers.bytes() == x.array().bytes()) numbers = kernels::clone(numbers);
  return record("roll", std::move(numbers), exact_gradient(x, [shifts](const Tensor& g) {
                  Shape back = shifts;
                  for (std::size_t i = 0; i < back.size(); ++i) {
                    if (back[i] != 0) back[i] = g.shape()[i] - back[i];
                  }
                  return roll_all(g, back);
                }));
}

}  // namespace

Tensor roll(const Tensor& x, const Shape& shifts, const Shape& dims) {
  if (dims.empty() && shifts.size() == 1) return roll(x, shifts[0]);
  if (shifts.empty() || shifts.size() != dims.size()) {
    throw ShapeError(
        fmt::format("roll: expected a shift for each dimension, got shifts {} and dims {}; only a single "
                    "shift needs no dimension",
                    to_string(shifts), to_string(dims)));
  }
  if (x.ndim() == 0) throw IndexError("roll: a 0-d tensor has no dimension to move along");
  Shape total = Shape::filled(x.ndim(), 0);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    std::size_t at = wrap_dim("roll", dims[i], x.ndim());
    std::int64_t size = x.shape()[at];
    if (size > 0) total[at] = (total[at] + wrapped(shifts[i], size)) % size;
  }
  return roll_all(x, x.numel() == 0 ? Shape::filled(x.ndim(), 0) : total);
}

Tensor roll(const Tensor& x, std::int64_t shift) {
  if (x.ndim() == 1) return roll(x, Shape{shift}, Shape{0});
  return reshape(roll(reshape(x, {-1}), Shape{shift}, Shape{0}), x.shape());
}

Tensor roll(const Tensor& x, std::int64_t shift, std::int64_t dim) {
  return roll(x, Shape{shift}, Shape{dim});
}

// Repetition ----------------------------------------------------------------------------------------

namespace {

/// A shape in which some dimensions repeat what the others hold.
struct Repetition {
  Shape shape;
  Strides strides;
  Shape repeated;  ///< the dimensions that repeat

  void hold(std::int64_t size, std::int64_t stride) {
    shape.push_back(size);
    strides.push_back(stride);
  }
  void repeat(std::int64_t times) {
    if (times == 1) return;
    repeated.push_back(static_cast<std::int64_t>(shape.size()));
    hold(times, 0);
  }
};

Tensor repeated(const char* name, const Tensor& x, const Repetition& repetition, const Shape& shape) {
  Array numbers = kernels::clone(x.array().view(repetition.shape, repetition.strides)).try_reshape(shape);
  return record(name, std::move(numbers),
                exact_gradient(x, [from = x.shape(), split = repetition.shape,
                                   copies = repetition.repeated](const Tensor& g) {
                  if (copies.empty()) return reshape(g, from);
                  return reshape(sum(reshape(g, split), copies), from);
                }));
}

std::int64_t product(const char* name, std::int64_t size, std::int64_t times) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(size, times, &result)) {
    throw ShapeError(
        fmt::format("{}: {} times {} elements are more than memory can hold", name, times, size));
  }
  return result;
}

std::size_t dim_to_repeat(const Tensor& x, std::int64_t dim) {
  if (x.ndim() == 0) throw IndexError("repeat_interleave: a 0-d tensor has no dimension to repeat along");
  return wrap_dim("repeat_interleave", dim, x.ndim());
}

void check_repeats(const char* name, std::int64_t repeats) {
  if (repeats < 0) throw ValueError(fmt::format("{}: expected repeats of 0 or more, got {}", name, repeats));
}

}  // namespace

Tensor repeat(const Tensor& x, const Shape& repeats) {
  if (repeats.size() < x.ndim()) {
    throw ShapeError(fmt::format("repeat: expected at least {} repeats for shape {}, got {}; use tile()",
                                 x.ndim(), to_string(x.shape()), to_string(repeats)));
  }
  std::size_t lead = repeats.size() - x.ndim();
  Repetition repetition;
  Shape shape;
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    check_repeats("repeat", repeats[i]);
    repetition.repeat(repeats[i]);
    if (i >= lead) repetition.hold(x.shape()[i - lead], x.strides()[i - lead]);
    shape.push_back(i < lead ? repeats[i] : product("repeat", x.shape()[i - lead], repeats[i]));
  }
  return repeated("repeat", x, repetition, shape);
}

Tensor tile(const Tensor& x, const Shape& repeats) {
  Shape all = repeats;
  while (all.size() < x.ndim()) all.insert(0, 1);
  return repeat(x, all);
}

Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::optional<std::int64_t> dim) {
  check_repeats("repeat_interleave", repeats);
  if (!dim) return repeat_interleave(reshape(x, {-1}), repeats, 0);
  std::size_t at = dim_to_repeat(x, *dim);
  Repetition repetition;
  Shape shape = x.shape();
  shape[at] = product("repeat_interleave", shape[at], repeats);
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    repetition.hold(x.shape()[i], x.strides()[i]);
    if (i == at) repetition.repeat(repeats);
  }
  return repeated("repeat_interleave", x, repetition, shape);
}

Tensor repeat_interleave(const Tensor& repeats) {
  if (repeats.dtype() != int64 && repeats.dtype() != int32) {
    throw DTypeError(fmt::format("repeat_interleave: expected repeats of dtype int64 or int32, got {}",
                                 name(repeats.dtype())));
  }
  if (repeats.ndim() > 1) {
    throw ShapeError(fmt::format("repeat_interleave: expected 0-d or 1-d repeats, got shape {}",
                                 to_string(repeats.shape())));
  }
  Tensor counts = contiguous(to(repeats, int64));
  const auto* count = counts.data<std::int64_t>();
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < counts.numel(); ++i) {
    check_repeats("repeat_interleave", count[i]);
    if (__builtin_add_overflow(total, count[i], &total))
      throw ValueError("repeat_interleave: the repeats add up to more than memory can hold");
  }
  Tensor places = empty({total}, int64);
  auto* place = places.data<std::int64_t>();
  for (std::int64_t i = 0; i < counts.numel(); ++i) place = std::fill_n(place, count[i], i);
  return places;
}

Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<std::int64_t> dim) {
  if (!dim) return repeat_interleave(reshape(x, {-1}), repeats, 0);
  std::size_t at = dim_to_repeat(x, *dim);
  std::int64_t size = x.shape()[at];
  Tensor counts = repeats.numel() == 1 && repeats.ndim() <= 1 ? expand(repeats, {size}) : repeats;
  if (counts.ndim() <= 1 && counts.numel() != size) {
    throw ShapeError(fmt::format(
        "repeat_interleave: expected one number or one for each of the {} slices of dimension {}, "
        "got repeats of shape {}",
        size, at, to_string(repeats.shape())));
  }
  return index_select(x, *dim, repeat_interleave(counts));
}

}  // namespace xgrad
