#include <xgrad/autograd/kernels/grid_sample.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

using Mode = GridSampling::Mode;
using Outside = GridSampling::Outside;

/// A position along one dimension, in elements, and its derivative with respect to the coordinate.
template <class T>
struct Position {
  T at;
  T rate;
};

/// Into [0, size - 1]; nan gives 0. At the bounds the derivative is 0.
template <class T>
Position<T> clipped(Position<T> p, std::int64_t size) {
  T last = static_cast<T>(size - 1);
  if (!(p.at > 0)) return {T(0), T(0)};
  if (p.at >= last) return {last, T(0)};
  return p;
}

/// Mirrored at the edges of the image: the centres of the corner elements or, without align_corners, half an
/// element further out.
template <class T>
Position<T> reflected(Position<T> p, std::int64_t size, bool align_corners) {
  T low = align_corners ? T(0) : T(-0.5);
  T span = static_cast<T>(align_corners ? size - 1 : size);
  if (span <= 0) return {T(0), T(0)};
  T from_low = p.at - low;
  T rate = from_low < 0 ? -p.rate : p.rate;
  T along = std::fmod(std::abs(from_low), 2 * span);
  if (along >= span) return {2 * span - along + low, -rate};
  return {along + low, rate};
}

template <class T>
Position<T> brought_inside(Position<T> p, std::int64_t size, const GridSampling& sampling) {
  if (sampling.outside == Outside::zeros) return p;
  if (sampling.outside == Outside::reflection) p = reflected(p, size, sampling.align_corners);
  return clipped(p, size);
}

/// The elements read along one dimension, with their weights and the weights' derivatives.
template <class T>
struct Reach {
  int count = 0;
  std::int64_t places[4];
  T weights[4];
  T slopes[4];
  T fraction;
  T rate;
};

/// Cubic convolution with a = -0.75 at t in [0, 1]: the weights of the elements at -1, 0, 1, 2, then their
/// derivatives.
template <class T>
void set_cubic_weights(Reach<T>& reach, T t) {
  constexpr T a = T(-0.75);
  auto near = [](T x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  auto far = [](T x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  auto near_slope = [](T x) { return (3 * (a + 2) * x - 2 * (a + 3)) * x; };
  auto far_slope = [](T x) { return (3 * a * x - 10 * a) * x + 8 * a; };
  T weights[4] = {far(t + 1), near(t), near(1 - t), far(2 - t)};
  T slopes[4] = {far_slope(t + 1), near_slope(t), -near_slope(1 - t), -far_slope(2 - t)};
  std::copy_n(weights, 4, reach.weights);
  for (int k = 0; k < 4; ++k) reach.slopes[k] = slopes[k] * reach.rate;
}

template <class T>
Reach<T> reach_of(T coordinate, std::int64_t size, const GridSampling& sampling) {
  Position<T> p;
  T length = static_cast<T>(size);
  if (sampling.align_corners)
    p = {(coordinate + 1) / 2 * (length - 1), (length - 1) / 2};
  else
    p = {((coordinate + 1) * length - 1) / 2, length / 2};
  bool cubic = sampling.mode == Mode::bicubic;
  if (!cubic) p = brought_inside(p, size, sampling);
  // Far outside, where no integer may reach, is as good as just outside.
  constexpr T far = T(1e15);
  if (sampling.outside == Outside::zeros && !(p.at > -far && p.at < far)) p = {T(-100), T(0)};

  Reach<T> reach;
  reach.rate = p.rate;
  T below = sampling.mode != Mode::nearest ? std::floor(p.at)
            : sampling.halves_to_even      ? std::nearbyint(p.at)
                                           : std::round(p.at);
  reach.fraction = std::isfinite(below) ? p.at - below : T(0);
  if (cubic) {
    reach.count = 4;
    set_cubic_weights(reach, reach.fraction);
  } else if (sampling.mode == Mode::nearest) {
    reach.count = 1;
    reach.weights[0] = 1;
    reach.slopes[0] = 0;
  } else {
    reach.count = 2;
    reach.weights[0] = 1 - reach.fraction;
    reach.weights[1] = reach.fraction;
    reach.slopes[0] = -reach.rate;
    reach.slopes[1] = reach.rate;
  }
  for (int k = 0; k < reach.count; ++k) {
    T place = below + static_cast<T>(cubic ? k - 1 : k);
    if (cubic) place = brought_inside(Position<T>{place, T(0)}, size, sampling).at;
    reach.places[k] = place >= 0 && place < length ? static_cast<std::int64_t>(place) : -1;
  }
  return reach;
}

/// The elements of an image that one result reads.
template <class T>
struct Neighbours {
  int count = 0;
  std::int64_t offsets[16];
  T weights[16];
  T slopes[16][3];  ///< of the weight, with respect to each coordinate
};

/// What all kernels know of the shapes.
struct Field {
  Field(const Shape& shape, const Array& grid) {
    dims = static_cast<int>(shape.size()) - 2;
    batches = shape[0];
    channels = shape[1];
    for (int a = 0; a < dims; ++a) {  // coordinate a belongs to dimension a from the last
      sizes[a] = shape[shape.size() - 1 - static_cast<std::size_t>(a)];
      steps[a] = pixels;
      pixels *= sizes[a];
    }
    points = 1;
    for (std::size_t i = 1; i + 1 < grid.ndim(); ++i) points *= grid.shape()[i];
  }

  template <class T>
  Neighbours<T> neighbours(const T* coordinates, const GridSampling& sampling) const {
    Reach<T> reaches[3];
    int combinations = 1;
    for (int a = 0; a < dims; ++a) {
      reaches[a] = reach_of(coordinates[a], sizes[a], sampling);
      combinations *= reaches[a].count;
    }
    Neighbours<T> result;
    for (int k = 0; k < combinations; ++k) {
      int rest = k;
      bool inside = true;
      std::int64_t offset = 0;
      T weight = 1;
      T slopes[3] = {1, 1, 1};
      for (int a = 0; a < dims; ++a) {
        const Reach<T>& reach = reaches[a];
        int i = rest % reach.count;
        rest /= reach.count;
        inside = inside && reach.places[i] >= 0;
        offset += reach.places[i] * steps[a];
        weight *= reach.weights[i];
        for (int b = 0; b < dims; ++b) slopes[b] *= a == b ? reach.slopes[i] : reach.weights[i];
      }
      if (!inside) continue;
      result.offsets[result.count] = offset;
      result.weights[result.count] = weight;
      std::copy_n(slopes, 3, result.slopes[result.count]);
      ++result.count;
    }
    return result;
  }

  int dims;
  std::int64_t batches;
  std::int64_t channels;
  std::int64_t sizes[3] = {1, 1, 1};
  std::int64_t steps[3] = {0, 0, 0};
  std::int64_t pixels = 1;
  std::int64_t points;
};

constexpr std::int64_t grain_points = 1024;

}  // namespace

Array grid_sample(const Array& x, const Array& grid, const GridSampling& sampling) {
  Array from = contiguous(x);
  Array places = contiguous(grid);
  Field field(x.shape(), grid);
  Shape shape{x.shape()[0], x.shape()[1]};
  for (std::size_t i = 1; i + 1 < grid.ndim(); ++i) shape.push_back(grid.shape()[i]);
  Array result(shape, x.dtype());
  if (result.numel() == 0) return result;
  dispatch_floating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(field.batches * field.points, grain_points, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        Neighbours<T> near = field.neighbours(places.data<T>() + i * field.dims, sampling);
        const T* image = from.data<T>() + i / field.points * field.channels * field.pixels;
        T* to = result.data<T>() + i / field.points * field.channels * field.points + i % field.points;
        for (std::int64_t c = 0; c < field.channels; ++c) {
          T sum = 0;
          for (int k = 0; k < near.count; ++k)
            sum += near.weights[k] * image[c * field.pixels + near.offsets[k]];
          to[c * field.points] = sum;
        }
      }
    });
  });
  return result;
}

Array grid_sample_backward_input(const Array& g, const Shape& shape, const Array& grid,
                                 const GridSampling& sampling) {
  Array from = contiguous(g);
  Array places = contiguous(grid);
  Field field(shape, grid);
  Array result = Array::zeros(shape, g.dtype());
  if (g.numel() == 0) return result;
  dispatch_floating(g.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(field.batches, std::max<std::int64_t>(1, grain_points / field.points),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin * field.points; i < end * field.points; ++i) {
                     Neighbours<T> near = field.neighbours(places.data<T>() + i * field.dims, sampling);
                     T* image = result.data<T>() + i / field.points * field.channels * field.pixels;
                     const T* read =
                         from.data<T>() + i / field.points * field.channels * field.points + i % field.points;
                     for (std::int64_t c = 0; c < field.channels; ++c) {
                       for (int k = 0; k < near.count; ++k)
                         image[c * field.pixels + near.offsets[k]] +=
                             near.weights[k] * read[c * field.points];
                     }
                   }
                 });
  });
  return result;
}

Array grid_sample_backward_grid(const Array& g, const Array& x, const Array& grid,
                                const GridSampling& sampling) {
  Array from = contiguous(g);
  Array images = contiguous(x);
  Array places = contiguous(grid);
  Field field(x.shape(), grid);
  Array result(grid.shape(), grid.dtype());
  if (result.numel() == 0) return result;
  dispatch_floating(g.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(field.batches * field.points, grain_points, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        Neighbours<T> near = field.neighbours(places.data<T>() + i * field.dims, sampling);
        const T* image = images.data<T>() + i / field.points * field.channels * field.pixels;
        const T* read = from.data<T>() + i / field.points * field.channels * field.points + i % field.points;
        T slopes[3] = {0, 0, 0};
        for (int k = 0; k < near.count; ++k) {
          T product = 0;
          for (std::int64_t c = 0; c < field.channels; ++c)
            product += read[c * field.points] * image[c * field.pixels + near.offsets[k]];
          for (int a = 0; a < field.dims; ++a) slopes[a] += near.slopes[k][a] * product;
        }
        std::copy_n(slopes, field.dims, result.data<T>() + i * field.dims);
      }
    });
  });
  return result;
}

GridPositions grid_positions(const Array& coordinates, std::int64_t size, const GridSampling& sampling) {
  Array from = contiguous(coordinates);
  std::int64_t count = sampling.mode == Mode::nearest ? 1 : sampling.mode == Mode::bilinear ? 2 : 4;
  Shape shape = from.shape();
  GridPositions result;
  result.fraction = Array(shape, from.dtype());
  result.rate = Array(shape, from.dtype());
  shape.insert(0, count);
  result.places = Array(shape, int64);
  dispatch_floating(from.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::int64_t total = from.numel();
    for (std::int64_t i = 0; i < total; ++i) {
      Reach<T> reach = reach_of(from.data<T>()[i], size, sampling);
      result.fraction.data<T>()[i] = reach.fraction;
      result.rate.data<T>()[i] = reach.rate;
      for (std::int64_t k = 0; k < count; ++k)
        result.places.data<std::int64_t>()[k * total + i] = reach.places[k];
    }
  });
  return result;
}

}  // namespace xgrad::kernels
