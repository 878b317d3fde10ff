#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::spread_numbers;

namespace {

std::vector<std::string> names_of(const nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : module.state_dict()) names.push_back(name);
  return names;
}

struct Scaled : nn::Module {
  nn::Parameter factor{numbers({3})};
  XGRAD_MEMBERS(factor)
  Tensor forward(const Tensor& w) override { return w * factor; }
};

}  // namespace

TEST_CASE("weight_norm keeps the weight at first, and trains its lengths and directions apart") {
  nn::Linear plain(3, 2, {.dtype = float64});
  Tensor x = spread_numbers({4, 3}, -1, 1, {}, 1);
  Tensor want = plain(x);
  Tensor weight = plain.weight.detach().clone();
  nn::WeightNorm layer(std::move(plain));
  CHECK(allclose(layer(x), want, 1e-12));
  CHECK(names_of(layer) == std::vector<std::string>{"bias", "weight_g", "weight_v"});
  CHECK(layer.weight_g.shape() == Shape{2, 1});
  CHECK(allclose(layer.weight_g, linalg::vector_norm(weight, 2, Shape{1}, true)));
  sum(square(layer(x))).backward();
  // Along a row's own direction only its length counts.
  CHECK(allclose(sum(layer.weight_v.grad() * layer.weight_v.detach(), Shape{1}), zeros({2}, float64), 1e-9,
                 1e-12));
  CHECK(layer.describe() == "Linear(in_features=3, out_features=2, bias=true)");

  nn::WeightNorm whole(nn::Conv1d(2, 3, 3, {.dtype = float64}), std::nullopt);
  CHECK(whole.weight_g.shape() == Shape{1, 1, 1});
  CHECK(whole(spread_numbers({2, 2, 5}, -1, 1, {}, 2)).shape() == Shape{2, 3, 3});
  CHECK_THROWS_AS(nn::WeightNorm(nn::Linear(3, 2), 2), IndexError);
  CHECK_THROWS_AS(nn::WeightNorm(nn::LayerNorm(2, {.elementwise_affine = false})), GraphError);
}

TEST_CASE("the function weight_norm has right gradients and refuses lengths of another shape") {
  check::check_operation({.name = "weight_norm",
                          .call = [](const auto& in) { return nn::weight_norm(in[0], in[1]); },
                          .example = {numbers({{3, 4}, {0, 2}}), numbers({{10}, {1}})},
                          .expected = numbers({{6, 8}, {0, 1}}),
                          .shapes = {{{3, 4}, {3, 1}}, {{2, 3, 2}, {2, 1, 1}}},
                          .throwing = {{{3, 4}, {3}}, {{3, 4}, {1, 4}}}});
}

TEST_CASE("spectral_norm divides by the largest singular value") {
  Generator generator(3);
  nn::SpectralNorm layer(nn::Linear(5, 4, {.bias = false, .dtype = float64}),
                         {.n_power_iterations = 30, .generator = &generator});
  Tensor x = eye(5, std::nullopt, float64);
  Tensor weight = layer(x).detach().t();
  CHECK(linalg::svdvals(weight)[0].item() == doctest::Approx(1).epsilon(1e-6));
  CHECK(names_of(layer) == std::vector<std::string>{"weight_orig", "weight_u", "weight_v"});
  CHECK(layer.parameters().size() == 1);
  // In evaluation the vectors rest.
  Tensor before = layer.weight_u.detach().clone();
  layer.eval();
  CHECK(allclose(layer(x).detach().t(), weight, 1e-6));
  CHECK(equal(layer.weight_u, before));
  layer.train();
  sum(square(layer(x))).backward();
  // The length of the original does not matter.
  CHECK(sum(layer.weight_orig.grad() * layer.weight_orig.detach()).item() ==
        doctest::Approx(0).epsilon(1).scale(1e-5));
  nn::SpectralNorm transposed(nn::ConvTranspose1d(2, 3, 2), {.dim = 1});
  CHECK(transposed.weight_u.shape() == Shape{3});
  CHECK(transposed(ones({2, 2, 4})).shape() == Shape{2, 3, 5});
  CHECK_THROWS_AS(nn::SpectralNorm(nn::Linear(2, 2), {.n_power_iterations = 0}), ValueError);
  CHECK_THROWS_AS(nn::SpectralNorm(nn::Linear(2, 2), {.dim = 2}), IndexError);
}

TEST_CASE("any function computes a weight, one with parameters of its own too") {
  auto symmetric = [](const Tensor& w) { return triu(w) + triu(w, 1).t(); };
  nn::Parametrized layer(nn::Linear(3, 3, {.dtype = float64}), symmetric);
  Tensor weight = layer.computed_weight();
  CHECK(equal(weight, weight.t()));
  Tensor x = spread_numbers({2, 3}, -1, 1, {}, 4);
  CHECK(equal(layer(x), linear(x, weight, layer.bias)));
  sum(layer(x)).backward();
  CHECK(layer.original.grad().defined());
  CHECK(names_of(layer) == std::vector<std::string>{"bias", "parametrizations.weight.original"});

  nn::Parametrized scaled(nn::Linear(3, 3, {.dtype = float64}), Scaled());
  CHECK(names_of(scaled) == std::vector<std::string>{"bias", "parametrizations.weight.original",
                                                     "parametrizations.weight.0.factor"});
  sum(scaled(x)).backward();
  CHECK(scaled.parameters()[2].grad().defined());
}

TEST_CASE("a computed weight is cloned, saved and held like any other, also after an error") {
  nn::Sequential model(nn::WeightNorm(nn::Linear(2, 3)), nn::Tanh(), nn::SpectralNorm(nn::Linear(3, 1)));
  Tensor x = ones({4, 2});
  nn::Sequential copy = nn::clone(model);
  model.eval();
  copy.eval();
  CHECK(equal(copy(x), model(x)));
  copy.load_state_dict(model.state_dict());
  CHECK_THROWS_AS(model(ones({4, 5})), ShapeError);
  CHECK(equal(copy(x), model(x)));
  CHECK(model.state_dict()[1].first == "0.weight_g");
}
