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

TEST_CASE("nonlinearities and fan modes have PyTorch's names") {
  CHECK(init::to_nonlinearity("conv_transpose2d") == init::Nonlinearity::linear);
  CHECK(init::to_nonlinearity("conv3d") == init::Nonlinearity::linear);
  CHECK(init::to_nonlinearity("leaky_relu") == init::Nonlinearity::leaky_relu);
  CHECK(init::to_fan_mode("fan_out") == init::FanMode::fan_out);
  for (const char* name : {"swish", "conv", "conv4d", "", "conv_transpose"})
    CHECK_THROWS_AS(init::to_nonlinearity(name), ValueError);
  CHECK_THROWS_AS(init::to_fan_mode("fan"), ValueError);
}

TEST_CASE("a truncated normal distribution has its moments, and stays in its bounds") {
  manual_seed(2);
  Tensor x = init::trunc_normal_(weights());
  CHECK(amax(abs(x)).item() <= 2);
  CHECK(amax(abs(x)).item() > 1.99);
  CHECK(std::abs(mean(x).item()) < 0.02);
  CHECK(xgrad::std(x).item() == doctest::Approx(0.8796).epsilon(0.01));
  Tensor half = init::trunc_normal_(weights(), 1, 0.5, 1, INFINITY);
  CHECK(amin(half).item() >= 1);
  CHECK(mean(half).item() == doctest::Approx(1 + 0.5 * std::sqrt(2 / 3.141592653589793)).epsilon(0.01));
  CHECK(all(isfinite(init::trunc_normal_(weights(), 0, 1, -INFINITY, INFINITY))).item<bool>());
  CHECK(equal(init::trunc_normal_(zeros({3}), 0, 1, 0.5, 0.5), full({3}, 0.5)));
  CHECK_THROWS_AS(init::trunc_normal_(zeros({3}), 0, 0), ValueError);
  CHECK_THROWS_AS(init::trunc_normal_(zeros({3}), 0, 1, 2, 1), ValueError);
  CHECK_THROWS_AS(init::trunc_normal_(zeros({3}), NAN), ValueError);
  CHECK_THROWS_AS(init::trunc_normal_(tensor({1}, int64)), DTypeError);
}

TEST_CASE("eye_ and dirac_ put ones where they belong") {
  CHECK(equal(init::eye_(full({2, 3}, 5)), tensor({{1, 0, 0}, {0, 1, 0}})));
  CHECK(equal(init::eye_(full({3, 2}, 5).t()), tensor({{1, 0, 0}, {0, 1, 0}})));
  CHECK(equal(init::eye_(full({2, 2}, 5, int64)), tensor({{1, 0}, {0, 1}}, int64)));
  CHECK_THROWS_AS(init::eye_(zeros({2})), ShapeError);
  CHECK_THROWS_AS(init::eye_(zeros({2, 2, 2})), ShapeError);
  Tensor signal = randn({1, 4, 6});
  CHECK(equal(conv1d(signal, init::dirac_(empty({4, 4, 3})), Tensor(), {.padding = {1}}), signal));
  CHECK(equal(conv1d(signal, init::dirac_(empty({4, 2, 3}), 2), Tensor(), {.padding = {1}, .groups = 2}),
              signal));
  Tensor cube = init::dirac_(full({3, 2, 2, 4, 5}, 7));
  CHECK(sum(cube).item() == 2);
  CHECK(cube[1][1][1][2][2].item() == 1);
  CHECK(init::dirac_(empty({0, 2, 3})).numel() == 0);
  CHECK_THROWS_AS(init::dirac_(empty({2, 2})), ShapeError);
  CHECK_THROWS_AS(init::dirac_(empty({2, 2, 1, 1, 1, 1})), ShapeError);
  CHECK_THROWS_AS(init::dirac_(empty({3, 2, 3}), 2), ValueError);
  CHECK_THROWS_AS(init::dirac_(empty({3, 2, 3}), 0), ValueError);
  CHECK_THROWS_AS(init::dirac_(empty({3, 2, 3}), -3), ValueError);
}

TEST_CASE("orthogonal_ gives orthonormal rows or columns, in every direction alike") {
  manual_seed(3);
  for (const Shape& shape : {Shape{5, 5}, Shape{3, 7}, Shape{7, 3}, Shape{4, 2, 3, 3}, Shape{1, 1}}) {
    for (DType dtype : {float64, float32}) {
      Tensor w = init::orthogonal_(empty(shape, dtype), 1.5).to(float64).flatten(1);
      Tensor gram = w.size(0) <= w.size(1) ? matmul(w, w.t()) : matmul(w.t(), w);
      double error = amax(abs(gram - eye(gram.size(0), std::nullopt, float64) * 2.25)).item();
      CHECK(error < (dtype == float64 ? 1e-13 : 1e-6));
    }
  }
  Tensor large = init::orthogonal_(empty({200, 150}, float64));
  CHECK(amax(abs(matmul(large.t(), large) - eye(150, std::nullopt, float64))).item() < 1e-13);
  CHECK(std::abs(mean(large).item()) < 1e-3);
  int positive = 0;
  for (int i = 0; i < 200; ++i) positive += init::orthogonal_(empty({2, 2}))[0][0].item() > 0 ? 1 : 0;
  CHECK(positive > 60);
  CHECK(positive < 140);
  int threads = num_threads();
  Generator one(5);
  Generator two(5);
  set_num_threads(1);
  Tensor alone = init::orthogonal_(empty({120, 400}), 1, &one);
  set_num_threads(4);
  CHECK(equal(init::orthogonal_(empty({120, 400}), 1, &two), alone));
  set_num_threads(threads);
  CHECK(init::orthogonal_(empty({0, 3})).numel() == 0);
  CHECK_THROWS_AS(init::orthogonal_(empty({3})), ShapeError);
  CHECK_THROWS_AS(init::orthogonal_(empty({3, 3}, int64)), DTypeError);
}

TEST_CASE("sparse_ leaves as many zeros in every column") {
  manual_seed(4);
  Tensor w = init::sparse_(empty({50, 40}, float64), 0.33, 0.5);
  Tensor zeros_in_column = sum(eq(w, 0).to(float64), Shape{0});
  CHECK(equal(zeros_in_column, full({40}, 17, float64)));
  CHECK(std::sqrt(sum(square(w)).item() / (33 * 40)) == doctest::Approx(0.5).epsilon(0.1));
  CHECK_FALSE(equal(eq(w, 0).select(1, 0), eq(w, 0).select(1, 1)));
  CHECK(sum(ne(init::sparse_(empty({3, 3}), 1), 0)).item() == 0);
  CHECK(sum(eq(init::sparse_(empty({3, 3}), 0), 0)).item() == 0);
  CHECK(init::sparse_(empty({0, 3}), 0.5).numel() == 0);
  CHECK_THROWS_AS(init::sparse_(empty({3}), 0.5), ShapeError);
  CHECK_THROWS_AS(init::sparse_(empty({3, 3}), 1.1), ValueError);
  CHECK_THROWS_AS(init::sparse_(empty({3, 3}), -0.1), ValueError);
  CHECK_THROWS_AS(init::sparse_(empty({3, 3}), 0.5, -1), ValueError);
  CHECK_THROWS_AS(init::sparse_(empty({3, 3}, int64), 0.5), DTypeError);
}

TEST_CASE("weights without elements stay as they are, but must have fans") {
  for (const Shape& shape : {Shape{0, 0}, Shape{0, 3}, Shape{3, 0}}) {
    CHECK(init::xavier_uniform_(empty(shape)).numel() == 0);
    CHECK(init::xavier_normal_(empty(shape)).numel() == 0);
    CHECK(init::kaiming_uniform_(empty(shape)).numel() == 0);
    CHECK(init::kaiming_normal_(empty(shape)).numel() == 0);
  }
  CHECK_THROWS_AS(init::kaiming_uniform_(empty({0})), ShapeError);
}
