#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

const Tensor table = numbers({{1, -2, 0.5, 4}, {3, 0.25, -1, 2}});

Operation scan(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& expected,
               std::vector<std::vector<Shape>> shapes, std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {table},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

const std::vector<std::vector<Shape>> any_shape = {{{2, 3, 2}}, {{5}},    {{}},    {{0}},
                                                   {{2, 0}},    {{0, 2}}, {{1, 1}}};

}  // namespace

TEST_CASE("scans have the value and the gradients that they should") {
  auto log_sums = [](const Tensor& x) { return log(cumsum(exp(x), -1)); };
  const Operation rows[] = {
      scan(
          "cumsum over -1", [](const Tensor& x) { return cumsum(x, -1); },
          numbers({{1, -1, -0.5, 3.5}, {3, 3.25, 2.25, 4.25}}), any_shape),
      scan(
          "cumsum over 0", [](const Tensor& x) { return cumsum(x, 0); },
          numbers({{1, -2, 0.5, 4}, {4, -1.75, -0.5, 6}}), any_shape),
      scan("cumsum over 1", [](const Tensor& x) { return cumsum(x, 1); },
           numbers({{1, -1, -0.5, 3.5}, {3, 3.25, 2.25, 4.25}}), {{{2, 3, 2}}}, {{{3}}, {{}}}),
      scan(
          "cumprod over -1", [](const Tensor& x) { return cumprod(x, -1); },
          numbers({{1, -2, -1, -4}, {3, 0.75, -0.75, -1.5}}), any_shape),
      scan(
          "cumprod over 0", [](const Tensor& x) { return cumprod(x, 0); },
          numbers({{1, -2, 0.5, 4}, {3, -0.5, -0.5, 8}}), any_shape),
      scan("cumprod over -2", [](const Tensor& x) { return cumprod(x, -2); },
           numbers({{1, -2, 0.5, 4}, {3, -0.5, -0.5, 8}}), {{{2, 3, 2}}}, {{{3}}, {{}}}),
      scan(
          "logcumsumexp over -1", [](const Tensor& x) { return logcumsumexp(x, -1); }, log_sums(table),
          any_shape),
      scan(
          "logcumsumexp over 0", [](const Tensor& x) { return logcumsumexp(x, 0); }, log_sums(table.t()).t(),
          any_shape),
      scan("logcumsumexp over 1", [](const Tensor& x) { return logcumsumexp(x, 1); }, log_sums(table),
           {{{2, 3, 2}}}, {{{3}}}),
      scan(
          "cummax over -1", [](const Tensor& x) { return cummax(x, -1).first; },
          numbers({{1, 1, 1, 4}, {3, 3, 3, 3}}), any_shape),
      scan(
          "cummax over 0", [](const Tensor& x) { return cummax(x, 0).first; },
          numbers({{1, -2, 0.5, 4}, {3, 0.25, 0.5, 4}}), any_shape),
      scan("cummin over 1", [](const Tensor& x) { return cummin(x, 1).first; },
           numbers({{1, -2, -2, -2}, {3, 0.25, -1, -1}}), {{{2, 3, 2}}, {{2, 5}}}, {{{3}}, {{}}}),
      scan("diff", [](const Tensor& x) { return diff(x); }, numbers({{-3, 2.5, 3.5}, {-2.75, -1.25, 3}}),
           {{{4}}, {{2, 3}}, {{1}}, {{0}}, {{2, 0}}}, {{{}}}),
      scan("diff twice over 0", [](const Tensor& x) { return diff(x, 2, 0); }, zeros({0, 4}, float64),
           {{{4}}, {{3, 2}}, {{1, 2}}}, {{{}}}),
      scan("diff, not at all", [](const Tensor& x) { return diff(x, 0); }, table, {{{4}}, {{1}}}),
      scan("trapezoid", [](const Tensor& x) { return trapezoid(x, 0.5); }, numbers({0.5, 0.875}),
           {{{4}}, {{2, 3}}, {{1}}, {{0}}, {{2, 0}}}, {{{}}}),
      scan("trapezoid over 0", [](const Tensor& x) { return trapezoid(x, 2, 0); },
           numbers({4, -1.75, -0.5, 6}), {{{4}}, {{3, 2}}}, {{{}}}),
      scan("cumulative_trapezoid", [](const Tensor& x) { return cumulative_trapezoid(x, 2); },
           numbers({{-1, -2.5, 2}, {3.25, 2.5, 3.5}}), {{{4}}, {{2, 3}}, {{1}}, {{0}}}, {{{}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("differences and integrals of two tensors have the gradients that they should") {
  const Tensor points = numbers({0, 1, 3, 3.5});
  const Operation rows[] = {
      {.name = "diff with prepend and append",
       .call = [](const std::vector<Tensor>& in) { return diff(in[0], 1, -1, in[1], in[2]); },
       .example = {table, numbers({{0}, {1}}), numbers({{4, 5}, {2, 0}})},
       .expected = numbers({{1, -3, 2.5, 3.5, 0, 1}, {2, -2.75, -1.25, 3, 0, -2}}),
       .shapes = {{{2, 3}, {2, 1}, {2, 2}}, {{3}, {1}, {2}}, {{2, 0}, {2, 1}, {2, 1}}},
       .throwing = {{{2, 3}, {3, 1}, {2, 1}}, {{2, 3}, {3}, {2, 1}}}},
      {.name = "trapezoid at points",
       .call = [](const std::vector<Tensor>& in) { return trapezoid(in[0], in[1]); },
       .example = {table, points},
       .expected = numbers({-0.5 - 1.5 + 1.125, 1.625 - 0.75 + 0.25}),
       .shapes = {{{2, 3}, {3}}, {{3}, {3}}, {{2, 3}, {2, 3}}, {{2, 2, 3}, {2, 3}}, {{1}, {1}}, {{0}, {0}}},
       .throwing = {{{2, 3}, {2}}, {{2, 3}, {2, 4}}, {{2, 3}, {3, 3}}, {{}, {1}}}},
      {.name = "cumulative_trapezoid at points",
       .call = [](const std::vector<Tensor>& in) { return cumulative_trapezoid(in[0], in[1], -1); },
       .example = {table, points},
       .expected = numbers({{-0.5, -2, -0.875}, {1.625, 0.875, 1.125}}),
       .shapes = {{{2, 3}, {3}}, {{3}, {3}}, {{2, 3}, {2, 3}}, {{1}, {1}}},
       .throwing = {{{2, 3}, {2}}, {{2, 3}, {2, 4}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("the gradient of a running product is right where factors are 0, to the second order") {
  for (const Tensor& x : {numbers({2, 0, 3, 1.5}), numbers({0, 2, 0, 3}), numbers({0, 0}), numbers({0})}) {
    auto product = [](const Tensor& v) { return cumprod(v, 0); };
    CHECK(gradcheck(product, {x}, {.allow_zero = true}));
    CHECK(gradgradcheck(product, {x}, {.allow_zero = true}));
  }
  // d3(xyz) / dx dy dz = 1, also at 0
  Tensor x = zeros({3}, float64).requires_grad_();
  Tensor first = grad(cumprod(x, 0).select(0, 2), x, {}, {.create_graph = true});
  Tensor second = grad(first.select(0, 0), x, {}, {.create_graph = true});
  Tensor third = grad(second.select(0, 1), x);
  CHECK(equal(third, numbers({0, 0, 1})));
}

TEST_CASE("scans of integers are int64, unless a dtype says otherwise") {
  CHECK(equal(cumsum(tensor({1, 2, 3}, int32), 0), tensor({1, 3, 6}, int64)));
  CHECK(cumsum(tensor({1, 2, 3}, uint8), 0).dtype() == int64);
  CHECK(equal(cumsum(tensor({true, true, false}), 0), tensor({1, 2, 2}, int64)));
  CHECK(equal(cumprod(tensor({2, 3}, uint8), 0), tensor({2, 6}, int64)));
  CHECK(cumsum(tensor({1, 2}, int64), 0, float64).dtype() == float64);
  CHECK(equal(cumsum(numbers({1.5, 1.5}), 0, int32), tensor({1, 2}, int32)));
  CHECK_THROWS_AS(cumsum(tensor({1, 2}, int64), 0, boolean), DTypeError);
  CHECK(logcumsumexp(tensor({1, 2}, int64), 0).dtype() == default_dtype());
  CHECK(equal(diff(tensor({true, false, false})), tensor({true, false})));
  CHECK(equal(diff(tensor({4, 1}, int64)), tensor({-3}, int64)));
  CHECK_THROWS_AS(trapezoid(tensor({true, false})), DTypeError);
  CHECK(cumsum(full({3}, INT64_MAX, int64), 0).select(0, 1).item<std::int64_t>() == -2);
}

TEST_CASE("running extremes keep the latest place on a tie, and nan once it came") {
  auto [values, places] = cummax(numbers({1, 1, 0.5, 2, 2, 0.5}), 0);
  CHECK(equal(values, numbers({1, 1, 1, 2, 2, 2})));
  CHECK(equal(places, tensor({0, 1, 1, 3, 4, 4}, int64)));
  CHECK(equal(cummin(tensor({3, 3, 5, 1}, int64), 0).second, tensor({0, 1, 1, 3}, int64)));
  for (const Tensor& x :
       {numbers({1, NAN, 3, NAN, 5}), numbers({{1}, {NAN}, {3}, {NAN}, {5}}) * ones({2}, float64)}) {
    auto [best, at] = cummax(x, 0);
    Tensor line = at.ndim() == 1 ? at : at.select(1, 1);
    CHECK(equal(line, tensor({0, 1, 1, 3, 3}, int64)));
    CHECK(equal(isnan(best.ndim() == 1 ? best : best.select(1, 0)), tensor({false, true, true, true, true})));
  }
  CHECK(equal(cummax(tensor({false, true, false}), 0).first, tensor({false, true, true})));
  Tensor x = numbers({1, 3, 3, 2}).requires_grad_();
  cummax(x, 0).first.sum().backward();
  CHECK(equal(x.grad(), numbers({1, 1, 2, 0})));
}

TEST_CASE("logcumsumexp neither overflows nor underflows, and knows infinities") {
  Tensor x = numbers({-INFINITY, -INFINITY, -1000, -1000, 1000, 0}).requires_grad_();
  Tensor y = logcumsumexp(x, 0);
  CHECK(check::agree(y, numbers({-INFINITY, -INFINITY, -1000, -1000 + std::log(2), 1000, 1000}), 1e-15));
  y.select(0, 5).backward();
  CHECK(equal(x.grad(), numbers({0, 0, 0, 0, 1, 0})));
  x.set_grad({});
  logcumsumexp(x, 0).select(0, 3).backward();
  CHECK(check::agree(x.grad(), numbers({0, 0, 0.5, 0.5, 0, 0}), 1e-12));
  CHECK(logcumsumexp(numbers({1, INFINITY, INFINITY}), 0).select(0, 2).item() == INFINITY);
  CHECK(std::isnan(logcumsumexp(numbers({1, NAN, 2}), 0).select(0, 2).item()));
}

TEST_CASE("large scans are those of their parts, in every layout") {
  for (const Shape& shape : {Shape{3, 700, 9}, Shape{37, 129}, Shape{2, 3, 1100}, Shape{5000}}) {
    Tensor x = check::spread_numbers(shape, -1, 1, {}, 5);
    for (std::int64_t dim = 0; dim < static_cast<std::int64_t>(x.ndim()); ++dim) {
      CAPTURE(to_string(shape));
      CAPTURE(dim);
      Tensor y = cumsum(x, dim);
      Tensor logs = logcumsumexp(x, dim);
      Tensor most = cummax(x, dim).first;
      std::int64_t last = x.size(dim) - 1;
      for (std::int64_t end : {std::int64_t{0}, last / 2, last}) {
        Tensor part = x.narrow(dim, 0, end + 1);
        CHECK(check::agree(y.select(dim, end), sum(part, Shape{dim}), 1e-12));
        CHECK(check::agree(logs.select(dim, end), logsumexp(part, Shape{dim}), 1e-12));
        CHECK(equal(most.select(dim, end), amax(part, Shape{dim})));
      }
      CHECK(check::agree(cumsum(x.to(float32), dim), y.to(float32), 1e-5));
      CHECK(check::agree(logcumsumexp(x.to(float32), dim), logs.to(float32), 1e-5));
    }
  }
}

TEST_CASE("scans do not depend on the number of threads") {
  Tensor x = check::spread_numbers({70, 300, 20}, -1, 1, {}, 3).to(float32);
  int before = num_threads();
  for (std::int64_t dim = 0; dim < 3; ++dim) {
    set_num_threads(1);
    Tensor one = cumsum(x, dim) + logcumsumexp(x, dim) + cummin(x, dim).first + cumprod(x, dim);
    set_num_threads(4);
    CHECK(equal(cumsum(x, dim) + logcumsumexp(x, dim) + cummin(x, dim).first + cumprod(x, dim), one));
  }
  set_num_threads(before);
}

TEST_CASE("wrong arguments of scans are errors") {
  CHECK_THROWS_AS(cumsum(table, 2), IndexError);
  CHECK_THROWS_AS(cummax(table, INT64_MIN), IndexError);
  CHECK_THROWS_AS(diff(table, -1), ValueError);
  CHECK_THROWS_AS(diff(table, 1, 2), IndexError);
  CHECK(diff(table, INT64_MAX).shape() == Shape{2, 0});
  CHECK(equal(diff(tensor({true, false}), 1, 0, tensor({3}, int64)), tensor({-2, -1}, int64)));
  CHECK_THROWS_AS(trapezoid(table, 1, 3), IndexError);
}
