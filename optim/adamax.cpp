#include <xgrad/optim/adamax.hpp>

#include <cmath>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

constexpr const char* adamax_states[] = {"exp_avg", "exp_inf"};
constexpr const char* adam_states[] = {"exp_avg", "exp_avg_sq"};

/// The gradient with its sign and weight decay, and the average of it.
template <class Options>
auto average_of(const Options& o) {
  return [o, sign = o.maximize ? -1.0 : 1.0](auto& p, auto& g, auto& m) {
    g = g * sign;
    if (o.weight_decay != 0) g = g + p * o.weight_decay;
    m = m * o.betas[0] + g * (1 - o.betas[0]);
  };
}

}  // namespace

void AdamaxOptions::validate() const { require_adam_options("Adamax", *this); }

Adamax::Adamax(const std::vector<Tensor>& params, AdamaxOptions options)
    : OptimizerOf("Adamax", adamax_states, params, options) {}
Adamax::Adamax(const std::vector<Group>& groups) : OptimizerOf("Adamax", adamax_states, groups) {}

void Adamax::update(std::size_t group) {
  const AdamaxOptions o = options(group);
  Sweep& sweep = start_sweep(group, 2);
  sweep.prepare([&o](Slot& slot, auto& numbers) {
    numbers[0] = o.lr / (1 - std::pow(o.betas[0], static_cast<double>(slot.steps)));
  });
  sweep.run<4>([o, average = average_of(o)](auto& numbers, auto& p, auto& g, auto& m, auto& largest) {
    average(p, g, m);
    largest = kernels::maximum(largest * o.betas[1], kernels::abs(g) + o.eps);
    p = p - numbers[0] * m / largest;
  });
}

void NAdamOptions::validate() const {
  require_adam_options("NAdam", *this);
  require("NAdam", momentum_decay >= 0, "momentum_decay of 0 or more", momentum_decay);
}

NAdam::NAdam(const std::vector<Tensor>& params, NAdamOptions options)
    : OptimizerOf("NAdam", adam_states, params, options) {}
NAdam::NAdam(const std::vector<Group>& groups) : OptimizerOf("NAdam", adam_states, groups) {}

void NAdam::update(std::size_t group) {
  const NAdamOptions o = options(group);
  Sweep& sweep = start_sweep(group, 2);
  sweep.prepare([&o](Slot& slot, auto& numbers) {
    auto momentum = [&o](double t) { return o.betas[0] * (1 - 0.5 * std::pow(0.96, t * o.momentum_decay)); };
    auto t = static_cast<double>(slot.steps);
    double now = momentum(t), next = momentum(t + 1);
    slot.carried = (slot.fresh ? 1 : slot.carried) * now;  // the product of all momenta
    numbers[0] = o.lr * (1 - now) / (1 - slot.carried);
    numbers[1] = o.lr * next / (1 - slot.carried * now * next);
    numbers[2] = 1 - std::pow(o.betas[1], t);
  });
  sweep.run<4>([o, average = average_of(o)](auto& numbers, auto& p, auto& g, auto& m, auto& v) {
    average(p, g, m);
    v = v * o.betas[1] + g * g * (1 - o.betas[1]);
    p = p - (numbers[0] * g + numbers[1] * m) / (kernels::sqrt(v / numbers[2]) + o.eps);
  });
}

void RAdamOptions::validate() const { require_adam_options("RAdam", *this); }

RAdam::RAdam(const std::vector<Tensor>& params, RAdamOptions options)
    : OptimizerOf("RAdam", adam_states, params, options) {}
RAdam::RAdam(const std::vector<Group>& groups) : OptimizerOf("RAdam", adam_states, groups) {}

void RAdam::update(std::size_t group) {
  const RAdamOptions o = options(group);
  Sweep& sweep = start_sweep(group, 2);
  sweep.prepare([&o](Slot& slot, auto& numbers) {
    auto t = static_cast<double>(slot.steps);
    double power = std::pow(o.betas[1], t), scale = o.lr / (1 - std::pow(o.betas[0], t));
    double all = 2 / (1 - o.betas[1]) - 1, length = all - 2 * t * power / (1 - power);
    bool known = length > 5;
    double rectified = (length - 4) * (length - 2) * all / ((all - 4) * (all - 2) * length);
    numbers[0] = known ? scale * std::sqrt(rectified * (1 - power)) : 0;
    numbers[1] = known ? 0 : scale;
  });
  sweep.run<4>([o, average = average_of(o)](auto& numbers, auto& p, auto& g, auto& m, auto& v) {
    average(p, g, m);
    v = v * o.betas[1] + g * g * (1 - o.betas[1]);
    p = p - m * (numbers[0] / (kernels::sqrt(v) + o.eps) + numbers[1]);
  });
}

}  // namespace xgrad::optim
