#include <xgrad/optim/adafactor.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/optim/require.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

// A vector has its variances in the first; matrices those of rows and columns.
constexpr const char* state_names[] = {"row_var", "col_var"};

double root_mean_square(const Tensor& x) { return x.numel() == 0 ? 0 : std::sqrt(mean(square(x)).item()); }

/// old + share * (now - old), in place.
void move_toward(Tensor& old, const Tensor& now, double share) { old.mul_(1 - share).add_(now * share); }

}  // namespace

void AdafactorOptions::validate() const {
  require("Adafactor", lr >= 0, "lr of 0 or more", lr);
  require("Adafactor", beta2_decay <= 0, "beta2_decay of 0 or less", beta2_decay);
  require("Adafactor", eps[0] >= 0, "eps[0] of 0 or more", eps[0]);
  require("Adafactor", eps[1] >= 0, "eps[1] of 0 or more", eps[1]);
  require("Adafactor", d >= 1, "d of 1 or more", d);
  require("Adafactor", weight_decay >= 0, "weight_decay of 0 or more", weight_decay);
}

Adafactor::Adafactor(const std::vector<Tensor>& params, AdafactorOptions options)
    : OptimizerOf("Adafactor", state_names, params, options) {}
Adafactor::Adafactor(const std::vector<Group>& groups) : OptimizerOf("Adafactor", state_names, groups) {}

Shape Adafactor::state_shape(const Tensor& parameter, std::size_t place) const {
  Shape shape = parameter.shape();
  if (shape.size() > 1) shape[shape.size() - (place == 0 ? 1 : 2)] = 1;
  return shape;
}

void Adafactor::update(std::size_t group) {
  NoGrad off;
  const AdafactorOptions o = options(group);
  for (Slot& slot : slots(group)) {
    Tensor& p = slot.parameter;
    bool matrix = p.ndim() > 1;
    if (!start_step(slot, matrix ? 2 : 1)) continue;
    Tensor g = o.maximize ? -p.grad() : p.grad();
    auto t = static_cast<double>(slot.steps);
    double share = std::pow(t, o.beta2_decay);
    double a = std::max(o.eps[1], root_mean_square(p)) * std::min(o.lr, 1 / std::sqrt(t));
    double least = o.eps[0] > 0 ? o.eps[0] : epsilon(p.dtype());
    if (o.weight_decay != 0) p.mul_(1 - o.lr * o.weight_decay);
    Tensor variance;
    if (matrix) {
      move_toward(slot.state[0], mean(square(g), Shape{-1}, true), share);
      move_toward(slot.state[1], mean(square(g), Shape{-2}, true), share);
      variance = matmul(slot.state[0], slot.state[1]) / clamp(mean(slot.state[0], Shape{-2}, true), least);
    } else {
      move_toward(slot.state[0], square(g), share);
      variance = slot.state[0];
    }
    Tensor u = g * rsqrt(clamp(variance, least * least));
    p.add_(u * (-a / std::max(1.0, root_mean_square(u) / o.d)));
  }
}

}  // namespace xgrad::optim
