#include "common/table.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <utility>
#include <xgrad/xgrad.hpp>

namespace examples {

using xgrad::FileError;
using xgrad::Tensor;

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Where the first byte that is not UTF-8 stands, or npos.
std::size_t find_invalid_utf8(std::string_view text) {
  auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  for (std::size_t i = 0; i < text.size();) {
    unsigned first = byte(i);
    std::size_t length = first < 0x80   ? 1
                         : first < 0xC2 ? 0
                         : first < 0xE0 ? 2
                         : first < 0xF0 ? 3
                         : first < 0xF5 ? 4
                                        : 0;
    if (length == 0) return i;
    for (std::size_t j = 1; j < length; ++j) {
      if ((byte(i + j) & 0xC0U) != 0x80) return i;
    }
    unsigned second = byte(i + 1);
    bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    bool no_character = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
    if (overlong || no_character) return i;
    i += length;
  }
  return std::string_view::npos;
}

/// Takes a CSV text apart, one record after the other.
class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : text_(text), name_(name) {
    std::size_t invalid = find_invalid_utf8(text_);
    if (invalid != std::string_view::npos) {
      line_ += static_cast<std::size_t>(
          std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(invalid), '\n'));
      fail("not UTF-8 text");
    }
    if (text_.starts_with(byte_order_mark)) position_ = byte_order_mark.size();
  }

  /// Moves to the next record that is not an empty line; false at the end of the text.
  bool next() {
    while (skip_line_end()) {
    }
    return position_ < text_.size();
  }

  std::size_t line() const { return line_; }

  std::vector<std::string> record() {
    std::vector<std::string> fields = {field()};
    while (take(',')) fields.push_back(field());
    if (!skip_line_end() && position_ < text_.size()) fail("a closing quote is followed by more text");
    return fields;
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw FileError(name_ + ", line " + std::to_string(line_) + ": " + message);
  }

 private:
  bool take(char wanted) {
    if (position_ == text_.size() || text_[position_] != wanted) return false;
    ++position_;
    return true;
  }

  bool skip_line_end() {
    std::string_view rest = text_.substr(position_);
    std::size_t length = rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
    position_ += length;
    if (length > 0) ++line_;
    return length > 0;
  }

  std::string field() { return take('"') ? quoted_field() : plain_field(); }

  std::string plain_field() {
    std::size_t end = std::min(text_.find_first_of(",\n", position_), text_.size());
    std::string_view field = text_.substr(position_, end - position_);
    if (end < text_.size() && text_[end] == '\n' && field.ends_with('\r')) field.remove_suffix(1);
    if (field.find('"') != std::string_view::npos)
      fail("a quote inside a field that does not start with one");
    position_ += field.size();
    return std::string(field);
  }

  std::string quoted_field() {
    std::string field;
    std::size_t opened = line_;
    while (position_ < text_.size()) {
      char c = text_[position_++];
      if (c == '"' && !take('"')) return field;  // two quotes stand for one
      if (c == '\n') ++line_;
      field += c;
    }
    line_ = opened;
    fail("a quote is opened here and never closed");
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t position_ = 0;
  std::size_t line_ = 1;
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::size_t Table::column(std::string_view column_name) const {
  auto found = std::find(columns.begin(), columns.end(), column_name);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  std::string list;
  for (const std::string& other : columns) list += (list.empty() ? "" : ", ") + other;
  throw xgrad::ValueError(name + ": there is no column '" + std::string(column_name) +
                          "'; there are: " + list);
}

std::string Table::place(std::size_t row, std::size_t column) const {
  return name + ", line " + std::to_string(lines.at(row)) + ", column '" + columns.at(column) + "'";
}

Table read_csv(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  char block[4096];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad())
    throw FileError(path + ": cannot read the file: " + std::strerror(errno));
  return parse_csv(text, path);
}

Table parse_csv(std::string_view text, const std::string& name) {
  Parser parser(text, name);
  if (!parser.next()) throw FileError(name + ": the file is empty; expected a line of column names");
  Table table{.name = name, .columns = parser.record(), .rows = {}, .lines = {}};
  for (auto column = table.columns.begin(); column != table.columns.end(); ++column) {
    if (column->empty()) throw FileError(name + ": a column has no name");
    if (std::find(table.columns.begin(), column, *column) != column) {
      throw FileError(name + ": two columns are named '" + *column + "'");
    }
  }
  while (parser.next()) {
    std::size_t line = parser.line();
    std::vector<std::string> row = parser.record();
    if (row.size() != table.columns.size()) {
      throw FileError(name + ", line " + std::to_string(line) + ": expected " +
                      std::to_string(table.columns.size()) + " fields, as in the header, got " +
                      std::to_string(row.size()));
    }
    table.rows.push_back(std::move(row));
    table.lines.push_back(line);
  }
  return table;
}

Tensor numbers(const Table& table, std::size_t column) {
  std::vector<double> values;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    std::string_view text = trimmed(table.rows[row].at(column));
    double value = 0;
    auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value)) {
      throw FileError(table.place(row, column) + ": expected a number, got '" + std::string(text) + "'");
    }
    values.push_back(value);
  }
  return xgrad::tensor(values).to(xgrad::default_dtype()).reshape({-1, 1});
}

std::vector<std::string> categories(const Table& table, std::size_t column) {
  std::vector<std::string> result;
  for (const auto& row : table.rows) {
    if (std::find(result.begin(), result.end(), row.at(column)) == result.end())
      result.push_back(row[column]);
  }
  return result;
}

Tensor one_hot(const Table& table, std::size_t column) {
  std::vector<std::string> names = categories(table, column);
  std::vector<std::int64_t> places;
  places.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    places.push_back(std::find(names.begin(), names.end(), row[column]) - names.begin());
  }
  return xgrad::one_hot(xgrad::tensor(places), static_cast<std::int64_t>(names.size()))
      .to(xgrad::default_dtype());
}

MinMax::MinMax(const Tensor& rows)
    : low_(amin(rows, xgrad::Shape{0})), range_(amax(rows, xgrad::Shape{0}) - low_) {
  range_ = where(range_ == 0, ones_like(range_), range_);
}

Tensor MinMax::operator()(const Tensor& rows) const { return (rows - low_) / range_; }

}  // namespace examples
