#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

Tensor rosenbrock(const Tensor& x) { return 100 * square(x[1] - square(x[0])) + square(1 - x[0]); }

/// The loss after so many steps from (-1.5, 2).
double loss_after(int steps, optim::LBFGSOptions options) {
  Tensor x = numbers({-1.5, 2}).requires_grad_();
  optim::LBFGS optimizer({x}, options);
  for (int i = 0; i < steps; ++i) {
    optimizer.step([&] {
      optimizer.zero_grad();
      Tensor loss = rosenbrock(x);
      loss.backward();
      return loss;
    });
  }
  return rosenbrock(x).item();
}

}  // namespace

TEST_CASE("LBFGS with a line search finds the minimum of Rosenbrock's valley") {
  CHECK(loss_after(5, {.line_search_fn = optim::LineSearch::strong_wolfe}) < 1e-6);
  CHECK(loss_after(60, {.lr = 0.1, .max_iter = 50}) < 1e-3);
}

TEST_CASE("a step of LBFGS returns the first loss, and calls the closure as often as it may") {
  Tensor x = numbers({-1.5, 2}).requires_grad_();
  optim::LBFGS optimizer({x}, {.lr = 0.1, .max_iter = 10, .max_eval = 4});
  int calls = 0;
  Tensor first = optimizer.step([&] {
    ++calls;
    optimizer.zero_grad();
    Tensor loss = rosenbrock(x);
    loss.backward();
    return loss;
  });
  CHECK(calls == 4);
  CHECK(first.item() == rosenbrock(numbers({-1.5, 2})).item());
}

TEST_CASE("LBFGS stops at once where the gradient is small, and counts parameters without one as still") {
  Tensor x = numbers({1, 1}).requires_grad_();
  Tensor unused = numbers({3}).requires_grad_();
  optim::LBFGS optimizer({x, unused});
  int calls = 0;
  auto closure = [&] {
    ++calls;
    optimizer.zero_grad();
    Tensor loss = rosenbrock(x);
    loss.backward();
    return loss;
  };
  optimizer.step(closure);
  CHECK(calls == 1);
  {
    NoGrad off;
    x.copy_(numbers({0.9, 0.7}));
  }
  optimizer.step(closure);
  CHECK(calls > 2);
  CHECK(equal(unused, numbers({3})));
}

TEST_CASE("LBFGS refuses what it cannot do, before anything is changed") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor y = ones({2}).requires_grad_();
  CHECK_THROWS_AS(optim::LBFGS({x, y}), DTypeError);
  CHECK_THROWS_AS(optim::LBFGS(std::vector<optim::LBFGS::Group>{{{x}}, {{y}}}), ValueError);
  CHECK_THROWS_AS(optim::LBFGS({x}, {.lr = -1}), ValueError);
  CHECK_THROWS_AS(optim::LBFGS({x}, {.max_iter = 0}), ValueError);
  CHECK_THROWS_AS(optim::LBFGS({x}, {.max_eval = 0}), ValueError);
  CHECK_THROWS_AS(optim::LBFGS({x}, {.history_size = 0}), ValueError);
  optim::LBFGS optimizer({x});
  CHECK_THROWS_AS(optimizer.step(), GraphError);
  CHECK_THROWS_AS(optimizer.step([&]() -> Tensor { throw ValueError("no loss today"); }), ValueError);
  CHECK(equal(x, numbers({1, 2})));
}

TEST_CASE("a loss of nan ends a step of LBFGS") {
  for (auto search : {optim::LineSearch::none, optim::LineSearch::strong_wolfe}) {
    Tensor x = numbers({1, 2}).requires_grad_();
    optim::LBFGS optimizer({x}, {.line_search_fn = search});
    int calls = 0;
    optimizer.step([&] {
      ++calls;
      optimizer.zero_grad();
      Tensor loss = sum(log(x - 5));
      loss.backward();
      return loss;
    });
    CHECK(calls <= 51);  // max_eval and one search
  }
}
