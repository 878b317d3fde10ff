#include <xgrad/optim/sgd.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {
constexpr const char* state_names[] = {"momentum_buffer"};
}  // namespace

void SGDOptions::validate() const {
  require("SGD", lr >= 0, "lr of 0 or more", lr);
  require("SGD", momentum >= 0, "momentum of 0 or more", momentum);
  require("SGD", weight_decay >= 0, "weight_decay of 0 or more", weight_decay);
  if (nesterov && (momentum == 0 || dampening != 0)) {
    throw ValueError(
        fmt::format("SGD: nesterov needs a momentum and no dampening, got momentum {} and dampening {}",
                    momentum, dampening));
  }
}

SGD::SGD(const std::vector<Tensor>& params, SGDOptions options)
    : OptimizerOf("SGD", state_names, params, options) {}
SGD::SGD(const std::vector<Group>& groups) : OptimizerOf("SGD", state_names, groups) {}

void SGD::update(std::size_t group) {
  const SGDOptions o = options(group);
  double sign = o.maximize ? -1 : 1;
  if (o.momentum == 0) {
    start_sweep(group, 0).run<2>([o, sign](auto&, auto& p, auto& g) {
      g = g * sign;
      if (o.weight_decay != 0) g = g + p * o.weight_decay;
      p = p - g * o.lr;
    });
    return;
  }
  Sweep& sweep = start_sweep(group, 1);
  sweep.prepare([&o](Slot& slot, auto& numbers) { numbers[0] = slot.fresh ? 1 : 1 - o.dampening; });
  sweep.run<3>([o, sign](auto& numbers, auto& p, auto& g, auto& buffer) {
    g = g * sign;
    if (o.weight_decay != 0) g = g + p * o.weight_decay;
    buffer = buffer * o.momentum + g * numbers[0];
    p = p - (o.nesterov ? g + buffer * o.momentum : buffer) * o.lr;
  });
}

}  // namespace xgrad::optim
