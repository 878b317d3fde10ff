#include <xgrad/autograd/ops/solve.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/solve.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {

using namespace detail;

void detail::require_regular(const char* name, const Array& info) {
  for (std::int64_t i = 0; i < info.numel(); ++i) {
    if (std::int32_t at = info.data<std::int32_t>()[i]; at > 0) {
      std::string which = info.ndim() == 0 ? "the matrix" : fmt::format("matrix {} of the batch", i);
      throw ValueError(
          fmt::format("{}: {} is singular: diagonal element {} of its factor U is 0; lstsq and pinv take "
                      "singular matrices",
                      name, which, at - 1));
    }
  }
}

// Inverses ------------------------------------------------------------------------------------------

namespace {

Tensor inverse_from(const char* name, const Tensor& a, const kernels::LuFactors& lu) {
  return record(
      name, kernels::lu_inverse(lu),
      exact_gradient(
          a, [](const Tensor& g, const Tensor& y) { return neg(matmul(y.mT(), matmul(g, y.mT()))); },
          result));
}

Tensor checked_inverse(const char* name, const Tensor& a) {
  kernels::LuFactors lu = kernels::lu_factor(a.array());
  require_regular(name, lu.info);
  return inverse_from(name, a, lu);
}

}  // namespace

Tensor detail::inverse_or_nan(const Tensor& a) {
  return inverse_from("linalg.inv", a, kernels::lu_factor(a.array()));
}

Tensor linalg::inv(const Tensor& A) {
  require_floating("linalg.inv", A);
  require_square("linalg.inv", "A", A);
  return checked_inverse("linalg.inv", A);
}

Tensor linalg::tensorinv(const Tensor& A, std::int64_t ind) {
  const char* name = "linalg.tensorinv";
  require_floating(name, A);
  if (ind <= 0) throw ValueError(fmt::format("{}: expected a positive ind, got {}", name, ind));
  auto cut = static_cast<std::size_t>(std::min(ind, static_cast<std::int64_t>(A.ndim())));
  Shape front(A.shape().begin(), A.shape().begin() + cut);
  Shape shape(A.shape().begin() + cut, A.shape().end());
  std::int64_t rows = front.elements();
  if (rows != shape.elements()) {
    throw ShapeError(
        fmt::format("{}: expected sizes of one product in front of dimension {} and behind: A is "
                    "{}, with {} and {}",
                    name, ind, to_string(A.shape()), rows, shape.elements()));
  }
  for (std::int64_t size : front) shape.push_back(size);
  return reshape(checked_inverse(name, reshape(A, {rows, rows})), shape);
}

// General systems -----------------------------------------------------------------------------------

namespace {

void check_system(const char* name, const Tensor& a, const Tensor& b, bool left) {
  if (a.size(-1) != b.size(left ? -2 : -1)) {
    throw ShapeError(fmt::format("{}: the {} of B must be as many as those of A: A is {}, B is {}", name,
                                 left ? "rows" : "columns", to_string(a.shape()), to_string(b.shape())));
  }
}

/// A X = B for matrices B with the batch of the result.
Tensor solve_matrices(const char* name, const Tensor& a, const Tensor& b) {
  kernels::LuFactors lu = kernels::lu_factor(a.array());
  require_regular(name, lu.info);
  Array numbers = kernels::lu_solve(lu, b.array(), false);
  return record_joint(
      "linalg.solve", std::move(numbers), std::array{&a, &b},
      [](const Tensor& g, const Wanted<2>& wanted, const Tensor& matrix, const Tensor& x,
         const Tensor& factors, const Tensor& pivots) {
        std::array<Tensor, 2> gradients;
        if (is_grad_enabled())
          gradients[1] = solve_matrices("linalg.solve", matrix.mT(), g);
        else
          gradients[1] = Tensor(kernels::lu_solve({factors.array(), pivots.array(), {}}, g.array(), true));
        if (wanted[0]) gradients[0] = sum_to_shape(neg(matmul(gradients[1], x.mT())), matrix.shape());
        return gradients;
      },
      a, result, Tensor(lu.factors), Tensor(lu.pivots));
}

}  // namespace

bool detail::holds_vectors(const Tensor& a, const Tensor& b) {
  return b.ndim() == 1 || Shape(a.shape().begin(), a.shape().end() - 1) == b.shape();
}

Tensor linalg::solve(const Tensor& A, const Tensor& B, bool left) {
  const char* name = "linalg.solve";
  require_floating(name, A);
  require_square(name, "A", A);
  require_same_dtype(name, "A", A, "B", B);
  if (holds_vectors(A, B)) {
    if (!left) {
      throw ShapeError(
          fmt::format("{}: vectors cannot stand to the left of A: A is {}, B is {}; use B / A for "
                      "1 by 1 matrices",
                      name, to_string(A.shape()), to_string(B.shape())));
    }
    return squeeze(solve(A, unsqueeze(B, -1)), -1);
  }
  require_matrix(name, "B", B);
  check_system(name, A, B, left);
  if (!left) return solve(A.mT(), B.mT()).mT();
  return solve_matrices(name, A, expand_batch(B, broadcast_shapes(name, batch_shape(A), batch_shape(B))));
}

Tensor linalg::tensorsolve(const Tensor& A, const Tensor& B, const Shape& dims) {
  const char* name = "linalg.tensorsolve";
  require_floating(name, A);
  require_same_dtype(name, "A", A, "B", B);
  Tensor moved = A;
  if (!dims.empty()) {
    Shape order;
    std::vector<bool> last(A.ndim());
    for (std::int64_t dim : dims) {
      std::size_t at = wrap_dim(name, dim, A.ndim());
      if (at >= A.ndim() || last[at]) {
        throw ShapeError(fmt::format("{}: dimension {} is named twice in {}", name, at, to_string(dims)));
      }
      last[at] = true;
    }
    for (std::size_t i = 0; i < A.ndim(); ++i) {
      if (!last[i]) order.push_back(static_cast<std::int64_t>(i));
    }
    for (std::int64_t dim : dims) order.push_back(static_cast<std::int64_t>(wrap_dim(name, dim, A.ndim())));
    moved = permute(A, order);
  }
  std::size_t cut = std::min(B.ndim(), A.ndim());
  Shape shape(moved.shape().begin() + cut, moved.shape().end());
  std::int64_t rows = B.numel();
  if (shape.elements() != rows || A.numel() != rows * rows) {
    throw ShapeError(
        fmt::format("{}: the sizes of A behind those of B must have the product {}: A is {}, B is "
                    "{}",
                    name, rows, to_string(moved.shape()), to_string(B.shape())));
  }
  return reshape(solve(reshape(moved, {rows, rows}), reshape(B, {rows})), shape);
}

// Triangular systems --------------------------------------------------------------------------------

namespace {

Tensor triangular(const Tensor& a, const Tensor& b, bool upper, bool left, bool unit) {
  return record_joint(
      "linalg.solve_triangular", kernels::solve_triangular(a.array(), b.array(), upper, left, unit),
      std::array{&a, &b},
      [upper, left, unit](const Tensor& g, const Wanted<2>& wanted, const Tensor& matrix, const Tensor& x) {
        std::array<Tensor, 2> gradients;
        gradients[1] = triangular(matrix.mT(), g, !upper, left, unit);
        if (wanted[0]) {
          Tensor whole = left ? matmul(gradients[1], x.mT()) : matmul(x.mT(), gradients[1]);
          whole = neg(sum_to_shape(whole, matrix.shape()));
          gradients[0] = upper ? triu(whole, unit ? 1 : 0) : tril(whole, unit ? -1 : 0);
        }
        return gradients;
      },
      a, result);
}

}  // namespace

Tensor linalg::solve_triangular(const Tensor& A, const Tensor& B, bool upper, bool left, bool unitriangular) {
  const char* name = "linalg.solve_triangular";
  require_floating(name, A);
  require_square(name, "A", A);
  require_matrix(name, "B", B);
  require_same_dtype(name, "A", A, "B", B);
  check_system(name, A, B, left);
  Shape batch = broadcast_shapes(name, batch_shape(A), batch_shape(B));
  return triangular(A, expand_batch(B, batch), upper, left, unitriangular);
}

TriangularSolve triangular_solve(const Tensor& b, const Tensor& A, bool upper, bool transpose,
                                 bool unitriangular) {
  require_matrix("triangular_solve", "A", A);
  Tensor matrix = transpose ? A.mT() : A;
  return {linalg::solve_triangular(matrix, b, upper != transpose, true, unitriangular), clone(A)};
}

}  // namespace xgrad
