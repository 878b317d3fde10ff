#include <doctest/doctest.h>

#include "common/command_line.hpp"

using examples::CommandLine;
using examples::Settings;
using examples::UsageError;

namespace {

struct Example {
  Settings settings{.seed = 7, .epochs = 200, .lr = 0.05};
  std::string csv = "melons.csv";
  CommandLine command_line{"Learns something."};

  Example() {
    command_line.add(settings);
    command_line.add("--csv", csv, "FILE", "the melons");
  }
  bool read(const std::vector<std::string>& arguments) { return command_line.read(arguments); }
};

}  // namespace

TEST_CASE("without arguments the defaults stand") {
  Example example;
  CHECK(example.read({}));
  CHECK(example.settings.seed == 7);
  CHECK(example.settings.epochs == 200);
  CHECK(example.settings.lr == 0.05);
  CHECK(example.settings.svg.empty());
  CHECK(example.csv == "melons.csv");
}

TEST_CASE("options set their variables, with a space or an equals sign") {
  Example example;
  CHECK(example.read(
      {"--seed", "18446744073709551615", "--epochs=3", "--lr", "1e-3", "--svg=a=b.svg", "--csv", "-"}));
  CHECK(example.settings.seed == 18446744073709551615U);
  CHECK(example.settings.epochs == 3);
  CHECK(example.settings.lr == 1e-3);
  CHECK(example.settings.svg == "a=b.svg");
  CHECK(example.csv == "-");
}

TEST_CASE("--help is found, and lists every option with its default") {
  Example example;
  CHECK_FALSE(example.read({"--help"}));
  CHECK_FALSE(example.read({"--epochs", "5", "-h"}));
  std::string help = example.command_line.help("melon");
  for (const char* part :
       {"Learns something.", "usage: melon", "--seed N", "(default 7)", "--epochs N", "(default 200)",
        "--lr X", "(default 0.05)", "--svg FILE", "--csv FILE", "(default melons.csv)", "--help"}) {
    CHECK_MESSAGE(help.find(part) != std::string::npos, part);
  }
}

TEST_CASE("wrong use is an error that names the option") {
  struct Row {
    std::vector<std::string> arguments;
    const char* message;
  };
  const Row rows[] = {
      {{"--speed", "3"}, "unknown option '--speed'"},
      {{"--speed=3"}, "unknown option '--speed'"},
      {{"-x"}, "unknown option '-x'"},
      {{"fast"}, "unexpected argument 'fast'"},
      {{""}, "unexpected argument ''"},
      {{"--epochs"}, "--epochs: a value is missing (N)"},
      {{"--svg", "--seed", "3"}, "--svg: a value is missing (FILE)"},
      {{"--svg="}, "--svg: expected a text, got ''"},
      {{"--epochs", "0"}, "--epochs: expected a whole number from 1 to 2147483647, got '0'"},
      {{"--epochs", "-5"}, "--epochs: expected a whole number from 1 to 2147483647, got '-5'"},
      {{"--epochs", "10k"}, "--epochs: expected a whole number from 1 to 2147483647, got '10k'"},
      {{"--epochs", "99999999999"},
       "--epochs: expected a whole number from 1 to 2147483647, got '99999999999'"},
      {{"--epochs="}, "--epochs: expected a whole number from 1 to 2147483647, got ''"},
      {{"--seed", "-1"}, "--seed: expected a whole number from 0 up, got '-1'"},
      {{"--seed", "1.5"}, "--seed: expected a whole number from 0 up, got '1.5'"},
      {{"--seed", "18446744073709551616"},
       "--seed: expected a whole number from 0 up, got '18446744073709551616'"},
      {{"--lr", "fast"}, "--lr: expected a number above 0, got 'fast'"},
      {{"--lr", "0"}, "--lr: expected a number above 0, got '0'"},
      {{"--lr", "-0.1"}, "--lr: expected a number above 0, got '-0.1'"},
      {{"--lr", "nan"}, "--lr: expected a number above 0, got 'nan'"},
      {{"--lr", "inf"}, "--lr: expected a number above 0, got 'inf'"},
      {{"--lr", "0,1"}, "--lr: expected a number above 0, got '0,1'"},
  };
  for (const Row& row : rows) {
    Example example;
    CHECK_THROWS_WITH_AS(example.read(row.arguments), row.message, UsageError);
  }
}
