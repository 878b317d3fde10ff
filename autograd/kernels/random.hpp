#pragma once

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/array/random.hpp>

/// Fresh row-major arrays of random numbers. Element i depends on the generator's seed, its position and i
/// alone.
namespace xgrad::kernels {

/// Uniform in [low, high). Floating dtypes.
XGRAD_API Array uniform(Shape shape, DType dtype, double low, double high, Generator& generator);
/// Normal with this mean and standard deviation. Floating dtypes.
XGRAD_API Array normal(Shape shape, DType dtype, double mean, double standard_deviation,
                       Generator& generator);
/// 1 with probability `p`, else 0. Any dtype.
XGRAD_API Array bernoulli(Shape shape, DType dtype, double p, Generator& generator);
/// Integers, uniform in [low, high), as any dtype that holds them.
XGRAD_API Array integers(Shape shape, DType dtype, std::int64_t low, std::int64_t high, Generator& generator);
/// 0 .. n-1 in random order, int64.
XGRAD_API Array permutation(std::int64_t n, Generator& generator);

}  // namespace xgrad::kernels
