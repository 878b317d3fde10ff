#include "common/svg.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <xgrad/autograd/array/error.hpp>

namespace examples {

namespace {

constexpr double width = 640;  // without the legend
constexpr double height = 400;
constexpr double left = 76;
constexpr double right = 24;
constexpr double top = 44;
constexpr double bottom = 52;

/// Okabe and Ito's colours, which the colour-blind can tell apart.
constexpr std::array<const char*, 6> colors = {"#0072b2", "#d55e00", "#009e73",
                                               "#cc79a7", "#e69f00", "#56b4e9"};

const char* color(std::size_t index) { return colors[index % colors.size()]; }
/// Of a line. Where the colors have all been used, they come again with dashes.
std::string stroke(std::size_t index) {
  return "stroke-width=\"2\" stroke=\"" + std::string(color(index)) + "\"" +
         (index / colors.size() % 2 == 1 ? " stroke-dasharray=\"6 4\"" : "");
}

/// A number as the diagram shows it: 0.001, 25, 1e+06.
std::string label(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

/// A place in the picture.
std::string pixel(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

std::string escape(const std::string& text) {
  std::string result;
  for (char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return result;
}

/// One axis: which numbers it shows, and where.
struct Axis {
  bool logarithmic = false;
  double pixel_low = 0;  ///< where `low` is drawn
  double pixel_high = 0;
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  std::vector<double> ticks = {};

  bool shows(double number) const { return std::abs(number) <= 1e100 && (!logarithmic || number >= 1e-100); }

  void include(double number) {
    low = std::min(low, number);
    high = std::max(high, number);
  }

  double place(double number) const {
    double fraction =
        logarithmic ? std::log(number / low) / std::log(high / low) : (number - low) / (high - low);
    return pixel_low + fraction * (pixel_high - pixel_low);
  }

  /// Rounds the range outwards to the nearest ticks.
  void choose_ticks() {
    if (low > high) {  // nothing to show
      low = logarithmic ? 0.1 : 0;
      high = 1;
    }
    if (logarithmic) {
      choose_logarithmic_ticks();
    } else {
      choose_linear_ticks();
    }
    low = ticks.front();
    high = ticks.back();
  }

 private:
  void choose_linear_ticks() {
    // Below this the ticks of a range would be one and the same number.
    double least = std::max(1e-12, 1e-9 * std::max(std::abs(low), std::abs(high)));
    if (high - low < least) {
      low -= std::max(least, std::abs(low) / 10);
      high += std::max(least, std::abs(high) / 10);
    }
    double rough = high / 5 - low / 5;  // about five steps of 1, 2 or 5 times a power of ten
    double power = std::pow(10, std::floor(std::log10(rough)));
    double step = rough / power <= 1.5   ? power
                  : rough / power <= 3.5 ? 2 * power
                  : rough / power <= 7.5 ? 5 * power
                                         : 10 * power;
    double first = std::floor(low / step + 1e-9);
    double last = std::ceil(high / step - 1e-9);
    for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  }

  void choose_logarithmic_ticks() {
    int first = static_cast<int>(std::floor(std::log10(low) + 1e-9));
    int last = static_cast<int>(std::ceil(std::log10(high) - 1e-9));
    if (last <= first) last = first + 1;
    if (last - first <= 2) {
      for (int exponent = first; exponent < last; ++exponent) {
        for (double factor : {1.0, 2.0, 5.0}) ticks.push_back(factor * std::pow(10, exponent));
      }
      ticks.push_back(std::pow(10, last));
      while (ticks.size() > 2 && ticks[1] <= low * (1 + 1e-9)) ticks.erase(ticks.begin());
      while (ticks.size() > 2 && ticks[ticks.size() - 2] >= high * (1 - 1e-9)) ticks.pop_back();
    } else {
      int step = (last - first + 6) / 7;
      for (int exponent = first; exponent < last + step; exponent += step)
        ticks.push_back(std::pow(10, exponent));
    }
  }
};

double x_of(const Series& series, std::size_t index) {
  return series.x.empty() ? static_cast<double>(index + 1) : series.x[index];
}

std::string text_at(double x, double y, const std::string& attributes, const std::string& text) {
  return "<text x=\"" + pixel(x) + "\" y=\"" + pixel(y) + "\" " + attributes + ">" + escape(text) +
         "</text>\n";
}

std::string line_at(double x1, double y1, double x2, double y2, const std::string& attributes) {
  return "<line x1=\"" + pixel(x1) + "\" y1=\"" + pixel(y1) + "\" x2=\"" + pixel(x2) + "\" y2=\"" +
         pixel(y2) + "\" " + attributes + "/>\n";
}

std::string circle_at(double x, double y, const char* fill) {
  return "<circle cx=\"" + pixel(x) + "\" cy=\"" + pixel(y) + "\" r=\"5\" fill=\"" + fill + "\"/>\n";
}

std::string axes(const Chart& chart, const Axis& x_axis, const Axis& y_axis) {
  double middle_x = (left + width - right) / 2;
  double middle_y = (top + height - bottom) / 2;
  std::string svg;
  for (double tick : x_axis.ticks) {
    double x = x_axis.place(tick);
    svg += line_at(x, top, x, height - bottom, "stroke=\"#dddddd\"");
    svg += text_at(x, height - bottom + 18, "text-anchor=\"middle\"", label(tick));
  }
  for (double tick : y_axis.ticks) {
    double y = y_axis.place(tick);
    svg += line_at(left, y, width - right, y, "stroke=\"#dddddd\"");
    svg += text_at(left - 8, y + 4, "text-anchor=\"end\"", label(tick));
  }
  svg += "<rect x=\"" + pixel(left) + "\" y=\"" + pixel(top) + "\" width=\"" + pixel(width - left - right) +
         "\" height=\"" + pixel(height - top - bottom) + "\" fill=\"none\" stroke=\"#444444\"/>\n";
  svg += text_at(middle_x, 26, "text-anchor=\"middle\" font-size=\"16\"", chart.title);
  svg += text_at(middle_x, height - 12, "text-anchor=\"middle\"", chart.x_label);
  svg += text_at(16, middle_y, "text-anchor=\"middle\" transform=\"rotate(-90 16 " + pixel(middle_y) + ")\"",
                 chart.y_label);
  return svg;
}

/// The points of a series as polylines, broken where a number cannot be shown. Of points that the eye cannot
/// tell apart the first is drawn.
std::string curve(const Series& series, const Axis& x_axis, const Axis& y_axis,
                  const std::string& line_stroke) {
  std::string svg;
  std::string points;
  double drawn_x = 0;
  double drawn_y = 0;
  auto finish_polyline = [&] {
    if (!points.empty()) {
      svg += "<polyline fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\" " + line_stroke +
             " points=\"" + points + "\"/>\n";
    }
    points.clear();
  };
  for (std::size_t i = 0; i < series.y.size(); ++i) {
    if (!x_axis.shows(x_of(series, i)) || !y_axis.shows(series.y[i])) {
      finish_polyline();
      continue;
    }
    double x = x_axis.place(x_of(series, i));
    double y = y_axis.place(series.y[i]);
    if (!points.empty()) {
      if (std::max(std::abs(x - drawn_x), std::abs(y - drawn_y)) < 0.5) continue;
      points += ' ';
    }
    points += pixel(x) + ',' + pixel(y);
    drawn_x = x;
    drawn_y = y;
  }
  finish_polyline();
  return svg;
}

std::string dots(const Series& series, const Axis& x_axis, const Axis& y_axis, const char* fill) {
  std::string svg;
  for (std::size_t i = 0; i < series.y.size(); ++i) {
    double x = x_of(series, i);
    if (x_axis.shows(x) && y_axis.shows(series.y[i]))
      svg += circle_at(x_axis.place(x), y_axis.place(series.y[i]), fill);
  }
  return svg;
}

/// How wide the names of the series are, with their marks; 0 where no series has a name.
double legend_width(const Chart& chart) {
  std::size_t longest = 0;
  for (const auto* list : {&chart.curves, &chart.dots}) {
    for (const Series& series : *list) longest = std::max(longest, series.name.size());
  }
  return longest == 0 ? 0 : 40 + 7 * static_cast<double>(longest);
}

/// The names of the series, to the right of the diagram.
std::string legend(const Chart& chart) {
  std::string svg;
  double y = top + 14;
  for (std::size_t i = 0; i < chart.curves.size() + chart.dots.size(); ++i) {
    bool is_curve = i < chart.curves.size();
    const Series& series = is_curve ? chart.curves[i] : chart.dots[i - chart.curves.size()];
    if (series.name.empty()) continue;
    if (is_curve) {
      svg += line_at(width, y - 4, width + 20, y - 4, stroke(i));
    } else {
      svg += circle_at(width + 10, y - 4, color(i));
    }
    svg += text_at(width + 28, y, "", series.name);
    y += 20;
  }
  return svg;
}

}  // namespace

std::string to_svg(const Chart& chart) {
  Axis x_axis{.pixel_low = left, .pixel_high = width - right};
  Axis y_axis{.logarithmic = chart.log_y, .pixel_low = height - bottom, .pixel_high = top};
  for (const auto* list : {&chart.curves, &chart.dots}) {
    for (const Series& series : *list) {
      if (!series.x.empty() && series.x.size() != series.y.size()) {
        throw std::invalid_argument("to_svg: series '" + series.name + "' has " +
                                    std::to_string(series.x.size()) + " x and " +
                                    std::to_string(series.y.size()) + " y");
      }
      for (std::size_t i = 0; i < series.y.size(); ++i) {
        if (!x_axis.shows(x_of(series, i)) || !y_axis.shows(series.y[i])) continue;
        x_axis.include(x_of(series, i));
        y_axis.include(series.y[i]);
      }
    }
  }
  x_axis.choose_ticks();
  y_axis.choose_ticks();

  std::string full_width = label(width + legend_width(chart));
  std::string size = "width=\"" + full_width + "\" height=\"" + label(height) + "\"";
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " + full_width +
                    " " + label(height) +
                    "\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222222\">\n";
  svg += "<rect " + size + " fill=\"#ffffff\"/>\n";
  svg += axes(chart, x_axis, y_axis);
  for (std::size_t i = 0; i < chart.curves.size(); ++i) {
    svg += curve(chart.curves[i], x_axis, y_axis, stroke(i));
  }
  for (std::size_t i = 0; i < chart.dots.size(); ++i) {
    svg += dots(chart.dots[i], x_axis, y_axis, color(chart.curves.size() + i));
  }
  svg += legend(chart);
  return svg + "</svg>\n";
}

std::string to_stacked_svg(std::span<const Chart> charts) {
  double widest = 0;
  for (const Chart& chart : charts) widest = std::max(widest, width + legend_width(chart));
  std::string size =
      "width=\"" + label(widest) + "\" height=\"" + label(height * static_cast<double>(charts.size())) + "\"";
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + ">\n<rect " + size + " fill=\"#ffffff\"/>\n";
  for (std::size_t i = 0; i < charts.size(); ++i) {
    svg += "<g transform=\"translate(0 " + label(height * static_cast<double>(i)) + ")\">\n" +
           to_svg(charts[i]) + "</g>\n";
  }
  return svg + "</svg>\n";
}

namespace {

void save_text(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw xgrad::FileError(path + ": cannot write the picture: " + std::strerror(errno));
}

}  // namespace

void save_svg(const std::string& path, const Chart& chart) { save_text(path, to_svg(chart)); }
void save_stacked_svg(const std::string& path, std::span<const Chart> charts) {
  save_text(path, to_stacked_svg(charts));
}

}  // namespace examples
