#pragma once

#include <concepts>

#include "rows.hpp"

/// How the rows of the group module are written: a case has the arguments of a constructor, a state dict, the
/// inputs of a call and its keyword arguments.
namespace conformance {

/// An object of the file, read by its members' names.
class Config {
 public:
  explicit Config(const Json& json) : json_(json) {}

  bool has(const char* name) const { return json_.contains(name); }
  bool is_null(const char* name) const { return json_.at(name).is_null(); }
  std::int64_t integer(const char* name) const { return read_number(json_.at(name)).to<std::int64_t>(); }
  double real(const char* name) const { return read_number(json_.at(name)).to<double>(); }
  bool flag(const char* name) const { return json_.at(name).get<bool>(); }
  std::string text(const char* name) const { return json_.at(name).get<std::string>(); }
  /// A list of numbers, or one number.
  Shape ints(const char* name) const;
  /// Undefined for null.
  Tensor optional_tensor(const char* name) const;
  const Json& json(const char* name) const { return json_.at(name); }

 private:
  const Json& json_;
};

/// Loads the case's state dict into the module (strictly: the names and shapes must be the file's), makes the
/// case's own tensors its parameters, so that their gradients can be asked for, and sets the mode.
void load_case(xgrad::nn::Module& module, const Arguments& a);
/// The outputs with all buffers of the module behind them.
Outputs with_buffers(Outputs outputs, const xgrad::nn::Module& module);

/// A row: `make(config)` gives the module, `call(module, inputs, keyword arguments)` its outputs.
template <class Make, class Invoke>
Call module_row(Make make, Invoke invoke) {
  return [=](const Arguments& a) {
    auto module = make(Config(a.json("config")));
    load_case(module, a);
    return with_buffers(invoke(module, a.tensors("inputs"), Config(a.json("call"))), module);
  };
}
/// A row of a module with one input and one output.
template <class Make>
Call module_row(Make make) {
  return module_row(make, [](xgrad::nn::Module& module, const std::vector<Tensor>& inputs, const Config&) {
    return Outputs{module(inputs.at(0))};
  });
}
/// A row of a module that is made of nothing.
template <std::derived_from<xgrad::nn::Module> M>
Call module_row() {
  return module_row([](const Config&) { return M(); });
}

}  // namespace conformance
