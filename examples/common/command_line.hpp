#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace examples {

/// A program was called wrongly. The message names the option.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What every example can be told. An example sets its own defaults.
struct Settings {
  std::uint64_t seed = 1;
  int epochs = 100;
  double lr = 0.1;
  std::string svg = {};  ///< where to write the loss curve; empty: nowhere
};

/// The options of a program, each tied to a variable that holds its default and receives its value:
///
///     std::string csv = "melons.csv";
///     CommandLine command_line("Trains a net on melons.");
///     command_line.add("--csv", csv, "FILE", "the melons");
///     command_line.parse(argc, argv);
class CommandLine {
 public:
  /// `purpose` is the text at the head of --help.
  explicit CommandLine(std::string purpose) : purpose_(std::move(purpose)) {}

  /// A whole number from 1 up.
  void add(const std::string& name, int& variable, const std::string& placeholder,
           const std::string& meaning);
  /// A whole number from 0 up.
  void add(const std::string& name, std::uint64_t& variable, const std::string& placeholder,
           const std::string& meaning);
  /// A number above 0.
  void add(const std::string& name, double& variable, const std::string& placeholder,
           const std::string& meaning);
  /// Any text but none.
  void add(const std::string& name, std::string& variable, const std::string& placeholder,
           const std::string& meaning);
  /// --seed, --epochs, --lr and --svg.
  void add(Settings& settings);

  /// Reads main's arguments. --help prints the options and leaves the program with exit code 0; wrong use
  /// prints what is wrong to standard error and leaves it with exit code 2.
  void parse(int argc, char** argv);

  /// Reads "--name value" and "--name=value"; returns false as soon as it meets --help. Throws UsageError for
  /// an unknown option, a missing value or a malformed number.
  bool read(const std::vector<std::string>& arguments);

  /// The text that --help prints.
  std::string help(const std::string& program) const;

 private:
  struct Option {
    std::string name;
    std::variant<int*, std::uint64_t*, double*, std::string*> variable;
    std::string placeholder;
    std::string meaning;
    std::string default_value;
  };

  void add(Option option);
  const Option& find(const std::string& name) const;

  std::string purpose_;
  std::vector<Option> options_;
};

}  // namespace examples
