// Runs cases that another implementation computed: outputs, gradients, gradients of gradients, and the calls
// that must throw. Each case runs in float64, against the numbers of the file, and again in float32, against
// our float64 numbers for the same inputs rounded to float32 (so that rounding the inputs does not count).
//
//   xgrad_conformance [--filter TEXT] [--list] [--fail-fast] FOLDER...
//
// With --fail-fast it stops at the first failure, and cases of operations that have no row do not count.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <set>

#include "arguments.hpp"

namespace conformance {
namespace {

using namespace xgrad;

/// |got - want| <= atol + rtol * |want|.
struct Tolerance {
  double rtol = 1e-8;
  double atol = 1e-10;
};

/// float32: |got - want| <= share * max(1, the largest |want| of the tensor). What a family adds to float32's
/// 6e-8 are the sums and the conditioning inside its operations; every derivative adds a digit.
double float32_share(const std::string& key, int derivatives) {
  double share = 2e-5;                            // elementwise functions, reductions, shapes, indexing
  if (key.starts_with("linalg/")) share = 5e-4;   // decompositions, inverses, products of several matrices
  if (key.starts_with("nn/")) share = 1e-4;       // sums over windows, statistics, softmax of products
  if (key.starts_with("loss/")) share = 1e-4;     // logarithms of sums
  if (key.starts_with("program/")) share = 1e-4;  // several operations in a row
  if (key.starts_with("train/")) share = 1e-3;    // losses along a trajectory
  if (key == "optim/LBFGS") share = 1e-2;         // a line search makes other step lengths of rounding
  return share * std::pow(10, derivatives);
}

/// One number (or tensor) that a case gives, and what the file says of it.
struct Result {
  std::string what;
  Tensor value;
  const Json* wanted;
  int derivatives;
};

std::string entry_text(double number) {
  return std::isfinite(number) ? Json(number).dump()
         : std::isnan(number)  ? "nan"
         : number > 0          ? "inf"
                               : "-inf";
}

/// The worst entry whose difference is not `allowed(want)`, in words, or nothing.
template <class Allowed>
std::string worst_entry(const std::string& what, const Tensor& got, const Tensor& want,
                        const Allowed& allowed) {
  Tensor a = got.detach().to(float64).contiguous();
  Tensor b = want.detach().to(float64).contiguous();
  double worst = -1;
  std::string report;
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    double x = a.data<double>()[i];
    double y = b.data<double>()[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    double excess = std::abs(x - y) - allowed(y);
    if (std::isnan(excess) || !std::isfinite(y)) excess = std::numeric_limits<double>::infinity();
    if (excess <= 0 || excess <= worst) continue;
    worst = excess;
    report = what + ": entry " + std::to_string(i) + ": expected " + entry_text(y) + ", got " + entry_text(x);
  }
  return report;
}

bool is_zero(const Tensor& tensor) { return !tensor.defined() || all(eq(tensor, 0)).item<bool>(); }

/// What is wrong with a float64 result, or nothing.
std::string difference(const Result& result, Tolerance tolerance) {
  const auto& [what, got, wanted, derivatives] = result;
  if (wanted->is_null()) return is_zero(got) ? "" : what + ": expected no dependence, got " + to_string(got);
  Tensor want = read_tensor(*wanted);
  if (!got.defined()) return is_zero(want) ? "" : what + ": expected a gradient, got none";
  if (got.dtype() != want.dtype() || !(got.shape() == want.shape()))
    return what + ": expected " + describe(want.array()) + ", got " + describe(got.array());
  bool exact = !is_floating(got.dtype());
  return worst_entry(what, got, want,
                     [&](double y) { return exact ? 0 : tolerance.atol + tolerance.rtol * std::abs(y); });
}

/// What is wrong with a float32 result beside the float64 one, or nothing.
std::string difference(const std::string& key, const Result& single, const Result& reference) {
  const Tensor& got = single.value;
  const Tensor& want = reference.value;
  if (!want.defined() || !got.defined()) {
    return is_zero(got) && is_zero(want) ? "" : single.what + ": a gradient in one precision alone";
  }
  bool always_double = key == "binary/float_power" && single.derivatives == 0;
  DType dtype = want.dtype() == float64 && !always_double ? float32 : want.dtype();
  if (got.dtype() != dtype || !(got.shape() == want.shape())) {
    return single.what + ": expected " + std::string(name(dtype)) + " " + to_string(want.shape()) + ", got " +
           describe(got.array());
  }
  if (!is_floating(dtype)) return worst_entry(single.what, got, want, [](double) { return 0; });
  // The losses of a training run are the first output. Parameters are not compared in float32: one whose
  // gradient is 0 but for rounding (the bias of attention's keys) Adam moves by lr in any direction.
  if (key.starts_with("train/") && single.what != "output 0") return "";
  double scale = 1;
  Tensor flat = want.detach().to(float64).contiguous();
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    double magnitude = std::abs(flat.data<double>()[i]);
    if (std::isfinite(magnitude)) scale = std::max(scale, magnitude);
  }
  double allowed = scale * float32_share(key, single.derivatives);
  return worst_entry(single.what, got, want, [=](double) { return allowed; });
}

/// One case, computed in the current precision.
class Case {
 public:
  Case(const Json& text, const Call& call) : text_(text), call_(call), arguments_(text.at("args")) {}

  /// Outputs, gradients and second gradients. Throws std::runtime_error where there are not as many as the
  /// file has.
  std::vector<Result> run() {
    std::vector<Tensor> outputs = call_(arguments_);
    const Json& wanted = text_.at("outputs");
    if (outputs.size() != wanted.size()) {
      throw std::runtime_error("expected " + std::to_string(wanted.size()) + " outputs, got " +
                               std::to_string(outputs.size()));
    }
    for (std::size_t i = 0; i < outputs.size(); ++i)
      results_.push_back({"output " + std::to_string(i), outputs[i], &wanted[i], 0});
    if (text_.contains("grads")) run_gradients(outputs);
    return std::move(results_);
  }

  /// For a call that must throw: what is wrong, or nothing.
  std::string run_error() {
    try {
      call_(arguments_);
    } catch (const Error&) {
      return arguments_.unchanged() ? "" : "threw, but changed an argument";
    }
    return "expected an error: " + text_.value("why", std::string());
  }

 private:
  void run_gradients(const std::vector<Tensor>& outputs) {
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
    if (kept.empty()) throw std::runtime_error("no output requires a gradient");
    auto gradients =
        grad(kept, leaves_, starts, {.retain_graph = true, .create_graph = second, .allow_unused = true});
    for (std::size_t i = 0; i < leaves_.size(); ++i)
      results_.push_back({"gradient of " + names_[i], gradients[i], &at(text_.at("grads"), i), 1});
    if (second) run_second(gradients, starts, places);
  }

  void run_second(const std::vector<Tensor>& gradients, const std::vector<Tensor>& starts,
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
    for (std::size_t i = 0; i < leaves_.size(); ++i)
      results_.push_back({"second gradient of " + names_[i], found[i], &at(second.at("grads"), i), 2});
    for (std::size_t i = 0; i < starts.size(); ++i) {
      results_.push_back({"second gradient of cotangent " + std::to_string(places[i]),
                          found[leaves_.size() + i], &second.at("grad_outputs_grads")[places[i]], 2});
    }
  }

  void collect_leaves() {
    for (const auto& [name, value] : text_.at("grads").items()) {
      const auto& tensors = arguments_.tensors(name);
      for (std::size_t k = 0; k < tensors.size(); ++k) {
        if (!tensors[k].requires_grad()) continue;
        leaves_.push_back(tensors[k]);
        bool is_tensor = arguments_.json(name).contains("data");
        paths_.push_back(is_tensor          ? Json::json_pointer("/" + name)
                         : value.is_array() ? Json::json_pointer("/" + name) / k
                                            : Json::json_pointer("/" + name) / arguments_.names(name)[k]);
        names_.push_back(paths_.back().to_string());
      }
    }
  }

  const Json& at(const Json& by_name, std::size_t i) const {
    static const Json nothing;
    return by_name.contains(paths_[i]) ? by_name.at(paths_[i]) : nothing;
  }

  const Json& text_;
  const Call& call_;
  Arguments arguments_;
  std::vector<Tensor> leaves_;
  std::vector<Json::json_pointer> paths_;
  std::vector<std::string> names_;
  std::vector<Result> results_;
};

/// Calls `check`, which returns what is wrong; an exception is wrong, too.
template <class Check>
std::string guarded(const Check& check) {
  try {
    return check();
  } catch (const std::exception& error) {
    return std::string("threw: ") + error.what();
  }
}

std::string run_in_float64(const Json& text, const Call& call) {
  return guarded([&]() -> std::string {
    set_precision(Precision::float64);
    Case one(text, call);
    if (text.value("error", false)) return one.run_error();
    Tolerance tolerance;
    if (text.contains("tol")) tolerance = {text["tol"].value("rtol", 1e-8), text["tol"].value("atol", 1e-10)};
    for (const Result& result : one.run()) {
      if (std::string problem = difference(result, tolerance); !problem.empty()) return problem;
    }
    return "";
  });
}

/// Whether a number in the text is beyond what float32 computes with: squares of it would not be finite or
/// not be normal.
bool beyond_float32(const Json& text) {
  if (text.is_number_float()) {
    double magnitude = std::abs(text.get<double>());
    return magnitude > 1e18 || (magnitude != 0 && magnitude < 1e-18);
  }
  if (text.is_structured()) {
    for (const Json& item : text) {
      if (beyond_float32(item)) return true;
    }
  }
  return false;
}

std::string run_in_float32(const std::string& key, const Json& text, const Call& call) {
  return guarded([&]() -> std::string {
    if (text.value("error", false)) {
      set_precision(Precision::float32);
      return Case(text, call).run_error();
    }
    set_precision(Precision::rounded);
    std::vector<Result> reference = Case(text, call).run();
    set_precision(Precision::float32);
    std::vector<Result> single = Case(text, call).run();
    if (single.size() != reference.size()) return "other results than in float64";
    for (std::size_t i = 0; i < single.size(); ++i) {
      if (std::string problem = difference(key, single[i], reference[i]); !problem.empty()) return problem;
    }
    return "";
  });
}

struct Counts {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  int beyond = 0;

  void add(const std::string& problem) { ++(problem.empty() ? passed : failed); }
};

std::string key_of(const Json& file) {
  auto group = file.at("group").get<std::string>();
  auto name = file.at("op").get<std::string>();
  return group + "/" + (name.starts_with(group + ".") ? name.substr(group.size() + 1) : name);
}

int run(const std::string& filter, bool list, bool fail_fast, const std::vector<std::string>& folders) {
  Counts counts;
  Counts single;
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
    std::string key = key_of(file);
    if (key.find(filter) == std::string::npos) continue;
    auto row = table().find(key);
    if (list) {
      std::cout << key << (row != table().end() ? "" : " (unsupported)") << "\n";
      continue;
    }
    for (const Json& text : file.at("cases")) {
      if (row == table().end()) {
        ++counts.skipped;
        ++unsupported[key];
        continue;
      }
      std::string name = text.value("name", "");
      if (exceptions().contains(key + " " + name)) continue;
      auto report = [&](const char* precision, const std::string& problem) {
        if (!problem.empty())
          std::cout << path.filename().string() << " " << name << precision << ": " << problem << "\n";
      };
      std::string problem = run_in_float64(text, row->second);
      counts.add(problem);
      report("", problem);
      if (fail_fast && !problem.empty()) return 1;
      if (!problem.empty()) continue;  // float32 is measured by float64
      if (beyond_float32(text)) {
        ++single.beyond;
        continue;
      }
      problem = run_in_float32(key, text, row->second);
      single.add(problem);
      report(" in float32", problem);
      if (fail_fast && !problem.empty()) return 1;
    }
  }
  if (list || fail_fast) return 0;
  if (!unsupported.empty()) {
    std::cout << "unsupported:\n";
    for (const auto& [key, cases] : unsupported) std::cout << "  " << key << ": " << cases << " cases\n";
  }
  std::cout << "float32: " << single.passed << " passed, " << single.failed << " failed, " << single.beyond
            << " beyond its range\n";
  std::cout << exceptions().size() << " exceptions\n";
  std::cout << counts.passed << " passed, " << counts.failed << " failed, " << counts.skipped << " skipped\n";
  return counts.failed == 0 && counts.skipped == 0 && single.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) try {
  std::string filter;
  bool list = false;
  bool fail_fast = false;
  std::vector<std::string> folders;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--filter" && i + 1 < argc)
      filter = argv[++i];
    else if (word == "--list")
      list = true;
    else if (word == "--fail-fast")
      fail_fast = true;
    else if (word.starts_with("--"))
      throw std::invalid_argument("unknown option " + word);
    else
      folders.push_back(word);
  }
  if (folders.empty())
    throw std::invalid_argument("usage: xgrad_conformance [--filter TEXT] [--list] [--fail-fast] FOLDER...");
  return conformance::run(filter, list, fail_fast, folders);
} catch (const std::exception& error) {
  std::cerr << "xgrad_conformance: " << error.what() << "\n";
  return 2;
}
