#include <xgrad/optim/rmsprop.hpp>

#include <cmath>

#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/optim/require.hpp>
#include <xgrad/optim/sweep.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

constexpr const char* state_names[] = {"square_avg", "momentum_buffer", "grad_avg"};

}  // namespace

void RMSpropOptions::validate() const {
  require("RMSprop", lr >= 0, "lr of 0 or more", lr);
  require("RMSprop", alpha >= 0, "alpha of 0 or more", alpha);
  require("RMSprop", eps >= 0, "eps of 0 or more", eps);
  require("RMSprop", weight_decay >= 0, "weight_decay of 0 or more", weight_decay);
  require("RMSprop", momentum >= 0, "momentum of 0 or more", momentum);
}

RMSprop::RMSprop(const std::vector<Tensor>& params, RMSpropOptions options)
    : OptimizerOf("RMSprop", state_names, params, options) {}
RMSprop::RMSprop(const std::vector<Group>& groups) : OptimizerOf("RMSprop", state_names, groups) {}

void RMSprop::update(std::size_t group) {
  const RMSpropOptions o = options(group);
  auto average = [o, sign = o.maximize ? -1.0 : 1.0](auto& p, auto& g, auto& squares) {
    g = g * sign;
    if (o.weight_decay != 0) g = g + p * o.weight_decay;
    squares = squares * o.alpha + g * g * (1 - o.alpha);
  };
  if (o.centered) {
    start_sweep(group, 3).run<5>(
        [o, average](auto&, auto& p, auto& g, auto& squares, auto& buffer, auto& mean) {
          average(p, g, squares);
          mean = mean * o.alpha + g * (1 - o.alpha);
          buffer = buffer * o.momentum + g / (kernels::sqrt(squares - mean * mean) + o.eps);
          p = p - buffer * o.lr;
        });
  } else if (o.momentum > 0) {
    start_sweep(group, 2).run<4>([o, average](auto&, auto& p, auto& g, auto& squares, auto& buffer) {
      average(p, g, squares);
      buffer = buffer * o.momentum + g / (kernels::sqrt(squares) + o.eps);
      p = p - buffer * o.lr;
    });
  } else {
    start_sweep(group, 1).run<3>([o, average](auto&, auto& p, auto& g, auto& squares) {
      average(p, g, squares);
      p = p - g / (kernels::sqrt(squares) + o.eps) * o.lr;
    });
  }
}

}  // namespace xgrad::optim
