// Which digit is it? A small convolutional net reads handwritten digits, images of 8x8 pixels.
//
// A convolution looks at every place of the image through the same little window, so what it learns about a
// stroke at one place it knows at all others. Pooling keeps the strongest answer of each 2x2 places: the
// image becomes smaller, what a unit sees becomes larger. The last layer weighs all that was found for each
// digit.
//
// Every fifth image is held back, and never trained on: how many of those are read right is what counts.

#include <cstdio>
#include <exception>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "common/command_line.hpp"
#include "common/progress.hpp"
#include "common/svg.hpp"
#include "common/table.hpp"

using namespace xgrad;

namespace {

struct Digits {
  Tensor images;  // [digits, 1, 8, 8], from 0 to 1
  Tensor labels;  // [digits], int64

  std::int64_t count() const { return labels.size(0); }
  Digits at(const Tensor& places) const {
    return {index_select(images, 0, places), index_select(labels, 0, places)};
  }
};

Digits read_digits(const std::string& path) {
  examples::Table table = examples::read_csv(path);
  if (table.columns.size() != 65 || table.columns.back() != "digit")
    throw FileError(path + ": expected 64 columns of pixels and a column 'digit'");
  if (table.rows.size() < 10) throw FileError(path + ": expected ten digits or more");
  std::vector<Tensor> pixels;
  pixels.reserve(64);
  for (std::size_t column = 0; column < 64; ++column) pixels.push_back(examples::numbers(table, column));
  Tensor labels = examples::numbers(table, 64).flatten();
  if (!all(logical_and(ge(labels, 0), le(labels, 9))).item<bool>())
    throw FileError(path + ": expected digits from 0 to 9");
  return {cat(pixels, 1).reshape({-1, 1, 8, 8}) / 16, labels.to(int64)};
}

/// Two convolutions, each made half as large, then one unit for each digit.
struct Net : nn::Module {
  nn::Conv2d first{1, 16, 3, {.padding = 1}};
  nn::BatchNorm2d first_norm{16};
  nn::Conv2d second{16, 32, 3, {.padding = 1}};
  nn::BatchNorm2d second_norm{32};
  nn::Dropout dropout{0.25};
  nn::Linear output{128, 10};

  XGRAD_MEMBERS(first, first_norm, second, second_norm, dropout, output)
  Tensor forward(const Tensor& image) override {
    Tensor strokes = max_pool2d(relu(first_norm(first(image))), 2);
    Tensor parts = max_pool2d(relu(second_norm(second(strokes))), 2);
    return output(dropout(parts.flatten(1)));
  }
};

/// The fraction of digits that are read right.
double accuracy(Net& net, const Digits& digits) {
  NoGrad off;
  net.eval();
  Tensor right = eq(argmax(net(digits.images), 1), digits.labels);
  net.train();
  return mean(right.to(float64)).item();
}

}  // namespace

int main(int argc, char** argv) try {
  constexpr double wanted = 0.98;
  constexpr std::int64_t batch = 64;
  examples::Settings settings{.seed = 1, .epochs = 20, .lr = 0.003};
  std::string csv = XGRAD_EXAMPLES_DATA_DIR "/digits.csv";
  examples::CommandLine command_line(
      "A convolutional net learns to read handwritten digits of 8x8 pixels. The exit code is 0 if it reads\n"
      "98 of 100 digits right that it has not seen.");
  command_line.add(settings);
  command_line.add("--csv", csv, "FILE", "the digits: 64 columns of pixels from 0 to 16, and 'digit'");
  command_line.parse(argc, argv);

  Digits digits = read_digits(csv);
  Tensor places = arange(digits.count());
  Tensor is_test = eq(remainder(places, 5), 4);
  Digits testing = digits.at(masked_select(places, is_test));
  Digits training = digits.at(masked_select(places, logical_not(is_test)));

  manual_seed(settings.seed);
  Net net;
  std::printf("%d digits to learn from, %d held back.\n\n%s\n", static_cast<int>(training.count()),
              static_cast<int>(testing.count()), nn::summary(net, {1, 1, 8, 8}).c_str());

  auto optimizer = optim::AdamW(net.parameters(), {.lr = settings.lr});
  std::int64_t steps = (training.count() + batch - 1) / batch;
  auto schedule =
      optim::OneCycleLR(optimizer, {.max_lr = {settings.lr}, .total_steps = steps * settings.epochs});
  examples::Progress progress("digits", settings.epochs, {.milestones = 4});
  std::vector<double> losses;
  double held_out = 0;
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    Tensor order = randperm(training.count());
    double loss_sum = 0;
    for (std::int64_t begin = 0; begin < training.count(); begin += batch) {
      Digits some = training.at(order.slice(0, begin, std::min(begin + batch, training.count())));
      optimizer.zero_grad();
      Tensor loss = nn::cross_entropy(net(some.images), some.labels);
      loss.backward();
      optimizer.step();
      schedule.step();
      loss_sum += loss.item() * static_cast<double>(some.count());
    }
    losses.push_back(loss_sum / static_cast<double>(training.count()));
    held_out = accuracy(net, testing);
    progress.update(epoch, losses.back(), held_out);
  }
  progress.finish("of the digits held back");

  bool learned = held_out >= wanted;
  std::printf("\n%.1f %% of the digits held back were read right, %s %.0f %%.\n", 100 * held_out,
              learned ? "at least" : "which is short of", 100 * wanted);
  if (!settings.svg.empty()) {
    examples::save_svg(settings.svg, {.title = "Digits",
                                      .x_label = "epoch",
                                      .y_label = "loss",
                                      .curves = {{"training", losses}},
                                      .log_y = true});
  }
  return learned ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "digits_cnn: %s\n", error.what());
  return 2;
}
