#include <xgrad/autograd/ops/norm.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/matrix_norm.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/reduction_dims.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {

using namespace detail;
using kernels::DimSet;

Tensor detail::norm_input(const char* name, const Tensor& x, std::optional<DType> dtype) {
  require_floating(name, x);
  if (!dtype) return x;
  if (promote_types(x.dtype(), *dtype) != *dtype) {
    throw DTypeError(fmt::format("{}: the dtype must not be narrower than the input: x is {}, dtype is {}",
                                 name, xgrad::name(x.dtype()), xgrad::name(*dtype)));
  }
  return to(x, *dtype);
}

namespace {

/// x with 1 in place of 0, for denominators whose quotient is not used where they are 0.
Tensor without_zeros(const Tensor& x) { return where(x == 0, 1, x); }

/// The shares of the elements equal to the extreme.
Tensor extreme_norm_gradient(const Tensor& g, const Tensor& x, const Tensor& norms, const DimSet& dims) {
  Tensor extreme = spread(norms, x.shape(), dims);
  Tensor hit = logical_or(abs(x) == extreme, logical_and(isnan(x), isnan(extreme)));
  Tensor hits = sum_over(to(hit, x.dtype()), dims, norms.ndim() == x.ndim());
  return where(hit, sign(x), 0) * spread(g / hits, x.shape(), dims);
}

Tensor norm_gradient(const Tensor& g, const Tensor& x, const Tensor& norms, double p, const DimSet& dims) {
  const Shape& full = x.shape();
  if (p == 0) return zeros_like(x);
  if (p == 1) return sign(x) * spread(g, full, dims);
  if (std::isinf(p)) return extreme_norm_gradient(g, x, norms, dims);
  Tensor nonzero = without_zeros(norms);
  if (p == 2) return x * spread(where(norms == 0, 0, g / nonzero), full, dims);
  // sign(x) * (|x| / norm)^(p - 1)
  Tensor shares = pow(without_zeros(abs(x)) / spread(nonzero, full, dims), p - 1);
  return where(x == 0, 0, sign(x) * shares) * spread(where(norms == 0, 0, g), full, dims);
}

/// The numbers of a norm.
Array norms_of(const Tensor& x, double p, const DimSet& dims, bool keepdim) {
  NoGrad off;
  if (std::isinf(p)) {
    return p > 0 ? kernels::amax(abs(x).array(), dims, keepdim)
                 : kernels::amin(abs(x).array(), dims, keepdim);
  }
  Tensor sums(kernels::power_sum(x.array(), p, dims, keepdim));
  if (p == 0 || p == 1) return sums.array();
  return p == 2 ? sqrt(sums).array() : pow(sums, 1 / p).array();
}

Tensor norm_over(const char* name, const Tensor& x, double p, const Dims& dims, bool keepdim,
                 std::optional<DType> dtype) {
  Tensor input = norm_input(name, x, dtype);
  DimSet set = dim_set(name, input, dims);
  if (p < 0 || p == std::numeric_limits<double>::infinity()) require_elements(name, input, set);
  return record(name, norms_of(input, p, set, keepdim),
                gradient(
                    input,
                    [p, set](const Tensor& g, const Tensor& elements, const Tensor& norms) {
                      return norm_gradient(g, elements, norms, p, set);
                    },
                    input, result));
}

}  // namespace

Tensor linalg::vector_norm(const Tensor& x, double ord, const Dims& dims, bool keepdim,
                           std::optional<DType> dtype) {
  return norm_over("linalg.vector_norm", x, ord, dims, keepdim, dtype);
}

Tensor norm(const Tensor& x, double p, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  return norm_over("norm", x, p, dims, keepdim, dtype);
}

Tensor norm(const Tensor& x, std::string_view p, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  if (p != "fro" && p != "nuc")
    throw ValueError(fmt::format("norm: expected p \"fro\", \"nuc\" or a number, got \"{}\"", p));
  DimSet set = dim_set("norm", x, dims);
  std::size_t named = dims ? dims->size() : 0;
  if (p == "fro") {
    if (named > 2) {
      throw ShapeError(
          fmt::format("norm: \"fro\" is over at most two dimensions, got {}; use 2", to_string(*dims)));
    }
    return norm(x, 2, dims, keepdim, dtype);
  }
  if (set.count() != 2 || x.ndim() < 2) {
    throw ShapeError(fmt::format("norm: \"nuc\" is over two dimensions of a tensor, got {} of {}",
                                 set.count(), to_string(x.shape())));
  }
  return linalg::matrix_norm(norm_input("norm", x, dtype), p, dims.value_or(Shape{0, 1}), keepdim);
}

Tensor renorm(const Tensor& x, double p, std::int64_t dim, double maxnorm) {
  require_floating("renorm", x);
  if (x.ndim() < 2) {
    throw ShapeError(
        fmt::format("renorm: expected at least two dimensions, got shape {}", to_string(x.shape())));
  }
  std::size_t at = wrap_dim("renorm", dim, x.ndim());
  if (!(p > 0)) throw ValueError(fmt::format("renorm: expected p above 0, got {}", p));
  if (!(maxnorm >= 0))
    throw ValueError(fmt::format("renorm: expected a maxnorm of 0 or more, got {}", maxnorm));
  if (x.numel() == 0) return clone(x);
  Shape others;
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    if (i != at) others.push_back(static_cast<std::int64_t>(i));
  }
  Tensor norms = norm(x, p, others, true);
  return x * where(norms > maxnorm, maxnorm / (norms + 1e-7), 1);
}

}  // namespace xgrad
