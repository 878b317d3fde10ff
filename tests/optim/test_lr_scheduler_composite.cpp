#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "check.hpp"

using namespace xgrad;
using optim::Schedulers;

namespace {

optim::SGD make_optimizer(double lr) { return optim::SGD({ones({1}).requires_grad_()}, {.lr = lr}); }

std::shared_ptr<optim::SequentialLR> warm_up_and_decay(optim::Optimizer& optimizer) {
  return std::make_shared<optim::SequentialLR>(
      optimizer,
      Schedulers{
          std::make_shared<optim::LinearLR>(optimizer,
                                            optim::LinearLROptions{.start_factor = 0.25, .total_iters = 3}),
          std::make_shared<optim::ExponentialLR>(optimizer, optim::ExponentialLROptions{.gamma = 0.5})},
      optim::SequentialLROptions{.milestones = {3}});
}

}  // namespace

TEST_CASE("SequentialLR goes from one scheduler to the next at its milestones") {
  optim::SGD optimizer = make_optimizer(1);
  auto scheduler = warm_up_and_decay(optimizer);
  std::vector<double> expected{0.25, 0.5, 0.75, 1, 0.5, 0.25, 0.125};
  for (double lr : expected) {
    CHECK(optimizer.lr() == doctest::Approx(lr));
    CHECK(scheduler->get_last_lr()[0] == optimizer.lr());
    scheduler->step();
  }
  CHECK_THROWS_AS(scheduler->step(0), ValueError);
}

TEST_CASE("a warm-up in front of warm restarts and of a cycle") {
  optim::SGD optimizer = make_optimizer(1);
  optim::SequentialLR scheduler(optimizer,
                                {std::make_shared<optim::ConstantLR>(
                                     optimizer, optim::ConstantLROptions{.factor = 0.5, .total_iters = 9}),
                                 std::make_shared<optim::CosineAnnealingWarmRestarts>(
                                     optimizer, optim::CosineAnnealingWarmRestartsOptions{.T_0 = 2}),
                                 std::make_shared<optim::LambdaLR>(
                                     optimizer, [](std::int64_t t) { return 3.0 + static_cast<double>(t); })},
                                {.milestones = {2, 5}});
  std::vector<double> expected{0.5, 0.5, 1, 0.5, 1, 3, 4};
  for (double lr : expected) {
    CHECK(optimizer.lr() == doctest::Approx(lr));
    scheduler.step();
  }
}

TEST_CASE("ChainedScheduler steps all of its schedulers, also sequences") {
  optim::SGD optimizer = make_optimizer(1);
  optim::ChainedScheduler scheduler(
      {warm_up_and_decay(optimizer),
       std::make_shared<optim::StepLR>(optimizer, optim::StepLROptions{.step_size = 2, .gamma = 0.1})});
  CHECK(scheduler.get_last_lr()[0] == 0.25);
  scheduler.step();
  CHECK(optimizer.lr() == doctest::Approx(0.5));
  scheduler.step();
  CHECK(optimizer.lr() == doctest::Approx(0.075));
  CHECK(scheduler.get_last_lr()[0] == optimizer.lr());
  CHECK(scheduler.last_epoch() == 2);
}

TEST_CASE("schedulers of schedulers refuse what does not belong together") {
  optim::SGD one = make_optimizer(1);
  optim::SGD two = make_optimizer(1);
  auto a = std::make_shared<optim::ConstantLR>(one);
  auto b = std::make_shared<optim::ConstantLR>(two);
  double lr = one.lr();
  CHECK_THROWS_AS(optim::SequentialLR(one, {}, {}), ValueError);
  CHECK_THROWS_AS(optim::SequentialLR(one, {a, b}, {.milestones = {1}}), ValueError);
  CHECK_THROWS_AS(optim::SequentialLR(one, {a, a}, {}), ValueError);
  CHECK_THROWS_AS(optim::SequentialLR(one, {a}, {.milestones = {1}}), ValueError);
  CHECK_THROWS_AS(optim::SequentialLR(one, {a, nullptr}, {.milestones = {1}}), ValueError);
  CHECK_THROWS_AS(optim::SequentialLR(one, {a, a, a}, {.milestones = {5, 1}}), ValueError);
  auto chain = std::make_shared<optim::ChainedScheduler>(Schedulers{a});
  CHECK_THROWS_AS(optim::SequentialLR(one, {chain, a}, {.milestones = {1}}), ValueError);
  CHECK_THROWS_AS(optim::ChainedScheduler({}), ValueError);
  CHECK_THROWS_AS(optim::ChainedScheduler({nullptr}), ValueError);
  CHECK_THROWS_AS(optim::ChainedScheduler({a, b}), ValueError);
  CHECK(one.lr() == lr);
  CHECK(a->last_epoch() == 0);
}

TEST_CASE("the state of a sequence holds those of its parts") {
  optim::SGD one = make_optimizer(1);
  auto first = warm_up_and_decay(one);
  for (int i = 0; i < 4; ++i) first->step();
  auto state = first->state_dict();
  CHECK(state.at("last_epoch") == std::vector<double>{4});
  CHECK(state.at("1.last_epoch") == std::vector<double>{1});
  optim::SGD two = make_optimizer(1);
  auto second = warm_up_and_decay(two);
  second->load_state_dict(state);
  two.set_lr(second->get_last_lr()[0]);
  first->step();
  second->step();
  CHECK(one.lr() == two.lr());
  state.erase("0._step_count");
  CHECK_THROWS_AS(second->load_state_dict(state), ValueError);
}

TEST_CASE("ReduceLROnPlateau waits, reduces, and waits again") {
  optim::SGD optimizer = make_optimizer(1);
  optim::ReduceLROnPlateau scheduler(optimizer, {.factor = 0.5, .patience = 1, .cooldown = 1, .min_lr = 0.2});
  std::vector<double> metrics{1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
  std::vector<double> expected{1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2};
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    CAPTURE(i);
    scheduler.step(metrics[i]);
    CHECK(optimizer.lr() == doctest::Approx(expected[i]));
    CHECK(scheduler.get_last_lr()[0] == optimizer.lr());
  }
  CHECK(scheduler.best() == 0.4);
}

TEST_CASE("what counts as better depends on mode and threshold; nan never does") {
  auto reduced = [](const char* mode, const char* threshold_mode, double first, double second) {
    optim::SGD optimizer = make_optimizer(1);
    optim::ReduceLROnPlateau scheduler(
        optimizer, {.mode = mode, .patience = 0, .threshold = 0.1, .threshold_mode = threshold_mode});
    scheduler.step(first);
    scheduler.step(second);
    return optimizer.lr() != 1;
  };
  CHECK(reduced("min", "rel", 2, 1.85));
  CHECK_FALSE(reduced("min", "rel", 2, 1.75));
  CHECK_FALSE(reduced("min", "abs", 2, 1.85));
  CHECK(reduced("min", "abs", 2, 1.95));
  CHECK(reduced("max", "rel", 2, 2.15));
  CHECK_FALSE(reduced("max", "rel", 2, 2.25));
  CHECK_FALSE(reduced("max", "abs", 2, 2.15));
  CHECK(reduced("max", "abs", 2, 2.05));
  CHECK(reduced("min", "rel", 2, std::nan("")));
}

TEST_CASE("ReduceLROnPlateau refuses options that make no sense, and restores its state") {
  optim::SGD optimizer = make_optimizer(1);
  CHECK_THROWS_AS(optim::ReduceLROnPlateau(optimizer, {.mode = "least"}), ValueError);
  CHECK_THROWS_AS(optim::ReduceLROnPlateau(optimizer, {.threshold_mode = "other"}), ValueError);
  CHECK_THROWS_AS(optim::ReduceLROnPlateau(optimizer, {.factor = 1}), ValueError);
  CHECK_THROWS_AS(optim::ReduceLROnPlateau(optimizer, {.min_lr = {0.1, 0.2}}), ValueError);
  optim::ReduceLROnPlateau first(optimizer, {.patience = 2});
  for (double metric : {3.0, 3.0, 3.0}) first.step(metric);
  optim::SGD other = make_optimizer(1);
  optim::ReduceLROnPlateau second(other, {.patience = 2});
  second.load_state_dict(first.state_dict());
  CHECK(second.num_bad_epochs() == 2);
  CHECK(second.last_epoch() == 3);
  second.step(3);
  CHECK(other.lr() == doctest::Approx(0.1));
  CHECK_THROWS_AS(second.load_state_dict({{"best", {1}}}), ValueError);
  CHECK(second.last_epoch() == 4);
}
