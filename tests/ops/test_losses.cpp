#include <doctest/doctest.h>

#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Loss = std::function<Tensor(const Tensor&, const Tensor&, Reduction)>;
using Formula = std::function<double(double, double)>;

const std::vector<std::vector<Shape>> same_shapes = {
    {{3, 4}, {3, 4}}, {{}, {}}, {{2, 0}, {2, 0}}, {{7}, {7}}};
const std::vector<std::vector<Shape>> broadcasting = {
    {{3, 4}, {3, 4}}, {{3, 1}, {4}}, {{}, {}}, {{2, 0}, {2, 1}}};
const std::vector<std::vector<Shape>> not_broadcasting = {{{2, 3}, {2, 2}}, {{4}, {3}}};

/// Checks all reductions of a loss of one input and one target.
void check_pair(const char* name, const Loss& loss, const Formula& formula,
                const std::vector<std::vector<Shape>>& shapes, std::vector<std::vector<Shape>> throwing,
                double low = -2, double high = 2, const std::vector<double>& kinks = {}) {
  Tensor x = check::spread_numbers({3, 4}, low, high, kinks, 5);
  Tensor t = check::spread_numbers({3, 4}, low, high, kinks, 6);
  Tensor each = check::each(x, t, formula);
  for (const auto& [reduction, expected] :
       {std::pair(Reduction::none, each), std::pair(Reduction::mean, mean(each)),
        std::pair(Reduction::sum, sum(each))}) {
    check::check_operation(
        {.name = name,
         .call = [&, by = reduction](const std::vector<Tensor>& in) { return loss(in[0], in[1], by); },
         .example = {x, t},
         .expected = expected,
         .shapes =
             reduction == Reduction::mean ? std::vector<std::vector<Shape>>{shapes[0], shapes[1]} : shapes,
         .throwing = throwing,
         .low = low,
         .high = high,
         .kinks = kinks});
  }
  CHECK_THROWS_AS(loss(x, t, static_cast<Reduction>(17)), ValueError);
  CHECK(loss(x.to(float32), t.to(float32), Reduction::mean).dtype() == float32);
  CHECK(std::isnan(loss(zeros({0}, float64), zeros({0}, float64), Reduction::mean).item()));
  CHECK(loss(zeros({0, 2}, float64), zeros({0, 2}, float64), Reduction::sum).item() == 0);
}

double softplus_of(double x) { return std::log1p(std::exp(x)); }

double stirling(double t) {
  return t <= 1 ? 0 : t * std::log(t) - t + 0.5 * std::log(2 * std::acos(-1.0) * t);
}

}  // namespace

TEST_CASE("losses of one input and one target have the value and the gradients that they should") {
  std::vector<std::vector<Shape>> not_the_same = {{{2, 3}, {3}}, {{4, 1}, {4}}};
  check_pair(
      "mse_loss", mse_loss, [](double x, double t) { return (x - t) * (x - t); }, same_shapes, not_the_same);
  check_pair(
      "l1_loss", l1_loss, [](double x, double t) { return std::abs(x - t); }, same_shapes, not_the_same);
  check_pair(
      "smooth_l1_loss",
      [](const Tensor& x, const Tensor& t, Reduction by) { return smooth_l1_loss(x, t, by, 0.7); },
      [](double x, double t) {
        double d = std::abs(x - t);
        return d < 0.7 ? d * d / 1.4 : d - 0.35;
      },
      same_shapes, not_the_same);
  check_pair(
      "huber_loss", [](const Tensor& x, const Tensor& t, Reduction by) { return huber_loss(x, t, by, 0.7); },
      [](double x, double t) {
        double d = std::abs(x - t);
        return d < 0.7 ? d * d / 2 : 0.7 * (d - 0.35);
      },
      same_shapes, not_the_same);
  check_pair(
      "kl_div", [](const Tensor& x, const Tensor& t, Reduction by) { return kl_div(x, t, by); },
      [](double x, double t) { return t * (std::log(t) - x); }, broadcasting, not_broadcasting, 0.2, 2);
  check_pair(
      "kl_div of logarithms",
      [](const Tensor& x, const Tensor& t, Reduction by) { return kl_div(x, t, by, true); },
      [](double x, double t) { return std::exp(t) * (t - x); }, broadcasting, not_broadcasting);
  for (bool full : {false, true}) {
    check_pair(
        "poisson_nll_loss",
        [=](const Tensor& x, const Tensor& t, Reduction by) {
          return poisson_nll_loss(x, t, {.full = full, .reduction = by});
        },
        [=](double x, double t) { return std::exp(x) - t * x + (full ? stirling(t) : 0); }, broadcasting,
        not_broadcasting, 0.2, 3, {1});
    check_pair(
        "poisson_nll_loss of rates",
        [=](const Tensor& x, const Tensor& t, Reduction by) {
          return poisson_nll_loss(x, t, {.log_input = false, .full = full, .eps = 0.1, .reduction = by});
        },
        [=](double x, double t) { return x - t * std::log(x + 0.1) + (full ? stirling(t) : 0); },
        broadcasting, not_broadcasting, 0.2, 3, {1});
  }
  check_pair(
      "soft_margin_loss", soft_margin_loss, [](double x, double t) { return softplus_of(-t * x); },
      broadcasting, not_broadcasting);
  check_pair(
      "sigmoid_focal_loss",
      [](const Tensor& x, const Tensor& t, Reduction by) {
        return sigmoid_focal_loss(x, t, {.alpha = 0.3, .gamma = 1.5, .reduction = by});
      },
      [](double x, double t) {
        double p = 1 / (1 + std::exp(-x));
        double missing = p * (1 - t) + (1 - p) * t;
        return (0.3 * t + 0.7 * (1 - t)) * std::pow(missing, 1.5) * (softplus_of(x) - x * t);
      },
      same_shapes, not_the_same, 0.1, 0.9);
  check_pair(
      "binary_cross_entropy_with_logits",
      [](const Tensor& x, const Tensor& t, Reduction by) {
        return binary_cross_entropy_with_logits(x, t, {}, {}, by);
      },
      [](double x, double t) { return softplus_of(x) - x * t; }, same_shapes, not_the_same);
}

TEST_CASE("hinge_embedding_loss and margin_ranking_loss choose by the target's sign") {
  Tensor x = numbers({0.5, 2, 0.5, 2, 0.5}).requires_grad_();
  Tensor t = numbers({1, 1, -1, -1, 0});
  Tensor losses = hinge_embedding_loss(x, t, Reduction::none, 1.25);
  CHECK(equal(losses, numbers({0.5, 2, 0.75, 0, 1.25})));
  sum(losses).backward();
  CHECK(equal(x.grad(), numbers({1, 1, -1, 0, 0})));
  CHECK(hinge_embedding_loss(x, t, Reduction::mean, 1.25).item() == doctest::Approx(0.9));
  CHECK_THROWS_AS(hinge_embedding_loss(zeros({2, 3}), ones({2, 2}), Reduction::sum), ShapeError);
  check::check_operation({.name = "hinge_embedding_loss",
                          .call =
                              [](const std::vector<Tensor>& in) {
                                return hinge_embedding_loss(in[0], tensor({1, -1}), Reduction::sum, 0.5);
                              },
                          .example = {numbers({{1, 0.25}})},
                          .expected = numbers({1.25}).reshape({}),
                          .shapes = {{{3, 2}}, {{2}}, {{0, 2}}},
                          .throwing = {{{3}}},
                          .kinks = {0.5}});
  check::check_operation(
      {.name = "margin_ranking_loss",
       .call =
           [](const std::vector<Tensor>& in) {
             return margin_ranking_loss(in[0], in[1] + 1, in[2], Reduction::none, 0.2);
           },
       .example = {numbers({1, 1, 3}), numbers({1, 1, 1}), numbers({1, -1, 1})},
       .expected = numbers({1.2, 0, 0}),
       .shapes = {{{4}, {4}, {4}}, {{2, 3}, {1, 3}, {2, 1}}, {{}, {}, {}}, {{0}, {1}, {0}}},
       .throwing = {{{2, 2}, {2}, {2}}, {{2}, {3}, {3}}}});
  CHECK_THROWS_AS(margin_ranking_loss(x, x, x, Reduction::batchmean), ValueError);
}

TEST_CASE("gaussian_nll_loss takes variances of several shapes, and bounds them") {
  double constant = 0.5 * std::log(2 * std::acos(-1.0));
  auto loss = [](const std::vector<Tensor>& in) {
    return gaussian_nll_loss(in[0], in[1], abs(in[2]) + 0.2, {.full = true, .reduction = Reduction::none});
  };
  check::check_operation(
      {.name = "gaussian_nll_loss",
       .call = loss,
       .example = {numbers({{1, 2}}), numbers({{0, 4}}), numbers({{0.8, 1.8}})},
       .expected = numbers({{0.5 + constant, 0.5 * std::log(2.0) + 1 + constant}}),
       .shapes = {{{2, 3}, {2, 3}, {2, 3}}, {{2, 3}, {2, 3}, {2}}, {{2, 3}, {3}, {2, 1}}, {{}, {}, {}}},
       .throwing = {{{2, 3}, {2, 3}, {2, 2}}, {{2, 3}, {2, 3}, {3}}, {{2, 3}, {2}, {2, 3}}, {{}, {}, {1}}},
       .kinks = {0}});
  Tensor x = numbers({1, 2});
  Tensor zero = numbers({0, 0}).requires_grad_();
  Tensor bounded = gaussian_nll_loss(x, x, zero, {.eps = 0.5, .reduction = Reduction::sum});
  CHECK(bounded.item() == doctest::Approx(std::log(0.5)));
  bounded.backward();
  CHECK(equal(zero.grad(), numbers({1, 1})));  // as though the bound were not there
  CHECK_THROWS_AS(gaussian_nll_loss(x, x, numbers({1, -0.1})), ValueError);
}

TEST_CASE("kl_div is 0 where the target is, and divides by the batch alone with batchmean") {
  Tensor x = numbers({{-1, -INFINITY, -3}, {-1, -2, -3}}).requires_grad_();
  Tensor t = numbers({{0.5, 0, 0}, {0, 1, 0}});
  Tensor losses = kl_div(x, t, Reduction::none);
  CHECK(check::agree(losses, numbers({{0.5 * (std::log(0.5) + 1), 0, 0}, {0, 2, 0}}), 1e-15));
  CHECK(kl_div(x, t, Reduction::batchmean).item() == doctest::Approx(sum(losses).item() / 2));
  CHECK(kl_div(tensor(-1.0), tensor(1.0), Reduction::batchmean).item() == 1);
  CHECK(to_reduction("batchmean") == Reduction::batchmean);
  CHECK_THROWS_AS(to_reduction("avg"), ValueError);
  CHECK_THROWS_AS(mse_loss(x, t, Reduction::batchmean), ValueError);
}

TEST_CASE("losses of distances have the value and the gradients that they should") {
  auto triplet = [](double p, bool swap) {
    return [=](const std::vector<Tensor>& in) {
      return triplet_margin_loss(in[0], in[1], in[2],
                                 {.margin = 0.5, .p = p, .swap = swap, .reduction = Reduction::none});
    };
  };
  Tensor a = numbers({{0, 0}, {1, 1}});
  Tensor b = numbers({{3, 4}, {1, 1}});
  Tensor c = numbers({{0, 1}, {5, 1}});
  const std::vector<std::vector<Shape>> shapes = {
      {{3, 4}, {3, 4}, {3, 4}}, {{2, 3}, {1, 3}, {2, 1}}, {{4}, {4}, {4}}};
  const std::vector<std::vector<Shape>> throwing = {{{2, 3}, {2, 3}, {2, 2}}, {{2, 3}, {3}, {2, 3}}};
  const Operation rows[] = {
      {.name = "triplet, Euclid",
       .call = triplet(2, false),
       .example = {a, b, c},
       .expected = numbers({4.5, 0}),
       .shapes = shapes,
       .throwing = throwing,
       .tolerance = 1e-5},
      {.name = "triplet, city blocks",
       .call = triplet(1, false),
       .example = {a, b, c},
       .expected = numbers({6.5, 0}),
       .shapes = shapes,
       .throwing = throwing,
       .tolerance = 1e-5},
      {.name = "triplet, cubes, swapped",
       .call = triplet(3, true),
       .example = {c, b, a},
       .expected = numbers({std::cbrt(54.0) - 0.5, 4.5}),
       .shapes = shapes,
       .throwing = throwing,
       .tolerance = 1e-5},
      {.name = "triplet, maximum",
       .call = triplet(INFINITY, false),
       .example = {a, b, c},
       .expected = numbers({3.5, 0}),
       .shapes = shapes,
       .throwing = throwing,
       .tolerance = 1e-5},
      {.name = "cosine_embedding_loss",
       .call =
           [](const std::vector<Tensor>& in) {
             return cosine_embedding_loss(in[0], in[1], tensor({1, -1}), Reduction::none, 0.1);
           },
       .example = {numbers({{1, 0}, {3, 4}}), numbers({{1, 1}, {4, 3}})},
       .expected = numbers({1 - std::sqrt(0.5), 0.86}),
       .shapes = {{{2, 3}, {2, 3}}, {{2, 1}, {2, 1}}},
       .throwing = {{{2, 3}, {2, 4}}, {{3}, {3}}, {{3, 2}, {3, 2}}, {{2, 3, 1}, {2, 3, 1}}},
       .tolerance = 1e-11},
  };
  for (const Operation& row : rows) check::check_operation(row);
  Tensor v = numbers({1, 2, 3});
  CHECK(cosine_embedding_loss(v, v * 2, tensor(1, int64), Reduction::mean).item() == doctest::Approx(0));
  CHECK_THROWS_AS(cosine_embedding_loss(v, v, tensor({1}), Reduction::mean), ShapeError);
  Tensor same = numbers({{1, 2}}).requires_grad_();
  triplet_margin_loss(same, same.detach(), same.detach(), {.eps = 0}).backward();
  CHECK(equal(same.grad(), numbers({{0, 0}})));
}

TEST_CASE("losses of classes have the value and the gradients that they should") {
  Tensor x = numbers({{0.1, 0.2, 0.4}, {0.8, -1, 0.3}});
  auto multi = [](int p, const Tensor& weight) {
    return [=](const std::vector<Tensor>& in) {
      Tensor t = in[0].ndim() == 2 ? tensor({2, 0}, int64) : tensor(1, int64);
      return multi_margin_loss(in[0], t,
                               {.p = p, .margin = 0.5, .weight = weight, .reduction = Reduction::none});
    };
  };
  auto lists = [](const std::vector<Tensor>& in) {
    Tensor t = in[0].ndim() == 2 ? tensor({{2, -1, -1}, {0, 2, -1}}, int64) : tensor({1, -1, 0}, int64);
    return multilabel_margin_loss(in[0], t, Reduction::none);
  };
  const std::vector<std::vector<Shape>> shapes = {{{2, 3}}, {{3}}};
  const Operation rows[] = {
      {.name = "multi_margin_loss",
       .call = multi(1, {}),
       .example = {x},
       .expected = numbers({(0.2 + 0.3) / 3, 0}),
       .shapes = shapes,
       .throwing = {{{3, 3}}, {{2, 0}}, {{2, 1, 3}}}},
      {.name = "multi_margin_loss, squared and weighted",
       .call = multi(2, numbers({1, 2, 3})),
       .example = {x},
       .expected = numbers({0.04 + 0.09, 0}),
       .shapes = shapes,
       .throwing = {{{2, 4}}}},
      {.name = "multilabel_margin_loss",
       .call = lists,
       .example = {x},
       .expected = numbers({(0.7 + 0.8) / 3, 0}),
       .shapes = shapes,
       .throwing = {{{2, 4}}, {{2, 0}}, {{1, 2, 3}}}},
      {.name = "multilabel_soft_margin_loss",
       .call =
           [](const std::vector<Tensor>& in) {
             return multilabel_soft_margin_loss(in[0], in[1], numbers({1, 2, 0.5}).to(in[0].dtype()),
                                                Reduction::none);
           },
       .example = {x, numbers({{1, 0, 1}, {0, 0, 1}})},
       .expected = numbers({(softplus_of(-0.1) + 2 * softplus_of(0.2) + 0.5 * softplus_of(-0.4)) / 3,
                            (softplus_of(0.8) + 2 * softplus_of(-1) + 0.5 * softplus_of(-0.3)) / 3}),
       .shapes = {{{2, 3}, {2, 3}}, {{3}, {3}}, {{2, 3}, {3}}},
       .throwing = {{{2, 3}, {2, 2}}, {{2, 4}, {2, 4}}, {{}, {3}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);

  Tensor classes = tensor({2, 0}, int64);
  CHECK(multi_margin_loss(x, classes).item() == doctest::Approx(((0.7 + 0.8) + 0.5) / 6));
  CHECK(multi_margin_loss(x.select(0, 0), tensor({1}, int64), {.reduction = Reduction::none}).shape() ==
        Shape{1});
  CHECK(multi_margin_loss(tensor(0.5), tensor(0, int64)).item() == 0);
  CHECK(multilabel_margin_loss(tensor(0.5), tensor({-1}, int64), Reduction::none).ndim() == 0);
  CHECK_THROWS_AS(multi_margin_loss(x, tensor({2, 3}, int64)), IndexError);
  CHECK_THROWS_AS(multi_margin_loss(x, tensor({2, -1}, int64)), IndexError);
  CHECK_THROWS_AS(multi_margin_loss(x, numbers({2, 0})), DTypeError);
  CHECK_THROWS_AS(multi_margin_loss(x, classes, {.p = 3}), ValueError);
  CHECK_THROWS_AS(multi_margin_loss(x, classes, {.weight = numbers({1, 2})}), ShapeError);
  CHECK(std::isnan(multi_margin_loss(zeros({0, 3}), zeros({0}, int64)).item()));
  CHECK_THROWS_AS(multilabel_margin_loss(x, tensor({{3, -1, -1}, {0, -1, -1}}, int64), Reduction::sum),
                  IndexError);
  CHECK_THROWS_AS(multilabel_margin_loss(x, tensor({{0, -2, -1}, {0, -1, -1}}, int64), Reduction::sum),
                  IndexError);
  CHECK_THROWS_AS(multilabel_margin_loss(x, zeros({2, 3}), Reduction::sum), DTypeError);
}

TEST_CASE("losses neither overflow nor lose small numbers") {
  Tensor x = numbers({1000, -1000}).requires_grad_();
  Tensor losses = soft_margin_loss(x, numbers({-1, -1}), Reduction::none);
  CHECK(check::agree(losses, numbers({1000, 0}), 0));
  sum(losses).backward();
  CHECK(check::agree(x.grad(), numbers({1, 0}), 0));
  CHECK(smooth_l1_loss(x, numbers({0, 0}), Reduction::mean, 0).item() == 1000);
  CHECK_THROWS_AS(smooth_l1_loss(x, x, Reduction::mean, -1), ValueError);
  CHECK_THROWS_AS(smooth_l1_loss(x, x, Reduction::mean, NAN), ValueError);
  CHECK_THROWS_AS(huber_loss(x, x, Reduction::mean, 0), ValueError);
}
