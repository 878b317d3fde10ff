#include <xgrad/optim/lamb.hpp>

#include <cmath>
#include <vector>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/vector_norms.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {
constexpr const char* state_names[] = {"exp_avg", "exp_avg_sq", "direction"};
}  // namespace

void LAMBOptions::validate() const { require_adam_options("LAMB", *this); }

LAMB::LAMB(const std::vector<Tensor>& params, LAMBOptions options)
    : OptimizerOf("LAMB", state_names, params, options) {}
LAMB::LAMB(const std::vector<Group>& groups) : OptimizerOf("LAMB", state_names, groups) {}

void LAMB::update(std::size_t group) {
  const LAMBOptions o = options(group);
  double sign = o.maximize ? -1 : 1;
  Sweep& sweep = start_sweep(group, 3);
  sweep.prepare([&](Slot& slot, auto& numbers) {
    auto t = static_cast<double>(slot.steps);
    numbers[0] = 1 / (1 - std::pow(o.betas[0], t));
    numbers[1] = 1 / std::sqrt(1 - std::pow(o.betas[1], t));
  });
  sweep.run<5>([o, sign](auto& numbers, auto& p, auto& g, auto& m, auto& v, auto& r) {
    g = g * sign;
    m = m * o.betas[0] + g * (1 - o.betas[0]);
    v = v * o.betas[1] + g * g * (1 - o.betas[1]);
    r = m * numbers[0] / (kernels::sqrt(v) * numbers[1] + o.eps);
    if (o.weight_decay != 0) r = r + p * o.weight_decay;
  });
  std::vector<Array> vectors;
  sweep.prepare([&](Slot& slot, auto&) {
    vectors.push_back(slot.parameter.array());
    vectors.push_back(slot.state[2].array());
  });
  std::vector<double> norms = kernels::vector_norms(vectors, 2);
  std::size_t place = 0;
  sweep.prepare([&](Slot&, auto& numbers) {
    double length = norms[place++], direction = norms[place++];
    numbers[0] = length > 0 && direction > 0 ? o.lr * length / direction : o.lr;
  });
  sweep.run<5>([](auto& numbers, auto& p, auto&, auto&, auto&, auto& r) { p = p - r * numbers[0]; });
}

}  // namespace xgrad::optim
