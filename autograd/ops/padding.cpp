#include <xgrad/autograd/ops/padding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/padding.hpp>

namespace xgrad {
namespace {

/// The two numbers that `padding` has for dimension `dim` of `ndim`.
struct Sides {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

Sides sides_of(const Shape& padding, std::size_t dim, std::size_t ndim) {
  std::size_t pair = 2 * (ndim - 1 - dim);
  if (pair >= padding.size()) return {};
  return {padding[pair], padding[pair + 1]};
}

[[noreturn]] void fail_sides(const Shape& shape, std::size_t dim, Sides sides) {
  throw ShapeError(fmt::format("pad: padding {} and {} does not fit dimension {} of shape {}", sides.before,
                               sides.after, dim, to_string(shape)));
}

/// The size that padding makes of a dimension. Throws ShapeError when that is negative or no number at all.
std::int64_t padded(const Shape& shape, std::size_t dim, Sides sides) {
  constexpr std::int64_t most = std::int64_t{1} << 60;  // sums of a few cannot overflow
  bool fits = std::max(sides.before, sides.after) <= most && std::min(sides.before, sides.after) >= -most &&
              shape[dim] <= most;
  std::int64_t size = fits ? shape[dim] + sides.before + sides.after : -1;
  if (size < 0) fail_sides(shape, dim, sides);
  return size;
}

/// What cropping leaves of a dimension; negative when it takes more than there is.
std::int64_t kept(std::int64_t size, Sides sides) {
  return size + std::min<std::int64_t>(0, sides.before) + std::min<std::int64_t>(0, sides.after);
}

Tensor pad_constant(const Tensor& x, const Shape& padding, Scalar value) {
  const Array& array = x.array();
  Shape shape = x.shape();
  Shape stays = x.shape();  // the part of x that is copied
  std::int64_t from = 0;
  std::int64_t to = 0;
  for (std::size_t d = 0; d < x.ndim(); ++d) {
    Sides sides = sides_of(padding, d, x.ndim());
    shape[d] = padded(x.shape(), d, sides);
    stays[d] = kept(x.shape()[d], sides);
    if (stays[d] < 0) fail_sides(x.shape(), d, sides);
  }
  Array numbers = Array::full(shape, value, x.dtype());
  if (stays.elements() > 0) {
    for (std::size_t d = 0; d < x.ndim(); ++d) {
      std::int64_t before = sides_of(padding, d, x.ndim()).before;
      if (before > 0)
        to += before * numbers.strides()[d];
      else
        from -= before * array.strides()[d];
    }
    kernels::copy(array.view(stays, array.strides(), from), numbers.view(stays, numbers.strides(), to));
  }
  return record("pad", std::move(numbers), exact_gradient(x, [padding](const Tensor& g) {
                  Shape back = padding;
                  for (std::int64_t& side : back) side = -side;
                  return pad_constant(g, back, 0);
                }));
}

// Modes that copy elements --------------------------------------------------------------------------

enum class Mode { reflect, replicate, circular };

using Places = std::shared_ptr<const std::vector<kernels::PlaceList>>;

Tensor pick(const Tensor& x, const Places& places);

Tensor pick_backward(const Tensor& x, const Shape& shape, const Places& places) {
  return record("pad_backward", kernels::pick_backward(x.array(), shape, *places),
                exact_gradient(x, [places](const Tensor& g) { return pick(g, places); }));
}

Tensor pick(const Tensor& x, const Places& places) {
  return record("pad", kernels::pick(x.array(), *places),
                exact_gradient(x, [places, shape = x.shape()](const Tensor& g) {
                  return pick_backward(g, shape, places);
                }));
}

/// Where element i of the padded dimension stands in the source.
kernels::PlaceList places_along(Mode mode, std::int64_t size, Sides sides, std::int64_t result) {
  kernels::PlaceList places(static_cast<std::size_t>(result));
  std::int64_t first = std::max<std::int64_t>(0, -sides.before);  // what cropping leaves
  std::int64_t left = size - first - std::max<std::int64_t>(0, -sides.after);
  for (std::int64_t i = 0; i < result; ++i) {
    std::int64_t place = i - sides.before;
    switch (mode) {
      case Mode::reflect:
        place = place < 0 ? -place : place >= size ? 2 * (size - 1) - place : place;
        break;
      case Mode::replicate:
        place = std::clamp<std::int64_t>(place, 0, size - 1);
        break;
      case Mode::circular:
        place = first + ((place - first) % left + left) % left;
        break;
    }
    places[static_cast<std::size_t>(i)] = place;
  }
  return places;
}

void check_side(Mode mode, std::int64_t side, std::int64_t size) {
  if (mode == Mode::reflect && side >= size) {
    throw ValueError(fmt::format(
        "pad: reflection needs padding smaller than the dimension, got {} for size {}", side, size));
  }
  if (mode == Mode::circular && side > size) {
    throw ValueError(
        fmt::format("pad: circular padding must not exceed the dimension, got {} for size {}", side, size));
  }
}

Tensor pad_with_copies(const Tensor& x, const Shape& padding, Mode mode) {
  std::size_t dims = padding.size() / 2;
  std::size_t fewest = mode == Mode::circular ? dims + 2 : dims + 1;
  if (dims < 1 || dims > 3 || x.ndim() < fewest || x.ndim() > dims + 2) {
    throw ShapeError(fmt::format(
        "pad: this mode pads the last 1 to 3 dimensions behind a batch and a channel dimension, got padding "
        "{} for shape {}",
        to_string(padding), to_string(x.shape())));
  }
  auto places = std::make_shared<std::vector<kernels::PlaceList>>();
  bool nothing = mode != Mode::circular;
  for (std::size_t d = x.ndim() - dims - 1; d < x.ndim(); ++d) {
    std::int64_t size = x.shape()[d];
    if (size == 0 && (d > 0 || mode == Mode::replicate) && mode != Mode::circular) {
      throw ShapeError(
          fmt::format("pad: this mode needs elements in all but the first dimension, got shape {}",
                      to_string(x.shape())));
    }
    if (d + dims < x.ndim()) continue;  // the channels
    Sides sides = sides_of(padding, d, x.ndim());
    check_side(mode, sides.before, size);
    check_side(mode, sides.after, size);
    std::int64_t result = padded(x.shape(), d, sides);
    nothing = nothing && result == 0;
    // Circular padding copies what cropping left; the other modes copy from beyond the edges, too.
    if (mode == Mode::circular && result > 0 && kept(size, sides) < 1) fail_sides(x.shape(), d, sides);
    places->push_back(places_along(mode, size, sides, result));
  }
  if (nothing) {
    throw ShapeError(
        fmt::format("pad: padding {} leaves nothing of shape {}", to_string(padding), to_string(x.shape())));
  }
  return pick(x, places);
}

}  // namespace

Tensor pad(const Tensor& x, const Shape& padding, std::string_view mode, Scalar value) {
  if (padding.size() % 2 != 0 || padding.size() > 2 * x.ndim()) {
    throw ValueError(
        fmt::format("pad: expected at most {} pairs (before, after), one for each dimension of {}, "
                    "got padding {}",
                    x.ndim(), to_string(x.shape()), to_string(padding)));
  }
  if (mode == "constant") return pad_constant(x, padding, value);
  if (mode != "reflect" && mode != "replicate" && mode != "circular") {
    throw ValueError(
        fmt::format("pad: expected the mode constant, reflect, replicate or circular, got \"{}\"", mode));
  }
  if (value.to<double>() != 0)
    throw ValueError(fmt::format("pad: mode {} takes no value, got {}", mode, value.to<double>()));
  return pad_with_copies(x, padding,
                         mode == "reflect"     ? Mode::reflect
                         : mode == "replicate" ? Mode::replicate
                                               : Mode::circular);
}

}  // namespace xgrad
