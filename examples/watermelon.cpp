// Is it a ripe melon? Seventeen watermelons, each described by six attributes in words (colour, root, sound,
// texture, umbilicus, touch) and two numbers (density, sugar): data set 3.0 of Zhou Zhihua, "Machine
// Learning" (2016).
//
// A net reads numbers, so each word becomes a row of zeros with a one at its place (one-hot), 17 inputs in
// all, and the two numbers are scaled to 0..1. Then the net learns all 17 melons; what that is worth for an
// eighteenth, the leave-one-out test tells.

#include <algorithm>
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

/// The melons as tensors. Columns: a number or name for each melon, six of words, density, sugar, and the
/// answer.
struct Melons {
  Tensor words;    // [melons, 17], ones and zeros
  Tensor numbers;  // [melons, 2], as they stand in the file
  Tensor ripe;     // [melons, 1], 1 or 0

  int count() const { return static_cast<int>(ripe.size(0)); }
  /// One melon, and all others.
  Melons only(int melon) const;
  Melons without(int melon) const;
};

Melons Melons::only(int melon) const {
  return {words.narrow(0, melon, 1), numbers.narrow(0, melon, 1), ripe.narrow(0, melon, 1)};
}

Melons Melons::without(int melon) const {
  auto others = [melon](const Tensor& x) {
    return cat({x.slice(0, 0, melon), x.slice(0, melon + 1, x.size(0))});
  };
  return {others(words), others(numbers), others(ripe)};
}

Melons read_melons(const std::string& path) {
  examples::Table table = examples::read_csv(path);
  if (table.columns.size() != 10) {
    throw FileError(
        path +
        ": expected 10 columns (id, color, root, sound, texture, umbilicus, touch, density, sugar, "
        "ripe), got " +
        std::to_string(table.columns.size()));
  }
  if (table.rows.size() < 2) throw FileError(path + ": expected two melons or more");

  std::vector<Tensor> words;
  for (std::size_t column = 1; column <= 6; ++column) words.push_back(examples::one_hot(table, column));

  std::vector<double> ripe;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string& answer = table.rows[row][9];
    bool yes = answer == "yes" || answer == "是";
    bool no = answer == "no" || answer == "否";
    if (!yes && !no)
      throw FileError(table.place(row, 9) + ": expected yes or no (是 or 否), got '" + answer + "'");
    ripe.push_back(yes ? 1 : 0);
  }
  return {.words = cat(words, 1),
          .numbers = cat({examples::numbers(table, 7), examples::numbers(table, 8)}, 1),
          .ripe = tensor(ripe).to(default_dtype()).reshape({-1, 1})};
}

/// A net and the scale of its numbers, which belong together: new melons are scaled as the training melons
/// were.
class Classifier {
 public:
  explicit Classifier(const Melons& training)
      : scale_(training.numbers),
        net_(nn::Linear(training.words.size(1) + 2, 16), nn::Tanh(), nn::Linear(16, 1)) {}

  /// The probability that each melon is ripe is the sigmoid of its logit.
  Tensor logits(const Melons& melons) { return net_(cat({melons.words, scale_(melons.numbers)}, 1)); }
  std::vector<Tensor> parameters() const { return net_.parameters(); }

 private:
  examples::MinMax scale_;
  nn::Sequential net_;
};

/// Shows the classifier all melons once and moves its weights down the slope of the loss, which is returned.
double train_epoch(Classifier& classifier, optim::Adam& optimizer, const Melons& melons) {
  Tensor loss = nn::binary_cross_entropy_with_logits(classifier.logits(melons), melons.ripe);
  optimizer.zero_grad();
  loss.backward();
  optimizer.step();
  return loss.item();
}

int count_right(Classifier& classifier, const Melons& melons) {
  NoGrad no_grad;
  return examples::count_right(sigmoid(classifier.logits(melons)), melons.ripe);
}

/// Trains on all melons. Returns the number of right answers on the same melons.
int fit(std::uint64_t seed, const Melons& melons, const examples::Settings& settings, int milestones,
        std::vector<double>& losses) {
  manual_seed(seed);
  Classifier classifier(melons);
  auto optimizer = optim::Adam(classifier.parameters(), {.lr = settings.lr});
  examples::Progress progress("  seed " + std::to_string(seed), settings.epochs, {.milestones = milestones});
  int right = 0;
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    losses.push_back(train_epoch(classifier, optimizer, melons));
    right = count_right(classifier, melons);
    progress.update(epoch, losses.back(), static_cast<double>(right) / melons.count());
  }
  progress.finish(std::to_string(right) + "/" + std::to_string(melons.count()));
  return right;
}

/// Leaves out one melon after the other: trains a new net on the rest and asks it about the one it has not
/// seen. Returns the number of right answers.
int leave_one_out(std::uint64_t seed, const Melons& melons, const examples::Settings& settings) {
  examples::Progress progress("  seed " + std::to_string(seed), melons.count(), {.unit = "melon"});
  int right = 0;
  double loss_sum = 0;
  for (int melon = 0; melon < melons.count(); ++melon) {
    Melons training = melons.without(melon);
    Melons unseen = melons.only(melon);
    manual_seed(seed);
    Classifier classifier(training);
    auto optimizer = optim::Adam(classifier.parameters(), {.lr = settings.lr});
    for (int epoch = 1; epoch <= settings.epochs; ++epoch) train_epoch(classifier, optimizer, training);

    NoGrad no_grad;
    right += count_right(classifier, unseen);
    loss_sum += nn::binary_cross_entropy_with_logits(classifier.logits(unseen), unseen.ripe).item();
    progress.update(melon + 1, loss_sum / (melon + 1), static_cast<double>(right) / (melon + 1));
  }
  progress.finish(std::to_string(right) + "/" + std::to_string(melons.count()));
  return right;
}

}  // namespace

int main(int argc, char** argv) try {
  constexpr int number_of_seeds = 5;
  examples::Settings settings{.seed = 1, .epochs = 500, .lr = 0.05};
  std::string csv = XGRAD_EXAMPLES_DATA_DIR "/watermelon3_en.csv";
  examples::CommandLine command_line(
      "A net learns to tell ripe watermelons from six attributes in words and two numbers,\n"
      "and is then asked about melons that it has not seen. The exit code is 0 if it learns\n"
      "all melons it is shown, from each of 5 different beginnings.");
  command_line.add(settings);
  command_line.add("--csv", csv, "FILE", "the melons, with the same columns in English or Chinese");
  command_line.parse(argc, argv);

  const Melons melons = read_melons(csv);
  const int count = melons.count();
  const int ripe = sum(melons.ripe).item<int>();
  const std::int64_t inputs = melons.words.size(1) + melons.numbers.size(1);
  std::printf("%d melons, %d ripe and %d not. Net: %d inputs, 16 hidden units (tanh), 1 output unit.\n\n",
              count, ripe, count - ripe, static_cast<int>(inputs));

  examples::Chart chart{.title = "Watermelons", .x_label = "epoch", .y_label = "loss", .log_y = true};
  bool learned = true;
  std::printf("Trained on all melons, and asked about the same:\n");
  for (int i = 0; i < number_of_seeds; ++i) {
    std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(i);
    std::vector<double> losses;
    if (fit(seed, melons, settings, i == 0 ? 4 : 0, losses) < count) learned = false;
    chart.curves.push_back({"seed " + std::to_string(seed), losses});
  }

  std::printf("\nLeave-one-out: trained on the others, and asked about the one left out:\n");
  int fewest = count;
  int most = 0;
  for (int i = 0; i < number_of_seeds; ++i) {
    int right = leave_one_out(settings.seed + static_cast<std::uint64_t>(i), melons, settings);
    fewest = std::min(fewest, right);
    most = std::max(most, right);
  }

  std::printf("\n%s all %d melons by heart.\n", learned ? "Every net learned" : "NOT every net learned",
              count);
  std::string range = std::to_string(fewest) + (most > fewest ? " to " + std::to_string(most) : "");
  std::printf("Of the melons that they had not seen they got %s right; to answer '%s' every time gets %d.\n",
              range.c_str(), ripe > count - ripe ? "ripe" : "not ripe", std::max(ripe, count - ripe));
  std::printf("%d melons prove nothing about the next one.\n", count);
  if (!settings.svg.empty()) examples::save_svg(settings.svg, chart);
  return learned ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "watermelon: %s\n", error.what());
  return 2;
}
