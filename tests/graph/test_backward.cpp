#include <doctest/doctest.h>

#include <thread>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

TEST_CASE("gradients add up in leaves until they are dropped") {
  Tensor x = numbers({1, 2}).requires_grad_();
  square(x).sum().backward();
  CHECK(equal(x.grad(), numbers({2, 4})));
  pow(x, 3).sum().backward();
  CHECK(equal(x.grad(), numbers({5, 16})));
  x.set_grad(Tensor());
  CHECK_FALSE(x.grad().defined());
  CHECK_THROWS_AS(x.set_grad(numbers({1})), ShapeError);
  CHECK_THROWS_AS(x.set_grad(ones({2}, float32)), DTypeError);
}

TEST_CASE("a graph may be walked twice only when it was kept") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor y = exp(x).sum();
  y.backward({.retain_graph = true});
  y.backward();
  CHECK(
      check::agree(x.grad(), check::each(numbers({1, 2}), [](double v) { return 2 * std::exp(v); }), 1e-15));
  CHECK_THROWS_AS(y.backward(), GraphError);
}

TEST_CASE("backward refuses what makes no sense, and changes nothing") {
  Tensor x = numbers({1, 2}).requires_grad_();
  CHECK_THROWS_AS((x * 2).backward(), GraphError);
  CHECK_THROWS_AS((x * 2).backward(numbers({1, 2, 3})), ShapeError);
  CHECK_THROWS_AS((x * 2).backward(tensor({1, 2}, int64)), DTypeError);
  CHECK_THROWS_AS(numbers({1}).backward(), GraphError);
  CHECK_THROWS_AS(Tensor().backward(), GraphError);
  CHECK_THROWS_AS(tensor({1, 2}, int64).requires_grad_(), DTypeError);
  CHECK_THROWS_AS((x * 2).requires_grad_(false), GraphError);
  CHECK_FALSE(x.grad().defined());
  CHECK_THROWS_AS(x.item(), ShapeError);
  CHECK_THROWS_AS(static_cast<bool>(x), ShapeError);
}

TEST_CASE("a leaf itself can be differentiated") {
  Tensor x = tensor(2.0, float64).requires_grad_();
  x.backward();
  CHECK(x.grad().item() == 1);
}

TEST_CASE("a saved tensor that was changed in place is an error that names the operation") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor y = exp(x);
  y.detach().mul_(2);
  try {
    y.sum().backward();
    FAIL("expected an error");
  } catch (const GraphError& error) {
    CHECK(std::string(error.what()).find("'exp'") != std::string::npos);
  }
  CHECK_FALSE(x.grad().defined());
  Tensor a = x * 1;
  Tensor z = a * a;
  a.add_(1);
  CHECK_THROWS_AS(z.sum().backward(), GraphError);
  Tensor b = x * 1;
  Tensor w = b + b;  // a sum saves nothing
  b.add_(1);
  CHECK_NOTHROW(w.sum().backward());
}

TEST_CASE("what a gradient does not need is not saved") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor y = x * 1;
  Tensor z = tanh(y);  // needs its result, not its input
  y.mul_(5);
  CHECK_NOTHROW(z.sum().backward());
  Tensor c = numbers({3, 4});
  Tensor p = x * c;  // needs c, not x
  {
    NoGrad off;
    x.mul_(10);
  }
  CHECK_NOTHROW(p.sum().backward());
}

TEST_CASE("in-place changes are recorded, also through views") {
  auto by_parts = [](const Tensor& x, const Tensor& w) {
    Tensor y = x.clone();
    y[0].mul_(w[0]);
    y.t()[2].add_(w.sum());
    Tensor v = y.view({-1});
    v.slice(0, 1, 3).fill_(0.5);
    v.add_(1);
    y.select(1, 0).copy_(w.slice(0, 0, 2) * 2);
    y.sub_(x, 0.5);
    return y * y + v.reshape({2, 3});
  };
  std::vector<Tensor> inputs = {check::spread_numbers({2, 3}, -2, 2, {}, 1),
                                check::spread_numbers({3}, -2, 2, {}, 2)};
  CHECK(gradcheck(by_parts, inputs));
  CHECK(gradgradcheck(by_parts, inputs));
  auto in_turn = [](const Tensor& x, const Tensor&) {
    Tensor y = x * 2;
    y.exp_()
        .add_(1)
        .log_()
        .tanh_()
        .neg_()
        .abs_()
        .sqrt_()
        .sigmoid_()
        .relu_()
        .pow_(2)
        .div_(3)
        .clamp_(0.01, 0.2)
        .sub_(1);
    return y;
  };
  CHECK(gradcheck(in_turn, inputs, {.rtol = 1e-4, .atol = 1e-6}));
}

TEST_CASE("a constant tensor joins the graph when something recorded is written into it") {
  Tensor w = numbers({1, 2}).requires_grad_();
  Tensor y = zeros({2, 2}, float64);
  Tensor row = y[1];
  row.copy_(w);
  CHECK(y.requires_grad());
  CHECK(row.requires_grad());
  square(y).sum().backward();
  CHECK(equal(w.grad(), numbers({2, 4})));
}

TEST_CASE("in-place changes that cannot be are refused before anything changes") {
  Tensor leaf = numbers({1, 2}).requires_grad_();
  CHECK_THROWS_AS(leaf.add_(1), GraphError);
  CHECK_THROWS_AS(leaf[0].mul_(2), GraphError);
  CHECK_THROWS_AS(leaf.view({2, 1}).fill_(0), GraphError);
  CHECK_THROWS_AS(leaf.detach().expand({3, 2}).add_(1), GraphError);
  Tensor x = numbers({1, 2});
  CHECK_THROWS_AS(x.add_(numbers({{1, 2}, {3, 4}})), ShapeError);
  CHECK_THROWS_AS(x.mul_(numbers({1, 2, 3})), ShapeError);
  Tensor whole = tensor({1, 2}, int64);
  CHECK_THROWS_AS(whole.add_(0.5), DTypeError);
  CHECK_THROWS_AS(whole.div_(2), DTypeError);
  CHECK(equal(leaf.detach(), numbers({1, 2})));
  CHECK(equal(x, numbers({1, 2})));
  CHECK(equal(whole, tensor({1, 2}, int64)));
  Tensor made_off;
  {
    NoGrad off;
    made_off = (leaf * 1)[0];
    leaf.add_(1);  // allowed here
  }
  CHECK(equal(leaf.detach(), numbers({2, 3})));
  CHECK_THROWS_AS(made_off.mul_(leaf[0]), GraphError);
}

TEST_CASE("overlapping memory is read before it is written") {
  Tensor x = numbers({{1, 2}, {3, 4}});
  x.add_(x.t());
  CHECK(equal(x, numbers({{2, 5}, {5, 8}})));
  Tensor y = numbers({1, 2, 3, 4});
  y.slice(0, 1, 4).copy_(y.slice(0, 0, 3));
  CHECK(equal(y, numbers({1, 1, 2, 3})));
}

TEST_CASE("views raise the version of what they look at") {
  Tensor x = zeros({2, 2});
  std::uint32_t before = x.version();
  x.t()[0].fill_(3);
  CHECK(x.version() > before);
  CHECK(equal(x, tensor({{3, 0}, {3, 0}})));
}

TEST_CASE("detach cuts the graph and shares the memory") {
  Tensor x = numbers({2}).requires_grad_();
  Tensor y = x * x.detach();
  y.sum().backward();
  CHECK(x.grad().item() == 2);
  CHECK_FALSE(x.detach().requires_grad());
  Tensor z = x * 2;
  z.detach_();
  CHECK(z.is_leaf());
  CHECK_THROWS_AS((x * 2)[0].detach_(), GraphError);
}

TEST_CASE("NoGrad and EnableGrad nest") {
  Tensor x = numbers({2}).requires_grad_();
  NoGrad off;
  CHECK_FALSE((x * 2).requires_grad());
  {
    EnableGrad on;
    CHECK((x * 2).requires_grad());
  }
  CHECK_FALSE(is_grad_enabled());
  std::thread([] { CHECK(is_grad_enabled()); }).join();
}

TEST_CASE("hooks see the whole gradient and may change it") {
  Tensor x = numbers({1, 2}).requires_grad_();
  int calls = 0;
  HookHandle on_leaf = x.register_hook([&](const Tensor& g) {
    ++calls;
    return g * 10;
  });
  Tensor y = x * 3;
  y.register_hook([](const Tensor& g) { return g + 1; });
  y.retain_grad();
  (y.sum() + x.sum()).backward();
  CHECK(calls == 1);
  CHECK(equal(y.grad(), numbers({2, 2})));
  CHECK(equal(x.grad(), numbers({70, 70})));
  on_leaf.remove();
  on_leaf.remove();
  x.set_grad(Tensor());
  x.sum().backward();
  CHECK(calls == 1);
  CHECK(equal(x.grad(), numbers({1, 1})));
  CHECK_THROWS_AS(numbers({1}).register_hook([](const Tensor& g) { return g; }), GraphError);
}

TEST_CASE("a hook may change neither the shape nor the dtype of a gradient") {
  Tensor x = numbers({1, 2}).requires_grad_();
  auto shrinks = x.register_hook([](const Tensor& g) { return g.narrow(0, 0, 1); });
  CHECK_THROWS_AS(exp(x).sum().backward(), GraphError);
  shrinks.remove();
  Tensor y = exp(x);
  y.register_hook([](const Tensor& g) { return g.to(float32); });
  CHECK_THROWS_AS(y.sum().backward(), GraphError);
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("a gradient that repeats its elements in memory is still added to") {
  Tensor x = numbers({1, 2}).requires_grad_();
  x.set_grad(numbers({1}).expand({2}));
  (x * numbers({1, 3})).sum().backward();
  CHECK(check::agree(x.grad(), numbers({2, 4}), 0));
}

TEST_CASE("what fill_ wrote over has the gradient 0, whatever comes back") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor y = x * 1;
  y.fill_(3);
  y.backward(numbers({INFINITY, NAN}));
  CHECK(check::agree(x.grad(), numbers({0, 0}), 0));
}

TEST_CASE("an exception in a hook leaves the graph as it was") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor y = x * 3;
  auto handle = y.register_hook([](const Tensor&) -> Tensor { throw std::runtime_error("no"); });
  Tensor z = (y * y).sum();
  CHECK_THROWS_AS(z.backward({.retain_graph = true}), std::runtime_error);
  handle.remove();
  z.backward();
  CHECK(equal(x.grad(), numbers({18, 36})));
}

TEST_CASE("grad returns gradients and leaves every tensor's own alone") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor w = numbers({3, 4}).requires_grad_();
  Tensor y = x * x;
  Tensor z = sin(y).sum();
  CHECK(check::agree(grad(z, y, {}, {.retain_graph = true}),
                     check::each(numbers({1, 4}), [](double v) { return std::cos(v); }), 1e-15));
  CHECK(check::agree(grad(z, x),
                     check::each(numbers({1, 2}), [](double v) { return 2 * v * std::cos(v * v); }), 1e-15));
  CHECK_FALSE(x.grad().defined());
  Tensor u = (x * 2).sum();
  CHECK_THROWS_AS(grad(u, w, {}, {.retain_graph = true}), GraphError);
  CHECK_FALSE(grad(u, w, {}, {.retain_graph = true, .allow_unused = true}).defined());
  CHECK_THROWS_AS(grad(u, numbers({1})), GraphError);
}

TEST_CASE("gradients of gradients go on for ever") {
  Tensor x = numbers({0.3, -0.7}).requires_grad_();
  Tensor y = sum(exp(sin(x)));
  Tensor first = grad(y, x, {}, {.create_graph = true});
  Tensor second = grad(first.sum(), x, {}, {.create_graph = true});
  Tensor third = grad(second.sum(), x, {}, {.create_graph = true});
  CHECK(check::agree(third.detach(),
                     check::each(numbers({0.3, -0.7}),
                                 [](double v) {
                                   double s = std::sin(v);
                                   double c = std::cos(v);
                                   return std::exp(s) * (c * c * c - 3 * s * c - c);
                                 }),
                     1e-12));
}

TEST_CASE("a chain of ten million operations is built, walked and freed in little stack") {
  Tensor x = ones({1}).requires_grad_();
  Tensor y = x;
  {
    Tensor one = ones({1});
    for (int i = 0; i < 10'000'000; ++i) y = y * one;
  }
  y.backward();
  CHECK(x.grad().item() == 1);
}

TEST_CASE("a doubling diamond is walked once per node") {
  Tensor x = ones({1}, float64).requires_grad_();
  Tensor y = x;
  for (int i = 0; i < 60; ++i) y = y + y;
  y.backward();
  CHECK(x.grad().item() == std::ldexp(1.0, 60));
}

TEST_CASE("several threads build and walk graphs over shared parameters") {
  Tensor w = numbers({1, 2, 3}).requires_grad_();
  auto work = [&] {
    for (int i = 0; i < 500; ++i) (w * w + tanh(w) * 0).sum().backward();
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  CHECK(equal(w.grad(), numbers({4000, 8000, 12000})));
}

TEST_CASE("a graph built in one thread may be walked in another") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor y;
  std::thread([&] { y = tanh(x * 2); }).join();
  Tensor z = y * y + y;
  std::thread([&] { z.sum().backward(); }).join();
  CHECK(gradcheck(
      [](const Tensor& v) {
        Tensor t = tanh(v * 2);
        return t * t + t;
      },
      {numbers({1, 2})}));
  CHECK(x.grad().defined());
}

TEST_CASE("an undefined tensor says so when it is used") {
  Tensor nothing;
  CHECK_THROWS_AS(nothing.shape(), GraphError);
  CHECK_THROWS_AS(nothing + 1, GraphError);
  CHECK_THROWS_AS(nothing.requires_grad(), GraphError);
  CHECK_FALSE(nothing.defined());
  CHECK(to_string(nothing) == "tensor(undefined)");
}
