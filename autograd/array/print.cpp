#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/autograd/array/array.hpp>

namespace xgrad {
namespace {

/// How an array is laid out: what is shown of it, and in lines of which width.
struct Layout {
  bool summarized;
  std::int64_t edge_items;
  std::size_t line_width;

  Layout(const Array& array, const PrintOptions& options)
      : summarized(array.numel() > options.threshold),
        edge_items(std::max<std::int64_t>(options.edge_items, 1)),
        line_width(static_cast<std::size_t>(std::max(options.line_width, 1))) {}

  bool shortens(std::int64_t size) const { return summarized && size > 2 * edge_items; }
};

/// Calls `function` with each element that is shown, in row-major order.
template <class T, class Function>
void for_each_shown(const Array& array, const Layout& layout, std::size_t dim, std::int64_t offset,
                    Function& function) {
  if (dim == array.ndim()) {
    function(array.data<T>()[offset]);
    return;
  }
  std::int64_t size = array.shape()[dim];
  for (std::int64_t i = 0; i < size; ++i) {
    if (i == layout.edge_items && layout.shortens(size)) i = size - layout.edge_items;
    for_each_shown<T>(array, layout, dim + 1, offset + i * array.strides()[dim], function);
  }
}

std::string padded(std::string_view text, std::size_t width) { return fmt::format("{:>{}}", text, width); }

void align_right(std::vector<std::string>& words) {
  std::size_t width = 0;
  for (const std::string& word : words) width = std::max(width, word.size());
  for (std::string& word : words) word = padded(word, width);
}

// Floating-point numbers ----------------------------------------------------------------------------

/// A decimal number in parts: "-12" "345" for -12.345, and "-1" "2345" "+01" for -1.2345e+01.
struct Decimal {
  std::string whole;
  std::string fraction;
  std::string exponent;
};

template <class T, class... Format>
std::string characters(T value, Format... format) {
  char buffer[64];  // numbers of 1e8 and more are written with exponents
  char* end = std::to_chars(buffer, buffer + sizeof buffer, value, format...).ptr;
  return {buffer, end};
}

Decimal split(const std::string& text) {
  Decimal parts;
  std::size_t e = std::min(text.find('e'), text.size());
  std::size_t point = std::min(text.find('.'), e);
  parts.whole = text.substr(0, point);
  if (point < e) parts.fraction = text.substr(point + 1, e - point - 1);
  if (e < text.size()) parts.exponent = text.substr(e + 1);
  parts.fraction.erase(parts.fraction.find_last_not_of('0') + 1);
  return parts;
}

/// The fewest digits that name this number among all of its type, but at most `precision` after the point.
template <class T>
Decimal decimal(T value, bool scientific, int precision) {
  auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
  Decimal shortest = split(characters(value, format));
  if (shortest.fraction.size() <= static_cast<std::size_t>(precision)) return shortest;
  return split(characters(value, format, precision));
}

/// NumPy's rule: very large, very small, or both kinds side by side.
template <class T>
bool needs_exponents(const std::vector<T>& values) {
  T largest = 0;
  T smallest = 0;
  for (T value : values) {
    T magnitude = std::abs(value);
    if (magnitude == 0 || !std::isfinite(magnitude)) continue;
    largest = std::max(largest, magnitude);
    smallest = smallest == 0 ? magnitude : std::min(smallest, magnitude);
  }
  return largest != 0 && (largest >= T(1e8) || smallest < T(1e-4) || largest / smallest > T(1000));
}

template <class T>
std::vector<std::string> format_floats(const std::vector<T>& values, int precision) {
  bool scientific = needs_exponents(values);
  std::vector<Decimal> decimals;
  std::size_t fraction_width = 0;
  std::size_t exponent_digits = 0;
  for (T value : values) {
    Decimal parts = std::isfinite(value) ? decimal(value, scientific, precision) : Decimal{};
    fraction_width = std::max(fraction_width, parts.fraction.size());
    if (scientific && std::isfinite(value))
      exponent_digits = std::max(exponent_digits, parts.exponent.size() - 1);
    decimals.push_back(std::move(parts));
  }
  std::vector<std::string> words;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      words.emplace_back("nan");
    } else if (std::isinf(values[i])) {
      words.push_back(values[i] < 0 ? "-inf" : "inf");
    } else if (scientific) {
      // Once more, now all with the same number of digits.
      Decimal parts =
          split(characters(values[i], std::chars_format::scientific, static_cast<int>(fraction_width)));
      words.push_back(fmt::format("{}.{:0<{}}e{}{:0>{}}", parts.whole, parts.fraction, fraction_width,
                                  parts.exponent[0], parts.exponent.substr(1), exponent_digits));
    } else {
      words.push_back(fmt::format("{}.{:<{}}", decimals[i].whole, decimals[i].fraction, fraction_width));
    }
  }
  align_right(words);
  return words;
}

/// The elements that are shown, each as a word of one width.
std::vector<std::string> shown_words(const Array& array, const Layout& layout, int precision) {
  return dispatch(array.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_floating_point_v<T>) {
      std::vector<T> values;
      auto collect = [&](T value) { values.push_back(value); };
      for_each_shown<T>(array, layout, 0, 0, collect);
      return format_floats(values, precision);
    } else {
      std::vector<std::string> words;
      auto collect = [&](T value) {
        if constexpr (std::is_same_v<T, bool>)
          words.push_back(value ? "True" : "False");
        else
          words.push_back(fmt::to_string(value));
      };
      for_each_shown<T>(array, layout, 0, 0, collect);
      if (array.dtype() == DType::boolean && array.ndim() > 0) words.emplace_back("False");  // sets the width
      align_right(words);
      return words;
    }
  });
}

// Brackets and lines --------------------------------------------------------------------------------

/// Writes words between brackets, in lines that are not too wide, as NumPy does.
class Writer {
 public:
  Writer(const Array& array, const Layout& layout, std::vector<std::string> words)
      : array_(array), layout_(layout), words_(std::move(words)) {}

  std::string write() {
    if (array_.ndim() == 0) return words_[0];
    write_dimension(0);
    return std::move(text_);
  }

 private:
  void write_dimension(std::size_t dim) {
    text_ += '[';
    if (dim + 1 == array_.ndim())
      write_row();
    else
      write_blocks(dim);
    text_ += ']';
  }

  void write_blocks(std::size_t dim) {
    std::string indent(dim + 1, ' ');
    std::string separator(array_.ndim() - 1 - dim, '\n');
    separator += indent;
    std::int64_t size = array_.shape()[dim];
    for (std::int64_t i = 0; i < size; ++i) {
      if (i > 0) text_ += separator;
      if (i == layout_.edge_items && layout_.shortens(size)) {
        text_ += "...";
        text_ += separator;
        i = size - layout_.edge_items;
      }
      write_dimension(dim + 1);
    }
  }

  void write_row() {
    std::size_t indent = array_.ndim();
    std::size_t brackets = array_.ndim();  // those that may close after the last word
    std::string line;                      // without its indent
    std::int64_t size = array_.shape().back();
    auto add = [&](std::string_view word, std::size_t room_at_end) {
      bool fits = indent + line.size() + word.size() + room_at_end <= layout_.line_width;
      if (!fits && !line.empty()) {
        line.erase(line.find_last_not_of(' ') + 1);
        text_ += line + '\n' + std::string(indent, ' ');
        line.clear();
      }
      line += word;
    };
    for (std::int64_t i = 0; i < size; ++i) {
      if (i == layout_.edge_items && layout_.shortens(size)) {
        add("...", brackets);
        line += ' ';
        i = size - layout_.edge_items;
      }
      add(words_[next_word_++], brackets);
      if (i + 1 < size) line += ' ';
    }
    text_ += line;
  }

  const Array& array_;
  const Layout& layout_;
  std::vector<std::string> words_;
  std::size_t next_word_ = 0;
  std::string text_;
};

}  // namespace

std::string describe(const Array& array) {
  if (!array.defined()) return "undefined";
  return fmt::format("{} {}", name(array.dtype()), to_string(array.shape()));
}

std::string to_string(const Array& array, const PrintOptions& options) {
  if (!array.defined()) return "undefined";
  if (array.numel() == 0) return "[]";
  Layout layout(array, options);
  return Writer(array, layout, shown_words(array, layout, std::max(options.precision, 0))).write();
}

}  // namespace xgrad
