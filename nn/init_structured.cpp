// First values that have a structure: truncated, diagonal, orthogonal and sparse ones.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/orthonormal.hpp>
#include <xgrad/autograd/kernels/random.hpp>
#include <xgrad/autograd/kernels/special.hpp>
#include <xgrad/nn/init.hpp>

namespace xgrad::nn::init {
namespace {

Generator& or_default(Generator* generator) {
  return generator != nullptr ? *generator : default_generator();
}

void require_floating(const char* operation, const Tensor& tensor) {
  if (is_floating(tensor.dtype())) return;
  throw DTypeError(fmt::format("{}: expected a floating tensor, got {}", operation, name(tensor.dtype())));
}

void require_matrix(const char* operation, const Tensor& tensor) {
  if (tensor.ndim() == 2) return;
  throw ShapeError(fmt::format("{}: expected two dimensions, got {}", operation, to_string(tensor.shape())));
}

/// Writes row-major float64 numbers.
Tensor write(Tensor tensor, const Array& numbers) {
  NoGrad off;
  tensor.copy_(Tensor(numbers.try_reshape(tensor.shape())));
  return tensor;
}

/// The normal distribution up to x.
double cumulative(double x) { return (1 + std::erf(x / std::sqrt(2.0))) / 2; }

}  // namespace

Tensor trunc_normal_(const Tensor& tensor, double mean, double standard_deviation, double a, double b,
                     Generator* generator) {
  require_floating("trunc_normal_", tensor);
  if (!(standard_deviation > 0)) {
    throw ValueError(
        fmt::format("trunc_normal_: expected a positive standard deviation, got {}", standard_deviation));
  }
  if (!(a <= b)) throw ValueError(fmt::format("trunc_normal_: expected a <= b, got {} and {}", a, b));
  double low = 2 * cumulative((a - mean) / standard_deviation) - 1;
  double high = 2 * cumulative((b - mean) / standard_deviation) - 1;
  if (std::isnan(low) || std::isnan(high))
    throw ValueError(fmt::format("trunc_normal_: expected a finite mean, got {}", mean));
  Array numbers = kernels::uniform(tensor.shape(), float64, low, high, or_default(generator));
  constexpr double below_one = 1 - 0x1p-53;  // erfinv(1) is infinite
  for (std::int64_t i = 0; i < numbers.numel(); ++i) {
    double& x = numbers.data<double>()[i];
    x = mean +
        standard_deviation * std::sqrt(2.0) * kernels::special::erfinv(std::clamp(x, -below_one, below_one));
    x = std::clamp(x, a, b);
  }
  return write(tensor, numbers);
}

Tensor eye_(const Tensor& tensor) {
  require_matrix("eye_", tensor);
  Array numbers = Array::zeros(tensor.shape(), float64);
  std::int64_t columns = tensor.shape()[1];
  for (std::int64_t i = 0; i < std::min(tensor.shape()[0], columns); ++i)
    numbers.data<double>()[i * columns + i] = 1;
  return write(tensor, numbers);
}

Tensor dirac_(const Tensor& tensor, std::int64_t groups) {
  const Shape& shape = tensor.shape();
  if (shape.size() < 3 || shape.size() > 5)
    throw ShapeError(fmt::format("dirac_: expected 3 to 5 dimensions, got {}", to_string(shape)));
  if (groups < 1 || shape[0] % groups != 0) {
    throw ValueError(
        fmt::format("dirac_: expected groups that divide {}, the first size, got {}", shape[0], groups));
  }
  Array numbers = Array::zeros(shape, float64);
  if (numbers.numel() == 0) return tensor;
  std::int64_t kernel = 1;
  std::int64_t middle = 0;
  for (std::size_t i = 2; i < shape.size(); ++i) {
    kernel *= shape[i];
    middle = middle * shape[i] + shape[i] / 2;
  }
  std::int64_t outputs = shape[0] / groups;
  for (std::int64_t out = 0; out < shape[0]; ++out) {
    std::int64_t in = out % outputs;
    if (in < shape[1]) numbers.data<double>()[(out * shape[1] + in) * kernel + middle] = 1;
  }
  return write(tensor, numbers);
}

Tensor orthogonal_(const Tensor& tensor, double gain, Generator* generator) {
  require_floating("orthogonal_", tensor);
  if (tensor.ndim() < 2) {
    throw ShapeError(
        fmt::format("orthogonal_: expected at least two dimensions, got {}", to_string(tensor.shape())));
  }
  if (tensor.numel() == 0) return tensor;
  std::int64_t rows = tensor.shape()[0];
  std::int64_t columns = tensor.numel() / rows;
  std::int64_t count = std::min(rows, columns);
  std::int64_t length = std::max(rows, columns);
  Array vectors = kernels::normal({count, length}, float64, 0, 1, or_default(generator));
  kernels::orthonormalize(vectors.data<double>(), count, length);
  for (std::int64_t i = 0; i < vectors.numel(); ++i) vectors.data<double>()[i] *= gain;
  if (rows == count) return write(tensor, vectors);
  NoGrad off;
  Tensor result = tensor;
  result.copy_(Tensor(vectors).t().reshape(tensor.shape()));
  return result;
}

Tensor sparse_(const Tensor& tensor, double sparsity, double standard_deviation, Generator* generator) {
  require_floating("sparse_", tensor);
  require_matrix("sparse_", tensor);
  if (!(sparsity >= 0 && sparsity <= 1))
    throw ValueError(fmt::format("sparse_: expected a sparsity in [0, 1], got {}", sparsity));
  if (!(standard_deviation >= 0)) {
    throw ValueError(
        fmt::format("sparse_: expected a standard deviation of 0 or more, got {}", standard_deviation));
  }
  std::int64_t rows = tensor.shape()[0];
  std::int64_t columns = tensor.shape()[1];
  auto zeros = static_cast<std::int64_t>(std::ceil(sparsity * static_cast<double>(rows)));
  Generator& source = or_default(generator);
  Array numbers = kernels::normal(tensor.shape(), float64, 0, standard_deviation, source);
  for (std::int64_t column = 0; column < columns && rows > 0; ++column) {
    Array order = kernels::permutation(rows, source);
    for (std::int64_t i = 0; i < zeros; ++i)
      numbers.data<double>()[order.data<std::int64_t>()[i] * columns + column] = 0;
  }
  return write(tensor, numbers);
}

}  // namespace xgrad::nn::init
