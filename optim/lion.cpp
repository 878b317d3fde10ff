#include <xgrad/optim/lion.hpp>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {
constexpr const char* state_names[] = {"exp_avg"};
}  // namespace

void LionOptions::validate() const {
  require("Lion", lr >= 0, "lr of 0 or more", lr);
  require("Lion", weight_decay >= 0, "weight_decay of 0 or more", weight_decay);
  require("Lion", betas[0] >= 0 && betas[0] < 1, "betas[0] in [0, 1)", betas[0]);
  require("Lion", betas[1] >= 0 && betas[1] < 1, "betas[1] in [0, 1)", betas[1]);
}

Lion::Lion(const std::vector<Tensor>& params, LionOptions options)
    : OptimizerOf("Lion", state_names, params, options) {}
Lion::Lion(const std::vector<Group>& groups) : OptimizerOf("Lion", state_names, groups) {}

void Lion::update(std::size_t group) {
  const LionOptions o = options(group);
  double sign = o.maximize ? -1 : 1;
  start_sweep(group, 1).run<3>([o, sign](auto&, auto& p, auto& g, auto& m) {
    using L = std::remove_cvref_t<decltype(p)>;
    g = g * sign;
    if (o.weight_decay != 0) p = p * (1 - o.lr * o.weight_decay);
    L direction = m * o.betas[0] + g * (1 - o.betas[0]);
    L step(o.lr);
    // nan is neither above nor below 0: it goes into the parameter by way of the product.
    p = p - select(direction > 0, step, select(direction < 0, -step, direction * o.lr));
    m = m * o.betas[1] + g * (1 - o.betas[1]);
  });
}

}  // namespace xgrad::optim
