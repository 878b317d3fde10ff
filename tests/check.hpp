#pragma once

#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

/// One function that checks an operation, and one row a case: see check_operation.
namespace check {

using xgrad::Shape;
using xgrad::Tensor;
using Call = std::function<Tensor(const std::vector<Tensor>&)>;

/// A case of check_operation. Only `name`, `call` and `example` must be given.
struct Operation {
  std::string name;
  Call call;
  /// Inputs, and what comes of them.
  std::vector<Tensor> example;
  Tensor expected;
  /// Sets of input shapes whose gradients are checked against differences, to the second order: ordinary
  /// ones, broadcasting ones, 0-d ones, empty ones.
  std::vector<std::vector<Shape>> shapes = {};
  /// Sets of input shapes that must throw.
  std::vector<std::vector<Shape>> throwing = {};
  /// The numbers lie in [low, high], away from `kinks`.
  double low = -2;
  double high = 2;
  std::vector<double> kinks = {};
  bool differentiable = true;
  bool zero_gradient = false;  ///< constant between jumps
  double tolerance = 1e-12;    ///< of the value, relative and absolute
};

/// Checks value, float32 value, gradient, gradient of the gradient, every memory layout, and errors. Reports
/// what fails through doctest.
void check_operation(const Operation& operation);

/// float64 numbers in nested braces.
inline Tensor numbers(std::initializer_list<xgrad::detail::Nested> values) {
  return xgrad::tensor(values, xgrad::float64);
}

/// f of every element.
Tensor each(const Tensor& x, const std::function<double(double)>& f);
/// f of every pair of elements of two tensors of one shape.
Tensor each(const Tensor& x, const Tensor& y, const std::function<double(double, double)>& f);

/// Fresh float64 numbers in [low, high], none closer than 0.05 to a kink, the same in every run.
Tensor spread_numbers(const Shape& shape, double low, double high, const std::vector<double>& kinks,
                      std::uint64_t seed);

/// The same numbers over column-major memory, and over every second element of a larger one.
Tensor transposed_memory(const Tensor& x);
Tensor stepped_memory(const Tensor& x);

/// Same shape and dtype, and |a - b| <= tolerance * max(1, |b|); nan equals nan, infinities their like.
bool agree(const Tensor& a, const Tensor& b, double tolerance);

}  // namespace check
