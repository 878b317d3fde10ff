#include <xgrad/autograd/kernels/distance.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;

/// Calls `function(power)` with what a coordinate adds to a distance: `power.join(sum, difference)` before,
/// `power.finish(sum)` after the last.
template <class T, class Function>
void with_power(double p, const Function& function) {
  struct Plain {
    T finish(T sum) const { return sum; }
  };
  struct Zero : Plain {
    T join(T sum, T d) const { return sum + (d != 0 ? T(1) : T(0)); }
  };
  struct One : Plain {
    T join(T sum, T d) const { return sum + std::abs(d); }
  };
  struct Two {
    T join(T sum, T d) const { return sum + d * d; }
    T finish(T sum) const { return std::sqrt(sum); }
  };
  struct Infinite : Plain {
    T join(T sum, T d) const { return std::abs(d) > sum || std::isnan(d) ? std::abs(d) : sum; }
  };
  struct Any {
    T exponent;
    T join(T sum, T d) const { return sum + std::pow(std::abs(d), exponent); }
    T finish(T sum) const { return std::pow(sum, 1 / exponent); }
  };
  if (p == 0) return function(Zero{});
  if (p == 1) return function(One{});
  if (p == 2) return function(Two{});
  if (std::isinf(p)) return function(Infinite{});
  function(Any{static_cast<T>(p)});
}

/// The slope of a distance along a coordinate difference d.
template <class T>
T slope(T d, T distance, double p) {
  if (distance == 0 || d == 0) return T(0);
  T sign = d > 0 ? T(1) : d < 0 ? T(-1) : d;
  if (p == 1) return sign;
  if (std::isinf(p)) return std::abs(d) == distance ? sign : T(0);
  return sign * std::pow(std::abs(d) / distance, static_cast<T>(p - 1));
}

/// Rows of b that are worked on together: their columns stay in the cache.
constexpr int64_t block = 512;
/// Coordinates that make a range of rows worth a thread.
constexpr int64_t grain_work = 1 << 15;

int64_t grain_for(int64_t others, int64_t size) {
  double work =
      static_cast<double>(std::max<int64_t>(others, 1)) * static_cast<double>(std::max<int64_t>(size, 1));
  return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(grain_work) / work));
}

}  // namespace

Array distances(const Array& a, const Array& b, double p) {
  int64_t batch = a.shape()[0], rows = a.shape()[1], others = b.shape()[1], size = a.shape()[2];
  Array left = contiguous(a);
  // Coordinate by coordinate: the loop over the rows of b is the inner one and runs over whole registers.
  Array right = contiguous(b.view({batch, size, others}, {b.strides()[0], b.strides()[2], b.strides()[1]}));
  Array result = Array::zeros({batch, rows, others}, a.dtype());
  dispatch_floating(a.dtype(), [&]<class T>(TypeTag<T>) {
    with_power<T>(p, [&](auto power) {
      parallel_for(batch * rows, grain_for(others, size), [&](int64_t begin, int64_t end) {
        for (int64_t start = 0; start < others; start += block) {
          int64_t stop = std::min(others, start + block);
          for (int64_t i = begin; i < end; ++i) {
            const T* x = left.data<T>() + i * size;
            T* out = result.data<T>() + i * others;
            for (int64_t m = 0; m < size; ++m) {
              const T* y = right.data<T>() + (i / rows * size + m) * others;
              T coordinate = x[m];
              for (int64_t j = start; j < stop; ++j) out[j] = power.join(out[j], coordinate - y[j]);
            }
            for (int64_t j = start; j < stop; ++j) out[j] = power.finish(out[j]);
          }
        }
      });
    });
  });
  return result;
}

Array distances_backward(const Array& g, const Array& a, const Array& b, const Array& distances, double p) {
  int64_t batch = a.shape()[0], rows = a.shape()[1], others = b.shape()[1], size = a.shape()[2];
  Array result = Array::zeros(a.shape(), a.dtype());
  if (p == 0) return result;
  Array left = contiguous(a), right = contiguous(b), weights = contiguous(g), lengths = contiguous(distances);
  dispatch_floating(a.dtype(), [&]<class T>(TypeTag<T>) {
    parallel_for(batch * rows, grain_for(others, size), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* x = left.data<T>() + i * size;
        T* out = result.data<T>() + i * size;
        for (int64_t j = 0; j < others; ++j) {
          const T* y = right.data<T>() + (i / rows * others + j) * size;
          T weight = weights.data<T>()[i * others + j], length = lengths.data<T>()[i * others + j];
          if (p == 2) {
            T factor = length == 0 ? T(0) : weight / length;
            for (int64_t m = 0; m < size; ++m) out[m] += factor * (x[m] - y[m]);
          } else {
            for (int64_t m = 0; m < size; ++m) out[m] += weight * slope(x[m] - y[m], length, p);
          }
        }
      }
    });
  });
  return result;
}

}  // namespace xgrad::kernels
