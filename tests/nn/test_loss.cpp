#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using check::numbers;
using nn::Reduction;

namespace {

/// Both orders of derivative, for every reduction.
template <class Loss>
void check_gradients(const Loss& loss, const std::vector<Tensor>& inputs) {
  for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
    auto f = [&](const std::vector<Tensor>& x) { return loss(x, reduction); };
    CHECK(gradcheck(f, inputs));
    CHECK(gradgradcheck(f, inputs));
  }
}

Tensor probabilities(const Shape& shape, std::uint64_t seed) {
  return check::spread_numbers(shape, 0.05, 0.95, {}, seed);
}

std::string operation_of(const Tensor& x) { return x.grad_fn()->name(); }

}  // namespace

TEST_CASE("squared and absolute errors have PyTorch's values") {
  Tensor x = numbers({{1, 2}, {3, 4}});
  Tensor t = numbers({{1, 0}, {6, 4.5}});
  CHECK(equal(nn::mse_loss(x, t, {Reduction::none}), numbers({{0, 4}, {9, 0.25}})));
  CHECK(nn::mse_loss(x, t).item() == 13.25 / 4);
  CHECK(nn::mse_loss(x, t, {.reduction = Reduction::sum}).item() == 13.25);
  CHECK(nn::l1_loss(x, t).item() == 5.5 / 4);
  CHECK(std::isnan(nn::mse_loss(zeros({0}), zeros({0})).item()));
  CHECK(nn::mse_loss(zeros({0, 2}), zeros({0, 2}), {Reduction::sum}).item() == 0);
}

TEST_CASE("the gradient of an absolute error is 0 where there is none") {
  Tensor x = numbers({1, 2, 3}).requires_grad_();
  Tensor t = numbers({1, 5, 0}).requires_grad_();
  nn::l1_loss(x, t, {Reduction::sum}).backward();
  CHECK(equal(x.grad(), numbers({0, -1, 1})));
  CHECK(equal(t.grad(), numbers({0, 1, -1})));
}

TEST_CASE("losses over elements have right gradients of first and second order") {
  Tensor x = check::spread_numbers({3, 4}, -2, 2, {}, 1);
  Tensor t = check::spread_numbers({3, 4}, -2, 2, {}, 2);
  Tensor p = probabilities({3, 4}, 3);
  Tensor q = probabilities({3, 4}, 4);
  Tensor w = probabilities({4}, 5);
  check_gradients([](const auto& v, Reduction r) { return nn::mse_loss(v[0], v[1], {r}); }, {x, t});
  check_gradients(
      [](const auto& v, Reduction r) { return nn::binary_cross_entropy(v[0], v[1], {.reduction = r}); },
      {p, q});
  check_gradients(
      [&](const auto& v, Reduction r) {
        return nn::binary_cross_entropy(v[0], v[1], {.weight = w, .reduction = r});
      },
      {p, q});
  check_gradients(
      [](const auto& v, Reduction r) {
        return nn::binary_cross_entropy_with_logits(v[0], v[1], {.reduction = r});
      },
      {x, q});
  check_gradients(
      [&](const auto& v, Reduction r) {
        return nn::binary_cross_entropy_with_logits(v[0], v[1],
                                                    {.weight = w, .pos_weight = v[2], .reduction = r});
      },
      {x, q, w});
  auto l1 = [](const std::vector<Tensor>& v) { return nn::l1_loss(v[0], v[1]); };
  CHECK(gradcheck(l1, {x, t}));
}

TEST_CASE("a loss with a mean is one recorded operation") {
  Tensor x = numbers({{0.2, 0.6}}).requires_grad_();
  Tensor loss = nn::binary_cross_entropy(x, numbers({{0, 1}}));
  CHECK(operation_of(loss) == "binary_cross_entropy");
  CHECK(loss.grad_fn()->edges()[0].leaf.get() == x.impl_or_null());
  loss = nn::cross_entropy(x, tensor({1}, int64));
  CHECK(operation_of(loss) == "cross_entropy");
  CHECK(loss.grad_fn()->edges()[0].leaf.get() == x.impl_or_null());
}

TEST_CASE("binary cross-entropy has PyTorch's values and gradients") {
  Tensor x = numbers({0.31258, 0.22138, 0.1326, 0.34026, 0.48513}).requires_grad_();
  Tensor t = numbers({0.34697, 0.38852, 0.24175, 0.99625, 0.68162});
  Tensor loss = nn::binary_cross_entropy(x, t);
  CHECK(loss.item() == doctest::Approx(0.7526723721440117).epsilon(1e-12));
  loss.backward(tensor(1.28, float64));
  CHECK(agree(x.grad(),
              numbers({-0.04097215347254738, -0.24823123330108174, -0.2429409712839571, -0.7480893473134731,
                       -0.20138387751482428}),
              1e-12));
}

TEST_CASE("binary cross-entropy stays finite at 0 and 1") {
  Tensor x = numbers({0, 1, 1, 0}).requires_grad_();
  Tensor losses = nn::binary_cross_entropy(x, numbers({1, 0, 1, 0}), {.reduction = Reduction::none});
  CHECK(equal(losses, numbers({100, 100, 0, 0})));
  sum(losses).backward();
  CHECK(equal(x.grad(), numbers({-1e12, 1e12, 0, 0})));
  CHECK(nn::binary_cross_entropy(tensor({0, 1}), tensor({1, 0})).item() == 100);
}

TEST_CASE("binary cross-entropy with logits does not overflow") {
  Tensor x = numbers({1000, 1000, -1000, -1000}).requires_grad_();
  Tensor losses =
      nn::binary_cross_entropy_with_logits(x, numbers({1, 0, 1, 0}), {.reduction = Reduction::none});
  CHECK(equal(losses, numbers({0, 1000, 1000, 0})));
  sum(losses).backward();
  CHECK(equal(x.grad(), numbers({0, 1, -1, 0})));
  Tensor weighted = nn::binary_cross_entropy_with_logits(
      x, numbers({1, 0, 1, 0}), {.pos_weight = numbers({3}), .reduction = Reduction::none});
  CHECK(equal(weighted, numbers({0, 1000, 3000, 0})));
}

TEST_CASE("losses refuse what does not fit, naming both operands") {
  Tensor p = full({2, 3}, 0.5);
  CHECK_THROWS_WITH_AS(nn::mse_loss(ones({4, 1}), ones({4})),
                       "mse_loss: expected input and target of one shape, got input [4, 1] and target [4]; "
                       "reshape one of them",
                       ShapeError);
  CHECK_THROWS_AS(nn::l1_loss(p, ones({2, 2})), ShapeError);
  CHECK_THROWS_AS(nn::binary_cross_entropy(p, ones({2, 2})), ShapeError);
  CHECK_THROWS_AS(nn::binary_cross_entropy_with_logits(p, ones({3})), ShapeError);
  CHECK_THROWS_AS(nn::binary_cross_entropy(p, p, {.weight = ones({2})}), ShapeError);
  CHECK_THROWS_AS(nn::binary_cross_entropy(p, p, {.weight = ones({4, 2, 3})}), ShapeError);
  for (Reduction reduction : {Reduction::none, Reduction::mean}) {
    CHECK_THROWS_AS(nn::binary_cross_entropy(tensor({1.5, 0.5}), tensor({1, 0}), {.reduction = reduction}),
                    ValueError);
    CHECK_THROWS_AS(nn::binary_cross_entropy(tensor({-0.5, 0.5}), tensor({0, 0}), {.reduction = reduction}),
                    ValueError);
    CHECK_THROWS_AS(
        nn::binary_cross_entropy(tensor({std::nan(""), 0.5}), tensor({0, 0}), {.reduction = reduction}),
        ValueError);
  }
  CHECK(std::isnan(nn::binary_cross_entropy(tensor({0.5}), tensor({std::nan("")})).item()));
}

TEST_CASE("targets of whole numbers and other floating dtypes are converted") {
  Tensor x = tensor({0.25, 0.5}).requires_grad_();
  Tensor wanted = nn::binary_cross_entropy(x, tensor({0, 1}));
  CHECK(nn::binary_cross_entropy(x, tensor({0, 1}, int64)).item() == wanted.item());
  CHECK(nn::binary_cross_entropy(x, tensor({false, true})).item() == wanted.item());
  Tensor wide = nn::mse_loss(x, numbers({0, 1}));
  CHECK(wide.dtype() == float64);
  wide.backward();
  CHECK(x.grad().dtype() == float32);
}

TEST_CASE("losses do not care about memory layout or size") {
  Tensor x = probabilities({300, 70}, 6).requires_grad_();  // several blocks of the sum
  Tensor t = probabilities({300, 70}, 7);
  Tensor loss = nn::binary_cross_entropy(x, t);
  double expected = 0;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    double p = x.data<double>()[i];
    double q = t.data<double>()[i];
    expected -= (q * std::log(p) + (1 - q) * std::log(1 - p)) / static_cast<double>(x.numel());
  }
  CHECK(loss.item() == doctest::Approx(expected).epsilon(1e-12));
  loss.backward();
  Tensor strided = check::transposed_memory(x.detach()).requires_grad_();
  Tensor same = nn::binary_cross_entropy(strided, check::stepped_memory(t));
  CHECK(same.item() == loss.item());
  same.backward();
  CHECK(agree(strided.grad(), x.grad(), 1e-15));
}

TEST_CASE("cross-entropy has PyTorch's values and gradients") {
  Tensor x = numbers({{1.1023, 1.3909, -0.48191, 0.86612},
                      {0.94549, -0.62329, -0.35622, -0.082441},
                      {-0.93314, -1.3941, 0.47569, -0.65221}})
                 .requires_grad_();
  Tensor loss = nn::cross_entropy(x, tensor({0, 2, 0}, int64));
  CHECK(loss.item() == doctest::Approx(1.688567275160245).epsilon(1e-12));
  loss.backward(tensor(-1.2, float64));
  CHECK(agree(x.grad()[0],
              numbers({0.27985484389080084, -0.160340655053174, -0.024642944836868238, -0.09487124400075857}),
              1e-12));
  Tensor weighted =
      nn::cross_entropy(numbers({{-1.3662, -1.0393, 1.3384, 1.7883},
                                 {0.11146, 1.4318, -0.46848, 0.7623},
                                 {-0.67392, -0.66864, -0.79508, -0.78375}}),
                        tensor({1, 2, 3}, int64), {.weight = numbers({1.1314, 0.71839, 0.74251, 1.2009})});
  CHECK(weighted.item() == doctest::Approx(2.276161521795115).epsilon(1e-12));
}

TEST_CASE("cross-entropy has right gradients of first and second order") {
  Tensor x = check::spread_numbers({4, 3}, -2, 2, {}, 1);
  Tensor image = check::spread_numbers({2, 3, 2, 2}, -2, 2, {}, 2);
  Tensor t = tensor({0, 2, 1, 1}, int64);
  Tensor pixels = tensor({{{0, 1}, {2, 0}}, {{1, 1}, {0, 2}}}, int64);
  Tensor w = numbers({0.5, 2, 1});
  Tensor p = probabilities({4, 3}, 3);
  for (double smoothing : {0.0, 0.3}) {
    CAPTURE(smoothing);
    for (const Tensor& weight : {Tensor(), w}) {
      auto options = [=](Reduction r, std::int64_t ignore = -100) {
        return nn::CrossEntropyOptions{
            .weight = weight, .ignore_index = ignore, .reduction = r, .label_smoothing = smoothing};
      };
      check_gradients([&](const auto& v, Reduction r) { return nn::cross_entropy(v[0], t, options(r)); },
                      {x});
      check_gradients([&](const auto& v, Reduction r) { return nn::cross_entropy(v[0], t, options(r, 1)); },
                      {x});
      check_gradients([&](const auto& v, Reduction r) { return nn::cross_entropy(v[0], pixels, options(r)); },
                      {image});
      check_gradients([&](const auto& v, Reduction r) { return nn::cross_entropy(v[0], v[1], options(r)); },
                      {x, p});
    }
  }
  check_gradients(
      [&](const auto& v, Reduction r) { return nn::nll_loss(v[0], t, {.weight = w, .reduction = r}); }, {x});
  check_gradients(
      [&](const auto& v, Reduction r) {
        return nn::nll_loss(v[0], pixels, {.ignore_index = 2, .reduction = r});
      },
      {image});
}

TEST_CASE("cross-entropy is nll_loss of log_softmax, for any number of classes") {
  for (std::int64_t classes : {1, 2, 15, 16, 17, 100, 1000}) {
    CAPTURE(classes);
    Tensor x = (randn({37, classes}, float64) * 3).requires_grad_();
    Tensor y = x.detach().requires_grad_();
    Tensor t = randint(0, classes, {37});
    Tensor fused = nn::cross_entropy(x, t, {.ignore_index = 0, .reduction = Reduction::sum});
    Tensor composed = nn::nll_loss(log_softmax(y, 1), t, {.ignore_index = 0, .reduction = Reduction::sum});
    CHECK(agree(fused, composed, 1e-12));
    fused.backward();
    composed.backward();
    CHECK(agree(x.grad(), y.grad(), 1e-12));
    CHECK(agree(nn::cross_entropy(x.detach().to(float32), t).to(float64), nn::cross_entropy(x, t), 1e-5));
  }
}

TEST_CASE("cross-entropy takes one sample without a batch, and large scores") {
  CHECK(nn::cross_entropy(numbers({1, 2, 3}), tensor(1, int64)).item() ==
        doctest::Approx(1.4076059644443804));
  Tensor large = nn::cross_entropy(tensor({{1000, 0}, {0, -1000}}), tensor({0, 1}, int64),
                                   {.reduction = Reduction::none});
  CHECK(equal(large, tensor({0, 1000})));
  CHECK(std::isnan(nn::cross_entropy(ones({2, 3}), tensor({-100, -100}, int64)).item()));
  CHECK(nn::cross_entropy(ones({2, 3}), tensor({-100, -100}, int64), {.reduction = Reduction::sum}).item() ==
        0);
  double infinity = std::numeric_limits<double>::infinity();
  CHECK(
      nn::nll_loss(numbers({{-infinity, -1}, {-2, -3}}), tensor({0, 1}, int64), {.ignore_index = 0}).item() ==
      3);
}

TEST_CASE("cross-entropy refuses targets that do not fit") {
  Tensor x = ones({2, 3});
  CHECK_THROWS_AS(nn::cross_entropy(x, tensor({0, 3}, int64)), IndexError);
  CHECK_THROWS_AS(nn::cross_entropy(x, tensor({0, -1}, int64)), IndexError);
  CHECK_THROWS_AS(nn::cross_entropy(x, tensor({0, 1, 2}, int64)), ShapeError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(x, tensor({0, 1})),
                       "cross_entropy: expected target classes as integers [2], got float32 [2]; convert "
                       "with to(xgrad::int64)",
                       DTypeError);
  CHECK_THROWS_AS(nn::cross_entropy(x, tensor({0, 1}, int64), {.weight = ones({2})}), ShapeError);
  CHECK_THROWS_AS(nn::cross_entropy(x, tensor({0, 1}, int64), {.label_smoothing = 1.5}), ValueError);
  CHECK_THROWS_AS(nn::cross_entropy(tensor(1.0), tensor(0, int64)), ShapeError);
  CHECK_THROWS_AS(nn::nll_loss(x, x), DTypeError);
}

TEST_CASE("a target changed in place after the loss is noticed") {
  Tensor x = ones({2, 3}).requires_grad_();
  Tensor t = tensor({0, 1}, int64);
  Tensor loss = nn::cross_entropy(x, t);
  t.fill_(2);
  CHECK_THROWS_AS(loss.backward(), GraphError);
}

TEST_CASE("loss modules hold their options, and their weights are state") {
  Tensor x = probabilities({2, 3}, 1);
  Tensor t = probabilities({2, 3}, 2);
  Tensor classes = tensor({0, 2}, int64);
  Tensor w = numbers({1, 2, 3});
  CHECK(equal(nn::MSELoss()(x, t), nn::mse_loss(x, t)));
  CHECK(equal(nn::L1Loss({Reduction::sum})(x, t), nn::l1_loss(x, t, {Reduction::sum})));
  CHECK(equal(nn::BCELoss({.weight = w})(x, t), nn::binary_cross_entropy(x, t, {.weight = w})));
  CHECK(equal(nn::BCEWithLogitsLoss({.pos_weight = w})(x, t),
              nn::binary_cross_entropy_with_logits(x, t, {.pos_weight = w})));
  CHECK(equal(nn::NLLLoss({.weight = w})(x, classes), nn::nll_loss(x, classes, {.weight = w})));
  nn::CrossEntropyLoss criterion({.weight = w, .label_smoothing = 0.1});
  CHECK(equal(criterion(x, classes), nn::cross_entropy(x, classes, {.weight = w, .label_smoothing = 0.1})));
  CHECK(criterion.named_buffers()[0].first == "weight");
  CHECK(criterion.parameters().empty());
  CHECK(nn::MSELoss().describe() == "MSELoss()");
}
