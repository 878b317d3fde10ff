#include <cmath>
#include <stdexcept>

#include "rows.hpp"

namespace conformance {

using namespace xgrad;
namespace init = xgrad::nn::init;
using A = Arguments;

namespace {

/// What a weight of the case's shape starts from.
Tensor blank(const A& a) { return full(a.ints("shape"), 7.0); }
Tensor number(double value) { return tensor(value); }
Tensor whole(std::int64_t value) { return tensor(Scalar(value), int64); }

init::KaimingOptions kaiming(const A& a) {
  return {.a = a.real("a"),
          .mode = init::to_fan_mode(a.text("mode")),
          .nonlinearity = init::to_nonlinearity(a.text("nonlinearity"))};
}

/// Parameters whose gradients are the case's.
std::vector<Tensor> with_gradients(const A& a) {
  std::vector<Tensor> parameters;
  for (const Tensor& gradient : a.tensors("grads")) {
    parameters.push_back(zeros_like(gradient).requires_grad_());
    parameters.back().set_grad(gradient);
  }
  return parameters;
}
Outputs gradients(const std::vector<Tensor>& parameters, Outputs outputs) {
  for (const Tensor& parameter : parameters) outputs.push_back(parameter.grad());
  return outputs;
}

/// W W^T or W^T W, whichever is smaller.
Tensor gram(const Tensor& weight) {
  Tensor matrix = weight.flatten(1);
  return matrix.size(0) <= matrix.size(1) ? matmul(matrix, matrix.t()) : matmul(matrix.t(), matrix);
}

/// The bound, after a look at what a fresh module has drawn.
double within(double bound, const Tensor& drawn) {
  double largest = amax(abs(drawn.detach())).item();
  if (largest > bound * (1 + 1e-6)) throw std::runtime_error("a fresh module is out of its bounds");
  return bound;
}

Outputs default_bounds(const A& a) {
  if (a.text("module") != "Linear") throw std::runtime_error("there is no module " + a.text("module"));
  const Json& config = a.json("config");
  nn::Linear layer(config.at("in_features").get<std::int64_t>(),
                   config.at("out_features").get<std::int64_t>());
  double weight_bound = init::kaiming_uniform_bound(layer.weight, {.a = std::sqrt(5.0)});
  double bias_bound = 1 / std::sqrt(static_cast<double>(init::fan_in_and_fan_out(layer.weight).first));
  return {number(within(weight_bound, layer.weight)), number(within(bias_bound, layer.bias))};
}

}  // namespace

Rows init_rows() {
  return {
      {"clip/clip_grad_norm_",
       [](const A& a) {
         auto parameters = with_gradients(a);
         Tensor norm = nn::utils::clip_grad_norm_(parameters, a.real("max_norm"), a.real("norm_type"),
                                                  a.flag("error_if_nonfinite"));
         return gradients(parameters, {norm});
       }},
      {"clip/clip_grad_value_",
       [](const A& a) {
         auto parameters = with_gradients(a);
         nn::utils::clip_grad_value_(parameters, a.real("clip_value"));
         return gradients(parameters, {});
       }},
      {"init/calculate_gain",
       [](const A& a) {
         std::optional<double> param;
         if (!a.is_null("param")) param = a.real("param");
         return Outputs{number(init::calculate_gain(init::to_nonlinearity(a.text("nonlinearity")), param))};
       }},
      {"init/fan_in_and_fan_out",
       [](const A& a) {
         auto [in, out] = init::fan_in_and_fan_out(blank(a));
         return Outputs{whole(in), whole(out)};
       }},
      {"init/constant_", [](const A& a) { return Outputs{init::constant_(blank(a), a.real("value"))}; }},
      {"init/eye_", [](const A& a) { return Outputs{init::eye_(blank(a))}; }},
      {"init/dirac_", [](const A& a) { return Outputs{init::dirac_(blank(a), a.integer("groups"))}; }},
      {"init/xavier_uniform_bound",
       [](const A& a) { return Outputs{number(init::xavier_uniform_bound(blank(a), a.real("gain")))}; }},
      {"init/xavier_normal_std",
       [](const A& a) { return Outputs{number(init::xavier_normal_deviation(blank(a), a.real("gain")))}; }},
      {"init/kaiming_uniform_bound",
       [](const A& a) { return Outputs{number(init::kaiming_uniform_bound(blank(a), kaiming(a)))}; }},
      {"init/kaiming_normal_std",
       [](const A& a) { return Outputs{number(init::kaiming_normal_deviation(blank(a), kaiming(a)))}; }},
      {"init/orthogonal_gram",
       [](const A& a) { return Outputs{gram(init::orthogonal_(blank(a), a.real("gain")))}; }},
      {"init/default_bounds", default_bounds},
  };
}

}  // namespace conformance
