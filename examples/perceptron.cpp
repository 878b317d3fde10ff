// One neuron. It adds up its inputs, each times a weight, adds a bias, and fires when the sum is above 0:
//
//     output = step(w1 x1 + w2 x2 + b)
//
// The points where the sum is exactly 0 form a straight line. The neuron fires on one side of it and stays
// silent on the other: it cuts the plane once. One cut is enough for AND and for OR. It is not enough for
// XOR.

#include <algorithm>
#include <cmath>
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

struct Gate {
  std::string name;
  Tensor targets;
  bool one_cut_is_enough;
};

const Tensor& inputs() {
  static const Tensor rows = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  return rows;
}

/// The perceptron rule, after Rosenblatt (1958): show the rows one by one, and after each wrong answer move
/// every weight by the error times its input. Returns the first epoch without a wrong answer, or 0 if there
/// is none.
int learn_by_rule(nn::Linear& neuron, const Gate& gate, int epochs) {
  NoGrad no_grad;  // the rule needs no gradient, and could not use one: the step's is 0
  nn::Step step;
  neuron.weight.zero_();
  neuron.bias.zero_();
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    int wrong = 0;
    for (int row = 0; row < inputs().size(0); ++row) {
      Tensor error = gate.targets[row] - step(neuron(inputs()[row]));  // -1, 0 or 1
      neuron.weight += error * inputs()[row];
      neuron.bias += error;
      if (error.item() != 0) ++wrong;
    }
    if (wrong == 0) return epoch;
  }
  return 0;
}

/// Gradient descent. The step is replaced by the smooth sigmoid, so that the loss has a slope to go down.
/// Returns the largest number of right answers that any epoch had; `losses` receives the loss of each.
int learn_by_descent(nn::Linear& neuron, const Gate& gate, const examples::Settings& settings,
                     examples::Progress& progress, std::vector<double>& losses) {
  auto optimizer = optim::SGD(neuron.parameters(), {.lr = settings.lr});
  int most_right = 0;
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    Tensor probability = sigmoid(neuron(inputs()));
    Tensor loss = nn::binary_cross_entropy(probability, gate.targets);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();

    int right = examples::count_right(probability, gate.targets);
    most_right = std::max(most_right, right);
    losses.push_back(loss.item());
    progress.update(epoch, losses.back(), right / 4.0);
  }
  return most_right;
}

int count_fired_right(nn::Linear& neuron, const Gate& gate) {
  NoGrad no_grad;
  nn::Step step;
  return examples::count_right(step(neuron(inputs())), gate.targets);
}

/// "2 x1 + 1 x2 - 2 = 0", the line along which the neuron cuts.
std::string line_of(const nn::Linear& neuron) {
  double w1 = neuron.weight[0][0].item();
  double w2 = neuron.weight[0][1].item();
  double b = neuron.bias[0].item();
  auto sign = [](double number) { return number < 0 ? '-' : '+'; };
  char text[96];
  std::snprintf(text, sizeof text, "%.3g x1 %c %.3g x2 %c %.3g = 0", w1, sign(w2), std::abs(w2), sign(b),
                std::abs(b));
  return text;
}

}  // namespace

int main(int argc, char** argv) try {
  examples::Settings settings{.seed = 1, .epochs = 10000, .lr = 0.5};
  examples::CommandLine command_line(
      "One neuron learns AND and OR, by the perceptron rule and by gradient descent,\n"
      "and cannot learn XOR. The exit code is 0 if all of that comes out.");
  command_line.add(settings);
  command_line.parse(argc, argv);

  const Gate gates[] = {{"AND", tensor({{0}, {0}, {0}, {1}}), true},
                        {"OR", tensor({{0}, {1}, {1}, {1}}), true},
                        {"XOR", tensor({{0}, {1}, {1}, {0}}), false}};
  examples::Chart chart{.title = "One neuron, gradient descent", .x_label = "epoch", .y_label = "loss"};
  bool as_expected = true;

  for (const Gate& gate : gates) {
    nn::Linear neuron(2, 1);
    int epoch = learn_by_rule(neuron, gate, settings.epochs);
    int right = count_fired_right(neuron, gate);
    std::printf("%s\n", gate.name.c_str());
    if (epoch > 0) {
      std::printf("  perceptron rule  %d/4, no error in epoch %d; cut: %s\n", right, epoch,
                  line_of(neuron).c_str());
    } else {
      std::printf("  perceptron rule  %d/4, still errors after %d epochs\n", right, settings.epochs);
    }
    as_expected = as_expected && (gate.one_cut_is_enough ? right == 4 : epoch == 0 && right <= 3);

    int fewest_right = 4;
    int most_right = 0;
    for (int i = 0; i < number_of_seeds; ++i) {
      std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(i);
      manual_seed(seed);
      nn::Linear smooth_neuron(2, 1);
      examples::Progress progress("  descent, seed " + std::to_string(seed), settings.epochs);
      std::vector<double> losses;
      most_right = std::max(most_right, learn_by_descent(smooth_neuron, gate, settings, progress, losses));
      fewest_right = std::min(fewest_right, count_fired_right(smooth_neuron, gate));
      if (i == 0) {
        progress.finish(gate.one_cut_is_enough ? "cut: " + line_of(smooth_neuron) : "");
        chart.curves.push_back({gate.name, losses});
      }
    }
    if (gate.one_cut_is_enough) {
      std::printf("  descent, %d seeds: the worst gets %d/4\n\n", number_of_seeds, fewest_right);
    } else {
      std::printf("  descent, %d seeds: the best ever gets %d/4\n\n", number_of_seeds, most_right);
    }
    as_expected = as_expected && (gate.one_cut_is_enough ? fewest_right == 4 : most_right <= 3);
  }

  std::printf(
      "One neuron makes one straight cut. (0, 1) and (1, 0) must lie on one side of it, (0, 0) and (1, 1)\n"
      "on the other, and no straight line does that: XOR needs a hidden layer (see the example xor).\n");
  if (!settings.svg.empty()) examples::save_svg(settings.svg, chart);
  if (!as_expected) std::printf("NOT as expected: AND or OR was not learned, or XOR was.\n");
  return as_expected ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "perceptron: %s\n", error.what());
  return 2;
}
