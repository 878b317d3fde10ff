// Runs cases that another implementation computed: outputs, gradients, gradients of gradients, and the calls
// that must throw.
//
//   xgrad_conformance [--filter TEXT] [--list] FOLDER...

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "arguments.hpp"

namespace conformance {
namespace {

using namespace xgrad;

struct Tolerance {
  double rtol = 1e-8;
  double atol = 1e-10;
};

struct Counts {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

/// What is wrong with `got`, or nothing.
std::string difference(const std::string& what, const Tensor& got, const Json& wanted, Tolerance tolerance) {
  if (wanted.is_null()) {
    bool zero = !got.defined() || all(eq(got, 0)).item<bool>();
    return zero ? "" : what + ": expected no dependence, got " + to_string(got);
  }
  Tensor want = read_tensor(wanted);
  if (!got.defined()) return all(eq(want, 0)).item<bool>() ? "" : what + ": expected a gradient, got none";
  if (got.dtype() != want.dtype() || !(got.shape() == want.shape())) {
    return what + ": expected " + describe(want.array()) + ", got " + describe(got.array());
  }
  Tensor a = got.detach().to(float64).contiguous();
  Tensor b = want.to(float64).contiguous();
  double worst = -1;
  std::string report;
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    double x = a.data<double>()[i];
    double y = b.data<double>()[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    double excess = std::abs(x - y) - (tolerance.atol + tolerance.rtol * std::abs(y));
    if (excess <= 0 || excess <= worst) continue;
    worst = std::isnan(excess) ? INFINITY : excess;
    report =
        what + ": entry " + std::to_string(i) + ": expected " + Json(y).dump() + ", got " + Json(x).dump();
  }
  return report;
}

/// The gradients of the outputs with respect to the tensors that require one, as the files order them.
class Case {
 public:
  Case(const Json& text, const Call& call) : text_(text), call_(call), arguments_(text.at("args")) {
    if (text.contains("tol")) {
      tolerance_ = {text["tol"].value("rtol", 1e-8), text["tol"].value("atol", 1e-10)};
    }
  }

  std::string run() {
    if (text_.value("error", false)) return run_error();
    std::vector<Tensor> outputs = call_(arguments_);
    const Json& wanted = text_.at("outputs");
    if (outputs.size() != wanted.size()) return "expected " + std::to_string(wanted.size()) + " outputs";
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      std::string problem = difference("output " + std::to_string(i), outputs[i], wanted[i], tolerance_);
      if (!problem.empty()) return problem;
    }
    return text_.contains("grads") ? run_gradients(outputs) : "";
  }

 private:
  std::string run_error() {
    try {
      call_(arguments_);
    } catch (const Error&) {
      return "";
    }
    return "expected an error: " + text_.value("why", std::string());
  }

  std::string run_gradients(const std::vector<Tensor>& outputs) {
    bool second = text_.contains("second");
    collect_leaves();
    std::vector<Tensor> kept;
    std::vector<Tensor> starts;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Json& start = text_.at("grad_outputs")[i];
      if (start.is_null() || !outputs[i].requires_grad()) continue;
      kept.push_back(outputs[i]);
      starts.push_back(read_tensor(start));
      if (second) starts.back().requires_grad_();
      places.push_back(i);
    }
    if (kept.empty()) return "no output requires a gradient";
    auto gradients =
        grad(kept, leaves_, starts, {.retain_graph = true, .create_graph = second, .allow_unused = true});
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      std::string problem =
          difference("gradient of " + names_[i], gradients[i], wanted("grads", i), tolerance_);
      if (!problem.empty()) return problem;
    }
    return second ? run_second(gradients, starts, places) : "";
  }

  std::string run_second(const std::vector<Tensor>& gradients, const std::vector<Tensor>& starts,
                         const std::vector<std::size_t>& places) {
    const Json& second = text_.at("second");
    Tensor total;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const Json& v = at(second.at("v"), i);
      if (v.is_null() || !gradients[i].defined()) continue;
      Tensor part = sum(gradients[i] * read_tensor(v));
      total = total.defined() ? total + part : part;
    }
    std::vector<Tensor> inputs = leaves_;
    inputs.insert(inputs.end(), starts.begin(), starts.end());
    std::vector<Tensor> found(inputs.size());
    if (total.defined() && total.requires_grad())
      found = grad(std::span(&total, 1), inputs, {}, {.allow_unused = true});
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      std::string problem =
          difference("second gradient of " + names_[i], found[i], at(second.at("grads"), i), tolerance_);
      if (!problem.empty()) return problem;
    }
    for (std::size_t i = 0; i < starts.size(); ++i) {
      std::string problem =
          difference("second gradient of cotangent " + std::to_string(places[i]), found[leaves_.size() + i],
                     second.at("grad_outputs_grads")[places[i]], tolerance_);
      if (!problem.empty()) return problem;
    }
    return "";
  }

  void collect_leaves() {
    for (const auto& [name, value] : text_.at("grads").items()) {
      const auto& tensors = arguments_.tensors(name);
      for (std::size_t k = 0; k < tensors.size(); ++k) {
        if (!tensors[k].requires_grad()) continue;
        leaves_.push_back(tensors[k]);
        paths_.emplace_back(name, value.is_array() ? std::optional(k) : std::nullopt);
        names_.push_back(value.is_array() ? name + "[" + std::to_string(k) + "]" : name);
      }
    }
  }

  const Json& at(const Json& by_name, std::size_t i) const {
    static const Json nothing;
    const auto& [name, place] = paths_[i];
    if (!by_name.contains(name)) return nothing;
    const Json& value = by_name.at(name);
    return place && value.is_array() ? value.at(*place) : value;
  }
  const Json& wanted(const char* field, std::size_t i) const { return at(text_.at(field), i); }

  const Json& text_;
  const Call& call_;
  Arguments arguments_;
  Tolerance tolerance_;
  std::vector<Tensor> leaves_;
  std::vector<std::pair<std::string, std::optional<std::size_t>>> paths_;
  std::vector<std::string> names_;
};

std::string run_case(const Json& text, const Call& call) {
  try {
    return Case(text, call).run();
  } catch (const std::exception& error) {
    return std::string("threw: ") + error.what();
  }
}

int run(const std::string& filter, bool list, const std::vector<std::string>& folders) {
  Counts counts;
  std::map<std::string, int> unsupported;
  std::set<std::filesystem::path> files;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".json") files.insert(entry.path());
    }
  }
  for (const auto& path : files) {
    std::ifstream stream(path);
    Json file = Json::parse(stream);
    auto group = file.at("group").get<std::string>();
    auto name = file.at("op").get<std::string>();
    std::string key =
        name.starts_with(group + ".") ? group + "/" + name.substr(group.size() + 1) : group + "/" + name;
    if (key.find(filter) == std::string::npos) continue;
    if (list) {
      std::cout << key << (table().contains(key) ? "" : " (unsupported)") << "\n";
      continue;
    }
    auto row = table().find(key);
    for (const Json& text : file.at("cases")) {
      if (row == table().end()) {
        ++counts.skipped;
        ++unsupported[key];
        continue;
      }
      std::string problem = run_case(text, row->second);
      ++(problem.empty() ? counts.passed : counts.failed);
      if (!problem.empty()) std::cout << key << " " << text.value("name", "") << ": " << problem << "\n";
    }
  }
  if (list) return 0;
  if (!unsupported.empty()) {
    std::cout << "unsupported:\n";
    for (const auto& [key, cases] : unsupported) std::cout << "  " << key << ": " << cases << " cases\n";
  }
  std::cout << counts.passed << " passed, " << counts.failed << " failed, " << counts.skipped << " skipped\n";
  return counts.failed == 0 && counts.skipped == 0 ? 0 : 1;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) try {
  std::string filter;
  bool list = false;
  std::vector<std::string> folders;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--filter" && i + 1 < argc)
      filter = argv[++i];
    else if (word == "--list")
      list = true;
    else if (word.starts_with("--"))
      throw std::invalid_argument("unknown option " + word);
    else
      folders.push_back(word);
  }
  if (folders.empty())
    throw std::invalid_argument("usage: xgrad_conformance [--filter TEXT] [--list] FOLDER...");
  xgrad::set_default_dtype(xgrad::float64);  // as it was where the cases were computed
  return conformance::run(filter, list, folders);
} catch (const std::exception& error) {
  std::cerr << "xgrad_conformance: " << error.what() << "\n";
  return 2;
}
