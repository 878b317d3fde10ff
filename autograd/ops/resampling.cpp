#include <xgrad/autograd/ops/resampling.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/resampling.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/linear_map.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {

using kernels::Taps;

namespace {

using LinearMaps = std::vector<detail::LinearMap>;

Tensor apply(const char* name, const Tensor& x, std::shared_ptr<const LinearMaps> maps) {
  Array numbers = x.array();
  for (const detail::LinearMap& map : *maps) numbers = kernels::resample(numbers, map.dim, map.taps);
  if (maps->empty()) numbers = kernels::clone(numbers);
  return record(name, std::move(numbers), exact_gradient(x, [name, maps](const Tensor& g) {
                  auto back = std::make_shared<LinearMaps>();
                  for (std::size_t i = maps->size(); i-- > 0;)
                    back->push_back({(*maps)[i].dim, (*maps)[i].taps.transposed()});
                  return apply(name, g, std::move(back));
                }));
}

}  // namespace

Tensor detail::linear_maps(const char* name, const Tensor& x, std::vector<LinearMap> maps) {
  return apply(name, x, std::make_shared<const LinearMaps>(std::move(maps)));
}

namespace {

enum class Mode { nearest, nearest_exact, linear, cubic, area };

Mode mode_of(std::string_view mode, std::size_t spatial) {
  if (mode == "nearest") return Mode::nearest;
  if (mode == "nearest-exact") return Mode::nearest_exact;
  if (mode == "area") return Mode::area;
  constexpr std::string_view linear[] = {"linear", "bilinear", "trilinear"};
  for (std::size_t i = 0; i < 3; ++i) {
    if (mode == linear[i] && spatial == i + 1) return Mode::linear;
    if (mode == linear[i] || (mode == "bicubic" && spatial != 2)) {
      throw ValueError(fmt::format("interpolate: mode {} does not fit {} spatial dimensions", mode, spatial));
    }
  }
  if (mode == "bicubic") return Mode::cubic;
  throw ValueError(fmt::format(
      "interpolate: expected the mode nearest, nearest-exact, linear, bilinear, trilinear, bicubic or area, "
      "got \"{}\"",
      mode));
}

/// How one dimension is resampled.
struct Axis {
  std::int64_t from = 0;
  std::int64_t to = 0;
  double scale = 1;  ///< elements of the source for one of the result
  bool align_corners = false;
};

/// Cubic convolution: the weights of the elements at -1, 0, 1, 2 for a place in [0, 1] between the middle
/// two.
std::array<double, 4> cubic_weights(double t, double a) {
  auto near = [a](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  auto far = [a](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

/// PyTorch rounds to float before it takes the floor, so that multiples of the scale are met exactly.
std::int64_t floor_as_float(double position) {
  return static_cast<std::int64_t>(std::floor(position < 1 << 20 ? static_cast<float>(position) : position));
}

void add_nearest(Taps& taps, const Axis& axis, std::int64_t i, double offset) {
  if (offset == 0 && axis.to == 2 * axis.from) {  // whatever the scale factor was, as in PyTorch
    taps.add(i / 2, 1);
    return;
  }
  double position = (static_cast<double>(i) + offset) * axis.scale;
  taps.add(std::clamp<std::int64_t>(floor_as_float(position), 0, axis.from - 1), 1);
}

double source_position(const Axis& axis, std::int64_t i) {
  return axis.align_corners ? axis.scale * static_cast<double>(i)
                            : axis.scale * (static_cast<double>(i) + 0.5) - 0.5;
}

void add_linear(Taps& taps, const Axis& axis, std::int64_t i) {
  double position = std::max(0.0, source_position(axis, i));
  auto below = std::min<std::int64_t>(static_cast<std::int64_t>(position), axis.from - 1);
  double t = std::clamp(position - static_cast<double>(below), 0.0, 1.0);
  if (below == axis.from - 1) t = 0;
  taps.add(below, 1 - t);
  taps.add(below + 1, t);
}

void add_cubic(Taps& taps, const Axis& axis, std::int64_t i) {
  double position = source_position(axis, i);
  auto below = std::min<std::int64_t>(static_cast<std::int64_t>(std::floor(position)), axis.from - 1);
  double t = std::clamp(position - static_cast<double>(below), 0.0, 1.0);
  std::array<double, 4> weights = cubic_weights(t, -0.75);
  for (std::int64_t k = 0; k < 4; ++k)
    taps.add(std::clamp<std::int64_t>(below - 1 + k, 0, axis.from - 1), weights[static_cast<std::size_t>(k)]);
}

void add_area(Taps& taps, const Axis& axis, std::int64_t i) {
  std::int64_t first = i * axis.from / axis.to;
  std::int64_t last = ((i + 1) * axis.from + axis.to - 1) / axis.to;
  for (std::int64_t k = first; k < last; ++k) taps.add(k, 1 / static_cast<double>(last - first));
}

/// A triangle or cubic filter, stretched over what the element covers when the image shrinks.
void add_antialiased(Taps& taps, const Axis& axis, std::int64_t i, Mode mode) {
  double stretch = std::max(axis.scale, 1.0);
  double support = (mode == Mode::linear ? 1 : 2) * stretch;
  double center = axis.scale * (static_cast<double>(i) + 0.5);
  auto first = std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(center - support + 0.5)), 0);
  auto last =
      std::min<std::int64_t>(static_cast<std::int64_t>(std::floor(center + support + 0.5)), axis.from);
  auto filter = [mode](double x) {
    x = std::abs(x);
    if (mode == Mode::linear) return std::max(0.0, 1 - x);
    return x >= 2 ? 0.0 : cubic_weights(x < 1 ? x : x - 1, -0.5)[x < 1 ? 1 : 0];
  };
  auto weight = [&](std::int64_t k) { return filter((static_cast<double>(k) - center + 0.5) / stretch); };
  double total = 0;
  for (std::int64_t k = first; k < last; ++k) total += weight(k);
  for (std::int64_t k = first; k < last; ++k) taps.add(k, weight(k) / total);
}

Taps taps_along(const Axis& axis, Mode mode, bool antialias) {
  Taps taps;
  taps.sources = axis.from;
  for (std::int64_t i = 0; i < axis.to; ++i) {
    if (antialias)
      add_antialiased(taps, axis, i, mode);
    else if (mode == Mode::nearest)
      add_nearest(taps, axis, i, 0);
    else if (mode == Mode::nearest_exact)
      add_nearest(taps, axis, i, 0.5);
    else if (mode == Mode::linear)
      add_linear(taps, axis, i);
    else if (mode == Mode::cubic)
      add_cubic(taps, axis, i);
    else
      add_area(taps, axis, i);
    taps.next();
  }
  return taps;
}

/// Whether the map copies the dimension as it is.
bool is_identity(const Axis& axis, Mode mode, bool antialias) {
  if (axis.from != axis.to) return false;
  // With a scale factor, which need not be 1, these modes copy to the same size, too.
  return axis.scale == 1 || (mode == Mode::linear && !antialias) || mode == Mode::area ||
         mode == Mode::nearest;
}

void check_options(const Tensor& x, const InterpolateOptions& options, Mode mode) {
  std::size_t spatial = x.ndim() - 2;
  bool sized = !options.size.empty();
  bool scaled = !options.scale_factor.empty();
  if (sized == scaled) throw ValueError("interpolate: expected either size or scale_factor");
  std::size_t given = sized ? options.size.size() : options.scale_factor.size();
  if (given != 1 && given != spatial) {
    throw ShapeError(
        fmt::format("interpolate: expected one number or {}, one for each spatial dimension of "
                    "{}, got {}",
                    spatial, to_string(x.shape()), given));
  }
  bool smooth = mode == Mode::linear || mode == Mode::cubic;
  if (options.align_corners && !smooth) {
    throw ValueError(fmt::format(
        "interpolate: align_corners applies to the linear modes and bicubic alone, the mode is {}",
        options.mode));
  }
  if (options.antialias && !(smooth && spatial == 2)) {
    throw ValueError(
        fmt::format("interpolate: antialias applies to the modes bilinear and bicubic alone, the "
                    "mode is {}",
                    options.mode));
  }
  if (options.recompute_scale_factor && sized)
    throw ValueError("interpolate: recompute_scale_factor needs a scale_factor, got size");
  bool nearest = mode == Mode::nearest || mode == Mode::nearest_exact;
  if (!is_floating(x.dtype()) && !(nearest && x.dtype() == uint8)) {
    throw DTypeError(
        fmt::format("interpolate: expected a floating tensor (or uint8 in a nearest mode), got {}; "
                    "convert it with to()",
                    name(x.dtype())));
  }
}

std::int64_t scaled_size(std::int64_t size, double factor) {
  double result = std::floor(static_cast<double>(size) * factor);
  if (!(factor > 0 && result < 1e15)) {
    throw ValueError(
        fmt::format("interpolate: a scale_factor of {} gives no size for a dimension of {}", factor, size));
  }
  return static_cast<std::int64_t>(result);
}

Axis axis_of(std::int64_t from, std::size_t i, const InterpolateOptions& options) {
  Axis axis{.from = from, .align_corners = options.align_corners.value_or(false)};
  double factor = 0;
  if (!options.size.empty()) {
    axis.to = options.size[options.size.size() == 1 ? 0 : i];
  } else {
    factor = options.scale_factor[options.scale_factor.size() == 1 ? 0 : i];
    axis.to = scaled_size(from, factor);
    if (options.recompute_scale_factor || options.mode == "area") factor = 0;
  }
  // 32 bits: products of two sizes cannot overflow.
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  std::int64_t least = options.mode == "area" ? 0 : 1;  // the mean over nothing is asked for nowhere
  if (from < 1 || axis.to < least || from > most || axis.to > most) {
    throw ShapeError(fmt::format("interpolate: expected positive sizes up to {}, got {} to be made {}", most,
                                 from, axis.to));
  }
  if (axis.align_corners)
    axis.scale = axis.to > 1 ? static_cast<double>(from - 1) / static_cast<double>(axis.to - 1) : 0;
  else
    axis.scale = factor > 0 ? 1 / factor : static_cast<double>(from) / static_cast<double>(axis.to);
  return axis;
}

Tensor resized_bytes(const Tensor& x, const std::vector<detail::LinearMap>& maps) {
  Tensor result = x;
  for (const auto& map : maps)
    result = index_select(result, static_cast<std::int64_t>(map.dim), tensor(map.taps.places));
  return maps.empty() ? clone(x) : result;
}

}  // namespace

Tensor interpolate(const Tensor& x, const InterpolateOptions& options) {
  if (x.ndim() < 3 || x.ndim() > 5) {
    throw ShapeError(fmt::format(
        "interpolate: expected x [N, C, d1, ...] with one to three spatial dimensions, got shape {}",
        to_string(x.shape())));
  }
  std::size_t spatial = x.ndim() - 2;
  Mode mode = mode_of(options.mode, spatial);
  check_options(x, options, mode);
  Shape shape = x.shape();
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < spatial; ++i) {
    axes.push_back(axis_of(x.shape()[i + 2], i, options));
    shape[i + 2] = axes.back().to;
  }
  if (shape[1] == 0) {
    throw ShapeError(
        fmt::format("interpolate: expected at least one channel, got shape {}", to_string(x.shape())));
  }
  if (x.numel() == 0) return reshape(x, shape);
  std::vector<detail::LinearMap> maps;
  for (std::size_t i = 0; i < spatial; ++i) {
    if (!is_identity(axes[i], mode, options.antialias))
      maps.push_back({i + 2, taps_along(axes[i], mode, options.antialias)});
  }
  // What shrinks most comes first: the less is left for the others. Rows are combined faster than elements
  // within a row, so that the last dimension comes where it is shortest.
  auto growth = [](const detail::LinearMap& map) {
    return static_cast<double>(map.taps.results()) / static_cast<double>(map.taps.sources);
  };
  std::ranges::sort(maps, [&](const detail::LinearMap& a, const detail::LinearMap& b) {
    if (growth(a) != growth(b)) return growth(a) < growth(b);
    return growth(a) < 1 ? a.dim < b.dim : a.dim > b.dim;
  });
  return is_floating(x.dtype()) ? detail::linear_maps("interpolate", x, std::move(maps))
                                : resized_bytes(x, maps);
}

}  // namespace xgrad
