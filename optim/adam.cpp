#include <xgrad/optim/adam.hpp>

#include <cmath>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

constexpr const char* state_names[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};

/// The step of both, in a sweep over parameter, gradient and averages. With r = sqrt(1 - b^t) the last line
/// of the formula is p - (lr * r / (1 - a^t)) * m / (sqrt(v) + eps * r): one division less. Both numbers in
/// it follow from the number of steps, which most parameters have in common.
template <bool decoupled, class Sweep, class Options>
void run(Sweep& sweep, const Options& o) {
  std::int64_t steps = 0;
  double factor = 0;
  double offset = 0;
  sweep.prepare([&](auto& slot, auto& numbers) {
    if (slot.steps != steps) {
      steps = slot.steps;
      auto t = static_cast<double>(steps);
      double root = std::sqrt(1 - std::pow(o.betas[1], t));
      factor = o.lr * root / (1 - std::pow(o.betas[0], t));
      offset = o.eps * root;
    }
    numbers[0] = factor;
    numbers[1] = offset;
  });
  auto average = [o, sign = o.maximize ? -1.0 : 1.0](auto& p, auto& g, auto& m, auto& v) {
    g = g * sign;
    if (o.weight_decay != 0) {
      if constexpr (decoupled)
        p = p * (1 - o.lr * o.weight_decay);
      else
        g = g + p * o.weight_decay;
    }
    m = m * o.betas[0] + g * (1 - o.betas[0]);
    v = v * o.betas[1] + g * g * (1 - o.betas[1]);
  };
  if (o.amsgrad) {
    sweep.template run<5>([average](auto& numbers, auto& p, auto& g, auto& m, auto& v, auto& largest) {
      average(p, g, m, v);
      largest = kernels::maximum(largest, v);
      p = p - numbers[0] * m / (kernels::sqrt(largest) + numbers[1]);
    });
  } else {
    sweep.template run<4>([average](auto& numbers, auto& p, auto& g, auto& m, auto& v) {
      average(p, g, m, v);
      p = p - numbers[0] * m / (kernels::sqrt(v) + numbers[1]);
    });
  }
}

}  // namespace

void AdamOptions::validate() const { require_adam_options("Adam", *this); }
Adam::Adam(const std::vector<Tensor>& params, AdamOptions options)
    : OptimizerOf("Adam", state_names, params, options) {}
Adam::Adam(const std::vector<Group>& groups) : OptimizerOf("Adam", state_names, groups) {}
void Adam::update(std::size_t group) {
  run<false>(start_sweep(group, options(group).amsgrad ? 3 : 2), options(group));
}

void AdamWOptions::validate() const { require_adam_options("AdamW", *this); }
AdamW::AdamW(const std::vector<Tensor>& params, AdamWOptions options)
    : OptimizerOf("AdamW", state_names, params, options) {}
AdamW::AdamW(const std::vector<Group>& groups) : OptimizerOf("AdamW", state_names, groups) {}
void AdamW::update(std::size_t group) {
  run<true>(start_sweep(group, options(group).amsgrad ? 3 : 2), options(group));
}

}  // namespace xgrad::optim
