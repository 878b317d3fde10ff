#include <xgrad/optim/muon.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/optim/require.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

constexpr const char* state_names[] = {"momentum_buffer"};

std::vector<Muon::Group> matrices(const std::vector<Muon::Group>& groups) {
  for (const Muon::Group& group : groups) {
    for (const Tensor& parameter : group.params) {
      if (parameter.defined() && parameter.ndim() != 2) {
        throw ShapeError(
            fmt::format("Muon: expected matrices, got a parameter {}; give it to another optimizer",
                        to_string(parameter.shape())));
      }
    }
  }
  return groups;
}

Tensor orthogonal(const Tensor& x, const MuonOptions& o) {
  bool tall = x.size(0) > x.size(1);
  Tensor y = tall ? x.t() : x;
  y = y / std::max(std::sqrt(sum(square(y)).item()), o.eps);
  const auto [a, b, c] = o.ns_coefficients;
  for (std::int64_t i = 0; i < o.ns_steps; ++i) {
    Tensor gram = matmul(y, y.t());
    y = a * y + matmul(b * gram + c * matmul(gram, gram), y);
  }
  return tall ? y.t() : y;
}

}  // namespace

void MuonOptions::validate() const {
  require("Muon", lr >= 0, "lr of 0 or more", lr);
  require("Muon", weight_decay >= 0, "weight_decay of 0 or more", weight_decay);
  require("Muon", momentum >= 0, "momentum of 0 or more", momentum);
  require("Muon", eps > 0, "a positive eps", eps);
  require("Muon", ns_steps >= 1 && ns_steps < 100, "ns_steps from 1 to 99", static_cast<double>(ns_steps));
}

Muon::Muon(const std::vector<Tensor>& params, MuonOptions options)
    : Muon(std::vector<Group>{{params, options}}) {}
Muon::Muon(const std::vector<Group>& groups) : OptimizerOf("Muon", state_names, matrices(groups)) {}

void Muon::update(std::size_t group) {
  NoGrad off;
  const MuonOptions o = options(group);
  for (Slot& slot : slots(group)) {
    if (!start_step(slot, 1)) continue;
    Tensor& p = slot.parameter;
    Tensor& buffer = slot.state[0];
    const Tensor& g = p.grad();
    buffer.mul_(o.momentum).add_(g * (1 - o.momentum));
    Tensor u = orthogonal(o.nesterov ? g * (1 - o.momentum) + buffer * o.momentum : buffer, o);
    auto rows = static_cast<double>(p.size(0)), columns = static_cast<double>(p.size(1));
    double adjusted = o.adjust_lr_fn == AdjustLr::match_rms_adamw ? 0.2 * std::sqrt(std::max(rows, columns))
                                                                  : std::sqrt(std::max(1.0, rows / columns));
    p.mul_(1 - o.lr * o.weight_decay).add_(u * (-o.lr * adjusted));
  }
}

}  // namespace xgrad::optim
