#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>
#include <xgrad/autograd/tensor/tensor.hpp>

namespace examples {

/// A CSV file: a line of column names, then rows of as many fields.
struct Table {
  std::string name;  ///< the file's, for messages
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> lines;  ///< in which line of the file each row starts

  /// The number of a column. Throws xgrad::ValueError for a name that is not there.
  std::size_t column(std::string_view column_name) const;
  /// "melons.csv, line 3, column 'density'": where a field stands.
  std::string place(std::size_t row, std::size_t column) const;
};

/// Reads comma-separated UTF-8 text with a header; fields may be quoted, lines may end in CRLF, a byte order
/// mark and empty lines are skipped. Throws xgrad::FileError, naming file and line, for a file that cannot be
/// read, rows of the wrong length, broken quotes, invalid UTF-8, and columns without a name or with the same
/// name.
Table read_csv(const std::string& path);
/// The same for text in memory; `name` stands for the file in messages.
Table parse_csv(std::string_view text, const std::string& name);

/// A column of numbers, [rows, 1]. Throws xgrad::FileError, naming file, line and column, for anything else.
xgrad::Tensor numbers(const Table& table, std::size_t column);
/// The different texts in a column, in the order in which they appear.
std::vector<std::string> categories(const Table& table, std::size_t column);
/// A column of categories, [rows, categories]: 1 at the row's category, 0 elsewhere.
xgrad::Tensor one_hot(const Table& table, std::size_t column);

/// Scales each column of [rows, columns] so that the rows it was made from span 0 to 1. Other rows may lie
/// outside. A column of one and the same number becomes 0.
class MinMax {
 public:
  explicit MinMax(const xgrad::Tensor& rows);
  xgrad::Tensor operator()(const xgrad::Tensor& rows) const;

 private:
  xgrad::Tensor low_;
  xgrad::Tensor range_;
};

}  // namespace examples
