#include <cmath>
#include <memory>

#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

/// The options of one scheduler, set where the file names them.
class Options {
 public:
  explicit Options(const Json& json) : json_(json) {}

  void read(const char* name, double& option) const { set(name, option); }
  void read(const char* name, std::int64_t& option) const { set(name, option); }
  void read(const char* name, bool& option) const { set(name, option); }
  void read(const char* name, std::string& option) const { set(name, option); }
  void read(const char* name, std::vector<std::int64_t>& option) const { set(name, option); }
  template <class T>
  void read(const char* name, std::optional<T>& option) const {
    T value{};
    if (set(name, value)) option = value;
  }
  void read(const char* name, optim::PerGroup& option) const {
    if (!given(name)) return;
    if (json_.at(name).is_array())
      option = json_.at(name).get<std::vector<double>>();
    else
      option = read_number(json_.at(name)).to<double>();
  }
  const Json& at(const char* name) const { return json_.at(name); }

 private:
  bool given(const char* name) const { return json_.contains(name) && !json_.at(name).is_null(); }
  template <class T>
  bool set(const char* name, T& option) const {
    if (!given(name)) return false;
    if constexpr (std::is_same_v<T, double>)
      option = read_number(json_.at(name)).to<double>();
    else
      option = json_.at(name).get<T>();
    return true;
  }

  const Json& json_;
};

#define READ(option) json.read(#option, o.option)

void read(const Options& json, optim::StepLROptions& o) { READ(step_size), READ(gamma), READ(last_epoch); }
void read(const Options& json, optim::MultiStepLROptions& o) {
  READ(milestones), READ(gamma), READ(last_epoch);
}
void read(const Options& json, optim::ConstantLROptions& o) {
  READ(factor), READ(total_iters), READ(last_epoch);
}
void read(const Options& json, optim::LinearLROptions& o) {
  READ(start_factor), READ(end_factor), READ(total_iters), READ(last_epoch);
}
void read(const Options& json, optim::ExponentialLROptions& o) { READ(gamma), READ(last_epoch); }
void read(const Options& json, optim::PolynomialLROptions& o) {
  READ(total_iters), READ(power), READ(last_epoch);
}
void read(const Options& json, optim::CosineAnnealingLROptions& o) {
  READ(T_max), READ(eta_min), READ(last_epoch);
}
void read(const Options& json, optim::CosineAnnealingWarmRestartsOptions& o) {
  READ(T_0), READ(T_mult), READ(eta_min), READ(last_epoch);
}
void read(const Options& json, optim::CyclicLROptions& o) {
  READ(base_lr), READ(max_lr), READ(step_size_up), READ(step_size_down), READ(mode), READ(gamma);
  READ(scale_mode), READ(cycle_momentum), READ(base_momentum), READ(max_momentum), READ(last_epoch);
}
void read(const Options& json, optim::OneCycleLROptions& o) {
  READ(max_lr), READ(total_steps), READ(epochs), READ(steps_per_epoch), READ(pct_start);
  READ(anneal_strategy), READ(cycle_momentum), READ(base_momentum), READ(max_momentum), READ(div_factor);
  READ(final_div_factor), READ(three_phase), READ(last_epoch);
}
void read(const Options& json, optim::ReduceLROnPlateauOptions& o) {
  READ(mode), READ(factor), READ(patience), READ(threshold), READ(threshold_mode), READ(cooldown);
  READ(min_lr), READ(eps);
}
#undef READ

template <class O>
O options(const Json& json) {
  O result;
  read(Options(json), result);
  return result;
}

using Made = std::shared_ptr<optim::LRScheduler>;
using Make = Made (*)(optim::Optimizer&, const Json&);

template <class S, class O>
Made plain(optim::Optimizer& optimizer, const Json& json) {
  return std::make_shared<S>(optimizer, options<O>(json));
}

optim::LRLambda from_table(const Json& table) {
  return [factors = table.get<std::vector<double>>()](std::int64_t epoch) {
    return factors.at(static_cast<std::size_t>(epoch));
  };
}
template <class S>
Made from_tables(optim::Optimizer& optimizer, const Json& json) {
  const Json& tables = json.at("factors");
  if (!tables.at(0).is_array()) return std::make_shared<S>(optimizer, from_table(tables));
  std::vector<optim::LRLambda> lambdas;
  for (const Json& table : tables) lambdas.push_back(from_table(table));
  return std::make_shared<S>(optimizer, lambdas);
}

const std::map<std::string, Make>& simple_schedulers() {
  using namespace optim;
  static const std::map<std::string, Make> all = {
      {"StepLR", plain<StepLR, StepLROptions>},
      {"MultiStepLR", plain<MultiStepLR, MultiStepLROptions>},
      {"ConstantLR", plain<ConstantLR, ConstantLROptions>},
      {"LinearLR", plain<LinearLR, LinearLROptions>},
      {"ExponentialLR", plain<ExponentialLR, ExponentialLROptions>},
      {"PolynomialLR", plain<PolynomialLR, PolynomialLROptions>},
      {"CosineAnnealingLR", plain<CosineAnnealingLR, CosineAnnealingLROptions>},
      {"CosineAnnealingWarmRestarts", plain<CosineAnnealingWarmRestarts, CosineAnnealingWarmRestartsOptions>},
      {"OneCycleLR", plain<OneCycleLR, OneCycleLROptions>},
      {"CyclicLR", plain<CyclicLR, CyclicLROptions>},
      {"LambdaLR", from_tables<LambdaLR>},
      {"MultiplicativeLR", from_tables<MultiplicativeLR>},
  };
  return all;
}

optim::Schedulers parts(optim::Optimizer& optimizer, const Json& json) {
  optim::Schedulers made;
  for (const Json& part : json.at("schedulers")) {
    Make make = simple_schedulers().at(part.at("type").get<std::string>());
    made.push_back(make(optimizer, part.at("options")));
  }
  return made;
}
Made sequential(optim::Optimizer& optimizer, const Json& json) {
  return std::make_shared<optim::SequentialLR>(
      optimizer, parts(optimizer, json),
      optim::SequentialLROptions{.milestones = json.at("milestones").get<std::vector<std::int64_t>>()});
}
Made chained(optim::Optimizer& optimizer, const Json& json) {
  return std::make_shared<optim::ChainedScheduler>(parts(optimizer, json));
}

/// The optimizer of a case, and what a run has shown of it.
class Run {
 public:
  explicit Run(const A& a) : optimizer_(groups(a)), groups_(a.json("lrs").size()) {}

  optim::Optimizer& optimizer() { return optimizer_; }
  void note() {
    for (std::size_t group = 0; group < groups_; ++group) {
      lrs_.push_back(optimizer_.lr(group));
      momenta_.push_back(optimizer_.options(group).momentum);
    }
  }
  Outputs outputs(bool with_momenta) const {
    Shape shape{static_cast<std::int64_t>(lrs_.size() / groups_), static_cast<std::int64_t>(groups_)};
    auto rows = [&](const std::vector<double>& values) { return tensor(values, shape).to(default_dtype()); };
    Outputs result{rows(lrs_)};
    if (with_momenta) result.push_back(rows(momenta_));
    return result;
  }

 private:
  static std::vector<optim::SGD::Group> groups(const A& a) {
    std::vector<optim::SGD::Group> result;
    for (const Json& lr : a.json("lrs")) {
      Tensor parameter = ones({1}).requires_grad_();
      parameter.set_grad(ones({1}));
      result.push_back({{parameter}, {.lr = read_number(lr).to<double>(), .momentum = a.real("momentum")}});
    }
    return result;
  }

  optim::SGD optimizer_;
  std::size_t groups_;
  std::vector<double> lrs_;
  std::vector<double> momenta_;
};

Call row(Make make, bool with_momenta = false) {
  return [=](const A& a) {
    Run run(a);
    Made scheduler = make(run.optimizer(), a.json("options"));
    run.note();
    for (std::int64_t i = 0; i < a.integer("steps"); ++i) {
      run.optimizer().step();
      scheduler->step();
      run.note();
    }
    return run.outputs(with_momenta);
  };
}

Outputs plateau(const A& a) {
  Run run(a);
  optim::ReduceLROnPlateau scheduler(run.optimizer(),
                                     options<optim::ReduceLROnPlateauOptions>(a.json("options")));
  run.note();
  for (std::int64_t i = 0; i < a.integer("steps"); ++i) {
    run.optimizer().step();
    scheduler.step(read_number(a.json("metrics").at(static_cast<std::size_t>(i))).to<double>());
    run.note();
  }
  return run.outputs(false);
}

}  // namespace

Rows lr_scheduler_rows() {
  Rows rows;
  for (const auto& [name, make] : simple_schedulers())
    rows["lr_scheduler/" + name] = row(make, name == "OneCycleLR" || name == "CyclicLR");
  rows["lr_scheduler/SequentialLR"] = row(sequential);
  rows["lr_scheduler/ChainedScheduler"] = row(chained);
  rows["lr_scheduler/ReduceLROnPlateau"] = plateau;
  return rows;
}

}  // namespace conformance
