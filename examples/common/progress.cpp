#include "common/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

namespace examples {

namespace {

constexpr std::chrono::milliseconds redraw_every{50};
constexpr std::size_t longest_bar = 24;

bool is_terminal(const std::ostream& stream) { return &stream == &std::cout && isatty(STDOUT_FILENO) == 1; }

std::size_t columns_of(const std::ostream& stream) {
  winsize size{};
  bool known = is_terminal(stream) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(std::string label, int total, ProgressOptions options, std::ostream& stream)
    : label_(std::move(label)), total_(total), options_(std::move(options)), stream_(stream) {
  using Style = ProgressOptions::Style;
  bar_ = options_.style == Style::bar || (options_.style == Style::automatic && is_terminal(stream_));
}

Progress::~Progress() { erase_bar(); }

void Progress::update(int epoch, double loss, double accuracy) {
  auto milestone = [this](int at) {
    return static_cast<std::int64_t>(at) * (options_.milestones + 1) / total_;
  };
  bool passes_milestone = milestone(epoch) > milestone(epoch_);
  epoch_ = epoch;
  loss_ = loss;
  accuracy_ = accuracy;

  if (bar_) {
    auto now = std::chrono::steady_clock::now();
    if (now < next_draw_) return;
    next_draw_ = now + redraw_every;
    draw_bar();
  } else if (passes_milestone && epoch < total_) {
    stream_ << label_ << "  " << state() << '\n';
  }
}

void Progress::finish(const std::string& remark) {
  if (bar_) {
    draw_bar();
  } else {
    stream_ << label_ << "  " << state();
  }
  stream_ << (remark.empty() ? "" : "  ") << remark << std::endl;
  drawn_ = 0;
}

std::string Progress::state() const {
  int width = static_cast<int>(std::to_string(total_).size());
  char text[96];
  std::snprintf(text, sizeof text, "%*d/%d  loss %-9.3g accuracy %5.1f %%", width, epoch_, total_, loss_,
                100 * accuracy_);
  return options_.unit + " " + text;
}

void Progress::draw_bar() {
  // A line that reached the terminal's edge would wrap, and \r would not get back to its start.
  std::size_t columns = columns_of(stream_) - 1;
  std::string text = state();
  std::size_t others = label_.size() + text.size() + 6;
  std::size_t length = columns > others ? std::min(longest_bar, columns - others) : 0;
  std::size_t filled = length * static_cast<std::size_t>(epoch_) / static_cast<std::size_t>(total_);

  std::string line =
      label_ + "  [" + std::string(filled, '=') + std::string(length - filled, ' ') + "]  " + text;
  line.resize(std::min(line.size(), columns));
  std::size_t before = std::exchange(drawn_, line.size());
  line.resize(std::max(before, line.size()), ' ');
  stream_ << '\r' << line << std::flush;
}

void Progress::erase_bar() {
  if (drawn_ > 0) stream_ << '\r' << std::string(drawn_, ' ') << '\r' << std::flush;
  drawn_ = 0;
}

}  // namespace examples
