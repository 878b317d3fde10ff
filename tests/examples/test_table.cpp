#include <doctest/doctest.h>

#include <xgrad/xgrad.hpp>

#include "common/accuracy.hpp"
#include "common/table.hpp"

using namespace xgrad;
using examples::parse_csv;
using examples::Table;
using Rows = std::vector<std::vector<std::string>>;

TEST_CASE("a table has columns, rows and the lines in which they stand") {
  Table table = parse_csv("a,b\n1,x\n2,y\n", "t.csv");
  CHECK(table.columns == std::vector<std::string>{"a", "b"});
  CHECK(table.rows == Rows{{"1", "x"}, {"2", "y"}});
  CHECK(table.lines == std::vector<std::size_t>{2, 3});
  CHECK(table.column("b") == 1);
  CHECK(table.place(1, 0) == "t.csv, line 3, column 'a'");
  CHECK_THROWS_WITH_AS(table.column("c"), "t.csv: there is no column 'c'; there are: a, b", ValueError);
}

TEST_CASE("odd but proper CSV is read") {
  struct Case {
    const char* text;
    Rows rows;
  };
  const Case cases[] = {
      {"a,b\r\n1,2\r\n", {{"1", "2"}}},
      {"\xEF\xBB\xBF"
       "a,b\n1,2",
       {{"1", "2"}}},
      {"a,b\n1,2\r", {{"1", "2\r"}}},
      {"\n\na,b\n\n1,2\n\r\n\n3,4\n\n", {{"1", "2"}, {"3", "4"}}},
      {"a,b\n", {}},
      {"a,b", {}},
      {"a,b\n,\n", {{"", ""}}},
      {"a,b\n 1 ,2 \n", {{" 1 ", "2 "}}},
      {"a,b\n\"1,5\",\"say \"\"no\"\"\"\n", {{"1,5", "say \"no\""}}},
      {"a,b\n\"two\r\nlines\",\"\"\n", {{"two\r\nlines", ""}}},
      {"a,b\n\"1\",\"2\"", {{"1", "2"}}},
      {"a,b\n\"1\",\"2\"\r\n", {{"1", "2"}}},
      {"色泽,好瓜\n青绿,是\n", {{"青绿", "是"}}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(parse_csv(c.text, "t.csv").rows == c.rows);
  }
  CHECK(parse_csv("a\n\"x\ny\"\nz\n", "t.csv").lines == std::vector<std::size_t>{2, 4});
}

TEST_CASE("broken CSV is an error that names file and line") {
  struct Case {
    std::string text;
    const char* message;
  };
  const Case cases[] = {
      {"", "t.csv: the file is empty; expected a line of column names"},
      {"\n\r\n", "t.csv: the file is empty; expected a line of column names"},
      {"a,b\n1,2\n3\n", "t.csv, line 3: expected 2 fields, as in the header, got 1"},
      {"a,b\n1,2,3\n", "t.csv, line 2: expected 2 fields, as in the header, got 3"},
      {"a,b\n1,\"2\n3,4\n", "t.csv, line 2: a quote is opened here and never closed"},
      {"a,b\n1,\"2\"3\n", "t.csv, line 2: a closing quote is followed by more text"},
      {"a,b\n1,2\"\n", "t.csv, line 2: a quote inside a field that does not start with one"},
      {"a,b,a\n", "t.csv: two columns are named 'a'"},
      {"a,,c\n", "t.csv: a column has no name"},
      {"a,b\n1,2\n1,\xFF\n", "t.csv, line 3: not UTF-8 text"},
      {"a\n\xC0\xAF\n", "t.csv, line 2: not UTF-8 text"},          // overlong
      {"a\n\xED\xA0\x80\n", "t.csv, line 2: not UTF-8 text"},      // half of a surrogate pair
      {"a\n\xF4\x90\x80\x80\n", "t.csv, line 2: not UTF-8 text"},  // beyond the last character
      {"a\n\xE9\x9D", "t.csv, line 2: not UTF-8 text"},            // breaks off
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK_THROWS_WITH_AS(parse_csv(c.text, "t.csv"), c.message, FileError);
  }
}

TEST_CASE("a file that cannot be read is an error that names it") {
  CHECK_THROWS_WITH_AS(examples::read_csv("/no/such.csv"),
                       "/no/such.csv: cannot read the file: No such file or directory", FileError);
  CHECK_THROWS_WITH_AS(examples::read_csv("/tmp"), "/tmp: cannot read the file: Is a directory", FileError);
}

TEST_CASE("columns become tensors") {
  Table table = parse_csv("n,word\n1.5,red\n -2e1 ,green\n0,red\n", "t.csv");
  Tensor n = examples::numbers(table, 0);
  CHECK(n.dtype() == default_dtype());
  CHECK(equal(n, tensor({{1.5}, {-20}, {0}})));
  CHECK(examples::categories(table, 1) == std::vector<std::string>{"red", "green"});
  Tensor word = examples::one_hot(table, 1);
  CHECK(word.dtype() == default_dtype());
  CHECK(equal(word, tensor({{1, 0}, {0, 1}, {1, 0}})));
}

TEST_CASE("what is no number is an error that names its place") {
  for (const char* text :
       {"four", "", "1_000", "0x10", "1,5", "--1", "1e", "1.2.3", "nan", "inf", "1e400", "1 2"}) {
    Table table = parse_csv("a,b\n1,2\n3,\"" + std::string(text) + "\"\n", "t.csv");
    std::string message = "t.csv, line 3, column 'b': expected a number, got '" + std::string(text) + "'";
    CHECK_THROWS_WITH_AS(examples::numbers(table, 1), message.c_str(), FileError);
  }
}

TEST_CASE("MinMax scales by the rows it was made from") {
  examples::MinMax scale(tensor({{1, 5, -1}, {3, 5, 1}, {2, 5, 0}}));
  CHECK(equal(scale(tensor({{1, 5, -1}, {3, 5, 1}, {2, 5, 0}})),
              tensor({{0, 0, 0}, {1, 0, 1}, {0.5, 0, 0.5}})));
  CHECK(equal(scale(tensor({{5, 6, -2}})), tensor({{2, 1, -0.5}})));
}

TEST_CASE("count_right counts the probabilities on the right side of one half") {
  CHECK(examples::count_right(tensor({{0.9}, {0.2}, {0.5}, {0.51}}), tensor({{1}, {0}, {1}, {0}})) == 2);
}

TEST_CASE("the examples' data are as their sources have them") {
  Table english = examples::read_csv(XGRAD_EXAMPLES_DATA_DIR "/watermelon3_en.csv");
  Table chinese = examples::read_csv(XGRAD_EXAMPLES_DATA_DIR "/watermelon3_zh.csv");
  CHECK(english.rows.size() == 17);
  CHECK(chinese.rows.size() == 17);
  for (std::size_t column = 1; column <= 6; ++column) {
    CHECK(equal(examples::one_hot(english, column), examples::one_hot(chinese, column)));
  }
  for (std::size_t column = 7; column <= 8; ++column) {
    CHECK(equal(examples::numbers(english, column), examples::numbers(chinese, column)));
  }
  CHECK(equal(sum(examples::one_hot(english, english.column("ripe")), Shape{0}), tensor({8, 9})));

  Table outing = examples::read_csv(XGRAD_EXAMPLES_DATA_DIR "/spring_outing_en.csv");
  CHECK(outing.rows.size() == 8);
  for (std::size_t row = 0; row < 8; ++row) {
    const auto& fields = outing.rows[row];
    int holding = 0;
    for (std::size_t column = 0; column < 3; ++column) holding += fields[column] == "1" ? 1 : 0;
    CHECK(fields[outing.column("go_all")] == (holding == 3 ? "1" : "0"));
    CHECK(fields[outing.column("go_two_of_three")] == (holding >= 2 ? "1" : "0"));
    CHECK(fields[outing.column("go_odd")] == (holding % 2 == 1 ? "1" : "0"));
  }
}
