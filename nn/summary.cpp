#include <xgrad/nn/summary.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/creation.hpp>

namespace xgrad::nn {
namespace {

/// What each module was seen to do: the shape of its last output, and the multiply-adds of all its calls.
class Calls final : public detail::ForwardObserver {
 public:
  void called(Module& module, const Tensor& input, const Tensor& output) override {
    shapes_[&module] = to_string(output.shape());
    multiply_adds_[&module] += module.multiply_adds(input.shape(), output.shape());
  }
  std::string shape(const Module* module) const {
    auto it = shapes_.find(module);
    return it != shapes_.end() ? it->second : "-";
  }
  std::int64_t multiply_adds(const Module* module) const {
    auto it = multiply_adds_.find(module);
    return it != multiply_adds_.end() ? it->second : 0;
  }

 private:
  std::unordered_map<const Module*, std::string> shapes_;
  std::unordered_map<const Module*, std::int64_t> multiply_adds_;
};

/// Puts every module into evaluation, and back into what it was in.
class Evaluation {
 public:
  explicit Evaluation(Module& model) : modules_(model.modules()) {
    for (const Module* module : modules_) training_.push_back(module->is_training());
    model.eval();
  }
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;
  ~Evaluation() {
    // Outermost first, so each module has the last word on itself.
    for (std::size_t i = 0; i < modules_.size(); ++i) modules_[i]->train(training_[i]);
  }

 private:
  std::vector<Module*> modules_;
  std::vector<bool> training_;
};

struct Row {
  std::string layer;
  std::string output;
  std::string parameters;
  std::string multiply_adds;
};

/// The number of parameters that belong to this module itself and were not counted before.
class OwnParameters final : public Visitor {
 public:
  std::int64_t count(Module& module) {
    count_ = 0;
    module.visit(*this);
    return count_;
  }

 private:
  void parameter(const std::string&, Parameter& parameter) override {
    if (counted_.insert(parameter.impl_or_null()).second) count_ += parameter.numel();
  }
  void module(const std::string&, Module&) override {}

  std::int64_t count_ = 0;
  std::unordered_set<const void*> counted_;
};

/// 1234567 as "1,234,567".
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string cut(const std::string& text, std::size_t width) {
  return text.size() <= width ? text : text.substr(0, width - 3) + "...";
}

}  // namespace

std::string summary(Module& model, const Shape& input_shape, SummaryOptions options) {
  constexpr std::size_t widest_layer = 60;
  std::vector<Tensor> parameters = model.parameters();
  DType dtype = options.dtype.value_or(parameters.empty() ? default_dtype() : parameters.front().dtype());
  Calls calls;
  {
    NoGrad off;
    Evaluation evaluation(model);
    model(zeros(input_shape, dtype));
  }

  std::vector<Row> rows{{"Layer", "Output", "Parameters", "Multiply-adds"}};
  OwnParameters own;
  std::int64_t total = 0;
  std::int64_t total_multiply_adds = 0;
  for (const auto& [name, module] : model.named_modules()) {
    auto depth = name.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(name, '.')) + 1;
    std::string last = name.substr(name.rfind('.') + 1);
    std::int64_t count = own.count(*module);
    total += count;
    std::int64_t multiply_adds = calls.multiply_adds(module);
    total_multiply_adds += multiply_adds;
    std::string label = name.empty() ? module->describe() : fmt::format("({}) {}", last, module->describe());
    if (label.ends_with("()")) label.resize(label.size() - 2);
    rows.push_back({cut(std::string(2 * depth, ' ') + label, widest_layer), calls.shape(module),
                    count > 0 ? grouped(count) : "", multiply_adds > 0 ? grouped(multiply_adds) : ""});
  }
  std::int64_t trained = count_parameters(model, true);
  rows.push_back({"Total", "", grouped(total), grouped(total_multiply_adds)});
  if (trained != total) rows.push_back({"Trained", "", grouped(trained), ""});

  std::size_t layer_width = 0;
  std::size_t output_width = 0;
  std::size_t number_width = 0;
  std::size_t cost_width = 0;
  for (const Row& row : rows) {
    layer_width = std::max(layer_width, row.layer.size());
    output_width = std::max(output_width, row.output.size());
    number_width = std::max(number_width, row.parameters.size());
    cost_width = std::max(cost_width, row.multiply_adds.size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = fmt::format("{:<{}}  {:<{}}  {:>{}}  {:>{}}", row.layer, layer_width, row.output,
                                   output_width, row.parameters, number_width, row.multiply_adds, cost_width);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::int64_t count_parameters(const Module& model, bool trained_only) {
  std::int64_t count = 0;
  for (const Tensor& parameter : model.parameters()) {
    if (!trained_only || parameter.requires_grad()) count += parameter.numel();
  }
  return count;
}

}  // namespace xgrad::nn
