#include <doctest/doctest.h>

#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using check::numbers;

TEST_CASE("groups have options of their own, to be read and changed") {
  Tensor a = numbers({1}).requires_grad_();
  Tensor b = numbers({1}).requires_grad_();
  Tensor c = numbers({1}).requires_grad_();
  optim::SGD optimizer({{{a}, {.lr = 0.1}}, {{b}, {.lr = 0.01, .momentum = 0.9}}});
  optimizer.add_param_group({{c}, {.lr = 0.5}});
  CHECK(optimizer.group_count() == 3);
  CHECK(optimizer.lr(1) == 0.01);
  CHECK(optimizer.options(1).momentum == 0.9);
  CHECK(optimizer.params(2)[0].is_same(c));
  for (Tensor* p : {&a, &b, &c}) p->set_grad(numbers({1}));
  optimizer.step();
  CHECK(a.item() == doctest::Approx(0.9));
  CHECK(b.item() == doctest::Approx(0.99));
  CHECK(c.item() == doctest::Approx(0.5));
  optimizer.options(0).lr = 1;
  optimizer.set_lr(0, 2);
  optimizer.step();
  CHECK(a.item() == doctest::Approx(-0.1));
  CHECK(b.item() == doctest::Approx(0.99 - 0.01 * 1.9));
  CHECK(c.item() == doctest::Approx(0.5));
  CHECK_THROWS_AS(optimizer.options(3), IndexError);
  CHECK_THROWS_AS(optimizer.set_lr(1, 3), IndexError);
}

TEST_CASE("a model's parameters, and parts of it in groups") {
  nn::Sequential model(nn::Linear(2, 3), nn::Linear(3, 1));
  optim::Adam optimizer({{model[0].parameters(), {.lr = 1e-3}}, {model[1].parameters(), {}}});
  CHECK(optimizer.params(1)[0].is_same(model[1].as<nn::Linear>().weight));
  optim::AdamW all(model.parameters(), {.lr = 3e-4, .weight_decay = 0.1});
  CHECK(all.params().size() == 4);
  nn::Linear layer(1, 1);
  optim::SGD two({layer.weight, layer.bias}, {.lr = 0.1});
  CHECK(two.params().size() == 2);
}

TEST_CASE("optimizers refuse lists that make no sense, naming the place") {
  Tensor p = ones({2}).requires_grad_();
  Tensor q = ones({2}).requires_grad_();
  CHECK_THROWS_AS(optim::SGD(std::vector<Tensor>{}), ValueError);
  CHECK_THROWS_WITH_AS(optim::SGD({p, q, p}), doctest::Contains("parameter 2 of group 0 occurs twice"),
                       ValueError);
  CHECK_THROWS_WITH_AS(optim::SGD({{{p}, {}}, {{q, p}, {}}}),
                       doctest::Contains("parameter 1 of group 1 occurs twice"), ValueError);
  CHECK_THROWS_WITH_AS(optim::Adam({p, ones({2})}),
                       doctest::Contains("Adam: parameter 1 of group 0 does not require a gradient"),
                       GraphError);
  CHECK_THROWS_WITH_AS(optim::Adam({p * 2}), doctest::Contains("is not a leaf"), GraphError);
  CHECK_THROWS_AS(optim::SGD({Tensor()}), GraphError);
  CHECK_THROWS_AS(optim::SGD({ones({1}).expand({3}).detach().requires_grad_()}), GraphError);
  optim::SGD optimizer({p});
  CHECK_THROWS_AS(optimizer.add_param_group({{q, p}, {}}), ValueError);
  CHECK_THROWS_AS(optimizer.add_param_group({{q}, {.lr = -1}}), ValueError);
  CHECK(optimizer.group_count() == 1);
}

TEST_CASE("a parameter without a gradient is passed over, and its steps do not count") {
  Tensor a = numbers({1}).requires_grad_();
  Tensor b = numbers({1}).requires_grad_();
  optim::Adam optimizer({a, b}, {.lr = 0.1});
  a.set_grad(numbers({1}));
  std::uint32_t version = b.version();
  optimizer.step();
  CHECK(a.item() == doctest::Approx(0.9));
  CHECK(b.item() == 1);
  CHECK(b.version() == version);
  CHECK(optimizer.steps(a) == 1);
  CHECK(optimizer.steps(b) == 0);
  CHECK(optimizer.state(b).empty());
  b.set_grad(numbers({1}));
  optimizer.step();
  CHECK(b.item() == doctest::Approx(0.9));
}

TEST_CASE("the state of a parameter has PyTorch's names") {
  Tensor p = numbers({1, 2}).requires_grad_();
  optim::Adam adam({p}, {.amsgrad = true});
  p.set_grad(numbers({1, -2}));
  adam.step();
  auto state = adam.state(p);
  REQUIRE(state.size() == 3);
  CHECK(state[0].first == "exp_avg");
  CHECK(state[1].first == "exp_avg_sq");
  CHECK(state[2].first == "max_exp_avg_sq");
  CHECK(agree(state[0].second, numbers({0.1, -0.2}), 1e-12));
  CHECK(agree(state[1].second, numbers({0.001, 0.004}), 1e-12));
  CHECK_THROWS_AS(adam.state(numbers({1})), ValueError);
  optim::SGD sgd({p}, {.momentum = 0.9});
  sgd.step();
  CHECK(sgd.state(p)[0].first == "momentum_buffer");
  CHECK(equal(sgd.state(p)[0].second, p.grad()));
}

TEST_CASE("momentum that is switched on later starts from the gradient") {
  Tensor p = numbers({0}).requires_grad_();
  optim::SGD optimizer({p}, {.lr = 1});
  p.set_grad(numbers({1}));
  optimizer.step();
  optimizer.options().momentum = 0.5;
  optimizer.options().dampening = 0.9;
  optimizer.step();
  CHECK(p.item() == doctest::Approx(-2));
}

TEST_CASE("zero_grad drops gradients, or fills them with zeros") {
  Tensor p = numbers({1, 2}).requires_grad_();
  optim::SGD optimizer({p});
  sum(p * p).backward();
  optimizer.zero_grad(false);
  CHECK(equal(p.grad(), numbers({0, 0})));
  optimizer.zero_grad();
  CHECK_FALSE(p.grad().defined());
  optimizer.step();
  CHECK(equal(p, numbers({1, 2})));
}

TEST_CASE("step with a closure returns the loss that it computed, also inside NoGrad") {
  Tensor p = numbers({3}).requires_grad_();
  optim::SGD optimizer({p}, {.lr = 0.1});
  NoGrad off;
  Tensor loss = optimizer.step([&] {
    optimizer.zero_grad();
    Tensor value = square(p).sum();
    value.backward();
    return value;
  });
  CHECK(loss.item() == 9);
  CHECK(p.item() == doctest::Approx(2.4));
}

TEST_CASE("a step raises the version: a graph that saved the parameter notices") {
  Tensor p = numbers({1, 2}).requires_grad_();
  Tensor y = square(p).sum();
  p.set_grad(numbers({1, 1}));
  optim::SGD({p}).step();
  CHECK_THROWS_AS(y.backward(), GraphError);
  CHECK(p.is_leaf());
  CHECK(p.requires_grad());
}

TEST_CASE("parameters and gradients of any memory layout are stepped alike") {
  Tensor start = check::spread_numbers({4, 5}, -1, 1, {}, 1);
  Tensor gradient = check::spread_numbers({4, 5}, -1, 1, {}, 2);
  Tensor plain = start.clone().requires_grad_();
  Tensor transposed = check::transposed_memory(start).requires_grad_();
  Tensor stepped = check::stepped_memory(start).requires_grad_();
  plain.set_grad(gradient);
  transposed.set_grad(check::stepped_memory(gradient));
  stepped.set_grad(gradient[0].expand({4, 5}));
  Tensor rows = start.clone().requires_grad_();
  rows.set_grad(gradient[0].expand({4, 5}).contiguous());
  optim::Adam optimizer({plain, transposed, stepped, rows}, {.lr = 0.1});
  for (int i = 0; i < 3; ++i) optimizer.step();
  CHECK(equal(transposed, plain));
  CHECK(equal(stepped, rows));
  CHECK_FALSE(transposed.is_contiguous());
}

TEST_CASE("one group may mix float32, float64, empty and 0-d parameters") {
  Tensor a = ones({3}).requires_grad_();
  Tensor b = ones({3}, float64).requires_grad_();
  Tensor c = ones({0}).requires_grad_();
  Tensor d = tensor(1.0).requires_grad_();
  for (Tensor* p : {&a, &b, &c, &d}) p->set_grad(ones_like(*p));
  optim::SGD optimizer({a, b, c, d}, {.lr = 0.25, .momentum = 0.9});
  optimizer.step();
  CHECK(equal(a, full({3}, 0.75)));
  CHECK(equal(b, full({3}, 0.75, float64)));
  CHECK(d.item() == 0.75);
}

TEST_CASE("an optimizer goes on after its model was converted") {
  nn::Linear model(2, 1, {.dtype = float64});
  optim::Adam optimizer(model.parameters(), {.lr = 0.1});
  auto train = [&](DType dtype) {
    optimizer.zero_grad();
    sum(model(ones({1, 2}, dtype))).backward();
    optimizer.step();
  };
  train(float64);
  model.to(float32);
  train(float32);
  CHECK(optimizer.state(model.weight)[0].second.dtype() == float32);
  CHECK(optimizer.steps(model.weight) == 2);
}

TEST_CASE("nan and inf in a gradient go into the parameter, and nowhere else") {
  Tensor p = numbers({1, 1, 1}).requires_grad_();
  optim::SGD optimizer({p}, {.lr = 1});
  p.set_grad(numbers({std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1}));
  optimizer.step();
  CHECK(agree(
      p.detach(),
      numbers({std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(), 0}), 0));
}

TEST_CASE("many parameters in one sweep give what each alone gives, for any number of threads") {
  std::vector<Tensor> together;
  std::vector<Tensor> alone;
  for (int i = 0; i < 200; ++i) {
    std::int64_t size = (i * 7919) % 3000;
    Tensor start = randn({size});
    Tensor gradient = randn({size});
    for (auto* list : {&together, &alone}) {
      list->push_back(start.clone().requires_grad_());
      list->back().set_grad(gradient);
    }
  }
  int threads = num_threads();
  set_num_threads(4);
  optim::Adam sweep(together, {.lr = 0.01});
  sweep.step();
  sweep.step();
  set_num_threads(1);
  for (Tensor& p : alone) {
    optim::Adam single({p}, {.lr = 0.01});
    single.step();
    single.step();
  }
  set_num_threads(threads);
  bool same = true;
  for (std::size_t i = 0; i < alone.size(); ++i) same = same && equal(together[i], alone[i]);
  CHECK(same);
}

TEST_CASE("an optimizer moves with its groups and state") {
  Tensor p = numbers({1}).requires_grad_();
  p.set_grad(numbers({1}));
  optim::SGD optimizer({p}, {.lr = 0.1, .momentum = 0.9});
  optimizer.step();
  optim::SGD moved = std::move(optimizer);
  moved.step();
  CHECK(p.item() == doctest::Approx(1 - 0.1 - 0.19));
}

TEST_CASE("XOR is learned") {
  Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  Tensor y = tensor({{0}, {1}, {1}, {0}});
  for (std::uint64_t seed : {1, 2, 3}) {
    manual_seed(seed);
    auto model = nn::Sequential(nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1), nn::Sigmoid());
    auto optimizer = optim::Adam(model.parameters(), {.lr = 0.05});
    for (int step = 0; step < 200; ++step) {
      auto loss = nn::binary_cross_entropy(model(x), y);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
    }
    CHECK(amax(abs(model(x) - y)).item() < 0.1);
  }
}
