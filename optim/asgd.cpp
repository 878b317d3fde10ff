#include <xgrad/optim/asgd.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

constexpr const char* state_names[] = {"ax"};

}  // namespace

void ASGDOptions::validate() const {
  require("ASGD", lr >= 0, "lr of 0 or more", lr);
  require("ASGD", weight_decay >= 0, "weight_decay of 0 or more", weight_decay);
}

ASGD::ASGD(const std::vector<Tensor>& params, ASGDOptions options)
    : OptimizerOf("ASGD", state_names, params, options) {}
ASGD::ASGD(const std::vector<Group>& groups) : OptimizerOf("ASGD", state_names, groups) {}

void ASGD::update(std::size_t group) {
  const ASGDOptions o = options(group);
  Sweep& sweep = start_sweep(group, 1);
  sweep.prepare([&o](Slot& slot, auto& numbers) {
    auto t = static_cast<double>(slot.steps);
    numbers[0] = slot.fresh ? o.lr : slot.carried;
    numbers[1] = 1 / std::max(1.0, t - 1 - o.t0);
    slot.carried = o.lr / std::pow(1 + o.lambd * o.lr * t, o.alpha);
  });
  sweep.run<3>([o, sign = o.maximize ? -1.0 : 1.0](auto& numbers, auto& p, auto& g, auto& mean) {
    g = g * sign;
    if (o.weight_decay != 0) g = g + p * o.weight_decay;
    p = p - numbers[0] * (p * o.lambd + g);
    mean = mean + (p - mean) * numbers[1];
  });
}

}  // namespace xgrad::optim
