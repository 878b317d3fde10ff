#pragma once

#include <span>
#include <string>
#include <vector>

namespace examples {

/// Points to draw. `x` and `y` have one length; an empty `x` stands for 1, 2, 3, ...
struct Series {
  std::string name;
  std::vector<double> y;
  std::vector<double> x = {};
};

/// A diagram with axes, ticks and a legend. Numbers that have no place in it
/// leave a gap: nan, anything beyond 1e100, and on a logarithmic axis anything below 1e-100.
struct Chart {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  std::vector<Series> curves = {};
  std::vector<Series> dots = {};
  bool log_y = false;
};

/// The diagram as a self-contained SVG file. Throws std::invalid_argument when the x and y of a series differ
/// in length.
std::string to_svg(const Chart& chart);

/// Several diagrams, one below the other, as one SVG file.
std::string to_stacked_svg(std::span<const Chart> charts);

/// Writes it. Throws xgrad::FileError.
void save_svg(const std::string& path, const Chart& chart);
void save_stacked_svg(const std::string& path, std::span<const Chart> charts);

}  // namespace examples
