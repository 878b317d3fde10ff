// How many sunspots will there be next year? An LSTM reads the numbers of sunspots since 1700, one year after
// the other, and says at each what it expects of the next.
//
// The sun's spots come and go in cycles of about eleven years, each of another height. To tell where in a
// cycle a year stands, the number of that year is not enough: it is the same on the way up and on the way
// down. The LSTM carries a state from year to year, and learns what to keep in it.
//
// The last 60 years are held back. The forecast that nothing changes ("next year is as this year") is what
// must be beaten on them.

#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "common/command_line.hpp"
#include "common/svg.hpp"
#include "common/table.hpp"

using namespace xgrad;

namespace {

constexpr std::int64_t held_back = 60;  // years
constexpr std::int64_t window = 30;     // years in each piece that is learned from
constexpr std::int64_t warm_up = 8;     // years at a piece's beginning that are read, but not judged
constexpr double wanted = 0.7;          // of the naive forecast's error

struct Forecaster : nn::Module {
  nn::LSTM memory{1, 12};
  nn::Linear output{12, 1};

  XGRAD_MEMBERS(memory, output)
  /// Series [years, pieces] give the expected next values, in the same shape. What is learned is the change.
  Tensor forward(const Tensor& series) override {
    Tensor values = unsqueeze(series, -1);
    return squeeze(values + output(memory(values).output), -1);
  }
};

/// The root of the mean squared error.
double error_of(const Tensor& forecast, const Tensor& values) {
  return std::sqrt(mean(square(forecast - values)).item());
}

}  // namespace

int main(int argc, char** argv) try {
  examples::Settings settings{.seed = 1, .epochs = 100, .lr = 0.02};
  std::string csv = XGRAD_EXAMPLES_DATA_DIR "/sunspots_yearly.csv";
  std::string column = "sunspots";
  examples::CommandLine command_line(
      "An LSTM learns to forecast a series by one step. The exit code is 0 if its error on the last 60 "
      "values,\n"
      "which it has not seen, is at most 0.7 of the error of the forecast that nothing changes.");
  command_line.add(settings);
  command_line.add("--csv", csv, "FILE", "the series");
  command_line.add("--column", column, "NAME", "the column of the file");
  command_line.parse(argc, argv);

  examples::Table table = examples::read_csv(csv);
  Tensor values = examples::numbers(table, table.column(column)).flatten().to(float32);
  std::int64_t years = values.numel(), known = years - held_back;
  if (known < window + 2)
    throw FileError(csv + ": expected " + std::to_string(held_back + window + 2) + " values or more");
  double middle = mean(narrow(values, 0, 0, known)).item();
  double spread = xgrad::std(narrow(values, 0, 0, known)).item();
  if (!(spread > 0)) throw FileError(csv + ": expected values that change");
  Tensor series = (values - middle) / spread;

  // Pieces that begin at every year, side by side; behind each stands the year that follows.
  Tensor places = unsqueeze(arange(window + 1), 1) + arange(known - window);
  Tensor pieces = take(series, places);
  Tensor seen = narrow(pieces, 0, 0, window), next = narrow(pieces, 0, warm_up + 1, window - warm_up);

  manual_seed(settings.seed);
  Forecaster forecaster;
  std::printf("%lld values to learn from, %lld held back.\n\n%s\n\n", static_cast<long long>(known),
              static_cast<long long>(held_back), nn::to_string(forecaster).c_str());
  auto optimizer = optim::AdamW(forecaster.parameters(), {.lr = settings.lr, .weight_decay = 0.1});
  auto schedule = optim::CosineAnnealingLR(optimizer, {.T_max = settings.epochs});
  std::vector<double> losses;
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    optimizer.zero_grad();
    Tensor expected = narrow(forecaster(seen), 0, warm_up, window - warm_up);
    Tensor loss = nn::mse_loss(expected, next);
    loss.backward();
    nn::utils::clip_grad_norm_(forecaster.parameters(), 1);
    optimizer.step();
    schedule.step();
    losses.push_back(loss.item());
    if (epoch == 1 || epoch % std::max(1, settings.epochs / 5) == 0)
      std::printf("epoch %4d  error of the years learned %.2f\n", epoch, spread * std::sqrt(loss.item()));
  }

  NoGrad off;
  Tensor said = squeeze(forecaster(unsqueeze(series, 1)), 1) * spread + middle;
  Tensor forecast = narrow(said, 0, known - 1, held_back);
  Tensor truth = narrow(values, 0, known, held_back);
  double error = error_of(forecast, truth);
  double naive = error_of(narrow(values, 0, known - 1, held_back), truth);
  bool learned = error <= wanted * naive;
  std::printf(
      "\nError on the %lld values held back: %.1f; of the forecast that nothing changes: %.1f.\n"
      "The aim, at most %.1f of that, is %s.\n",
      static_cast<long long>(held_back), error, naive, wanted, learned ? "reached" : "missed");
  if (!settings.svg.empty()) {
    examples::save_svg(settings.svg, {.title = "A series forecast by one step",
                                      .x_label = "epoch",
                                      .y_label = "mean squared error",
                                      .curves = {{"training", losses}},
                                      .log_y = true});
  }
  return learned ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "lstm_series: %s\n", error.what());
  return 2;
}
