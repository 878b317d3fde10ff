#include <doctest/doctest.h>

#include <vector>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using check::numbers;
using namespace xgrad::nn::utils;

TEST_CASE("parameters become one vector and come back, and gradients flow through") {
  Tensor a = numbers({{1, 2}, {3, 4}}).t().requires_grad_();
  a = a.detach().requires_grad_();
  Tensor b = tensor(5.0, float64).requires_grad_();
  Tensor vector = parameters_to_vector({a, b});
  CHECK(equal(vector, numbers({1, 3, 2, 4, 5})));
  sum(vector * numbers({1, 2, 3, 4, 5})).backward();
  CHECK(equal(a.grad(), numbers({{1, 2}, {3, 4}})));
  CHECK(b.grad().item() == 5);
  vector_to_parameters(vector.detach() * 2, {a, b});
  CHECK(equal(a, numbers({{2, 6}, {4, 8}})));
  CHECK(b.item() == 10);
  CHECK(a.is_leaf());
  CHECK(a.requires_grad());
}

TEST_CASE("a vector of another length is refused, and nothing is changed") {
  Tensor a = numbers({1, 2}).requires_grad_();
  Tensor single = numbers({3}).to(float32).requires_grad_();
  CHECK_THROWS_AS(vector_to_parameters(numbers({5, 6}), {a, single}), ShapeError);
  CHECK_THROWS_AS(vector_to_parameters(numbers({5, 6, 7, 8}), {a, single}), ShapeError);
  CHECK_THROWS_AS(vector_to_parameters(numbers({{5, 6, 7}}), {a, single}), ShapeError);
  CHECK(equal(a, numbers({1, 2})));
  vector_to_parameters(numbers({5, 6, 7}), {a, single});
  CHECK(equal(a, numbers({5, 6})));
  CHECK(single.dtype() == float32);
  CHECK(single.item() == 7);
  CHECK_THROWS_AS(parameters_to_vector({}), ValueError);
  CHECK_THROWS_AS(parameters_to_vector({a, Tensor()}), GraphError);
  CHECK_THROWS_AS(vector_to_parameters(numbers({1}), {Tensor()}), GraphError);
  vector_to_parameters(zeros({0}), {});
}

TEST_CASE("frozen parameters are not trained until they are released") {
  nn::Sequential model(nn::Linear(2, 3), nn::Linear(3, 1));
  freeze(model[0]);
  CHECK_FALSE(model[0].as<nn::Linear>().weight.requires_grad());
  sum(model(ones({1, 2}))).backward();
  CHECK_FALSE(model[0].as<nn::Linear>().weight.grad().defined());
  CHECK(model[1].as<nn::Linear>().weight.grad().defined());
  CHECK_THROWS_AS(optim::SGD(model.parameters()), GraphError);
  unfreeze(model);
  optim::SGD optimizer(model.parameters());
  freeze({model[1].as<nn::Linear>().bias});
  CHECK_FALSE(model[1].as<nn::Linear>().bias.requires_grad());
  CHECK(model[1].as<nn::Linear>().weight.requires_grad());
}

TEST_CASE("what cannot be frozen is refused before any is") {
  Tensor leaf = numbers({1}).requires_grad_();
  CHECK_THROWS_AS(freeze({leaf, leaf * 2}), GraphError);
  CHECK_THROWS_AS(freeze({leaf, Tensor()}), GraphError);
  CHECK(leaf.requires_grad());
  Tensor plain = numbers({1});
  CHECK_THROWS_AS(unfreeze({plain, tensor({1}, int64)}), DTypeError);
  CHECK_FALSE(plain.requires_grad());
}
