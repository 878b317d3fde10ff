// Do we go on a spring outing? Three things count: whether the price is low, whether the weather is good and
// whether the family can come. Each is 0 or 1, which makes eight cases, and a rule says for each of them
// whether to go.
//
// A neuron that has learned a rule can be read. A positive weight strengthens: where its input is 1, the
// neuron is more likely to fire. A negative weight weakens. The larger the weight, the more its input counts.

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
#include "common/table.hpp"

using namespace xgrad;

namespace {

/// Trains a model that gives one logit for each row: a number whose sigmoid is the probability to go. Returns
/// how many rows it then gets right. The losses join the chart under `curve`, if that is not empty.
int train(nn::Module& model, const std::string& curve, const std::string& label, const Tensor& inputs,
          const Tensor& targets, const examples::Settings& settings, examples::Chart& chart) {
  auto optimizer = optim::Adam(model.parameters(), {.lr = settings.lr});
  examples::Progress progress("  " + label, settings.epochs);
  auto rows = static_cast<double>(inputs.size(0));
  std::vector<double> losses;
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    Tensor logits = model(inputs);
    Tensor loss = nn::binary_cross_entropy_with_logits(logits, targets);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    losses.push_back(loss.item());
    progress.update(epoch, losses.back(), examples::count_right(sigmoid(logits), targets) / rows);
  }
  if (!curve.empty()) chart.curves.push_back({curve, losses});

  NoGrad no_grad;
  int right = examples::count_right(sigmoid(model(inputs)), targets);
  progress.finish(std::to_string(right) + "/" + std::to_string(inputs.size(0)));
  return right;
}

/// Prints what each input does to the decision.
void explain(const nn::Linear& neuron, const std::vector<std::string>& names) {
  double largest = max(abs(neuron.weight)).item();
  for (std::size_t i = 0; i < names.size(); ++i) {
    double weight = neuron.weight[0][static_cast<std::int64_t>(i)].item();
    const char* effect = std::abs(weight) < 0.05 * largest ? "hardly counts"
                         : weight > 0                      ? "strengthens"
                                                           : "weakens";
    std::printf("    %-18s %+7.2f  %s\n", names[i].c_str(), weight, effect);
  }
  double bias = neuron.bias[0].item();
  std::printf("    %-18s %+7.2f  go if the weights of what holds add up to more than %.2f\n", "bias", bias,
              -bias);
}

}  // namespace

int main(int argc, char** argv) try {
  constexpr int number_of_seeds = 5;
  examples::Settings settings{.seed = 1, .epochs = 1000, .lr = 0.05};
  examples::CommandLine command_line(
      "Neurons learn when to go on a spring outing, and their weights are explained.\n"
      "The exit code is 0 if one neuron learns every rule that a straight cut can tell and\n"
      "fails at the one that none can, which a net with a hidden layer then learns.");
  command_line.add(settings);
  command_line.parse(argc, argv);

  examples::Table table = examples::read_csv(XGRAD_EXAMPLES_DATA_DIR "/spring_outing_en.csv");
  auto column = [&table](const std::string& name) { return examples::numbers(table, table.column(name)); };
  const std::vector<std::string> conditions = {"price_low", "weather_good", "family_can_come"};
  const Tensor inputs = cat({column("price_low"), column("weather_good"), column("family_can_come")}, 1);
  examples::Chart chart{.title = "Spring outing", .x_label = "epoch", .y_label = "loss", .log_y = true};
  bool as_expected = true;

  struct Rule {
    const char* name;
    const char* meaning;
    Tensor targets;
  };
  const Rule rules[] = {{"go_all", "go if all three hold", column("go_all")},
                        {"go_two_of_three", "go if two or three hold", column("go_two_of_three")},
                        {"weather_decides", "go if the weather is good", column("weather_good")}};
  for (const Rule& rule : rules) {
    std::printf("%s: %s\n", rule.name, rule.meaning);
    manual_seed(settings.seed);
    nn::Linear neuron(3, 1);
    int right = train(neuron, rule.name, "one neuron", inputs, rule.targets, settings, chart);
    as_expected = as_expected && right == 8;
    explain(neuron, conditions);
    std::printf("\n");

    if (std::string(rule.name) == "weather_decides") {
      double weather = std::abs(neuron.weight[0][1].item());
      double others = std::max(std::abs(neuron.weight[0][0].item()), std::abs(neuron.weight[0][2].item()));
      as_expected = as_expected && weather > 5 * others;
    }
  }

  std::printf("go_odd: go if one of the three holds, or all of them\n");
  const Tensor go_odd = column("go_odd");
  manual_seed(settings.seed);
  nn::Linear neuron(3, 1);
  int right = train(neuron, "go_odd, one neuron", "one neuron", inputs, go_odd, settings, chart);
  as_expected = as_expected && right <= 6;
  for (int i = 0; i < number_of_seeds; ++i) {
    std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(i);
    manual_seed(seed);
    auto net = nn::Sequential(nn::Linear(3, 8), nn::Tanh(), nn::Linear(8, 1));
    std::string label = "hidden layer, seed " + std::to_string(seed);
    right = train(net, i == 0 ? "go_odd, hidden layer" : "", label, inputs, go_odd, settings, chart);
    as_expected = as_expected && right == 8;
  }
  std::printf(
      "No straight cut can tell this rule: whether one more condition is for or against going depends on\n"
      "the other two, so that no single weight is right. The neurons of a hidden layer make several cuts.\n");

  if (!settings.svg.empty()) examples::save_svg(settings.svg, chart);
  std::printf(as_expected ? "\nAll as expected.\n" : "\nNOT as expected.\n");
  return as_expected ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "spring_outing: %s\n", error.what());
  return 2;
}
