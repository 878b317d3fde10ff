#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <xgrad/autograd/array/error.hpp>

#include "common/svg.hpp"

using examples::Chart;
using examples::to_svg;

namespace {

const double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

int count(const std::string& text, const std::string& wanted) {
  int result = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++result;
  return result;
}

/// Whether every tag is closed in the order in which it was opened, and no number is nan or infinite.
bool is_well_formed(const std::string& svg) {
  std::vector<std::string> open;
  for (std::size_t at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
    std::size_t end = svg.find('>', at);
    if (end == std::string::npos || svg.find('<', at + 1) < end) return false;
    std::string tag = svg.substr(at + 1, end - at - 1);
    if (count(tag, "\"") % 2 != 0) return false;
    std::string name = tag.substr(0, tag.find_first_of(" /", 1));
    if (tag.starts_with("/")) {
      if (open.empty() || "/" + open.back() != tag) return false;
      open.pop_back();
    } else if (!tag.ends_with("/")) {
      open.push_back(name);
    }
  }
  return open.empty() && svg.find("nan") == std::string::npos && svg.find("inf") == std::string::npos;
}

}  // namespace

TEST_CASE("a chart is a well-formed SVG with title, labels, curves, dots and legend") {
  std::string svg = to_svg({.title = "Loss <of> \"a\" & b",
                            .x_label = "epoch",
                            .y_label = "loss",
                            .curves = {{"first", {3, 2, 1}}, {"", {1, 2}}},
                            .dots = {{"rows", {1, 2}, {0.5, 2.5}}}});
  CHECK(is_well_formed(svg));
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"715\" height=\"400\""));
  CHECK(count(svg, "<polyline") == 2);
  CHECK(count(svg, "<circle") == 3);  // one stands in the legend
  for (const char* part :
       {">Loss &lt;of&gt; &quot;a&quot; &amp; b<", ">epoch<", ">loss<", ">first<", ">rows<"}) {
    CHECK_MESSAGE(count(svg, part) == 1, part);
  }
}

TEST_CASE("ticks are round numbers around the data") {
  std::string linear = to_svg({.curves = {{"", {0.3, 9.7}, {100, 200}}}});
  for (const char* tick : {">0<", ">2<", ">4<", ">6<", ">8<", ">10<"})
    CHECK_MESSAGE(count(linear, tick) == 1, tick);
  std::string logarithmic = to_svg({.curves = {{"", {0.002, 0.7}, {100, 200}}}, .log_y = true});
  for (const char* tick : {">0.001<", ">0.01<", ">0.1<"}) CHECK_MESSAGE(count(logarithmic, tick) == 1, tick);
}

TEST_CASE("numbers that cannot be shown leave gaps") {
  std::string svg = to_svg({.curves = {{"", {1, 2, not_a_number, 3, 4, infinity, -infinity, 5, 6}}}});
  CHECK(is_well_formed(svg));
  CHECK(count(svg, "<polyline") == 3);
  std::string logarithmic = to_svg({.curves = {{"", {1, 0.1, 0, 0.01, -1, 0.001}}}, .log_y = true});
  CHECK(is_well_formed(logarithmic));
  CHECK(count(logarithmic, "<polyline") == 3);
}

TEST_CASE("charts of little or odd data are well-formed") {
  for (bool log_y : {false, true}) {
    for (const std::vector<double>& y : std::vector<std::vector<double>>{{},
                                                                         {not_a_number, infinity},
                                                                         {0},
                                                                         {5},
                                                                         {-5, -5},
                                                                         {1e-300, 1e300},
                                                                         {1e300, 1e300},
                                                                         {-1.7e308, 1.7e308},
                                                                         {5e-324},
                                                                         {1, 1 + 1e-15},
                                                                         {0, 1e-200},
                                                                         {1e9, 1e9 + 1},
                                                                         {0.99, 1.01},
                                                                         {0.1, 100}}) {
      std::string svg = to_svg({.title = "odd", .curves = {{"curve", y}}, .log_y = log_y});
      CHECK(is_well_formed(svg));
      CHECK(count(svg, "<line") < 100);
    }
  }
  CHECK(is_well_formed(to_svg({})));
}

TEST_CASE("x and y of different lengths are an error") {
  CHECK_THROWS_WITH_AS(to_svg({.curves = {{"loss", {1, 2, 3}, {1, 2}}}}),
                       "to_svg: series 'loss' has 2 x and 3 y", std::invalid_argument);
}

TEST_CASE("a chart is written to a file, or an error names the file") {
  auto path = std::filesystem::temp_directory_path() / "xgrad_test_chart.svg";
  examples::save_svg(path.string(), {.title = "saved", .curves = {{"", {1, 2}}}});
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  CHECK(text.str() == to_svg({.title = "saved", .curves = {{"", {1, 2}}}}));
  std::filesystem::remove(path);

  CHECK_THROWS_WITH_AS(examples::save_svg("/no/such/folder/a.svg", {}),
                       "/no/such/folder/a.svg: cannot write the picture: No such file or directory",
                       xgrad::FileError);
  if (std::filesystem::exists("/dev/full")) {
    CHECK_THROWS_WITH_AS(examples::save_svg("/dev/full", {}),
                         "/dev/full: cannot write the picture: No space left on device", xgrad::FileError);
  }
}

TEST_CASE("several diagrams stand one below the other in one picture") {
  examples::Chart first{.title = "one", .curves = {{"a", {1, 2}}}};
  examples::Chart second{.title = "two", .curves = {{"a much longer name", {1, 2}}}};
  std::string svg = examples::to_stacked_svg(std::vector{first, second});
  CHECK(svg.starts_with("<svg"));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("translate(0 0)") < svg.find("one"));
  CHECK(svg.find("translate(0 400)") < svg.find("two"));
  CHECK(svg.find("height=\"800\"") != std::string::npos);
  CHECK(examples::to_stacked_svg({}).find("height=\"0\"") != std::string::npos);
}
