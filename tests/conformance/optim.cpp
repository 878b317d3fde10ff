#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

/// Numbers by name: the options of a case, with what a group overrides.
class Options {
 public:
  Options(const Json& all, const Json& overriding) : json_(all) { json_.update(overriding); }
  double real(const char* name) const { return read_number(json_.at(name)).to<double>(); }
  bool flag(const char* name) const { return json_.value(name, false); }
  bool is_null(const char* name) const { return json_.at(name).is_null(); }
  std::array<double, 2> pair(const char* name) const {
    return {read_number(json_.at(name)[0]).to<double>(), read_number(json_.at(name)[1]).to<double>()};
  }

 private:
  Json json_;
};

Tensor rosenbrock(const Tensor& x) {
  std::int64_t n = x.size(0) - 1;
  Tensor here = narrow(x, 0, 0, n), next = narrow(x, 0, 1, n);
  return sum(100 * square(next - square(here)) + square(1 - here));
}

/// Losses, where there are any, and the trajectory of every parameter.
template <class Optimizer>
Outputs trajectories(const A& a, const std::vector<Tensor>& params, Optimizer& optimizer) {
  std::vector<Tensor> losses;
  std::vector<std::vector<Tensor>> paths(params.size());
  std::string mode = a.text("mode");
  for (std::int64_t s = 0; s < a.integer("steps"); ++s) {
    if (mode == "grads") {
      const Json& given = a.json("grads")[static_cast<std::size_t>(s)];
      for (std::size_t i = 0; i < params.size(); ++i) {
        Tensor p = params[i];
        p.set_grad(given[i].is_null() ? Tensor() : read_tensor(given[i]));
      }
      optimizer.step();
    } else {
      losses.push_back(optimizer
                           .step([&] {
                             optimizer.zero_grad();
                             const Tensor& x = params[0];
                             Tensor loss = mode == "rosenbrock" ? rosenbrock(x)
                                                                : dot(x, matmul(a.tensor("A"), x)) * 0.5 -
                                                                      dot(a.tensor("b"), x);
                             loss.backward();
                             return loss;
                           })
                           .detach());
    }
    for (std::size_t i = 0; i < params.size(); ++i) paths[i].push_back(params[i].detach().clone());
  }
  Outputs outputs;
  if (!losses.empty()) outputs.push_back(stack(losses));
  for (const auto& path : paths) outputs.push_back(stack(path));
  return outputs;
}

/// A row: `read` makes the optimizer's options of those of a case.
template <class Optimizer, class Read>
Call row(Read read) {
  return [read](const A& a) {
    std::vector<Tensor> params;
    for (const Tensor& p : a.tensors("params")) params.push_back(p.detach().clone().requires_grad_());
    std::vector<typename Optimizer::Group> groups;
    const Json& options = a.json("options");
    if (a.is_null("groups")) {
      groups.push_back({params, read(Options(options, Json::object()))});
    } else {
      for (const Json& group : a.json("groups")) {
        std::vector<Tensor> own;
        for (const Json& place : group.at("params")) own.push_back(params.at(place.get<std::size_t>()));
        groups.push_back({own, read(Options(options, group))});
      }
    }
    Optimizer optimizer(groups);
    return trajectories(a, params, optimizer);
  };
}

template <class Result>
Result adam_options(const Options& o) {
  return {.lr = o.real("lr"),
          .betas = o.pair("betas"),
          .eps = o.real("eps"),
          .weight_decay = o.real("weight_decay"),
          .amsgrad = o.flag("amsgrad"),
          .maximize = o.flag("maximize")};
}

template <class Result>
Result relative_options(const Options& o) {
  Result result;
  result.lr = o.real("lr");
  result.betas = o.pair("betas");
  result.eps = o.real("eps");
  result.weight_decay = o.real("weight_decay");
  result.maximize = o.flag("maximize");
  return result;
}

}  // namespace

Rows optim_rows() {
  return {
      {"optim/SGD", row<optim::SGD>([](const Options& o) {
         return optim::SGDOptions{.lr = o.real("lr"),
                                  .momentum = o.real("momentum"),
                                  .dampening = o.real("dampening"),
                                  .weight_decay = o.real("weight_decay"),
                                  .nesterov = o.flag("nesterov"),
                                  .maximize = o.flag("maximize")};
       })},
      {"optim/Adam", row<optim::Adam>(adam_options<optim::AdamOptions>)},
      {"optim/AdamW", row<optim::AdamW>(adam_options<optim::AdamWOptions>)},
      {"optim/Adamax", row<optim::Adamax>(relative_options<optim::AdamaxOptions>)},
      {"optim/RAdam", row<optim::RAdam>(relative_options<optim::RAdamOptions>)},
      {"optim/NAdam", row<optim::NAdam>([](const Options& o) {
         auto options = relative_options<optim::NAdamOptions>(o);
         options.momentum_decay = o.real("momentum_decay");
         return options;
       })},
      {"optim/Adagrad", row<optim::Adagrad>([](const Options& o) {
         return optim::AdagradOptions{.lr = o.real("lr"),
                                      .lr_decay = o.real("lr_decay"),
                                      .weight_decay = o.real("weight_decay"),
                                      .initial_accumulator_value = o.real("initial_accumulator_value"),
                                      .eps = o.real("eps"),
                                      .maximize = o.flag("maximize")};
       })},
      {"optim/Adadelta", row<optim::Adadelta>([](const Options& o) {
         return optim::AdadeltaOptions{.lr = o.real("lr"),
                                       .rho = o.real("rho"),
                                       .eps = o.real("eps"),
                                       .weight_decay = o.real("weight_decay"),
                                       .maximize = o.flag("maximize")};
       })},
      {"optim/RMSprop", row<optim::RMSprop>([](const Options& o) {
         return optim::RMSpropOptions{.lr = o.real("lr"),
                                      .alpha = o.real("alpha"),
                                      .eps = o.real("eps"),
                                      .weight_decay = o.real("weight_decay"),
                                      .momentum = o.real("momentum"),
                                      .centered = o.flag("centered"),
                                      .maximize = o.flag("maximize")};
       })},
      {"optim/ASGD", row<optim::ASGD>([](const Options& o) {
         return optim::ASGDOptions{.lr = o.real("lr"),
                                   .lambd = o.real("lambd"),
                                   .alpha = o.real("alpha"),
                                   .t0 = o.real("t0"),
                                   .weight_decay = o.real("weight_decay"),
                                   .maximize = o.flag("maximize")};
       })},
      {"optim/LBFGS", row<optim::LBFGS>([](const Options& o) {
         return optim::LBFGSOptions{
             .lr = o.real("lr"),
             .max_iter = static_cast<std::int64_t>(o.real("max_iter")),
             .max_eval = o.is_null("max_eval") ? std::nullopt
                                               : std::optional(static_cast<std::int64_t>(o.real("max_eval"))),
             .tolerance_grad = o.real("tolerance_grad"),
             .tolerance_change = o.real("tolerance_change"),
             .history_size = static_cast<std::int64_t>(o.real("history_size")),
             .line_search_fn =
                 o.is_null("line_search_fn") ? optim::LineSearch::none : optim::LineSearch::strong_wolfe};
       })},
      {"optim/Rprop", row<optim::Rprop>([](const Options& o) {
         return optim::RpropOptions{.lr = o.real("lr"),
                                    .etas = o.pair("etas"),
                                    .step_sizes = o.pair("step_sizes"),
                                    .maximize = o.flag("maximize")};
       })},
  };
}

}  // namespace conformance
