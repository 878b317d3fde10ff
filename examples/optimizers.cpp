// Which way down? Nine optimizers on two problems: Rosenbrock's valley, whose bottom is easy to reach and
// hard to follow, and a small net that learns a wave.
//
// The picture (--svg FILE) shows the paths in the valley from the start at (-1.5, 2) to the minimum at (1,
// 1), how far the loss has come after each step, and the curves of the net.

#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "common/command_line.hpp"
#include "common/svg.hpp"

using namespace xgrad;

namespace {

using Parameters = std::vector<Tensor>;
using Loss = std::function<Tensor()>;
/// Does one step toward a smaller loss, and returns the loss before it.
using Step = std::function<double(const Loss&)>;

/// An optimizer, with a learning rate for each problem.
struct Contestant {
  std::string name;
  double valley_lr;
  double net_lr;
  std::function<Step(const Parameters&, double lr)> start;
};

template <class Optimizer, class Options>
auto with(Options options) {
  return [options](const Parameters& parameters, double lr) mutable -> Step {
    options.lr = lr;
    auto optimizer = std::make_shared<Optimizer>(parameters, options);
    return [optimizer](const Loss& loss) {
      auto closure = [&] {
        optimizer->zero_grad();
        Tensor value = loss();
        value.backward();
        return value;
      };
      return optimizer->step(closure).item();
    };
  };
}

std::vector<Contestant> contestants() {
  return {
      {"SGD", 1e-3, 0.1, with<optim::SGD>(optim::SGDOptions{})},
      {"SGD, momentum 0.9", 3e-4, 0.05, with<optim::SGD>(optim::SGDOptions{.momentum = 0.9})},
      {"Adagrad", 0.5, 0.05, with<optim::Adagrad>(optim::AdagradOptions{})},
      {"RMSprop", 2e-3, 5e-3, with<optim::RMSprop>(optim::RMSpropOptions{})},
      {"Adam", 0.05, 0.02, with<optim::Adam>(optim::AdamOptions{})},
      {"NAdam", 0.05, 0.02, with<optim::NAdam>(optim::NAdamOptions{})},
      {"Lion", 2e-3, 3e-3, with<optim::Lion>(optim::LionOptions{})},
      {"Rprop", 0.01, 0.01, with<optim::Rprop>(optim::RpropOptions{})},
      {"LBFGS", 1, 1,
       with<optim::LBFGS>(
           optim::LBFGSOptions{.max_iter = 4, .line_search_fn = optim::LineSearch::strong_wolfe})},
  };
}

struct Way {
  std::vector<double> x, y;  // where it went, in the valley
  std::vector<double> losses;
};

Way through_the_valley(const Contestant& contestant, int steps) {
  Tensor point = tensor({-1.5, 2.0}, float64).requires_grad_();
  Step step = contestant.start({point}, contestant.valley_lr);
  Way way;
  for (int i = 0; i <= steps; ++i) {
    way.x.push_back(point[0].item());
    way.y.push_back(point[1].item());
    way.losses.push_back(
        step([&] { return 100 * square(point[1] - square(point[0])) + square(1 - point[0]); }));
  }
  return way;
}

Way with_a_net(const Contestant& contestant, std::uint64_t seed, int steps) {
  Generator generator(seed);
  nn::Sequential net(nn::Linear(1, 16, {.dtype = float64, .generator = &generator}), nn::Tanh(),
                     nn::Linear(16, 1, {.dtype = float64, .generator = &generator}));
  Tensor x = linspace(-1, 1, 64, float64).reshape({-1, 1});
  Tensor wave = sin(x * 4);
  Step step = contestant.start(net.parameters(), contestant.net_lr);
  Way way;
  for (int i = 0; i <= steps; ++i) way.losses.push_back(step([&] { return nn::mse_loss(net(x), wave); }));
  return way;
}

}  // namespace

int main(int argc, char** argv) try {
  examples::Settings settings{.seed = 1, .epochs = 2000};
  int net_steps = 500;
  examples::CommandLine command_line(
      "Nine optimizers go through Rosenbrock's valley and train a small net. The exit code is 0 if Adam and\n"
      "LBFGS reach the valley's minimum, and every optimizer brings the net's loss below a third.");
  command_line.add("--seed", settings.seed, "N", "of the net's first weights");
  command_line.add("--steps", settings.epochs, "N", "in the valley");
  command_line.add("--net-steps", net_steps, "N", "with the net");
  command_line.add("--svg", settings.svg, "FILE", "where to draw the paths and the curves");
  command_line.parse(argc, argv);

  examples::Chart paths{.title = "Paths in Rosenbrock's valley", .x_label = "x", .y_label = "y"};
  examples::Chart valley{.title = "Loss in the valley", .x_label = "step", .y_label = "loss", .log_y = true};
  examples::Chart nets{.title = "Loss of the net", .x_label = "step", .y_label = "loss", .log_y = true};
  bool reached = true;
  std::printf("%-18s %14s %12s\n", "", "valley", "net");
  for (const Contestant& contestant : contestants()) {
    Way way = through_the_valley(contestant, settings.epochs);
    Way net = with_a_net(contestant, settings.seed, net_steps);
    double valley_loss = way.losses.back(), net_loss = net.losses.back() / net.losses.front();
    std::printf("%-18s %14.3g %12.3g\n", contestant.name.c_str(), valley_loss, net.losses.back());
    if (contestant.name == "Adam" || contestant.name == "LBFGS") reached = reached && valley_loss < 1e-8;
    reached = reached && net_loss < 1.0 / 3;
    paths.curves.push_back({contestant.name, way.y, way.x});
    valley.curves.push_back({contestant.name, way.losses});
    nets.curves.push_back({contestant.name, net.losses});
  }
  std::printf("\nLosses after %d steps in the valley and %d with the net. %s\n", settings.epochs, net_steps,
              reached ? "Adam and LBFGS reached the valley's minimum, and every net learned."
                      : "NOT all of them came as far as they should.");
  if (!settings.svg.empty()) examples::save_stacked_svg(settings.svg, std::vector{paths, valley, nets});
  return reached ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "optimizers: %s\n", error.what());
  return 2;
}
