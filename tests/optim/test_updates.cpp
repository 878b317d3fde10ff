#include <doctest/doctest.h>

#include <vector>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using check::numbers;

namespace {

/// The parameter after each step with these gradients.
template <class Optimizer, class Options>
Tensor trace(Options options, const Tensor& start, const Tensor& gradients) {
  Tensor p = start.clone().requires_grad_();
  Optimizer optimizer({p}, options);
  std::vector<Tensor> steps;
  for (std::int64_t i = 0; i < gradients.size(0); ++i) {
    p.set_grad(gradients[i].clone());
    optimizer.step();
    steps.push_back(p.detach().clone());
  }
  return stack(steps);
}

}  // namespace

TEST_CASE("SGD follows PyTorch's path with momentum and dampening") {
  Tensor gradients = numbers({{-1.2769, 0.48934, 2.4532},
                              {0.10886, -1.1699, -0.60158},
                              {-1.1522, -0.34073, -0.70856},
                              {1.8272, 1.4748, -0.69349}});
  CHECK(agree(trace<optim::SGD>(optim::SGDOptions{.lr = 0.05, .momentum = 0.8, .dampening = 0.3},
                                numbers({0.88682, -0.81209, 1.2124}), gradients),
              numbers({{0.950665, -0.836557, 1.08974},
                       {0.9979309, -0.8151841, 1.0126673},
                       {1.07607062, -0.78616023, 0.97580874},
                       {1.074630396, -0.814559134, 0.970594042}}),
              1e-12));
}

TEST_CASE("SGD follows PyTorch's path with Nesterov's momentum") {
  Tensor gradients = numbers({{-0.72165, 0.48924, 0.44277},
                              {0.34358, -0.94536, 1.181},
                              {0.99476, 1.5123, 1.2871},
                              {0.6881, -0.081741, 0.4378}});
  CHECK(agree(trace<optim::SGD>(optim::SGDOptions{.lr = 0.05, .momentum = 0.9, .nesterov = true},
                                numbers({0.80822, -1.9079, 0.098639}), gradients),
              numbers({{0.87677675, -1.9543778, 0.05657585},
                       {0.873363475, -1.88438282, -0.073551335},
                       {0.7912504275, -2.007597038, -0.2597953015},
                       {0.69674338475, -2.0426709392, -0.41108637135}}),
              1e-12));
}

TEST_CASE("SGD decays weights, and climbs when it maximizes") {
  Tensor start = numbers({2, -4});
  Tensor gradient = numbers({{1, 1}});
  CHECK(agree(trace<optim::SGD>(optim::SGDOptions{.lr = 0.1}, start, gradient)[0], numbers({1.9, -4.1}),
              1e-15));
  CHECK(agree(trace<optim::SGD>(optim::SGDOptions{.lr = 0.1, .weight_decay = 0.5}, start, gradient)[0],
              numbers({1.8, -3.9}), 1e-15));
  CHECK(agree(trace<optim::SGD>(optim::SGDOptions{.lr = 0.1, .maximize = true}, start, gradient)[0],
              numbers({2.1, -3.9}), 1e-15));
}

TEST_CASE("Adam follows PyTorch's path") {
  Tensor gradients = numbers({{-0.80283, -0.607, 0.85857},
                              {-0.50569, -0.28242, -2.7875},
                              {1.2727, 0.44226, -0.69101},
                              {-0.89899, 1.5128, -1.1559}});
  CHECK(
      agree(trace<optim::Adam>(optim::AdamOptions{.lr = 0.05}, numbers({0.736, 0.1829, 0.45148}), gradients),
            numbers({{0.7859999993772031, 0.23289999917627677, 0.40148000058236366},
                     {0.8341811207783307, 0.2789753224901075, 0.42718247371876256},
                     {0.830814173201445, 0.2910681379512052, 0.4538819751205908},
                     {0.8427418121155531, 0.2700297588687608, 0.48474895726934875}}),
            1e-12));
}

TEST_CASE("Adam follows PyTorch's path with weight decay, and with amsgrad") {
  Tensor gradients = numbers({{-0.65406, -0.60414, 1.2802},
                              {-0.78995, -0.39489, 0.57766},
                              {-1.3826, 0.79686, -0.51283},
                              {1.3333, 0.063975, -0.58585}});
  CHECK(agree(trace<optim::Adam>(optim::AdamOptions{.lr = 0.05, .weight_decay = 0.1},
                                 numbers({-0.6826, -0.51179, -0.0010158}), gradients)[3],
              numbers({-0.5175024710176191, -0.40467587698853114, -0.12472736918160414}), 1e-12));
  gradients = numbers({{-0.28814, 0.5051, 1.3051},
                       {-0.24132, 0.40832, 0.78244},
                       {0.8056, -0.056983, -2.5316},
                       {-0.42024, 0.068859, -0.25218}});
  CHECK(agree(trace<optim::Adam>(optim::AdamOptions{.lr = 0.05, .amsgrad = true},
                                 numbers({0.95677, -1.3564, -0.86006}), gradients)[3],
              numbers({1.0465662209439863, -1.5229260382488445, -0.9403246097873744}), 1e-12));
}

TEST_CASE("AdamW follows PyTorch's path: its decay passes by the averages") {
  Tensor gradients = numbers({{-0.12643, 0.62807, -0.90025},
                              {-0.18626, 0.78819, -0.82239},
                              {-0.34279, 1.4784, -2.2064},
                              {-1.2178, 0.95293, 0.79774}});
  CHECK(agree(trace<optim::AdamW>(optim::AdamWOptions{.lr = 0.05, .weight_decay = 0.2},
                                  numbers({-1.8019, -0.0041363, -0.43798}), gradients),
              numbers({{-1.7338810039547572, -0.05409493620391039, -0.3836002005554013},
                       {-1.6669431058533983, -0.1035303103412972, -0.32993288920561203},
                       {-1.6025337547340572, -0.15064239366919735, -0.28005221289092286},
                       {-1.546496984041737, -0.1976070686090145, -0.2496472216789835}}),
              1e-12));
}

TEST_CASE("float32 parameters of any size take the same path as float64") {
  for (std::int64_t size : {1, 7, 16, 33, 1000, 100000}) {
    CAPTURE(size);
    Tensor start = randn({size}, float64);
    Tensor gradients = randn({3, size}, float64);
    Tensor wide = trace<optim::Adam>(optim::AdamOptions{.lr = 0.01}, start, gradients);
    Tensor narrow =
        trace<optim::Adam>(optim::AdamOptions{.lr = 0.01}, start.to(float32), gradients.to(float32));
    CHECK(agree(narrow.to(float64), wide, 1e-5));
  }
}

TEST_CASE("options are checked as PyTorch checks them") {
  Tensor p = ones({2}).requires_grad_();
  CHECK_THROWS_AS(optim::SGD({p}, {.lr = -0.1}), ValueError);
  CHECK_THROWS_AS(optim::SGD({p}, {.momentum = -0.1}), ValueError);
  CHECK_THROWS_AS(optim::SGD({p}, {.weight_decay = -1}), ValueError);
  CHECK_THROWS_AS(optim::SGD({p}, {.nesterov = true}), ValueError);
  CHECK_THROWS_AS(optim::SGD({p}, {.momentum = 0.9, .dampening = 0.1, .nesterov = true}), ValueError);
  CHECK_THROWS_AS(optim::Adam({p}, {.lr = -1}), ValueError);
  CHECK_THROWS_AS(optim::Adam({p}, {.betas = {1.0, 0.9}}), ValueError);
  CHECK_THROWS_AS(optim::Adam({p}, {.betas = {0.9, -0.1}}), ValueError);
  CHECK_THROWS_AS(optim::Adam({p}, {.eps = -1}), ValueError);
  CHECK_THROWS_AS(optim::AdamW({p}, {.weight_decay = -1}), ValueError);
}
