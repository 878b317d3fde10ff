#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
namespace init = xgrad::nn::init;

namespace {

Tensor weights() { return empty({200, 100, 3}, float64); }
constexpr double fan_in = 300;
constexpr double fan_out = 600;

void check_uniform(const Tensor& x, double bound) {
  CHECK(amax(abs(x)).item() <= bound);
  CHECK(amax(abs(x)).item() > 0.99 * bound);
  CHECK(std::abs(mean(x).item()) < 0.02 * bound);
  CHECK(xgrad::std(x).item() == doctest::Approx(bound / std::sqrt(3.0)).epsilon(0.02));
}

void check_normal(const Tensor& x, double mean_value, double deviation) {
  CHECK(std::abs(mean(x).item() - mean_value) < 0.02 * deviation);
  CHECK(xgrad::std(x).item() == doctest::Approx(deviation).epsilon(0.02));
  // A normal distribution has 31.7 % beyond one deviation.
  CHECK(mean((abs(x - mean_value) > deviation).to(float64)).item() == doctest::Approx(0.317).epsilon(0.05));
}

}  // namespace

TEST_CASE("gains are those of PyTorch") {
  using init::Nonlinearity;
  CHECK(init::calculate_gain(Nonlinearity::linear) == 1);
  CHECK(init::calculate_gain(Nonlinearity::sigmoid) == 1);
  CHECK(init::calculate_gain(Nonlinearity::tanh) == doctest::Approx(5.0 / 3));
  CHECK(init::calculate_gain(Nonlinearity::relu) == doctest::Approx(std::sqrt(2.0)));
  CHECK(init::calculate_gain(Nonlinearity::leaky_relu) == doctest::Approx(1.4141428569978354));
  CHECK(init::calculate_gain(Nonlinearity::leaky_relu, 0.2) == doctest::Approx(1.3867504905630728));
  CHECK(init::calculate_gain(Nonlinearity::selu) == 0.75);
}

TEST_CASE("fans count the kernel") {
  CHECK(init::fan_in_and_fan_out(empty({4, 3})) == std::pair<std::int64_t, std::int64_t>(3, 4));
  CHECK(init::fan_in_and_fan_out(empty({6, 2, 3, 3})) == std::pair<std::int64_t, std::int64_t>(18, 54));
  CHECK_THROWS_AS(init::fan_in_and_fan_out(empty({3})), ShapeError);
  CHECK_THROWS_AS(init::xavier_uniform_(empty({3})), ShapeError);
}

TEST_CASE("initialisers draw from their distributions") {
  manual_seed(1);
  check_uniform(init::xavier_uniform_(weights(), 1.7), 1.7 * std::sqrt(6 / (fan_in + fan_out)));
  check_normal(init::xavier_normal_(weights()), 0, std::sqrt(2 / (fan_in + fan_out)));
  check_uniform(init::kaiming_uniform_(weights(), {.a = std::sqrt(5.0)}), 1 / std::sqrt(fan_in));
  check_uniform(init::kaiming_uniform_(
                    weights(), {.mode = init::FanMode::fan_out, .nonlinearity = init::Nonlinearity::relu}),
                std::sqrt(6 / fan_out));
  check_normal(init::kaiming_normal_(weights(), {.nonlinearity = init::Nonlinearity::relu}), 0,
               std::sqrt(2 / fan_in));
  check_normal(init::normal_(weights(), 3, 0.5), 3, 0.5);
  check_uniform(init::uniform_(weights(), 1, 3) - 2, 1);
}

TEST_CASE("initialisers write into parameters without recording, from any generator, in any memory") {
  nn::Parameter parameter(zeros({3, 2}));
  Generator generator(1);
  std::uint32_t version = parameter.version();
  CHECK(init::uniform_(parameter, 0, 1, &generator).is_same(parameter));
  CHECK(parameter.is_leaf());
  CHECK(parameter.requires_grad());
  CHECK(parameter.version() > version);
  Tensor transposed = zeros({2, 3}).t();
  Generator again(1);
  CHECK(equal(init::uniform_(transposed, 0, 1, &again), parameter));
  CHECK(equal(init::ones_(parameter), ones({3, 2})));
  CHECK(equal(init::zeros_(parameter), zeros({3, 2})));
  CHECK(equal(init::constant_(parameter, 2.5), full({3, 2}, 2.5)));
  CHECK_THROWS_AS(init::uniform_(parameter, 2, 1), ValueError);
  CHECK_THROWS_AS(init::normal_(parameter, 0, -1), ValueError);
  CHECK_THROWS_AS(init::normal_(tensor({1}, int64)), DTypeError);
}
