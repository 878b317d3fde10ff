#include <xgrad/optim/adagrad.hpp>

#include <cmath>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

constexpr const char* adagrad_states[] = {"sum"};
constexpr const char* adadelta_states[] = {"square_avg", "acc_delta"};

}  // namespace

void AdagradOptions::validate() const {
  require("Adagrad", lr >= 0, "lr of 0 or more", lr);
  require("Adagrad", lr_decay >= 0, "lr_decay of 0 or more", lr_decay);
  require("Adagrad", weight_decay >= 0, "weight_decay of 0 or more", weight_decay);
  require("Adagrad", initial_accumulator_value >= 0, "initial_accumulator_value of 0 or more",
          initial_accumulator_value);
  require("Adagrad", eps >= 0, "eps of 0 or more", eps);
}

Adagrad::Adagrad(const std::vector<Tensor>& params, AdagradOptions options)
    : OptimizerOf("Adagrad", adagrad_states, params, options) {}
Adagrad::Adagrad(const std::vector<Group>& groups) : OptimizerOf("Adagrad", adagrad_states, groups) {}

void Adagrad::update(std::size_t group) {
  const AdagradOptions o = options(group);
  Sweep& sweep = start_sweep(group, 1);
  sweep.prepare([&o](Slot& slot, auto& numbers) {
    numbers[0] = o.lr / (1 + static_cast<double>(slot.steps - 1) * o.lr_decay);
    numbers[1] = slot.fresh ? o.initial_accumulator_value : 0;
  });
  sweep.run<3>([o, sign = o.maximize ? -1.0 : 1.0](auto& numbers, auto& p, auto& g, auto& sum) {
    g = g * sign;
    if (o.weight_decay != 0) g = g + p * o.weight_decay;
    sum = sum + numbers[1] + g * g;
    p = p - numbers[0] * g / (kernels::sqrt(sum) + o.eps);
  });
}

void AdadeltaOptions::validate() const {
  require("Adadelta", lr >= 0, "lr of 0 or more", lr);
  require("Adadelta", rho >= 0 && rho <= 1, "rho from 0 to 1", rho);
  require("Adadelta", eps >= 0, "eps of 0 or more", eps);
  require("Adadelta", weight_decay >= 0, "weight_decay of 0 or more", weight_decay);
}

Adadelta::Adadelta(const std::vector<Tensor>& params, AdadeltaOptions options)
    : OptimizerOf("Adadelta", adadelta_states, params, options) {}
Adadelta::Adadelta(const std::vector<Group>& groups) : OptimizerOf("Adadelta", adadelta_states, groups) {}

void Adadelta::update(std::size_t group) {
  const AdadeltaOptions o = options(group);
  start_sweep(group, 2).run<4>(
      [o, sign = o.maximize ? -1.0 : 1.0](auto&, auto& p, auto& g, auto& squares, auto& steps) {
        g = g * sign;
        if (o.weight_decay != 0) g = g + p * o.weight_decay;
        squares = squares * o.rho + g * g * (1 - o.rho);
        auto step = kernels::sqrt(steps + o.eps) / kernels::sqrt(squares + o.eps) * g;
        steps = steps * o.rho + step * step * (1 - o.rho);
        p = p - step * o.lr;
      });
}

}  // namespace xgrad::optim
