#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Inputs = std::vector<Tensor>;

const Tensor stretched = numbers({{0, 3}, {2, 0}, {0, 0}});  // singular values 3 and 2

Tensor symmetric(const Tensor& x) { return (x + x.mT()) / 2; }

Operation of_matrix(const char* name, std::function<Tensor(const Tensor&)> f, const Tensor& a,
                    const Tensor& expected, std::vector<std::vector<Shape>> shapes) {
  return {.name = name,
          .call = [f](const Inputs& in) { return f(in[0]); },
          .example = {a},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = {{{3}}, {{}}}};
}

bool orthonormal_columns(const Tensor& q) {
  return check::agree(matmul(q.mT(), q),
                      expand(eye(q.size(-1), q.size(-1), float64), matmul(q.mT(), q).shape()), 1e-13);
}

}  // namespace

TEST_CASE("decompositions have the values and the gradients that they should") {
  const Operation rows[] = {
      of_matrix("qr: |Q|", [](const Tensor& a) { return abs(linalg::qr(a).Q); }, stretched,
                numbers({{0, 1}, {1, 0}, {0, 0}}), {{{4, 3}}, {{3, 3}}, {{2, 4, 2}}, {{2, 4}}, {{0, 3, 2}}}),
      of_matrix("qr: |R|", [](const Tensor& a) { return abs(linalg::qr(a).R); }, stretched,
                numbers({{2, 0}, {0, 3}}), {{{4, 3}}, {{3, 3}}, {{2, 2, 4}}}),
      of_matrix("qr complete of a square matrix: |Q| + |R|",
                [](const Tensor& a) {
                  auto [q, r] = linalg::qr(a, "complete");
                  return abs(q) + abs(r);
                },
                numbers({{0, 2}, {1, 0}}), numbers({{1, 1}, {1, 2}}), {{{3, 3}}}),
      of_matrix("svd: |U|", [](const Tensor& a) { return abs(linalg::svd(a, false).U); }, stretched,
                numbers({{1, 0}, {0, 1}, {0, 0}}), {{{4, 3}}, {{3, 3}}, {{2, 2, 4}}}),
      of_matrix("svd: |Vh|", [](const Tensor& a) { return abs(linalg::svd(a, false).Vh); }, stretched,
                numbers({{0, 1}, {1, 0}}), {{{4, 3}}, {{2, 4}}, {{2, 3, 3}}}),
      of_matrix("svd: all three together",
                [](const Tensor& a) {
                  auto [u, s, vh] = linalg::svd(a, false);
                  return matmul(u * unsqueeze(s * s, -2), vh);
                },
                stretched, numbers({{0, 9}, {4, 0}, {0, 0}}), {{{4, 3}}, {{2, 2, 3}}, {{1, 1}}}),
      of_matrix("svd full: the first columns of |U|",
                [](const Tensor& a) { return abs(narrow(linalg::svd(a).U, -1, 0, 2)); }, stretched,
                numbers({{1, 0}, {0, 1}, {0, 0}}), {{{3, 2}}}),
      of_matrix("svdvals", linalg::svdvals, stretched, numbers({3, 2}), {{{4, 3}}, {{2, 2, 4}}, {{0, 3, 2}}}),
      of_matrix("eigh: values", [](const Tensor& a) { return linalg::eigh(symmetric(a)).eigenvalues; },
                numbers({{2, 1}, {1, 2}}), numbers({1, 3}), {{{3, 3}}, {{2, 4, 4}}, {{1, 1}}, {{0, 2, 2}}}),
      of_matrix("eigh: |vectors|",
                [](const Tensor& a) { return abs(linalg::eigh(symmetric(a)).eigenvectors); },
                numbers({{1, 0}, {0, 2}}), numbers({{1, 0}, {0, 1}}), {{{3, 3}}, {{2, 4, 4}}}),
      of_matrix("eigvalsh", [](const Tensor& a) { return linalg::eigvalsh(symmetric(a), "U"); },
                numbers({{2, 1}, {1, 2}}), numbers({1, 3}), {{{3, 3}}}),
      of_matrix("pinv", [](const Tensor& a) { return linalg::pinv(a); }, stretched,
                numbers({{0, 0.5, 0}, {1.0 / 3, 0, 0}}), {{{4, 3}}, {{2, 2, 3}}, {{3, 3}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
  check::check_operation({.name = "householder_product",
                          .call = [](const Inputs& in) { return linalg::householder_product(in[0], in[1]); },
                          .example = {numbers({{7, 7}, {1, 7}, {0, 0}}), numbers({1, 2})},
                          .expected = numbers({{0, 1}, {-1, 0}, {0, 0}}),
                          .shapes = {{{4, 3}, {2}}, {{3, 3}, {3}}, {{2, 4, 2}, {2, 1}}, {{3, 2}, {0}}},
                          .throwing = {{{2, 3}, {2}}, {{3, 2}, {3}}, {{2, 3, 2}, {2}}}});
  check::check_operation({.name = "lstsq",
                          .call = [](const Inputs& in) { return linalg::lstsq(in[0], in[1]).solution; },
                          .example = {stretched, numbers({3, 4, 9})},
                          .expected = numbers({2, 1}),
                          .shapes = {{{4, 2}, {4, 3}}, {{2, 4}, {2, 1}}, {{3, 3}, {3}}, {{2, 4, 2}, {4, 1}}},
                          .throwing = {{{3, 2}, {2, 1}}, {{3}, {3}}}});
}

TEST_CASE("factors are orthogonal, and their product is the matrix") {
  Generator generator(3);
  for (const Shape& shape : {Shape{5, 3}, Shape{3, 5}, Shape{2, 4, 4}, Shape{1, 3}, Shape{3, 1}}) {
    CAPTURE(to_string(shape));
    Tensor a = randn(shape, float64, &generator);
    for (bool full : {false, true}) {
      auto [u, s, vh] = linalg::svd(a, full);
      CHECK(orthonormal_columns(u));
      CHECK(orthonormal_columns(vh.mT()));
      std::int64_t k = s.size(-1);
      CHECK(check::agree(matmul(narrow(u, -1, 0, k) * unsqueeze(s, -2), narrow(vh, -2, 0, k)), a, 1e-13));
    }
    for (const char* mode : {"reduced", "complete"}) {
      auto [q, r] = linalg::qr(a, mode);
      CHECK(orthonormal_columns(q));
      CHECK(check::agree(matmul(q, r), a, 1e-13));
      CHECK(equal(r, triu(r)));
    }
    auto [p, l, u] = linalg::lu(a);
    CHECK(check::agree(matmul(p, matmul(l, u)), a, 1e-13));
    CHECK(check::agree(matmul(matmul(a, linalg::pinv(a)), a), a, 1e-12));
  }
  Tensor s = symmetric(randn({3, 4, 4}, float64, &generator));
  for (const char* triangle : {"L", "U"}) {
    Tensor half = triangle[0] == 'L' ? tril(s) : triu(s);  // the other triangle is not read
    auto [w, v] = linalg::eigh(half, triangle);
    CHECK(check::agree(matmul(v * unsqueeze(w, -2), v.mT()), s, 1e-13));
    CHECK(check::agree(linalg::eigvalsh(half, triangle), w, 1e-13));
  }
}

TEST_CASE("what has no gradient says so in backward") {
  Tensor a = stretched.clone().requires_grad_();
  CHECK_THROWS_AS(sum(linalg::qr(a, "r").R).backward(), GraphError);
  CHECK_THROWS_AS(sum(linalg::qr(a, "complete").Q).backward(), GraphError);
  CHECK_FALSE(linalg::matrix_rank(a).requires_grad());
}

TEST_CASE("ranks count the singular values above a bound") {
  Tensor a = numbers({{1, 0, 0}, {0, 1e-3, 0}, {0, 0, 1e-20}});
  CHECK(linalg::matrix_rank(a).item<std::int64_t>() == 2);
  CHECK(linalg::matrix_rank(a, {.atol = 0.01}).item<std::int64_t>() == 1);
  CHECK(linalg::matrix_rank(a, {.rtol = 0.0}).item<std::int64_t>() == 3);
  CHECK(linalg::matrix_rank(a, {.hermitian = true}).item<std::int64_t>() == 2);
  CHECK(linalg::matrix_rank(zeros({2, 0, 3}, float64)).shape() == Shape{2});
  CHECK(check::agree(linalg::pinv(a, {.atol = 0.01}), numbers({{1, 0, 0}, {0, 0, 0}, {0, 0, 0}}), 1e-15));
  CHECK(check::agree(linalg::pinv(a, {.rtol = 0.01, .hermitian = true}),
                     numbers({{1, 0, 0}, {0, 0, 0}, {0, 0, 0}}), 1e-15));
}

TEST_CASE("every driver of least squares finds the solution") {
  Generator generator(5);
  Tensor a = randn({6, 3}, float64, &generator), b = randn({6, 2}, float64, &generator);
  Tensor expected = matmul(linalg::pinv(a), b);
  Tensor residuals = sum(square(matmul(a, expected) - b), Shape{0});
  for (const char* driver : {"gelsy", "gels", "gelsd", "gelss"}) {
    CAPTURE(driver);
    auto [solution, rest, rank, values] = linalg::lstsq(a, b, std::nullopt, driver);
    CHECK(check::agree(solution, expected, 1e-12));
    if (rest.numel() > 0) CHECK(check::agree(rest, residuals, 1e-12));
    if (rank.numel() > 0) CHECK(rank.item<std::int64_t>() == 3);
    if (values.numel() > 0) CHECK(check::agree(values, linalg::svdvals(a), 1e-12));
  }
  CHECK_THROWS_AS(linalg::lstsq(a, b, std::nullopt, "qr"), ValueError);
  CHECK(linalg::lstsq(zeros({0, 3}, float64), zeros({0, 2}, float64)).solution.shape() == Shape{3, 2});
}

TEST_CASE("wrong modes, names and numbers that are not finite are refused") {
  Tensor nan = full({2, 2}, std::nan(""), float64);
  Tensor infinite = full({2, 2}, std::numeric_limits<double>::infinity(), float64);
  CHECK_THROWS_AS(linalg::qr(stretched, "thin"), ValueError);
  CHECK_THROWS_AS(linalg::eigh(numbers({{1}}), "X"), ValueError);
  CHECK_THROWS_AS(linalg::eigh(stretched), ShapeError);
  for (const Tensor& bad : {nan, infinite}) {
    CHECK_THROWS_AS(linalg::svd(bad), ValueError);
    CHECK_THROWS_AS(linalg::eigh(bad), ValueError);
    CHECK_THROWS_AS(linalg::pinv(bad), ValueError);
    CHECK_THROWS_AS(linalg::lstsq(bad, bad), ValueError);
  }
  CHECK_THROWS_AS(linalg::svd(tensor({{1, 2}}, int64)), DTypeError);
  CHECK_THROWS_AS(linalg::qr(tensor({{1, 2}}, int64)), DTypeError);
}
