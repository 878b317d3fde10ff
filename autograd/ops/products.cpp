#include <xgrad/autograd/ops/products.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/rearrange.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// Throws unless the factors have these numbers of dimensions and one dtype.
void check_factors(const char* name, const Tensor& a, const Tensor& b, std::size_t a_dims,
                   std::size_t b_dims) {
  if (a.ndim() != a_dims || b.ndim() != b_dims) {
    throw ShapeError(fmt::format("{}: expected factors of {} and {} dimensions, got {} and {}", name, a_dims,
                                 b_dims, to_string(a.shape()), to_string(b.shape())));
  }
  detail::require_same_dtype(name, "a", a, "b", b);
}

/// beta * input + alpha * product.
Tensor added(const char* name, const Tensor& input, const Tensor& product, Scalar beta, Scalar alpha) {
  if (input.dtype() != product.dtype()) {
    throw DTypeError(fmt::format("{}: expected one dtype, the input is {}, the product {}", name,
                                 xgrad::name(input.dtype()), xgrad::name(product.dtype())));
  }
  if (!is_floating(product.dtype()) && (beta.is_floating() || alpha.is_floating()))
    throw DTypeError(fmt::format("{}: beta and alpha must be whole numbers beside integers", name));
  Tensor start = expand(input, product.shape());
  Tensor scaled = alpha.to<double>() == 1 ? product : mul(product, alpha);
  if (beta.to<double>() == 0) return scaled;
  return add(scaled, beta.to<double>() == 1 ? start : mul(start, beta));
}

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  check_factors("mm", a, b, 2, 2);
  return matmul(a, b);
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  check_factors("bmm", a, b, 3, 3);
  if (a.shape()[0] != b.shape()[0]) {
    throw ShapeError(fmt::format("bmm: expected batches of one size, got {} and {}", to_string(a.shape()),
                                 to_string(b.shape())));
  }
  return matmul(a, b);
}

Tensor mv(const Tensor& a, const Tensor& vector) {
  check_factors("mv", a, vector, 2, 1);
  return matmul(a, vector);
}

Tensor outer(const Tensor& a, const Tensor& b) {
  if (a.ndim() != 1 || b.ndim() != 1) {
    throw ShapeError(fmt::format("outer: expected two vectors, got {} and {}", to_string(a.shape()),
                                 to_string(b.shape())));
  }
  return mul(unsqueeze(a, 1), unsqueeze(b, 0));
}

Tensor tensordot(const Tensor& a, const Tensor& b, const Shape& dims_a, const Shape& dims_b) {
  check_factors("tensordot", a, b, a.ndim(), b.ndim());
  if (dims_a.size() != dims_b.size()) {
    throw ShapeError(fmt::format("tensordot: expected as many dimensions of both, got {} and {}",
                                 to_string(dims_a), to_string(dims_b)));
  }
  struct Side {
    Shape kept, order, shape;
    std::int64_t summed = 1;
  };
  auto side = [](const Tensor& x, const Shape& dims, bool summed_first) {
    Side result;
    std::vector<bool> taken(x.ndim(), false);
    Shape summed;
    for (std::int64_t dim : dims) {
      if (x.ndim() == 0) throw IndexError("tensordot: a 0-d tensor has no dimension to sum over");
      std::size_t at = wrap_dim("tensordot", dim, x.ndim());
      if (taken[at]) throw ShapeError(fmt::format("tensordot: dimension {} is named twice", at));
      taken[at] = true;
      summed.push_back(static_cast<std::int64_t>(at));
      result.summed *= x.shape()[at];
    }
    for (std::size_t d = 0; d < x.ndim(); ++d) {
      if (taken[d]) continue;
      result.kept.push_back(static_cast<std::int64_t>(d));
      result.shape.push_back(x.shape()[d]);
    }
    for (const Shape* part : {summed_first ? &summed : &result.kept, summed_first ? &result.kept : &summed}) {
      for (std::int64_t d : *part) result.order.push_back(d);
    }
    return result;
  };
  Side left = side(a, dims_a, false);
  Side right = side(b, dims_b, true);
  for (std::size_t i = 0; i < dims_a.size(); ++i) {
    if (a.size(dims_a[i]) != b.size(dims_b[i])) {
      throw ShapeError(fmt::format("tensordot: dimension {} of {} and {} of {} differ in size", dims_a[i],
                                   to_string(a.shape()), dims_b[i], to_string(b.shape())));
    }
  }
  Tensor rows = reshape(permute(a, left.order), {left.shape.elements(), left.summed});
  Tensor columns = reshape(permute(b, right.order), {right.summed, right.shape.elements()});
  Shape shape = left.shape;
  for (std::int64_t size : right.shape) shape.push_back(size);
  return reshape(matmul(rows, columns), shape);
}

Tensor inner(const Tensor& a, const Tensor& b) {
  if (a.ndim() == 0 || b.ndim() == 0) return mul(a, b);
  if (a.size(-1) != b.size(-1)) {
    throw ShapeError(fmt::format("inner: expected last dimensions of one size, got {} and {}",
                                 to_string(a.shape()), to_string(b.shape())));
  }
  return tensordot(a, b, {-1}, {-1});
}

Tensor kron(const Tensor& a, const Tensor& b) {
  std::size_t rank = std::max(a.ndim(), b.ndim());
  Shape a_shape, b_shape, result;
  for (std::size_t d = 0; d < rank; ++d) {
    std::int64_t m = d + a.ndim() < rank ? 1 : a.shape()[d + a.ndim() - rank];
    std::int64_t n = d + b.ndim() < rank ? 1 : b.shape()[d + b.ndim() - rank];
    a_shape.push_back(m);
    a_shape.push_back(1);
    b_shape.push_back(1);
    b_shape.push_back(n);
    result.push_back(saturating_product(m, n));
  }
  return reshape(mul(reshape(a, a_shape), reshape(b, b_shape)), result);
}

Tensor trace(const Tensor& a) {
  if (a.ndim() != 2) throw ShapeError(fmt::format("trace: expected a matrix, got {}", to_string(a.shape())));
  return sum(diagonal(a));
}

Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return added("addmm", input, mm(a, b), beta, alpha);
}
Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& vector, Scalar beta, Scalar alpha) {
  return added("addmv", input, mv(a, vector), beta, alpha);
}
Tensor addr(const Tensor& input, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return added("addr", input, outer(a, b), beta, alpha);
}
Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return added("baddbmm", input, bmm(a, b), beta, alpha);
}
Tensor addbmm(const Tensor& input, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return added("addbmm", input, sum(bmm(a, b), Shape{0}), beta, alpha);
}

Tensor linalg::vecdot(const Tensor& x, const Tensor& y, std::int64_t dim) {
  check_factors("vecdot", x, y, x.ndim(), y.ndim());
  Tensor product = mul(x, y);
  wrap_dim("vecdot", dim, product.ndim());
  return sum(product, Shape{dim});
}

Tensor linalg::cross(const Tensor& a, const Tensor& b, std::int64_t dim) {
  check_factors("cross", a, b, a.ndim(), a.ndim());
  Shape full = broadcast_shapes("cross", a.shape(), b.shape());
  std::size_t at = wrap_dim("cross", dim, full.size());
  if (full.empty() || a.shape()[at] != 3 || b.shape()[at] != 3) {
    throw ShapeError(fmt::format("cross: expected dimension {} of size 3, got {} and {}", dim,
                                 to_string(a.shape()), to_string(b.shape())));
  }
  auto turned = [dim](const Tensor& x, std::int64_t shift) { return roll(x, shift, dim); };
  return sub(mul(turned(a, -1), turned(b, -2)), mul(turned(a, -2), turned(b, -1)));
}

Tensor cross(const Tensor& a, const Tensor& b, std::optional<std::int64_t> dim) {
  if (dim) return linalg::cross(a, b, *dim);
  Shape full = broadcast_shapes("cross", a.shape(), b.shape());
  auto first = std::find(full.begin(), full.end(), 3);
  if (first == full.end()) {
    throw ShapeError(fmt::format("cross: expected a dimension of size 3, got {} and {}", to_string(a.shape()),
                                 to_string(b.shape())));
  }
  return linalg::cross(a, b, first - full.begin());
}

}  // namespace xgrad
