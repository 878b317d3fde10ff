#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using nn::Reduction;

namespace {

const Tensor x = numbers({{0.5, -1, 2}, {1, 0.25, -0.5}});
const Tensor y = numbers({{0.25, 0.5, 1}, {2, 1.5, 0.75}});
const Tensor signs = numbers({{1, -1, 1}, {-1, -1, 1}});
const Tensor rows = numbers({1, -1});

}  // namespace

TEST_CASE("losses with options have PyTorch's defaults, as functions and as modules") {
  CHECK(equal(nn::SmoothL1Loss()(x, y), nn::smooth_l1_loss(x, y)));
  CHECK(equal(nn::smooth_l1_loss(x, y), smooth_l1_loss(x, y, Reduction::mean, 1)));
  CHECK(equal(nn::HuberLoss({.delta = 0.5})(x, y), huber_loss(x, y, Reduction::mean, 0.5)));
  CHECK(equal(nn::KLDivLoss({.reduction = Reduction::batchmean})(x, y), kl_div(x, y, Reduction::batchmean)));
  CHECK(equal(nn::KLDivLoss({.log_target = true})(x, y), nn::kl_div(x, y, {.log_target = true})));
  CHECK(equal(nn::PoissonNLLLoss()(x, y), nn::poisson_nll_loss(x, y, {.eps = 1e-8})));
  CHECK(equal(nn::GaussianNLLLoss({.full = true})(x, y, y), nn::gaussian_nll_loss(x, y, y, {.full = true})));
  CHECK(equal(nn::HingeEmbeddingLoss()(x, signs), hinge_embedding_loss(x, signs, Reduction::mean, 1)));
  CHECK(equal(nn::MarginRankingLoss({.margin = 0.5})(x, y, signs),
              margin_ranking_loss(x, y, signs, Reduction::mean, 0.5)));
  CHECK(equal(nn::CosineEmbeddingLoss()(x, y, rows), cosine_embedding_loss(x, y, rows, Reduction::mean, 0)));
  CHECK(equal(nn::TripletMarginLoss({.swap = true})(x, y, signs),
              nn::triplet_margin_loss(x, y, signs, {.margin = 1, .swap = true})));
  CHECK(equal(nn::SoftMarginLoss({.reduction = Reduction::sum})(x, signs),
              soft_margin_loss(x, signs, Reduction::sum)));
}

TEST_CASE("losses of classes as modules keep their weights as buffers") {
  Tensor classes = tensor({2, 0}, int64);
  Tensor weight = numbers({1, 2, 3});
  nn::MultiMarginLoss multi({.margin = 0.5, .weight = weight});
  CHECK(equal(multi(x, classes), nn::multi_margin_loss(x, classes, {.margin = 0.5, .weight = weight})));
  CHECK(multi.buffers().size() == 1);
  nn::MultiLabelSoftMarginLoss soft({.weight = weight});
  CHECK(equal(soft(x, signs), nn::multilabel_soft_margin_loss(x, signs, {.weight = weight})));
  CHECK(soft.buffers().size() == 1);
  CHECK(nn::MultiMarginLoss()(x, classes).ndim() == 0);
  Tensor lists = tensor({{0, -1, -1}, {2, 1, -1}}, int64);
  CHECK(equal(nn::MultiLabelMarginLoss()(x, lists), multilabel_margin_loss(x, lists, Reduction::mean)));
  Tensor frames = log_softmax(check::spread_numbers({4, 2, 3}, -1, 1, {}, 1), -1);
  Tensor targets = tensor({{1, 2}, {1, 0}}, int64);
  Tensor steps = tensor({4, 4}, int64);
  Tensor lengths = tensor({2, 1}, int64);
  CHECK(equal(nn::CTCLoss()(frames, targets, steps, lengths), nn::ctc_loss(frames, targets, steps, lengths)));
}

TEST_CASE("focal loss is cross-entropy that what is right counts little in") {
  Tensor targets = numbers({{1, 0, 1}, {0, 1, 0}});
  auto each = [&](double alpha, double gamma) {
    return sigmoid_focal_loss(x, targets, {.alpha = alpha, .gamma = gamma, .reduction = Reduction::none});
  };
  CHECK(allclose(each(-1, 0), binary_cross_entropy_with_logits(x, targets, {}, {}, Reduction::none), 1e-12));
  Tensor p = sigmoid(x);
  Tensor right = p * targets + (1 - p) * (1 - targets);
  Tensor weight = 0.25 * targets + 0.75 * (1 - targets);
  CHECK(allclose(each(0.25, 2), -weight * square(1 - right) * log(right), 1e-12));
  CHECK(equal(nn::FocalLoss()(x, targets), mean(each(0.25, 2))));
  CHECK_THROWS_AS(sigmoid_focal_loss(x, rows), ShapeError);
  CHECK_THROWS_AS(sigmoid_focal_loss(x, targets, {.gamma = -1}), ValueError);
  CHECK_THROWS_AS(sigmoid_focal_loss(x, targets, {.alpha = 2}), ValueError);
}

TEST_CASE("a triplet loss takes any distance") {
  Tensor z = signs * 0.5;
  CHECK(allclose(nn::TripletMarginWithDistanceLoss({.swap = true})(x, y, z),
                 nn::triplet_margin_loss(x, y, z, {.swap = true}), 1e-12));
  auto taxi = [](const Tensor& a, const Tensor& b) { return sum(abs(a - b), Shape{-1}); };
  CHECK(equal(nn::triplet_margin_with_distance_loss(x, y, z, {.distance_function = taxi, .margin = 2}),
              mean(relu(taxi(x, y) - taxi(x, z) + 2))));
}
