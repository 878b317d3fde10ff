#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.hpp"

using namespace xgrad;

// Every optimizer beside the same formulas in plain loops over one number.

namespace {

const std::vector<double> slopes = {0.7, -1.2, 0.3, 0.9, -0.1, 0.2, 0, -2.5, 1.1, 0.4};

/// Where one number goes from 0.5 under these gradients: step(p, g, t) returns the new p.
template <class Optimizer, class Options, class Step>
void check_path(const Options& options, Step step) {
  Tensor p = full({37}, 0.5, float64).requires_grad_();
  Optimizer optimizer({p}, options);
  double expected = 0.5;
  for (std::size_t t = 1; t <= slopes.size(); ++t) {
    p.set_grad(full({37}, slopes[t - 1], float64));
    optimizer.step();
    expected = step(expected, slopes[t - 1], static_cast<double>(t));
    CAPTURE(t);
    CHECK(check::agree(p.detach(), full({37}, expected, float64), 1e-12));
  }
}

template <class Optimizer, class Options>
void check_refused(std::initializer_list<Options> wrong) {
  Tensor p = ones({2}).requires_grad_();
  for (const Options& options : wrong) CHECK_THROWS_AS(Optimizer({p}, options), ValueError);
}

}  // namespace

TEST_CASE("Adagrad divides by the root of all squares so far") {
  double sum = 0.1;
  check_path<optim::Adagrad>(
      optim::AdagradOptions{
          .lr = 0.2, .lr_decay = 0.1, .weight_decay = 0.3, .initial_accumulator_value = 0.1},
      [&](double p, double g, double t) {
        g += 0.3 * p;
        sum += g * g;
        return p - 0.2 / (1 + (t - 1) * 0.1) * g / (std::sqrt(sum) + 1e-10);
      });
  check_refused<optim::Adagrad, optim::AdagradOptions>(
      {{.lr = -1}, {.lr_decay = -1}, {.weight_decay = -1}, {.initial_accumulator_value = -1}, {.eps = -1}});
}

TEST_CASE("Adadelta steps in units of its earlier steps") {
  double squares = 0, steps = 0;
  check_path<optim::Adadelta>(optim::AdadeltaOptions{.lr = 0.5, .rho = 0.8, .eps = 1e-3, .maximize = true},
                              [&](double p, double g, double) {
                                g = -g;
                                squares = 0.8 * squares + 0.2 * g * g;
                                double d = std::sqrt(steps + 1e-3) / std::sqrt(squares + 1e-3) * g;
                                steps = 0.8 * steps + 0.2 * d * d;
                                return p - 0.5 * d;
                              });
  check_refused<optim::Adadelta, optim::AdadeltaOptions>(
      {{.lr = -1}, {.rho = 1.5}, {.rho = -0.1}, {.eps = -1}});
}

TEST_CASE("RMSprop divides by a running root of squares, plain, with momentum and centered") {
  double squares = 0;
  check_path<optim::RMSprop>(optim::RMSpropOptions{.lr = 0.1, .alpha = 0.9}, [&](double p, double g, double) {
    squares = 0.9 * squares + 0.1 * g * g;
    return p - 0.1 * g / (std::sqrt(squares) + 1e-8);
  });
  for (bool centered : {false, true}) {
    double mean = 0, buffer = 0;
    squares = 0;
    check_path<optim::RMSprop>(
        optim::RMSpropOptions{
            .lr = 0.1, .alpha = 0.9, .weight_decay = 0.2, .momentum = 0.7, .centered = centered},
        [&](double p, double g, double) {
          g += 0.2 * p;
          squares = 0.9 * squares + 0.1 * g * g;
          mean = 0.9 * mean + 0.1 * g;
          double root = std::sqrt(centered ? squares - mean * mean : squares) + 1e-8;
          buffer = 0.7 * buffer + g / root;
          return p - 0.1 * buffer;
        });
  }
  check_refused<optim::RMSprop, optim::RMSpropOptions>({{.lr = -1}, {.alpha = -1}, {.momentum = -1}});
}

TEST_CASE("Adamax divides by the largest gradient of late") {
  double m = 0, largest = 0;
  check_path<optim::Adamax>(optim::AdamaxOptions{.lr = 0.1, .betas = {0.8, 0.9}},
                            [&](double p, double g, double t) {
                              m = 0.8 * m + 0.2 * g;
                              largest = std::max(0.9 * largest, std::abs(g) + 1e-8);
                              return p - 0.1 / (1 - std::pow(0.8, t)) * m / largest;
                            });
  check_refused<optim::Adamax, optim::AdamaxOptions>({{.lr = -1}, {.betas = {1, 0.9}}, {.betas = {0.9, -1}}});
}

TEST_CASE("NAdam looks ahead with a momentum that grows") {
  double m = 0, v = 0, product = 1;
  check_path<optim::NAdam>(
      optim::NAdamOptions{.lr = 0.1, .betas = {0.8, 0.9}, .momentum_decay = 0.1},
      [&](double p, double g, double t) {
        auto momentum = [](double s) { return 0.8 * (1 - 0.5 * std::pow(0.96, s * 0.1)); };
        double now = momentum(t), next = momentum(t + 1);
        product *= now;
        m = 0.8 * m + 0.2 * g;
        v = 0.9 * v + 0.1 * g * g;
        double root = std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-8;
        return p - 0.1 * ((1 - now) / (1 - product) * g + next / (1 - product * now * next) * m) / root;
      });
  check_refused<optim::NAdam, optim::NAdamOptions>({{.lr = -1}, {.momentum_decay = -1}, {.betas = {0.9, 1}}});
}

TEST_CASE("RAdam begins with momentum alone and then divides") {
  double m = 0, v = 0;
  int divided = 0;
  check_path<optim::RAdam>(
      optim::RAdamOptions{.lr = 0.1, .betas = {0.8, 0.9}}, [&](double p, double g, double t) {
        m = 0.8 * m + 0.2 * g;
        v = 0.9 * v + 0.1 * g * g;
        double all = 2 / 0.1 - 1, power = std::pow(0.9, t);
        double length = all - 2 * t * power / (1 - power), step = 0.1 * m / (1 - std::pow(0.8, t));
        if (length <= 5) return p - step;
        ++divided;
        double rectified = std::sqrt((length - 4) * (length - 2) * all / ((all - 4) * (all - 2) * length));
        return p - step * rectified * std::sqrt(1 - power) / (std::sqrt(v) + 1e-8);
      });
  CHECK(divided > 0);
  CHECK(divided < static_cast<int>(slopes.size()));
  check_refused<optim::RAdam, optim::RAdamOptions>({{.lr = -1}, {.eps = -1}});
}

TEST_CASE("ASGD falls in speed and averages where it was") {
  double eta = 0.2, mean = 0;
  Tensor p = full({3}, 0.5, float64).requires_grad_();
  optim::ASGD optimizer({p}, {.lr = 0.2, .lambd = 0.1, .t0 = 3});
  double expected = 0.5;
  for (std::size_t t = 1; t <= slopes.size(); ++t) {
    double g = slopes[t - 1], steps = static_cast<double>(t);
    p.set_grad(full({3}, g, float64));
    optimizer.step();
    expected = expected * (1 - 0.1 * eta) - eta * g;
    mean += (expected - mean) / std::max(1.0, steps - 1 - 3);
    eta = 0.2 / std::pow(1 + 0.1 * 0.2 * steps, 0.75);
    CHECK(check::agree(p.detach(), full({3}, expected, float64), 1e-12));
    CHECK(check::agree(optimizer.state(p)[0].second, full({3}, mean, float64), 1e-12));
  }
  check_refused<optim::ASGD, optim::ASGDOptions>({{.lr = -1}, {.weight_decay = -1}});
}

TEST_CASE("Rprop steps by signs, and its steps grow and shrink within bounds") {
  double before = 0, size = 0.1;
  check_path<optim::Rprop>(optim::RpropOptions{.lr = 0.1, .etas = {0.5, 1.5}, .step_sizes = {0.06, 0.2}},
                           [&](double p, double g, double) {
                             double agreement = g * before;
                             if (agreement > 0) size *= 1.5;
                             if (agreement < 0) size *= 0.5;
                             size = std::clamp(size, 0.06, 0.2);
                             if (agreement < 0) g = 0;
                             before = g;
                             return p - size * static_cast<double>((g > 0) - (g < 0));
                           });
  check_refused<optim::Rprop, optim::RpropOptions>({{.lr = -1}, {.etas = {1, 1.2}}, {.etas = {0.5, 1}}});
}

TEST_CASE("every optimizer passes over parameters without a gradient and counts their steps apart") {
  auto check_apart = [](auto make) {
    Tensor a = ones({2}, float64).requires_grad_(), b = ones({2}, float64).requires_grad_();
    auto optimizer = make(std::vector<Tensor>{a, b});
    a.set_grad(ones({2}, float64));
    optimizer.step();
    CHECK(equal(b.detach(), ones({2}, float64)));
    Tensor first = a.detach().clone();
    a.set_grad({});
    b.set_grad(ones({2}, float64));
    optimizer.step();
    CHECK(equal(a.detach(), first));
    CHECK(equal(b.detach(), first));
  };
  check_apart([](const auto& p) { return optim::Adagrad(p); });
  check_apart([](const auto& p) { return optim::Adadelta(p); });
  check_apart([](const auto& p) { return optim::RMSprop(p); });
  check_apart([](const auto& p) { return optim::Adamax(p); });
  check_apart([](const auto& p) { return optim::NAdam(p); });
  check_apart([](const auto& p) { return optim::RAdam(p); });
  check_apart([](const auto& p) { return optim::ASGD(p); });
  check_apart([](const auto& p) { return optim::Rprop(p); });
}
