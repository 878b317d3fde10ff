// XOR is 1 where exactly one of two inputs is 1. One neuron cannot learn it (see the example perceptron);
// this net has a hidden layer of eight neurons, each of which makes a cut of its own, and an output neuron
// that combines them.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "common/accuracy.hpp"
#include "common/command_line.hpp"
#include "common/progress.hpp"
#include "common/svg.hpp"

using namespace xgrad;

namespace {

constexpr int number_of_seeds = 20;
constexpr double margin = 0.1;  // how far an answer may be from 0 or 1

const Tensor& inputs() {
  static const Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  return x;
}

const Tensor& targets() {
  static const Tensor y = tensor({{0}, {1}, {1}, {0}});
  return y;
}

struct Result {
  Tensor answers;              // of the trained net, one for each row
  std::vector<double> losses;  // before each step
  bool learned;
};

double largest_error(const Tensor& answers) { return max(abs(answers - targets())).item(); }

Result train(std::uint64_t seed, const examples::Settings& settings) {
  manual_seed(seed);
  auto model = nn::Sequential(nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1), nn::Sigmoid());
  auto optimizer = optim::Adam(model.parameters(), {.lr = settings.lr});

  examples::Progress progress((seed < 10 ? "seed  " : "seed ") + std::to_string(seed), settings.epochs,
                              {.unit = "step"});
  Result result;
  int steps_needed = 0;  // before every answer was and stayed within the margin
  for (int step = 1; step <= settings.epochs; ++step) {
    Tensor answers = model(inputs());
    Tensor loss = nn::binary_cross_entropy(answers, targets());
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();

    if (!(largest_error(answers.detach()) < margin)) steps_needed = step;
    result.losses.push_back(loss.item());
    progress.update(step, loss.item(), examples::count_right(answers, targets()) / 4.0);
  }

  NoGrad no_grad;
  result.answers = model(inputs());
  result.learned = largest_error(result.answers) < margin;
  char remark[64] = "not learned";
  if (result.learned)
    std::snprintf(remark, sizeof remark, "within %.1f after %d steps", margin, steps_needed);
  progress.finish(remark);
  return result;
}

}  // namespace

int main(int argc, char** argv) try {
  examples::Settings settings{.seed = 1, .epochs = 200, .lr = 0.05};
  examples::CommandLine command_line(
      "A net with one hidden layer learns XOR, from 20 different beginnings.\n"
      "The exit code is 0 if each of them ends with every |p - y| below 0.1.");
  command_line.add(settings);
  command_line.parse(argc, argv);

  examples::Chart chart{
      .title = "XOR: a net of 2, 8 and 1", .x_label = "step", .y_label = "loss", .log_y = true};
  Tensor answers;
  int learned = 0;
  for (int i = 0; i < number_of_seeds; ++i) {
    std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(i);
    Result result = train(seed, settings);
    if (result.learned) ++learned;
    if (i == 0) answers = result.answers;
    if (i < 5) chart.curves.push_back({"seed " + std::to_string(seed), result.losses});
  }

  std::printf("\nWhat the net of seed %llu answers:\n", static_cast<unsigned long long>(settings.seed));
  for (int row = 0; row < 4; ++row) {
    std::printf("  %g xor %g = %g   p = %.4f\n", inputs()[row][0].item(), inputs()[row][1].item(),
                targets()[row].item(), answers[row].item());
  }
  std::printf("\n%d of %d seeds learned XOR: 4/4, with every |p - y| below %.1f.\n", learned, number_of_seeds,
              margin);
  if (!settings.svg.empty()) examples::save_svg(settings.svg, chart);
  return learned == number_of_seeds ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "xor: %s\n", error.what());
  return 2;
}
