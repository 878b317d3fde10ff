#include <doctest/doctest.h>

#include <algorithm>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

/// -log of the sum over all paths of C^T that spell the labels.
double by_all_paths(const Tensor& log_probs, const std::vector<std::int64_t>& labels, std::int64_t blank) {
  std::int64_t time = log_probs.shape()[0];
  std::int64_t classes = log_probs.shape()[1];
  std::vector<std::int64_t> path(static_cast<std::size_t>(time), 0);
  double total = 0;
  for (;;) {
    std::vector<std::int64_t> spelled;
    double log_probability = 0;
    for (std::size_t t = 0; t < path.size(); ++t) {
      log_probability += log_probs.data<double>()[static_cast<std::int64_t>(t) * classes + path[t]];
      if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) spelled.push_back(path[t]);
    }
    if (spelled == labels) total += std::exp(log_probability);
    std::size_t t = 0;
    while (t < path.size() && ++path[t] == classes) path[t++] = 0;
    if (t == path.size()) return -std::log(total);
  }
}

Tensor frames(const Shape& shape, std::uint64_t seed) {
  return log_softmax(check::spread_numbers(shape, -2, 2, {}, seed), -1);
}

}  // namespace

TEST_CASE("ctc_loss is that of all paths together") {
  Tensor x = frames({5, 3}, 1);
  Tensor five = tensor(5, int64);
  for (const std::vector<std::int64_t>& labels :
       std::vector<std::vector<std::int64_t>>{{}, {1}, {2, 1}, {1, 1}, {2, 2, 1}, {1, 2, 1, 2, 1}}) {
    auto count = static_cast<std::int64_t>(labels.size());
    Tensor targets = zeros({count}, int64);
    std::copy(labels.begin(), labels.end(), targets.data<std::int64_t>());
    double loss = ctc_loss(x, targets, five, tensor(count, int64), {.reduction = Reduction::none}).item();
    CHECK(loss == doctest::Approx(by_all_paths(x, labels, 0)).epsilon(1e-12));
  }
  double last =
      ctc_loss(x, tensor({0, 1}, int64), five, tensor(2, int64), {.blank = 2, .reduction = Reduction::sum})
          .item();
  CHECK(last == doctest::Approx(by_all_paths(x, {0, 1}, 2)).epsilon(1e-12));
}

TEST_CASE("ctc_loss has its gradients, to the second order, in every layout of its targets") {
  Tensor padded = tensor({{1, 2, 2}, {3, 0, 0}, {0, 0, 0}}, int64);
  Tensor steps = tensor({6, 4, 5}, int64);
  Tensor lengths = tensor({3, 1, 0}, int64);
  auto loss = [&](Reduction by) {
    return [&, by](const std::vector<Tensor>& in) {
      return ctc_loss(in[0], padded, steps, lengths, {.reduction = by});
    };
  };
  Tensor x = frames({6, 3, 4}, 2);
  Tensor each = loss(Reduction::none)({x});
  check::check_operation(
      {.name = "ctc_loss",
       .call = loss(Reduction::none),
       .example = {x},
       .expected = each,
       .shapes = {{{6, 3, 4}}, {{7, 3, 5}}},
       .throwing = {{{6, 4}}, {{5, 3, 4}}, {{6, 2, 4}}, {{6, 3, 3}}, {{6}}, {{6, 3, 4, 1}}},
       .tolerance = 1e-13});
  Tensor joined = tensor({1, 2, 2, 3}, int64);
  CHECK(equal(ctc_loss(x, joined, steps, lengths, {.reduction = Reduction::none}), each));
  double mean_loss = ctc_loss(x, padded, steps.to(int32), lengths.to(int32)).item();
  Tensor shares = each / numbers({3, 1, 1});
  CHECK(mean_loss == doctest::Approx(mean(shares).item()));
  CHECK(ctc_loss(x, padded, steps, lengths, {.reduction = Reduction::sum}).item() ==
        doctest::Approx(sum(each).item()));
}

TEST_CASE("ctc_loss of what cannot be aligned is infinite, or 0 when asked") {
  Tensor x = frames({2, 2, 3}, 3).requires_grad_();
  Tensor targets = tensor({{1, 1}, {1, 2}}, int64);
  Tensor two = tensor({2, 2}, int64);
  Tensor losses = ctc_loss(x, targets, two, two, {.reduction = Reduction::none});
  CHECK(losses.select(0, 0).item() == INFINITY);
  CHECK(std::isfinite(losses.select(0, 1).item()));
  sum(losses).backward();
  CHECK(std::isnan(x.grad().select(1, 0).sum().item()));
  CHECK(std::isfinite(x.grad().select(1, 1).sum().item()));
  Tensor y = x.detach().requires_grad_();
  CtcOptions zeroed{.reduction = Reduction::none, .zero_infinity = true};
  Tensor finite = ctc_loss(y, targets, two, two, zeroed);
  CHECK(finite.select(0, 0).item() == 0);
  sum(finite).backward();
  CHECK(equal(y.grad().select(1, 0), zeros({2, 3}, float64)));
  Tensor recorded = grad(sum(ctc_loss(y, targets, two, two, zeroed)), y, Tensor(), {.create_graph = true});
  CHECK(check::agree(recorded, y.grad(), 1e-12));
  CHECK(
      equal(ctc_loss(x, zeros({2, 0}, int64), tensor({0, 2}, int64), zeros({2}, int64), zeroed).select(0, 0),
            tensor(0.0, float64)));
  CHECK(ctc_loss(x, targets, tensor({0, 2}, int64), two, {.reduction = Reduction::sum}).item() == INFINITY);
  CHECK(ctc_loss(zeros({4, 0, 3}), zeros({0, 2}, int64), zeros({0}, int64), zeros({0}, int64),
                 {.reduction = Reduction::none})
            .shape() == Shape{0});
}

TEST_CASE("ctc_loss refuses what does not fit") {
  Tensor x = frames({4, 2, 3}, 4);
  Tensor targets = tensor({{1, 2}, {2, 1}}, int64);
  Tensor four = tensor({4, 4}, int64);
  Tensor two = tensor({2, 2}, int64);
  CHECK_THROWS_AS(ctc_loss(x, targets, four, two, {.blank = 3}), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, targets, four, two, {.blank = -1}), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, targets, tensor({5, 4}, int64), two), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, targets, four, tensor({3, 2}, int64)), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, targets, four, tensor({-1, 2}, int64)), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, tensor({{1, 3}, {2, 1}}, int64), four, two), IndexError);
  CHECK_THROWS_AS(ctc_loss(x, tensor({{1, -1}, {2, 1}}, int64), four, two), IndexError);
  CHECK_THROWS_AS(ctc_loss(x, targets.to(float64), four, two), DTypeError);
  CHECK_THROWS_AS(ctc_loss(x, targets, four.to(float64), two), DTypeError);
  CHECK_THROWS_AS(ctc_loss(targets, targets, four, two), DTypeError);
  CHECK_THROWS_AS(ctc_loss(x, tensor({1, 2, 1}, int64), four, two), ShapeError);
  CHECK_THROWS_AS(ctc_loss(x, tensor({1, 2, 1, 2, 1}, int64), four, two), ShapeError);
  CHECK_THROWS_AS(ctc_loss(x, targets, tensor({4}, int64), two), ShapeError);
}
