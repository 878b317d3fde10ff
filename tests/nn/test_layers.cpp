#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

TEST_CASE("Linear multiplies by the transposed weight and adds the bias") {
  nn::Linear linear(3, 2, {.dtype = float64});
  linear.load_state_dict({{"weight", numbers({{1, 2, 3}, {4, 5, 6}})}, {"bias", numbers({0.5, -1})}});
  CHECK(equal(linear(numbers({1, 0, -1})), numbers({-1.5, -3})));
  CHECK(linear(ones({2, 5, 3}, float64)).shape() == Shape{2, 5, 2});
  CHECK(linear.describe() == "Linear(in_features=3, out_features=2, bias=true)");
  nn::Linear without{3, 2, {.bias = false}};
  CHECK_FALSE(without.bias.defined());
  CHECK(without.parameters().size() == 1);
}

TEST_CASE("Linear refuses sizes and inputs that do not fit, naming both") {
  CHECK_THROWS_AS(nn::Linear(0, 2), ValueError);
  CHECK_THROWS_AS(nn::Linear(2, -1), ValueError);
  nn::Linear linear(8, 16);
  CHECK_THROWS_WITH_AS(linear(ones({32, 784})), "Linear(8, 16): expected input [..., 8], got [32, 784]",
                       ShapeError);
  CHECK_THROWS_AS(linear(tensor(1.0)), ShapeError);
  CHECK_THROWS_AS(linear(ones({2, 8}, float64)), DTypeError);
}

TEST_CASE("Linear starts as PyTorch's does: uniform within 1 / sqrt(in_features)") {
  Generator generator(3);
  nn::Linear linear(400, 300, {.generator = &generator});
  double bound = 1 / std::sqrt(400.0);
  for (const Tensor& parameter : linear.parameters()) {
    Tensor p = parameter.detach().to(float64);
    CHECK(amax(abs(p)).item() <= bound);
    CHECK(amax(abs(p)).item() > 0.95 * bound);
    CHECK(std::abs(mean(p).item()) < 0.1 * bound);
  }
  CHECK(xgrad::std(linear.weight.detach()).item() == doctest::Approx(bound / std::sqrt(3.0)).epsilon(0.01));
  Generator again(3);
  CHECK(equal(linear.weight, nn::Linear(400, 300, {.generator = &again}).weight));
}

TEST_CASE("Sequential applies its modules and functions in order, and nests") {
  nn::Linear first(2, 2);
  Tensor weight = first.weight;
  auto twice = [](const Tensor& x) { return x * 2; };
  nn::Sequential model(std::move(first), twice, nn::Sequential(nn::Linear(2, 1), nn::Sigmoid()));
  CHECK(model.size() == 3);
  CHECK(model[0].as<nn::Linear>().weight.is_same(weight));
  CHECK(model.named_parameters()[2].first == "2.0.weight");
  Tensor x = ones({3, 2});
  CHECK(equal(model(x), sigmoid(model[2].as<nn::Sequential>()[0](model[0](x) * 2))));
  model.push_back(nn::ReLU());
  model.push_back([](const Tensor& y) { return y - 1; });
  CHECK(model.size() == 5);
  CHECK(equal(nn::Sequential()(x), x));
  CHECK_THROWS_AS(model[5], IndexError);
  CHECK_THROWS_AS(model.push_back(nn::AnyModule()), GraphError);
}

TEST_CASE("activations are the functions of their names") {
  Tensor x = numbers({{-2, -0.5, 0}, {0.5, 1, 300}});
  CHECK(equal(nn::Sigmoid()(x), sigmoid(x)));
  CHECK(equal(nn::Tanh()(x), tanh(x)));
  CHECK(equal(nn::ReLU()(x), relu(x)));
  CHECK(equal(nn::Softmax(1)(x), softmax(x, 1)));
  CHECK(nn::Softmax{-1}.describe() == "Softmax(dim=-1)");
  CHECK(nn::ReLU().describe() == "ReLU()");
  CHECK(equal(nn::Step()(x), numbers({{0, 0, 0}, {1, 1, 1}})));
  CHECK(equal(nn::Identity()(x), x));
}

TEST_CASE("Flatten keeps the batch") {
  Tensor x = ones({2, 3, 4, 5});
  CHECK(nn::Flatten()(x).shape() == Shape{2, 60});
  CHECK(nn::Flatten(0, 1)(x).shape() == Shape{6, 4, 5});
  CHECK(nn::Flatten().describe() == "Flatten(start_dim=1, end_dim=-1)");
  CHECK_THROWS_AS(nn::Flatten(7)(x), IndexError);
}

TEST_CASE("dropout zeroes the stated share, keeps the mean, and rests in evaluation") {
  Generator generator(5);
  nn::Dropout dropout(0.3, &generator);
  Tensor x = ones({100000}, float64).requires_grad_();
  Tensor y = dropout(x);
  double zero_share = mean((y == 0).to(float64)).item();
  CHECK(zero_share == doctest::Approx(0.3).epsilon(0.02));
  CHECK(amax(y).item() == doctest::Approx(1 / 0.7));
  CHECK(mean(y).item() == doctest::Approx(1).epsilon(0.01));
  sum(y).backward();
  CHECK(equal(x.grad(), y));
  CHECK_FALSE(equal(dropout(x), y));
  dropout.eval();
  CHECK(dropout(x).is_same(x));
  Generator again(5);
  CHECK(equal(nn::dropout(x, 0.3, {.generator = &again}), y));
}

TEST_CASE("dropout at its ends, and outside them") {
  Tensor x = numbers({1, 2, 3}).requires_grad_();
  CHECK(nn::dropout(x, 0).is_same(x));
  Tensor none = nn::dropout(x, 1);
  CHECK(equal(none, numbers({0, 0, 0})));
  sum(none).backward();
  CHECK(equal(x.grad(), numbers({0, 0, 0})));
  CHECK(nn::dropout(x, 0.5, {.training = false}).is_same(x));
  CHECK_THROWS_AS(nn::Dropout(1.5), ValueError);
  CHECK_THROWS_AS(nn::Dropout(-0.1), ValueError);
  CHECK_THROWS_AS(nn::dropout(x, std::nan("")), ValueError);
  CHECK_THROWS_AS(nn::dropout(tensor({1}, int64)), DTypeError);
}

TEST_CASE("a summary lists layers, output shapes and parameters, and leaves the model as it was") {
  nn::Sequential model(nn::Linear(9, 4), nn::Sequential(nn::Tanh(), nn::Dropout()), nn::Linear(4, 1));
  nn::Sequential& inner = model[1].as<nn::Sequential>();
  inner[0].eval();
  model[2].requires_grad_(false);
  std::string table = nn::summary(model, {7, 9});
  CHECK(table ==
        "Layer                                                   Output  Parameters  Multiply-adds\n"
        "Sequential                                              [7, 1]\n"
        "  (0) Linear(in_features=9, out_features=4, bias=true)  [7, 4]          40            252\n"
        "  (1) Sequential                                        [7, 4]\n"
        "    (0) Tanh                                            [7, 4]\n"
        "    (1) Dropout(p=0.5)                                  [7, 4]\n"
        "  (2) Linear(in_features=4, out_features=1, bias=true)  [7, 1]           5             28\n"
        "Total                                                                   45            280\n"
        "Trained                                                                 40\n");
  CHECK(nn::count_parameters(model) == 45);
  CHECK(nn::count_parameters(model, true) == 40);
  CHECK(model.is_training());
  CHECK_FALSE(inner[0].is_training());
  CHECK(inner[1].is_training());
  CHECK_THROWS_AS(nn::summary(model, {7, 8}), ShapeError);
  CHECK(inner[1].is_training());
}
