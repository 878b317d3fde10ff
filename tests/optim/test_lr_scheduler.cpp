#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "check.hpp"

using namespace xgrad;
using optim::LRScheduler;

namespace {

optim::SGD make_optimizer(const std::vector<double>& lrs, double momentum = 0) {
  std::vector<optim::SGD::Group> groups;
  for (double lr : lrs) groups.push_back({{ones({1}).requires_grad_()}, {.lr = lr, .momentum = momentum}});
  return optim::SGD(groups);
}

/// The first group's learning rates of epochs 0 to `steps`.
std::vector<double> trajectory(const optim::Optimizer& optimizer, LRScheduler& scheduler, int steps) {
  std::vector<double> lrs{optimizer.lr()};
  for (int i = 0; i < steps; ++i) {
    scheduler.step();
    lrs.push_back(optimizer.lr());
  }
  return lrs;
}

void check_formula(const optim::Optimizer& optimizer, LRScheduler& scheduler, int steps,
                   const std::function<double(int)>& formula) {
  for (int t = 0; t <= steps; ++t) {
    CAPTURE(t);
    CHECK(scheduler.last_epoch() == t);
    CHECK(optimizer.lr() == doctest::Approx(formula(t)).epsilon(1e-12));
    CHECK(scheduler.get_last_lr()[0] == optimizer.lr());
    scheduler.step();
  }
  // The closed form goes anywhere, and steps go on from there.
  for (int t : {steps, 0, 3}) {
    CAPTURE(t);
    scheduler.step(t);
    CHECK(optimizer.lr() == doctest::Approx(formula(t)).epsilon(1e-12));
  }
  scheduler.step();
  CHECK(optimizer.lr() == doctest::Approx(formula(4)).epsilon(1e-12));
}

constexpr double pi = std::numbers::pi;

}  // namespace

TEST_CASE("every scheduler with a formula follows it, by steps and to any epoch") {
  SUBCASE("StepLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::StepLR scheduler(optimizer, {.step_size = 3, .gamma = 0.5});
    check_formula(optimizer, scheduler, 12, [](int t) { return 0.5 * std::pow(0.5, t / 3); });
  }
  SUBCASE("MultiStepLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::MultiStepLR scheduler(optimizer, {.milestones = {7, 2, 2}, .gamma = 0.1});
    check_formula(optimizer, scheduler, 12, [](int t) { return t < 2 ? 0.5 : t < 7 ? 0.005 : 0.0005; });
  }
  SUBCASE("ConstantLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::ConstantLR scheduler(optimizer);
    check_formula(optimizer, scheduler, 12, [](int t) { return t < 5 ? 0.5 / 3 : 0.5; });
  }
  SUBCASE("LinearLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::LinearLR scheduler(optimizer, {.start_factor = 0.2, .end_factor = 0.8, .total_iters = 4});
    check_formula(optimizer, scheduler, 12, [](int t) { return 0.5 * (0.2 + 0.6 * std::min(t, 4) / 4); });
  }
  SUBCASE("ExponentialLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::ExponentialLR scheduler(optimizer, {.gamma = 0.9});
    check_formula(optimizer, scheduler, 12, [](int t) { return 0.5 * std::pow(0.9, t); });
  }
  SUBCASE("PolynomialLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::PolynomialLR scheduler(optimizer, {.total_iters = 8, .power = 2});
    check_formula(optimizer, scheduler, 12,
                  [](int t) { return 0.5 * std::pow(1 - std::min(t, 8) / 8.0, 2); });
  }
  SUBCASE("CosineAnnealingLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::CosineAnnealingLR scheduler(optimizer, {.T_max = 5, .eta_min = 0.01});
    check_formula(optimizer, scheduler, 23,
                  [](int t) { return 0.01 + 0.49 * (1 + std::cos(pi * t / 5)) / 2; });
  }
  SUBCASE("CosineAnnealingWarmRestarts") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::CosineAnnealingWarmRestarts scheduler(optimizer, {.T_0 = 2, .T_mult = 3});
    check_formula(optimizer, scheduler, 30, [](int t) {
      int length = 2;
      for (; t >= length; length *= 3) t -= length;
      return 0.5 * (1 + std::cos(pi * t / length)) / 2;
    });
  }
  SUBCASE("WarmupCosineLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::WarmupCosineLR scheduler(
        optimizer, {.warmup_iters = 4, .total_iters = 10, .start_factor = 0.1, .eta_min = 0.02});
    check_formula(optimizer, scheduler, 14, [](int t) {
      if (t < 4) return 0.5 * (0.1 + 0.9 * t / 4);
      return 0.02 + 0.48 * (1 + std::cos(pi * std::min(t - 4, 6) / 6)) / 2;
    });
  }
  SUBCASE("LambdaLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::LambdaLR scheduler(optimizer, [](std::int64_t t) { return 1.0 / static_cast<double>(t + 1); });
    check_formula(optimizer, scheduler, 12, [](int t) { return 0.5 / (t + 1); });
  }
  SUBCASE("CyclicLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::CyclicLR scheduler(optimizer, {.base_lr = 0.1, .max_lr = 0.5, .step_size_up = 4});
    check_formula(optimizer, scheduler, 20, [](int t) { return 0.1 + 0.1 * (4 - std::abs(t % 8 - 4)); });
  }
  SUBCASE("OneCycleLR") {
    optim::SGD optimizer = make_optimizer({0.5});
    optim::OneCycleLR scheduler(
        optimizer, {.max_lr = 1.0, .total_steps = 20, .pct_start = 0.25, .anneal_strategy = "linear"});
    check_formula(optimizer, scheduler, 19, [](int t) {
      double low = 1.0 / 25;
      return t <= 4 ? low + (1 - low) * t / 4 : 1 + (low / 1e4 - 1) * (t - 4) / 15;
    });
  }
}

TEST_CASE("MultiplicativeLR multiplies what it finds") {
  optim::SGD optimizer = make_optimizer({0.5, 0.1});
  optim::MultiplicativeLR scheduler(
      optimizer, std::vector<optim::LRLambda>{[](std::int64_t) { return 0.5; },
                                              [](std::int64_t t) { return t == 2 ? 3.0 : 1.0; }});
  CHECK(trajectory(optimizer, scheduler, 2) == std::vector<double>{0.5, 0.25, 0.125});
  CHECK(optimizer.lr(1) == doctest::Approx(0.3));
  optimizer.set_lr(8);
  scheduler.step();
  CHECK(optimizer.lr() == 4);
}

TEST_CASE("groups keep their own learning rates, and one that is added later is stepped where it can be") {
  optim::SGD optimizer = make_optimizer({0.5, 0.1});
  optim::ExponentialLR scheduler(optimizer, {.gamma = 0.5});
  optim::CosineAnnealingLR cosine(optimizer, {.T_max = 4});
  optimizer.add_param_group({{ones({1}).requires_grad_()}, {.lr = 1}});
  scheduler.step();
  CHECK(scheduler.get_last_lr() == std::vector<double>{0.25, 0.05, 0.5});
  cosine.step();
  CHECK(optimizer.lr(2) == 0.5);
  CHECK(optimizer.lr(0) < 0.25);
}

TEST_CASE("schedulers of one optimizer multiply, and count from its first learning rate") {
  optim::SGD optimizer = make_optimizer({0.5});
  optim::ConstantLR constant(optimizer, {.factor = 0.1, .total_iters = 3});
  optim::ExponentialLR exponential(optimizer, {.gamma = 0.9});
  CHECK(exponential.base_lrs()[0] == 0.5);
  CHECK(optimizer.initial_lr() == 0.5);
  for (int t = 1; t < 6; ++t) {
    constant.step();
    exponential.step();
    CHECK(optimizer.lr() == doctest::Approx(0.5 * (t < 3 ? 0.1 : 1) * std::pow(0.9, t)));
  }
}

TEST_CASE("a run is resumed after last_epoch, where the optimizer knows its initial learning rate") {
  optim::SGD optimizer = make_optimizer({0.5});
  CHECK_THROWS_WITH_AS(optim::StepLR(optimizer, {.step_size = 2, .last_epoch = 3}),
                       doctest::Contains("group 0 has no initial_lr"), ValueError);
  CHECK(optimizer.lr() == 0.5);
  optimizer.set_initial_lr(0.5);
  optim::CosineAnnealingLR cosine(optimizer, {.T_max = 10, .last_epoch = 3});
  CHECK(cosine.last_epoch() == 4);
  CHECK(optimizer.lr() == doctest::Approx(0.25 * (1 + std::cos(pi * 0.4))));
  optim::CosineAnnealingWarmRestarts restarts(optimizer, {.T_0 = 2, .T_mult = 2, .last_epoch = 6});
  CHECK(optimizer.lr() == doctest::Approx(0.25 * (1 + std::cos(pi / 8))));
  CHECK_THROWS_AS(optim::ExponentialLR(optimizer, {.gamma = 1, .last_epoch = -2}), ValueError);
}

TEST_CASE("warm restarts go on between epochs") {
  optim::SGD optimizer = make_optimizer({1});
  optim::CosineAnnealingWarmRestarts scheduler(optimizer, {.T_0 = 4, .T_mult = 2});
  scheduler.step(2.5);
  CHECK(optimizer.lr() == doctest::Approx((1 + std::cos(pi * 2.5 / 4)) / 2));
  CHECK(scheduler.last_epoch() == 2);
  scheduler.step(12);
  CHECK(optimizer.lr() == doctest::Approx(1));
  scheduler.step(4.25);
  CHECK(optimizer.lr() == doctest::Approx((1 + std::cos(pi * 0.25 / 8)) / 2));
  scheduler.step();
  CHECK(optimizer.lr() == doctest::Approx((1 + std::cos(pi * 1.25 / 8)) / 2));
}

TEST_CASE("CyclicLR and OneCycleLR cycle the momentum of SGD and the first beta of Adam") {
  optim::SGD sgd = make_optimizer({0.5}, 0.3);
  optim::CyclicLR cyclic(sgd, {.base_lr = 0.1, .max_lr = 0.2, .step_size_up = 2});
  CHECK(sgd.options().momentum == 0.9);
  cyclic.step();
  CHECK(sgd.options().momentum == doctest::Approx(0.85));
  cyclic.step();
  CHECK(sgd.options().momentum == doctest::Approx(0.8));
  Tensor p = ones({1}).requires_grad_();
  optim::Adam adam({p});
  optim::OneCycleLR cycle(adam, {.max_lr = 0.1, .total_steps = 10});
  CHECK(adam.options().betas[0] == 0.95);
  CHECK(adam.options().betas[1] == 0.999);
  CHECK(adam.lr() == doctest::Approx(0.1 / 25));
  cycle.step(2);
  CHECK(adam.options().betas[0] == doctest::Approx(0.85));
  CHECK(adam.lr() == doctest::Approx(0.1));
  optim::OneCycleLR still(adam, {.max_lr = 0.1, .total_steps = 10, .cycle_momentum = false});
  CHECK(adam.options().betas[0] == doctest::Approx(0.85));
}

TEST_CASE("an optimizer may have no momentum to cycle") {
  struct Plain : optim::Optimizer {
    explicit Plain(const Tensor& p) : Optimizer("Plain", {}) { add_group({p}); }
    double lr(std::size_t) const override { return rate; }
    void set_lr(double lr, std::size_t) override { rate = lr; }
    void update(std::size_t) override {}
    double rate = 1;
  };
  Plain optimizer(ones({1}).requires_grad_());
  CHECK_FALSE(optimizer.momentum().has_value());
  CHECK_THROWS_AS(optimizer.set_momentum(0.5), ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(optimizer, {.max_lr = 0.1, .total_steps = 10}), ValueError);
  CHECK_THROWS_AS(optim::CyclicLR(optimizer, {.base_lr = 0.1, .max_lr = 0.2}), ValueError);
  CHECK(optimizer.rate == 1);
  optim::CyclicLR cyclic(optimizer, {.base_lr = 0.1, .max_lr = 0.2, .cycle_momentum = false});
  CHECK(optimizer.rate == 0.1);
}

TEST_CASE("cycles take a number for all groups or one for each, and a scale of one's own") {
  optim::SGD optimizer = make_optimizer({0.5, 0.1});
  optim::CyclicLR scheduler(optimizer, {.base_lr = {0.1, 0.2},
                                        .max_lr = 1.0,
                                        .step_size_up = 1,
                                        .step_size_down = 3,
                                        .scale_fn = [](double cycle) { return 1 / cycle; }});
  CHECK(optimizer.lr(1) == 0.2);
  scheduler.step();
  CHECK(optimizer.lr(0) == doctest::Approx(1.0));
  scheduler.step(5);
  CHECK(optimizer.lr(0) == doctest::Approx(0.1 + 0.9 / 2));
  CHECK(optimizer.lr(1) == doctest::Approx(0.2 + 0.8 / 2));
  CHECK_THROWS_WITH_AS(optim::CyclicLR(optimizer, {.base_lr = {0.1, 0.2, 0.3}, .max_lr = 1.0}),
                       doctest::Contains("expected one base_lr for each of the 2 groups, got 3"), ValueError);
}

TEST_CASE("options that make no sense are refused, and nothing is changed") {
  optim::SGD o = make_optimizer({0.5}, 0.3);
  double nan = std::nan("");
  CHECK_THROWS_AS(optim::StepLR(o, {}), ValueError);
  CHECK_THROWS_AS(optim::StepLR(o, {.step_size = -1}), ValueError);
  CHECK_THROWS_AS(optim::ConstantLR(o, {.factor = 1.5}), ValueError);
  CHECK_THROWS_AS(optim::ConstantLR(o, {.factor = -0.1}), ValueError);
  CHECK_THROWS_AS(optim::ConstantLR(o, {.factor = nan}), ValueError);
  CHECK_THROWS_AS(optim::LinearLR(o, {.start_factor = 0}), ValueError);
  CHECK_THROWS_AS(optim::LinearLR(o, {.start_factor = 1.1}), ValueError);
  CHECK_THROWS_AS(optim::LinearLR(o, {.end_factor = -0.1}), ValueError);
  CHECK_THROWS_AS(optim::LinearLR(o, {.end_factor = 1.1}), ValueError);
  CHECK_THROWS_AS(optim::CosineAnnealingLR(o, {}), ValueError);
  CHECK_THROWS_AS(optim::CosineAnnealingWarmRestarts(o, {}), ValueError);
  CHECK_THROWS_AS(optim::CosineAnnealingWarmRestarts(o, {.T_0 = 1, .T_mult = 0}), ValueError);
  CHECK_THROWS_AS(optim::WarmupCosineLR(o, {.warmup_iters = -1, .total_iters = 5}), ValueError);
  CHECK_THROWS_AS(optim::WarmupCosineLR(o, {.warmup_iters = 5, .total_iters = 5}), ValueError);
  CHECK_THROWS_AS(optim::WarmupCosineLR(o, {.total_iters = 5, .start_factor = 2}), ValueError);
  CHECK_THROWS_AS(optim::CyclicLR(o, {.base_lr = 0.1, .max_lr = 1.0, .step_size_up = 0}), ValueError);
  CHECK_THROWS_AS(optim::CyclicLR(o, {.base_lr = 0.1, .max_lr = 1.0, .step_size_down = -1}), ValueError);
  CHECK_THROWS_AS(optim::CyclicLR(o, {.base_lr = 0.1, .max_lr = 1.0, .mode = "square"}), ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0}), ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0, .epochs = 3}), ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0, .total_steps = 0}), ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0, .epochs = 0, .steps_per_epoch = 5}), ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0, .epochs = INT64_MAX, .steps_per_epoch = INT64_MAX}),
                  ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0, .total_steps = 9, .pct_start = 1.5}), ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0, .total_steps = 10, .pct_start = 0.1}), ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0, .total_steps = 9, .anneal_strategy = "exp"}),
                  ValueError);
  CHECK_THROWS_AS(optim::OneCycleLR(o, {.max_lr = 1.0, .total_steps = 9, .div_factor = 0}), ValueError);
  CHECK_THROWS_AS(optim::LambdaLR(o, optim::LRLambda()), ValueError);
  CHECK_THROWS_AS(optim::LambdaLR(o, std::vector<optim::LRLambda>()), ValueError);
  CHECK_THROWS_AS(optim::MultiplicativeLR(o, std::vector<optim::LRLambda>()), ValueError);
  CHECK(o.lr() == 0.5);
  CHECK(o.options().momentum == 0.3);
  CHECK_FALSE(o.initial_lr().has_value());
}

TEST_CASE("a step that cannot be made changes nothing") {
  optim::SGD optimizer = make_optimizer({0.5});
  optim::OneCycleLR cycle(optimizer, {.max_lr = 1.0, .total_steps = 2});
  cycle.step();
  cycle.step();
  double lr = optimizer.lr();
  CHECK_THROWS_WITH_AS(cycle.step(), doctest::Contains("expected at most 2 steps"), ValueError);
  CHECK(cycle.last_epoch() == 2);
  CHECK(optimizer.lr() == lr);
  CHECK_THROWS_AS(cycle.step(-1), ValueError);
  CHECK_THROWS_AS(cycle.step(0.5), ValueError);
  CHECK_THROWS_AS(cycle.step(std::nan("")), ValueError);

  optim::SGD other = make_optimizer({0.5});
  optim::ConstantLR zero(other, {.factor = 0, .total_iters = 1});
  CHECK_THROWS_AS(zero.step(), ValueError);
  CHECK(zero.last_epoch() == 0);

  optim::SGD third = make_optimizer({0.5});
  optim::LambdaLR lambda(third, [](std::int64_t t) {
    if (t == 1) throw std::runtime_error("no");
    return 1.0;
  });
  CHECK_THROWS_AS(lambda.step(), std::runtime_error);
  CHECK(lambda.last_epoch() == 0);
}

TEST_CASE("the state of a scheduler goes on in another one") {
  optim::SGD one = make_optimizer({0.5, 0.1});
  optim::CosineAnnealingWarmRestarts first(one, {.T_0 = 3, .T_mult = 2});
  for (int i = 0; i < 5; ++i) first.step();
  auto state = first.state_dict();
  CHECK(state.at("last_epoch") == std::vector<double>{5});
  CHECK(state.at("base_lrs") == std::vector<double>{0.5, 0.1});
  optim::SGD two = make_optimizer({0.5, 0.1});
  optim::CosineAnnealingWarmRestarts second(two, {.T_0 = 3, .T_mult = 2});
  second.load_state_dict(state);
  for (int i = 0; i < 9; ++i) {
    first.step();
    second.step();
    CHECK(one.lr(1) == two.lr(1));
  }
  auto refused = [&](const char* entry, std::vector<double> numbers) {
    auto damaged = state;
    damaged[entry] = std::move(numbers);
    auto before = second.state_dict();
    CHECK_THROWS_AS(second.load_state_dict(damaged), ValueError);
    CHECK(second.state_dict() == before);
  };
  refused("other", {1});
  refused("last_epoch", {});
  refused("last_epoch", {0.5});
  refused("last_epoch", {std::nan("")});
  refused("base_lrs", {0.5});
  state.erase("T_cur");
  CHECK_THROWS_WITH_AS(second.load_state_dict(state), doctest::Contains("T_cur is missing"), ValueError);
}
