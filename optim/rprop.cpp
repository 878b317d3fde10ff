#include <xgrad/optim/rprop.hpp>

#include <cmath>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

constexpr const char* state_names[] = {"prev", "step_size"};

}  // namespace

void RpropOptions::validate() const {
  require("Rprop", lr >= 0, "lr of 0 or more", lr);
  require("Rprop", etas[0] > 0 && etas[0] < 1, "etas[0] between 0 and 1", etas[0]);
  require("Rprop", etas[1] > 1, "etas[1] above 1", etas[1]);
}

Rprop::Rprop(const std::vector<Tensor>& params, RpropOptions options)
    : OptimizerOf("Rprop", state_names, params, options) {}
Rprop::Rprop(const std::vector<Group>& groups) : OptimizerOf("Rprop", state_names, groups) {}

void Rprop::update(std::size_t group) {
  const RpropOptions o = options(group);
  Sweep& sweep = start_sweep(group, 2);
  sweep.prepare([&o](Slot& slot, auto& numbers) { numbers[0] = slot.fresh ? o.lr : 0; });
  sweep.run<4>(
      [o, sign = o.maximize ? -1.0 : 1.0](auto& numbers, auto& p, auto& g, auto& before, auto& size) {
        g = g * sign;
        size = size + numbers[0];
        auto agreement = g * before;
        size = size * select(agreement > 0, o.etas[1], select(agreement < 0, o.etas[0], agreement * 0 + 1));
        size = select(size < o.step_sizes[0], o.step_sizes[0], size);
        size = select(size > o.step_sizes[1], o.step_sizes[1], size);
        g = select(agreement < 0, 0, g);
        p = p - select(g > 0, size, select(g < 0, -size, g));
        before = g;
      });
}

}  // namespace xgrad::optim
