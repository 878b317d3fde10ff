#include "module.hpp"

namespace conformance {

using namespace xgrad;

namespace {

/// Puts the tensors in the place of the module's parameters.
class Replacement final : public nn::Visitor {
 public:
  explicit Replacement(const std::map<std::string, Tensor>& tensors) : tensors_(tensors) {}

 private:
  void parameter(const std::string& name, nn::Parameter& parameter) override {
    static_cast<Tensor&>(parameter) = tensors_.at(name);
  }

  const std::map<std::string, Tensor>& tensors_;
};

}  // namespace

Shape Config::ints(const char* name) const {
  const Json& value = json_.at(name);
  if (!value.is_array()) return {integer(name)};
  auto values = value.get<std::vector<std::int64_t>>();
  return {values.begin(), values.end()};
}

Tensor Config::optional_tensor(const char* name) const {
  return is_null(name) ? Tensor() : read_tensor(json_.at(name));
}

void load_case(nn::Module& module, const Arguments& a) {
  const auto& names = a.names("state_dict");
  const auto& tensors = a.tensors("state_dict");
  std::map<std::string, Tensor> by_name;
  nn::NamedTensors state;
  for (std::size_t i = 0; i < names.size(); ++i) {
    state.emplace_back(names[i], tensors[i]);
    by_name[names[i]] = tensors[i];
  }
  module.load_state_dict(state);
  Replacement replacement(by_name);
  module.visit(replacement);
  module.train(a.flag("training"));
}

Outputs with_buffers(Outputs outputs, const nn::Module& module) {
  for (const Tensor& buffer : module.buffers()) outputs.push_back(buffer);
  return outputs;
}

}  // namespace conformance
