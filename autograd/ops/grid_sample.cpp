// The part of ops/resampling.hpp that reads at places of a grid.

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/grid_sample.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/resampling.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

using kernels::GridSampling;

GridSampling sampling_of(const GridSampleOptions& options, std::size_t dims) {
  GridSampling sampling;
  sampling.align_corners = options.align_corners;
  sampling.halves_to_even = dims == 2;  // PyTorch rounds otherwise in volumes
  if (options.mode == "bilinear")
    sampling.mode = GridSampling::Mode::bilinear;
  else if (options.mode == "nearest")
    sampling.mode = GridSampling::Mode::nearest;
  else if (options.mode == "bicubic" && dims == 2)
    sampling.mode = GridSampling::Mode::bicubic;
  else
    throw ValueError(fmt::format(
        "grid_sample: expected the mode bilinear, nearest or, for images [N, C, H, W], bicubic, got \"{}\"",
        options.mode));
  if (options.padding_mode == "zeros")
    sampling.outside = GridSampling::Outside::zeros;
  else if (options.padding_mode == "border")
    sampling.outside = GridSampling::Outside::border;
  else if (options.padding_mode == "reflection")
    sampling.outside = GridSampling::Outside::reflection;
  else
    throw ValueError(
        fmt::format("grid_sample: expected the padding_mode zeros, border or reflection, got \"{}\"",
                    options.padding_mode));
  return sampling;
}

// The same again in differentiable operations, for gradients of gradients
// ------------------------------------------------------

/// Where one coordinate of all points lies along its dimension of the image.
struct Along {
  std::vector<Tensor> places;   ///< of the elements read, 0 where there is none
  std::vector<Tensor> weights;  ///< 0 where there is none
};

std::vector<Tensor> weights_at(const Tensor& t, GridSampling::Mode mode) {
  if (mode == GridSampling::Mode::nearest) return {ones_like(t)};
  if (mode == GridSampling::Mode::bilinear) return {1 - t, t};
  constexpr double a = -0.75;
  auto near = [](const Tensor& x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  auto far = [](const Tensor& x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

Along along(const Tensor& coordinate, std::int64_t size, const GridSampling& sampling) {
  kernels::GridPositions positions = kernels::grid_positions(coordinate.array(), size, sampling);
  Tensor fraction = record(
      "grid_position", positions.fraction,
      exact_gradient(
          coordinate, [](const Tensor& g, const Tensor& rate) { return g * rate; }, Tensor(positions.rate)));
  Along result;
  result.weights = weights_at(fraction, sampling.mode);
  for (std::size_t k = 0; k < result.weights.size(); ++k) {
    Tensor places = Tensor(positions.places)[static_cast<std::int64_t>(k)];
    result.weights[k] = result.weights[k] * ge(places, 0).to(coordinate.dtype());
    result.places.push_back(clamp(places, 0));
  }
  return result;
}

/// x [N, C, image...] at grid [N, points..., dims].
Tensor sample_in_steps(const Tensor& x, const Tensor& grid, const GridSampling& sampling) {
  std::size_t dims = x.ndim() - 2;
  Tensor pixels = flatten(x, 2);
  Tensor points = flatten(grid, 1, -2);
  // All combinations of elements along the dimensions, one dimension after the other.
  std::vector<Tensor> places{zeros({x.shape()[0], points.shape()[1]}, int64)};
  std::vector<Tensor> weights{ones({x.shape()[0], points.shape()[1]}, x.dtype())};
  std::int64_t step = 1;
  for (std::size_t d = 0; d < dims; ++d) {
    std::int64_t size = x.shape()[x.ndim() - 1 - d];
    Along here = along(select(points, -1, static_cast<std::int64_t>(d)), size, sampling);
    std::vector<Tensor> next_places;
    std::vector<Tensor> next_weights;
    for (std::size_t i = 0; i < places.size(); ++i) {
      for (std::size_t k = 0; k < here.places.size(); ++k) {
        next_places.push_back(places[i] + here.places[k] * step);
        next_weights.push_back(weights[i] * here.weights[k]);
      }
    }
    places = std::move(next_places);
    weights = std::move(next_weights);
    step *= size;
  }
  Shape shape{x.shape()[0], x.shape()[1], points.shape()[1]};
  Tensor total = zeros(shape, x.dtype());
  for (std::size_t i = 0; i < places.size(); ++i)
    total = total + gather(pixels, 2, expand(unsqueeze(places[i], 1), shape)) * unsqueeze(weights[i], 1);
  return total;
}

std::array<Tensor, 2> gradients_in_steps(const Tensor& g, const detail::Wanted<2>& wanted, const Tensor& x,
                                         const Tensor& grid, const GridSampling& sampling) {
  // Fresh places in the graph: x and the grid may depend on each other, and each counts by itself here.
  std::array<Tensor, 2> inputs{reshape(x, x.shape()), reshape(grid, grid.shape())};
  Tensor y = sample_in_steps(inputs[0], inputs[1], sampling);
  std::array<Tensor, 2> gradients;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!wanted[i]) continue;
    Tensor start = flatten(g, 2);
    gradients[i] = grad(std::span(&y, 1), std::span(&inputs[i], 1), std::span(&start, 1),
                        {.create_graph = true, .allow_unused = true})
                       .front();
  }
  return gradients;
}

void check_shapes(const Tensor& x, const Tensor& grid) {
  std::size_t dims = x.ndim() < 2 ? 0 : x.ndim() - 2;
  bool fits = (dims == 2 || dims == 3) && grid.ndim() == x.ndim() && grid.shape()[0] == x.shape()[0] &&
              grid.size(-1) == static_cast<std::int64_t>(dims);
  for (std::size_t d = 2; fits && d < x.ndim(); ++d) fits = x.shape()[d] > 0;
  if (!fits) {
    throw ShapeError(
        fmt::format("grid_sample: expected x [N, C, H, W] and grid [N, Ho, Wo, 2], or x [N, C, D, H, W] and "
                    "grid [N, Do, Ho, "
                    "Wo, 3]: x is {}, grid is {}",
                    to_string(x.shape()), to_string(grid.shape())));
  }
  if (!is_floating(x.dtype()) || x.dtype() != grid.dtype()) {
    throw DTypeError(fmt::format("grid_sample: expected one floating dtype: x is {}, grid is {}",
                                 name(x.dtype()), name(grid.dtype())));
  }
}

}  // namespace

Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options) {
  check_shapes(x, grid);
  GridSampling sampling = sampling_of(options, x.ndim() - 2);
  return record_joint(
      "grid_sample", kernels::grid_sample(x.array(), grid.array(), sampling), std::array{&x, &grid},
      [sampling](const Tensor& g, const detail::Wanted<2>& wanted, const Tensor& input,
                 const Tensor& places) {
        if (is_grad_enabled()) return gradients_in_steps(g, wanted, input, places, sampling);
        std::array<Tensor, 2> gradients;
        if (wanted[0]) {
          gradients[0] =
              Tensor(kernels::grid_sample_backward_input(g.array(), input.shape(), places.array(), sampling));
        }
        if (wanted[1]) {
          gradients[1] =
              Tensor(kernels::grid_sample_backward_grid(g.array(), input.array(), places.array(), sampling));
        }
        return gradients;
      },
      x, grid);
}

namespace {

/// The coordinates of the elements' centres along a dimension.
Tensor centers(std::int64_t size, bool align_corners, DType dtype) {
  if (size <= 1) return zeros({size}, dtype);
  Tensor even = linspace(-1, 1, size, dtype);
  return align_corners ? even : even * (static_cast<double>(size - 1) / static_cast<double>(size));
}

}  // namespace

Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners) {
  std::size_t dims = size.size() < 2 ? 0 : size.size() - 2;
  bool fits = (dims == 2 || dims == 3) && theta.ndim() == 3 && theta.shape()[0] == size[0] &&
              theta.shape()[1] == static_cast<std::int64_t>(dims) &&
              theta.shape()[2] == static_cast<std::int64_t>(dims) + 1;
  for (std::int64_t number : size) fits = fits && number > 0;
  if (!fits) {
    throw ShapeError(
        fmt::format("affine_grid: expected theta [N, 2, 3] and a size [N, C, H, W], or theta [N, 3, 4] and "
                    "[N, C, D, H, W], all "
                    "positive: theta is {}, size is {}",
                    to_string(theta.shape()), to_string(size)));
  }
  if (!is_floating(theta.dtype()))
    throw DTypeError(fmt::format("affine_grid: expected a floating theta, got {}", name(theta.dtype())));
  Shape points(size.begin() + 2, size.end());
  std::vector<Tensor> coordinates;  // column first
  for (std::size_t d = dims; d-- > 0;) {
    Shape line = Shape::filled(dims, 1);
    line[d] = points[d];
    coordinates.push_back(expand(reshape(centers(points[d], align_corners, theta.dtype()), line), points));
  }
  coordinates.push_back(ones(points, theta.dtype()));
  Tensor base = flatten(stack(coordinates, -1), 0, -2);
  Shape shape{size[0]};
  for (std::int64_t number : points) shape.push_back(number);
  shape.push_back(static_cast<std::int64_t>(dims));
  return reshape(matmul(unsqueeze(base, 0), mT(theta)), shape);
}

}  // namespace xgrad
