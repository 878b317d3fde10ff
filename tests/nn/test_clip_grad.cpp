#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using check::numbers;
using nn::utils::clip_grad_norm_;
using nn::utils::clip_grad_value_;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor with_gradient(const Tensor& gradient) {
  Tensor parameter = zeros_like(gradient).requires_grad_();
  parameter.set_grad(gradient.clone());
  return parameter;
}

}  // namespace

TEST_CASE("clip_grad_norm_ takes the norm of all gradients together, and scales them all") {
  struct Row {
    double norm_type;
    double norm;
  };
  for (auto [norm_type, norm] : {Row{2, 5}, Row{1, 7}, Row{3, std::cbrt(91)}, Row{infinity, 4},
                                 Row{-infinity, 0}, Row{0, 2}, Row{0.5, std::pow(std::sqrt(3) + 2, 2)}}) {
    CAPTURE(norm_type);
    Tensor a = with_gradient(numbers({{3, 0}}));
    Tensor b = with_gradient(tensor(-4.0, float64));
    Tensor without = zeros({3}).requires_grad_();
    Tensor total = clip_grad_norm_({a, without, b}, 1, norm_type);
    CHECK(total.ndim() == 0);
    CHECK(total.dtype() == float64);
    CHECK(total.item() == doctest::Approx(norm));
    double factor = std::min(1.0, 1 / (norm + 1e-6));
    CHECK(agree(a.grad(), numbers({{3 * factor, 0}}), 1e-12));
    CHECK(agree(b.grad(), tensor(-4 * factor, float64), 1e-12));
    CHECK_FALSE(without.grad().defined());
  }
}

TEST_CASE("gradients within the norm stay as they are") {
  Tensor a = with_gradient(numbers({3, 4}));
  std::uint32_t version = a.grad().version();
  CHECK(clip_grad_norm_({a}, 6).item() == 5);
  CHECK(equal(a.grad(), numbers({3, 4})));
  CHECK(a.grad().version() == version);
  CHECK(clip_grad_norm_({}, 1).item() == 0);
  CHECK(clip_grad_norm_({ones({2}).requires_grad_()}, 1).item() == 0);
  Tensor empty_one = with_gradient(zeros({0}));
  CHECK(clip_grad_norm_({empty_one}, 1).item() == 0);
  CHECK_THROWS_AS(clip_grad_norm_({empty_one}, 1, infinity), ValueError);
}

TEST_CASE("a norm that is not finite is refused on demand, before anything is changed") {
  double nan = std::nan("");
  for (double bad : {infinity, nan}) {
    for (double norm_type : {2.0, 1.0, 3.0, infinity}) {
      Tensor a = with_gradient(numbers({1, bad, 2}));
      CHECK_THROWS_AS(clip_grad_norm_({a}, 1, norm_type, true), ValueError);
      CHECK(agree(a.grad(), numbers({1, bad, 2}), 0));
      clip_grad_norm_({a}, 1, norm_type);
      CHECK(agree(a.grad(), std::isnan(bad) ? numbers({nan, nan, nan}) : numbers({0, nan, 0}), 0));
    }
  }
  CHECK_THROWS_AS(clip_grad_norm_({Tensor()}, 1), GraphError);
  CHECK_THROWS_AS(clip_grad_value_({Tensor()}, 1), GraphError);
}

TEST_CASE("a large norm is the same for any number of threads, and near in float32") {
  std::vector<Tensor> wide;
  std::vector<Tensor> narrow;
  for (int i = 0; i < 20; ++i) {
    Tensor gradient = randn({(i * 7919) % 60000}, float64);
    wide.push_back(with_gradient(gradient));
    narrow.push_back(with_gradient(gradient.to(float32)));
  }
  int threads = num_threads();
  for (double norm_type : {2.0, 1.0, 0.7, 0.0, infinity}) {
    if (norm_type == infinity) {
      wide.erase(wide.begin());
      narrow.erase(narrow.begin());
    }
    set_num_threads(1);
    double alone = clip_grad_norm_(wide, infinity, norm_type).item();
    set_num_threads(4);
    CHECK(clip_grad_norm_(wide, infinity, norm_type).item() == alone);
    Tensor single = clip_grad_norm_(narrow, infinity, norm_type);
    CHECK(single.dtype() == float32);
    CHECK(single.item() == doctest::Approx(alone).epsilon(1e-6));
  }
  set_num_threads(threads);
  clip_grad_norm_(wide, 1);
  CHECK(clip_grad_norm_(wide, 1).item() == doctest::Approx(1).epsilon(1e-5));
}

TEST_CASE("gradients of any memory layout, of both dtypes, and gradients that share memory") {
  Tensor gradient = check::spread_numbers({4, 5}, -1, 1, {}, 1);
  Tensor plain = zeros({4, 5}, float64).requires_grad_();
  Tensor other = zeros({4, 5}, float64).requires_grad_();
  plain.set_grad(gradient.clone());
  other.set_grad(check::stepped_memory(gradient));
  Tensor single = with_gradient(numbers({1}).to(float32));
  CHECK(clip_grad_norm_({plain, other, single}, 0.5).dtype() == float64);
  CHECK(equal(plain.grad(), other.grad()));
  CHECK(single.grad().item() < 0.5);

  Tensor shared = numbers({3, 4, 0});
  Tensor a = zeros({3}, float64).requires_grad_();
  Tensor b = zeros({2}, float64).requires_grad_();
  a.set_grad(shared);
  b.set_grad(shared.slice(0, 1, 3));
  clip_grad_norm_({a, b, a}, 1);
  double factor = 1 / (std::sqrt(41.0) + 1e-6);
  CHECK(agree(shared, numbers({3 * factor, 4 * factor, 0}), 1e-12));
}

TEST_CASE("clip_grad_value_ clamps every element; nan stays") {
  double nan = std::nan("");
  Tensor a = with_gradient(numbers({{-3, 0.2}, {nan, infinity}}));
  Tensor b = with_gradient(numbers({1, -1}).to(float32));
  clip_grad_value_({a, ones({1}).requires_grad_(), b}, 0.5);
  CHECK(agree(a.grad(), numbers({{-0.5, 0.2}, {nan, 0.5}}), 0));
  CHECK(equal(b.grad(), numbers({0.5, -0.5}).to(float32)));
}

TEST_CASE("clipping after backward, with gradients that backward made") {
  nn::Linear model(3, 2, {.dtype = float64});
  sum(model(ones({4, 3}, float64)) * 100).backward();
  clip_grad_norm_(model.parameters(), 1);
  double squares = sum(square(model.weight.grad())).item() + sum(square(model.bias.grad())).item();
  CHECK(squares == doctest::Approx(1).epsilon(1e-5));
}
