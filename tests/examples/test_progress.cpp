#include <doctest/doctest.h>

#include <limits>
#include <sstream>

#include "common/progress.hpp"

using examples::Progress;
using Style = examples::ProgressOptions::Style;

namespace {

int count(const std::string& text, char wanted) {
  int result = 0;
  for (char c : text) result += c == wanted ? 1 : 0;
  return result;
}

std::string run(int epochs, examples::ProgressOptions options) {
  std::ostringstream stream;
  Progress progress("seed 3", epochs, std::move(options), stream);
  for (int epoch = 1; epoch <= epochs; ++epoch) progress.update(epoch, 1.0 / epoch, 0.75);
  progress.finish("learned");
  return stream.str();
}

}  // namespace

TEST_CASE("a stream that is no terminal gets plain lines at the milestones and one at the end") {
  std::string text = run(100, {.milestones = 3});
  CHECK(text ==
        "seed 3  epoch  25/100  loss 0.04      accuracy  75.0 %\n"
        "seed 3  epoch  50/100  loss 0.02      accuracy  75.0 %\n"
        "seed 3  epoch  75/100  loss 0.0133    accuracy  75.0 %\n"
        "seed 3  epoch 100/100  loss 0.01      accuracy  75.0 %  learned\n");
}

TEST_CASE("there are never more lines than epochs") {
  CHECK(count(run(2, {.milestones = 9}), '\n') == 2);
  CHECK(run(1, {.unit = "step"}) == "seed 3  step 1/1  loss 1         accuracy  75.0 %  learned\n");
}

TEST_CASE("the bar is redrawn seldom, in one line that fits the terminal, and stays") {
  std::string text = run(100000, {.milestones = 5, .style = Style::bar});
  CHECK(count(text, '\n') == 1);
  CHECK(text.starts_with("\rseed 3  [    "));
  CHECK(text.find("]  epoch      1/100000  loss 1 ") != std::string::npos);
  CHECK(text.ends_with("====]  epoch 100000/100000  loss 1e-05     accuracy  75.0 %  learned\n"));
  CHECK(text.find('\r', 1) <= 80);
  CHECK(count(text, '\r') < 1000);
}

TEST_CASE("a bar that is not finished disappears") {
  std::ostringstream stream;
  {
    Progress progress("seed 3", 4, {.style = Style::bar}, stream);
    progress.update(1, std::numeric_limits<double>::quiet_NaN(), 0);
  }
  CHECK(stream.str().find("loss nan") != std::string::npos);
  CHECK(stream.str().ends_with(" \r"));
}
