#include <cmath>
#include <stdexcept>

#include "module.hpp"

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

/// The bounds of a layer whose weight and bias are drawn as those of Linear.
template <class Layer>
Outputs bounds_of(const Layer& layer) {
  double weight_bound = init::kaiming_uniform_bound(layer.weight, {.a = std::sqrt(5.0)});
  double bias_bound = 1 / std::sqrt(static_cast<double>(init::fan_in_and_fan_out(layer.weight).first));
  return {number(within(weight_bound, layer.weight)), number(within(bias_bound, layer.bias))};
}

/// The bounds of a recurrent network.
Outputs bounds_of(nn::detail::Recurrent&& network, std::int64_t hidden_size) {
  double bound = 1 / std::sqrt(static_cast<double>(hidden_size));
  auto& layer = network.layer(0);
  return {number(within(bound, layer.weight_hh)), number(within(bound, layer.bias_hh))};
}

template <std::size_t N>
nn::ConvLayerOptions<N> conv_options(const Config& c) {
  nn::ConvLayerOptions<N> options;
  if (c.has("groups")) options.groups = c.integer("groups");
  return options;
}

Outputs default_bounds(const A& a) {
  Config c(a.json("config"));
  std::string name = a.text("module");
  auto in = [&] { return c.integer("in_channels"); };
  auto out = [&] { return c.integer("out_channels"); };
  auto kernel = [&] { return c.ints("kernel_size"); };
  if (name == "Linear") return bounds_of(nn::Linear(c.integer("in_features"), c.integer("out_features")));
  if (name == "Conv1d") return bounds_of(nn::Conv1d(in(), out(), kernel(), conv_options<1>(c)));
  if (name == "Conv2d") return bounds_of(nn::Conv2d(in(), out(), kernel(), conv_options<2>(c)));
  if (name == "Conv3d") return bounds_of(nn::Conv3d(in(), out(), kernel(), conv_options<3>(c)));
  if (name == "ConvTranspose1d") return bounds_of(nn::ConvTranspose1d(in(), out(), kernel()));
  if (name == "ConvTranspose2d") return bounds_of(nn::ConvTranspose2d(in(), out(), kernel()));
  if (name == "ConvTranspose3d") return bounds_of(nn::ConvTranspose3d(in(), out(), kernel()));
  std::int64_t hidden = c.integer("hidden_size");
  if (name == "RNN") return bounds_of(nn::RNN(c.integer("input_size"), hidden), hidden);
  if (name == "LSTM") return bounds_of(nn::LSTM(c.integer("input_size"), hidden), hidden);
  if (name == "GRU") return bounds_of(nn::GRU(c.integer("input_size"), hidden), hidden);
  throw std::runtime_error("there is no module " + name);
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
