#pragma once

#include <chrono>
#include <iostream>
#include <string>

namespace examples {

struct ProgressOptions {
  std::string unit = "epoch";  ///< what is counted
  int milestones = 0;          ///< how many plain lines come before the last one
  enum class Style { automatic, bar, lines } style = Style::automatic;
};

/// Shows how a training run gets on. On a terminal a bar moves while it runs; when the output goes to a file
/// or a pipe, plain lines appear at a few milestones instead. Either way one line stays at the end.
class Progress {
 public:
  /// `label` opens every line; `total` is what the epochs count up to.
  Progress(std::string label, int total, ProgressOptions options = {}, std::ostream& stream = std::cout);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// To be called after each epoch, counted from 1, with its loss and the fraction of right answers.
  void update(int epoch, double loss, double accuracy);
  /// Prints the last line, with a remark behind it. Without it the bar just disappears in the end.
  void finish(const std::string& remark = "");

 private:
  std::string state() const;
  void draw_bar();
  void erase_bar();

  std::string label_;
  int total_;
  ProgressOptions options_;
  std::ostream& stream_;
  bool bar_;
  int epoch_ = 0;
  double loss_ = 0;
  double accuracy_ = 0;
  std::size_t drawn_ = 0;  ///< characters of the bar that stand in the terminal's line
  std::chrono::steady_clock::time_point next_draw_;
};

}  // namespace examples
