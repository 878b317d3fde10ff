#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

TEST_CASE("derivatives are functions again") {
  auto f = [](const Tensor& v) { return sum(pow(v, 3)); };
  Tensor x = numbers({1, 2});
  CHECK(check::agree(grad(f)(x), numbers({3, 12}), 1e-14));
  auto [value, slope] = value_and_grad(f)(x);
  CHECK(value.item() == 9);
  CHECK(check::agree(slope, numbers({3, 12}), 1e-14));
  CHECK(check::agree(hessian(f)(x), numbers({{6, 0}, {0, 12}}), 1e-14));
  auto slope_sum = [&](const Tensor& v) { return sum(grad(f)(v)); };
  CHECK(check::agree(grad(slope_sum)(x), numbers({6, 12}), 1e-14));
  auto curvature_sum = [&](const Tensor& v) { return sum(grad(slope_sum)(v)); };
  CHECK(check::agree(grad(curvature_sum)(x), numbers({6, 6}), 1e-14));
  CHECK_FALSE(grad(f)(x).requires_grad());
}

TEST_CASE("Jacobians and products with them") {
  auto f = [](const Tensor& v) { return stack({v[0] * v[1], sin(v[0]), v[1] * v[1]}); };
  Tensor x = numbers({0.5, 2});
  Tensor expected = numbers({{2, 0.5}, {std::cos(0.5), 0}, {0, 4}});
  CHECK(check::agree(jacobian(f)(x), expected, 1e-14));
  CHECK(check::agree(vjp(f, x, numbers({1, 2, 3})).second, matmul(numbers({1, 2, 3}), expected), 1e-14));
  CHECK(check::agree(jvp(f, x, numbers({1, -1})).second, matmul(expected, numbers({1, -1})), 1e-14));
  auto g = [](const Tensor& v) { return sum(exp(v * v)); };
  CHECK(check::agree(hvp(g, x, numbers({1, 2})).second, matmul(hessian(g)(x), numbers({1, 2})), 1e-12));
  auto constant = [](const Tensor&) { return numbers({1, 2}); };
  CHECK(equal(jacobian(constant)(x), zeros({2, 2}, float64)));
  CHECK_THROWS_AS(jvp(f, x, numbers({1})), ShapeError);
  CHECK_THROWS_AS(grad(f)(x), GraphError);
}

namespace {
/// A gradient that is wrong by a factor.
struct WrongSine : Function<WrongSine> {
  static Tensor forward(Context& context, const Tensor& x) {
    context.save(x);
    return sin(x);
  }
  static Tensor backward(Context& context, const Tensor& g) { return g * cos(context.saved(0)) * 1.001; }
};
}  // namespace

TEST_CASE("gradcheck finds a wrong gradient and names the entry") {
  auto result =
      gradcheck([](const Tensor& x) { return WrongSine::apply(x); }, {numbers({{0.1, 0.2}, {1.5, 0.3}})});
  CHECK_FALSE(result.passed);
  CHECK(result.report.find("input 0, index [0, ") != std::string::npos);
  CHECK(result.worst_error > 0);
}

TEST_CASE("gradcheck refuses what it cannot check") {
  auto twice = [](const Tensor& x) { return x * 2; };
  CHECK_THROWS_AS(gradcheck(twice, {ones({2}, float32)}), DTypeError);
  CHECK_THROWS_AS(gradcheck(twice, {ones({2}, int64)}), ValueError);
  CHECK_FALSE(gradcheck([](const Tensor& x) { return x.detach() * 2; }, {numbers({1})}).passed);
  CHECK_FALSE(gradcheck([](const Tensor& x) { return x * 0; }, {numbers({1})}).passed);
  CHECK(gradcheck([](const Tensor& x) { return x * 0; }, {numbers({1})}, {.allow_zero = true}).passed);
  CHECK_FALSE(gradcheck([](const Tensor& x) { return log(x); }, {numbers({-1})}).passed);
  CHECK(gradcheck([](const Tensor& x, const Tensor& index) { return index_select(x, 0, index); },
                  {numbers({1, 2}), tensor({1, 1, 0}, int64)}));
}

TEST_CASE("a picture of a graph shows its operations, leaves and names once each") {
  Tensor w = ones({2, 3}).requires_grad_();
  Tensor y = tanh(matmul(ones({4, 2}), w) + w.sum()).sum();
  std::string dot = to_dot(y, {{"weight", w}});
  CHECK(dot.starts_with("digraph"));
  auto count = [&](const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = dot.find(part); at != std::string::npos; at = dot.find(part, at + 1)) ++found;
    return found;
  };
  CHECK(count("label=\"matmul\"") == 1);
  CHECK(count("label=\"tanh\"") == 1);
  CHECK(count("weight\\n[2, 3]") == 1);
  CHECK(count("->") == 7);
  CHECK_THROWS_AS(to_dot(Tensor()), GraphError);
}
