#include <xgrad/autograd/kernels/orthonormal.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

constexpr std::int64_t work = 32768;  // multiplications that are worth a thread

double dot(const double* a, const double* b, std::int64_t length) {
  constexpr std::int64_t width = 8;  // partial sums side by side, for vector registers
  double sums[width] = {};
  std::int64_t i = 0;
  for (; i + width <= length; i += width) {
    for (std::int64_t k = 0; k < width; ++k) sums[k] += a[i + k] * b[i + k];
  }
  double sum = 0;
  for (; i < length; ++i) sum += a[i] * b[i];
  for (double partial : sums) sum += partial;
  return sum;
}

/// Takes from `vector` its parts along the first `count` vectors.
void project_out(const double* vectors, std::int64_t count, std::int64_t length, double* vector,
                 double* parts) {
  parallel_for(count, std::max<std::int64_t>(1, work / length), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) parts[i] = dot(vectors + i * length, vector, length);
  });
  std::int64_t grain = std::max<std::int64_t>(64, work / std::max<std::int64_t>(1, count));
  parallel_for(length, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = 0; i < count; ++i) {
      const double* direction = vectors + i * length;
      double part = parts[i];
      for (std::int64_t k = begin; k < end; ++k) vector[k] -= part * direction[k];
    }
  });
}

}  // namespace

void orthonormalize(double* vectors, std::int64_t count, std::int64_t length) {
  std::vector<double> parts(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    double* vector = vectors + i * length;
    for (int pass = 0; pass < 2; ++pass) project_out(vectors, i, length, vector, parts.data());
    double norm = std::sqrt(dot(vector, vector, length));
    for (std::int64_t k = 0; norm > 0 && k < length; ++k) vector[k] /= norm;
  }
}

}  // namespace xgrad::kernels
