#include "common/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <sstream>
#include <utility>

namespace examples {

namespace {

/// Reads all of `text`; false for anything else, such as "1e", "0x10", "3 " or a number out of range.
template <class Number>
bool read_number(const std::string& text, Number& number) {
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

[[noreturn]] void fail(const std::string& name, const std::string& expected, const std::string& text) {
  throw UsageError(name + ": expected " + expected + ", got '" + text + "'");
}

void assign(const std::string& name, int* variable, const std::string& text) {
  int number = 0;
  if (!read_number(text, number) || number < 1) {
    fail(name, "a whole number from 1 to " + std::to_string(std::numeric_limits<int>::max()), text);
  }
  *variable = number;
}

void assign(const std::string& name, std::uint64_t* variable, const std::string& text) {
  std::uint64_t number = 0;
  if (!read_number(text, number)) fail(name, "a whole number from 0 up", text);
  *variable = number;
}

void assign(const std::string& name, double* variable, const std::string& text) {
  double number = 0;
  if (!read_number(text, number) || !std::isfinite(number) || number <= 0)
    fail(name, "a number above 0", text);
  *variable = number;
}

void assign(const std::string& name, std::string* variable, const std::string& text) {
  if (text.empty()) fail(name, "a text", text);
  *variable = text;
}

template <class Number>
std::string to_text(Number number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

}  // namespace

void CommandLine::add(Option option) { options_.push_back(std::move(option)); }

void CommandLine::add(const std::string& name, int& variable, const std::string& placeholder,
                      const std::string& meaning) {
  add(Option{name, &variable, placeholder, meaning, to_text(variable)});
}

void CommandLine::add(const std::string& name, std::uint64_t& variable, const std::string& placeholder,
                      const std::string& meaning) {
  add(Option{name, &variable, placeholder, meaning, to_text(variable)});
}

void CommandLine::add(const std::string& name, double& variable, const std::string& placeholder,
                      const std::string& meaning) {
  add(Option{name, &variable, placeholder, meaning, to_text(variable)});
}

void CommandLine::add(const std::string& name, std::string& variable, const std::string& placeholder,
                      const std::string& meaning) {
  add(Option{name, &variable, placeholder, meaning, variable});
}

void CommandLine::add(Settings& settings) {
  add("--seed", settings.seed, "N", "the first seed of the random numbers");
  add("--epochs", settings.epochs, "N", "how often the net sees all the data");
  add("--lr", settings.lr, "X", "the learning rate");
  add("--svg", settings.svg, "FILE", "write the loss curve to FILE");
}

void CommandLine::parse(int argc, char** argv) {
  std::string program = std::filesystem::path(argc > 0 ? argv[0] : "example").filename().string();
  try {
    if (read(std::vector<std::string>(argv + std::min(argc, 1), argv + argc))) return;
    std::cout << help(program) << std::flush;
    std::exit(0);
  } catch (const UsageError& error) {
    std::cerr << program << ": " << error.what() << " (--help lists the options)\n";
    std::exit(2);
  }
}

bool CommandLine::read(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--help" || name == "-h") return false;

    std::size_t equals = name.find('=');
    bool has_value = name.starts_with("--") && equals != std::string::npos;
    std::string value = has_value ? name.substr(equals + 1) : "";
    if (has_value) name.resize(equals);

    const Option& option = find(name);
    if (!has_value) {
      if (i + 1 == arguments.size() || arguments[i + 1].starts_with("--")) {
        throw UsageError(name + ": a value is missing (" + option.placeholder + ")");
      }
      value = arguments[++i];
    }
    std::visit([&](auto* variable) { assign(name, variable, value); }, option.variable);
  }
  return true;
}

const CommandLine::Option& CommandLine::find(const std::string& name) const {
  auto option =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == name; });
  if (option == options_.end()) {
    std::string kind = name.starts_with("-") ? "unknown option '" : "unexpected argument '";
    throw UsageError(kind + name + "'");
  }
  return *option;
}

std::string CommandLine::help(const std::string& program) const {
  std::string text = purpose_ + "\n\nusage: " + program + " [OPTIONS]\n\n";
  auto line = [&text](std::string left, const std::string& right) {
    left.resize(std::max<std::size_t>(left.size() + 2, 18), ' ');
    text += "  " + left + right + "\n";
  };
  for (const Option& option : options_) {
    std::string ending = option.default_value.empty() ? "" : " (default " + option.default_value + ")";
    line(option.name + " " + option.placeholder, option.meaning + ending);
  }
  line("--help", "print this text");
  return text;
}

}  // namespace examples
