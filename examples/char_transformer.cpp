// Which letter comes next? A small transformer learns to tell from the 64 letters before it, on plays of
// Shakespeare, and then writes some lines itself.
//
// Every letter becomes a vector, to which its place is added. In each layer a place looks at all earlier
// places (attention), takes what seems useful of them, and thinks about it for itself (two linear layers).
// What comes out at a place says how likely each letter is to be the next.
//
// The last tenth of the text is held back. How surprising it is to the model is measured in bits per letter:
// so long a message would be if the model's probabilities were the code. The model must beat the one that
// knows only how often a letter follows another (bigrams), by a good margin.

#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "common/command_line.hpp"
#include "common/progress.hpp"
#include "common/svg.hpp"

using namespace xgrad;

namespace {

constexpr std::int64_t context = 64;  // letters that the model sees
constexpr std::int64_t batch = 24;    // pieces of text in one step
constexpr double margin = 0.9;        // bits by which bigrams must be beaten

struct Text {
  std::string alphabet;
  Tensor letters;  // [length], places in the alphabet

  std::int64_t length() const { return letters.size(0); }
  std::int64_t size() const { return static_cast<std::int64_t>(alphabet.size()); }
};

Text read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string all{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw FileError(path + ": cannot be read");
  if (all.size() < 20 * context) throw FileError(path + ": expected a text of some thousand letters");
  std::array<std::int64_t, 256> place{};
  for (char letter : all) place[static_cast<unsigned char>(letter)] = 1;
  Text text;
  for (std::size_t letter = 0; letter < place.size(); ++letter) {
    if (place[letter] == 0) continue;
    place[letter] = text.size();
    text.alphabet += static_cast<char>(letter);
  }
  text.letters = empty({static_cast<std::int64_t>(all.size())}, int64);
  for (std::size_t i = 0; i < all.size(); ++i)
    text.letters.data<std::int64_t>()[i] = place[static_cast<unsigned char>(all[i])];
  return text;
}

struct Writer : nn::Module {
  static constexpr std::int64_t width = 96;

  explicit Writer(std::int64_t letters)
      : letter(letters, width),
        layers({width,
                4,
                {.dim_feedforward = 4 * width,
                 .dropout = 0,
                 .activation = [](const Tensor& x) { return gelu(x); },
                 .batch_first = true,
                 .norm_first = true}},
               3, nn::LayerNorm(width)),
        output(width, letters) {}

  nn::Embedding letter;
  nn::SinusoidalPositions positions{width, {.batch_first = true}};
  nn::TransformerEncoder layers;
  nn::Linear output;

  XGRAD_MEMBERS(letter, positions, layers, output)
  /// Letters [pieces, length] give scores of the next letter, [pieces, length, letters].
  Tensor forward(const Tensor& text) override {
    return output(layers(positions(letter(text)), {.is_causal = true}));
  }
};

/// What the model says about the letters that follow those of each piece [pieces, length + 1].
struct Guess {
  Tensor scores;   // [guesses, letters]
  Tensor letters;  // [guesses]: what really follows

  /// The mean surprise, in nats.
  Tensor loss() const { return nn::cross_entropy(scores, letters); }
  double accuracy() const { return mean(eq(argmax(scores.detach(), 1), letters).to(float64)).item(); }
};

Guess guess(Writer& writer, const Tensor& pieces) {
  std::int64_t length = pieces.size(1) - 1;
  return {flatten(writer(narrow(pieces, 1, 0, length)), 0, 1), narrow(pieces, 1, 1, length).flatten()};
}

/// Pieces of `context` letters and the one behind them, that begin at these places.
Tensor pieces_at(const Tensor& letters, const Tensor& begins) {
  return take(letters, unsqueeze(begins, 1) + arange(context + 1));
}

/// Bits per letter of a text that the model has not seen.
double bits_of(Writer& writer, const Tensor& letters) {
  NoGrad off;
  std::int64_t count = (letters.numel() - 1) / context;
  double sum = 0;
  for (std::int64_t first = 0; first < count; first += batch) {
    std::int64_t last = std::min(count, first + batch);
    Tensor some = pieces_at(letters, arange(first, last) * context);
    sum += guess(writer, some).loss().item() * static_cast<double>(last - first);
  }
  return sum / static_cast<double>(count) / std::numbers::ln2;
}

/// Bits per letter of `testing` for a model that has counted pairs of letters in `training`, each pair once
/// more than it occurs.
double bigram_bits(const Tensor& training, const Tensor& testing, std::int64_t size) {
  auto pairs = [&](const Tensor& text) {
    return narrow(text, 0, 0, text.numel() - 1) * size + narrow(text, 0, 1, text.numel() - 1);
  };
  Tensor counts = bincount(pairs(training), {}, size * size).to(float64).reshape({size, size}) + 1;
  Tensor logarithms = log2(counts / sum(counts, Shape{1}, true));
  return -mean(take(logarithms, pairs(testing))).item();
}

/// Lets the model continue a beginning, letter by letter.
std::string written(Writer& writer, const Text& text, const std::string& beginning, int length) {
  NoGrad off;
  std::vector<std::int64_t> letters;
  for (char letter : beginning) {
    std::size_t place = text.alphabet.find(letter);
    letters.push_back(place == std::string::npos ? 0 : static_cast<std::int64_t>(place));
  }
  for (int i = 0; i < length; ++i) {
    auto seen = std::min<std::size_t>(letters.size(), context);
    Tensor input = empty({1, static_cast<std::int64_t>(seen)}, int64);
    std::copy(letters.end() - static_cast<std::ptrdiff_t>(seen), letters.end(), input.data<std::int64_t>());
    Tensor shares = cumsum(softmax(writer(input).select(1, -1).flatten() / 0.8, 0), 0);
    std::int64_t next = sum(lt(shares, rand({1}))).item<std::int64_t>();
    letters.push_back(std::min(next, text.size() - 1));
  }
  std::string result;
  for (std::int64_t letter : letters) result += text.alphabet[static_cast<std::size_t>(letter)];
  return result;
}

}  // namespace

int main(int argc, char** argv) try {
  examples::Settings settings{.seed = 1, .epochs = 900, .lr = 0.003};
  std::string path = XGRAD_EXAMPLES_DATA_DIR "/shakespeare.txt";
  examples::CommandLine command_line(
      "A small transformer learns to predict the next letter of a text. The exit code is 0 if it needs at\n"
      "least 0.9 bits per letter less than a bigram model, on a part of the text that it has not seen.\n"
      "An epoch is one step here.");
  command_line.add(settings);
  command_line.add("--text", path, "FILE", "the text");
  command_line.parse(argc, argv);

  Text text = read_text(path);
  std::int64_t held_back = text.length() / 10;
  Tensor training = narrow(text.letters, 0, 0, text.length() - held_back);
  Tensor testing = narrow(text.letters, 0, text.length() - held_back, held_back);
  double bigrams = bigram_bits(training, testing, text.size());

  manual_seed(settings.seed);
  Writer writer(text.size());
  std::int64_t parameters = 0;
  for (const Tensor& parameter : writer.parameters()) parameters += parameter.numel();
  std::printf("%lld letters to learn from, %lld held back; %lld different ones; %lld parameters.\n\n",
              static_cast<long long>(training.numel()), static_cast<long long>(held_back),
              static_cast<long long>(text.size()), static_cast<long long>(parameters));

  auto optimizer = optim::AdamW(writer.parameters(), {.lr = settings.lr, .weight_decay = 0.1});
  auto schedule = optim::WarmupCosineLR(
      optimizer, {.warmup_iters = std::min(50, settings.epochs / 2), .total_iters = settings.epochs});
  examples::Progress progress("letters", settings.epochs, {.unit = "step", .milestones = 6});
  std::vector<double> losses;
  for (int step = 1; step <= settings.epochs; ++step) {
    Tensor some = pieces_at(training, randint(0, training.numel() - context, {batch}));
    Guess guesses = guess(writer, some);
    Tensor loss = guesses.loss();
    optimizer.zero_grad();
    loss.backward();
    nn::utils::clip_grad_norm_(writer.parameters(), 1);
    optimizer.step();
    schedule.step();
    losses.push_back(loss.item() / std::numbers::ln2);
    progress.update(step, losses.back(), guesses.accuracy());
  }
  progress.finish();

  double bits = bits_of(writer, testing);
  bool learned = bits <= bigrams - margin;
  std::printf("\nWhat it writes:\n\n%s\n\n", written(writer, text, "First Citizen:\n", 300).c_str());
  std::printf("Bits per letter of the text held back: %.3f; bigrams need %.3f. The aim, %.1f less, is %s.\n",
              bits, bigrams, margin, learned ? "reached" : "missed");
  if (!settings.svg.empty()) {
    examples::save_svg(settings.svg, {.title = "Letters of Shakespeare",
                                      .x_label = "step",
                                      .y_label = "bits per letter",
                                      .curves = {{"training", losses}}});
  }
  return learned ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "char_transformer: %s\n", error.what());
  return 2;
}
