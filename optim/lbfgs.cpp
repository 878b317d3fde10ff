#include <xgrad/optim/lbfgs.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/autograd/ops/views.hpp>
#include <xgrad/autograd/tensor/tensor_impl.hpp>
#include <xgrad/optim/require.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

double largest(const Tensor& x) { return x.numel() == 0 ? 0 : amax(abs(x)).item(); }
double product(const Tensor& a, const Tensor& b) { return dot(a, b).item(); }

std::vector<LBFGS::Group> one_group(const std::vector<LBFGS::Group>& groups) {
  if (groups.size() != 1)
    throw ValueError(fmt::format("LBFGS: expected one group of parameters, got {}", groups.size()));
  return groups;
}

/// A place on a line: its loss, and the loss's slope there.
struct Place {
  double t, loss, slope;
};

/// The minimum of the cubic through two places with their slopes, within [low, high].
double cubic_minimum(const Place& a, const Place& b, double low, double high) {
  double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
  double square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  double d2 = std::sqrt(square);
  double minimum = a.t <= b.t ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
                              : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return std::min(std::max(minimum, low), high);
}

}  // namespace

void LBFGSOptions::validate() const {
  require("LBFGS", lr >= 0, "lr of 0 or more", lr);
  require("LBFGS", max_iter > 0, "a positive max_iter", static_cast<double>(max_iter));
  require("LBFGS", max_eval.value_or(1) > 0, "a positive max_eval",
          static_cast<double>(max_eval.value_or(1)));
  require("LBFGS", tolerance_grad >= 0, "tolerance_grad of 0 or more", tolerance_grad);
  require("LBFGS", tolerance_change >= 0, "tolerance_change of 0 or more", tolerance_change);
  require("LBFGS", history_size > 0, "a positive history_size", static_cast<double>(history_size));
}

LBFGS::LBFGS(const std::vector<Tensor>& params, LBFGSOptions options)
    : LBFGS(std::vector<Group>{{params, options}}) {}
LBFGS::LBFGS(const std::vector<Group>& groups) : OptimizerOf("LBFGS", {}, one_group(groups)) {
  std::vector<Tensor> all = params();
  for (const Tensor& parameter : all) {
    if (parameter.dtype() != all[0].dtype()) {
      throw DTypeError(fmt::format("LBFGS: expected parameters of one dtype, got {} and {}",
                                   name(all[0].dtype()), name(parameter.dtype())));
    }
  }
}

void LBFGS::update(std::size_t) {
  throw GraphError("LBFGS: a step evaluates the loss several times; write step(closure)");
}

Tensor LBFGS::flat_gradient() const {
  std::vector<Tensor> parts;
  std::vector<Tensor> all = params();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Tensor& parameter = all[i];
    Tensor gradient = parameter.grad();
    if (!gradient.defined()) gradient = zeros(parameter.shape(), parameter.dtype());
    if (!(gradient.shape() == parameter.shape()) || gradient.dtype() != parameter.dtype()) {
      throw GraphError(fmt::format("LBFGS: parameter {} is {}, but its gradient is {}; zero_grad() drops it",
                                   i, describe(parameter.array()), describe(gradient.array())));
    }
    parts.push_back(reshape(gradient.detach(), {-1}));
  }
  return cat(parts);
}

void LBFGS::move(double length, const Tensor& direction) {
  std::int64_t at = 0;
  for (Tensor& parameter : params()) {
    std::int64_t count = parameter.numel();
    parameter.add_(reshape(narrow(direction, 0, at, count), parameter.shape()) * length);
    at += count;
  }
}

Tensor LBFGS::next_direction(const Tensor& gradient) {
  Memory& m = memory_;
  if (m.iterations == 1) {
    m.changes.clear();
    m.gradient_changes.clear();
    m.factors.clear();
    m.scale = 1;
    return -gradient;
  }
  Tensor y = gradient - m.previous_gradient;
  Tensor s = m.direction * m.length;
  double curvature = product(y, s);
  if (curvature > 1e-10) {
    if (m.changes.size() >= static_cast<std::size_t>(options().history_size)) {
      m.changes.pop_front();
      m.gradient_changes.pop_front();
      m.factors.pop_front();
    }
    m.scale = curvature / product(y, y);
    m.gradient_changes.push_back(y);
    m.changes.push_back(s);
    m.factors.push_back(1 / curvature);
  }
  // The two loops of Nocedal and Wright, algorithm 7.4.
  std::size_t count = m.changes.size();
  std::vector<double> shares(count);
  Tensor r = -gradient;
  for (std::size_t i = count; i-- > 0;) {
    shares[i] = product(m.changes[i], r) * m.factors[i];
    r = r - m.gradient_changes[i] * shares[i];
  }
  r = r * m.scale;
  for (std::size_t i = 0; i < count; ++i)
    r = r + m.changes[i] * (shares[i] - product(m.gradient_changes[i], r) * m.factors[i]);
  return r;
}

/// Nocedal and Wright, algorithms 3.5 (which brackets a length) and 3.6 (which narrows the bracket).
LBFGS::Found LBFGS::search_length(const std::function<Point(double)>& at, double length,
                                  const Tensor& direction, const Point& start, double slope) const {
  constexpr double sufficient = 1e-4, curvature = 0.9, least_width = 1e-9;
  constexpr std::int64_t most = 25;
  struct Tried {
    Place place;
    Tensor gradient;
  };
  double reach = largest(direction);
  std::int64_t evaluations = 0;
  auto try_at = [&](double t) {
    ++evaluations;
    Point point = at(t);
    return Tried{{t, point.loss, product(point.gradient, direction)}, point.gradient};
  };
  auto too_high = [&](const Place& place) { return place.loss > start.loss + sufficient * place.t * slope; };
  auto flat_enough = [&](const Place& place) { return std::abs(place.slope) <= -curvature * slope; };

  const Tried origin{{0, start.loss, slope}, start.gradient};
  Tried previous = origin;
  Tried now = try_at(length);
  Tried low = origin, high = origin;  // `low` has the smaller loss
  bool done = false;
  std::int64_t tries = 0;
  for (; tries < most; ++tries) {
    if (too_high(now.place) || (tries > 1 && now.place.loss >= previous.place.loss) ||
        flat_enough(now.place) || now.place.slope >= 0) {
      break;
    }
    double t = now.place.t;
    double next = cubic_minimum(previous.place, now.place, t + 0.01 * (t - previous.place.t), t * 10);
    previous = now;
    now = try_at(next);
  }
  if (tries == most) {
    low = origin;
    high = now;
  } else if (!too_high(now.place) && !(tries > 1 && now.place.loss >= previous.place.loss) &&
             flat_enough(now.place)) {
    low = now;
    done = true;
  } else {
    low = previous;
    high = now;
  }
  bool in_order = true;  // whether `low` came first: PyTorch interpolates from the first to the second
  if (!done && high.place.loss < low.place.loss) {
    std::swap(low, high);
    in_order = false;
  }

  bool stuck = false;
  while (!done && tries < most) {
    if (std::abs(high.place.t - low.place.t) * reach < least_width) break;
    double least = std::min(low.place.t, high.place.t), greatest = std::max(low.place.t, high.place.t);
    const Place& first = in_order ? low.place : high.place;
    const Place& second = in_order ? high.place : low.place;
    double t = cubic_minimum(first, second, least, greatest);
    double margin = 0.1 * (greatest - least);
    if (std::min(greatest - t, t - least) < margin) {
      if (stuck || t >= greatest || t <= least) {
        t = std::abs(t - greatest) < std::abs(t - least) ? greatest - margin : least + margin;
        stuck = false;
      } else {
        stuck = true;
      }
    } else {
      stuck = false;
    }
    now = try_at(t);
    ++tries;
    if (too_high(now.place) || now.place.loss >= low.place.loss) {
      high = now;
      if (high.place.loss < low.place.loss || (!in_order && high.place.loss == low.place.loss)) {
        std::swap(low, high);
        in_order = !in_order;
      }
    } else {
      if (flat_enough(now.place))
        done = true;
      else if (now.place.slope * (high.place.t - low.place.t) >= 0)
        high = low;
      low = now;
    }
  }
  return {low.place.t, {low.place.loss, low.gradient}, evaluations};
}

Tensor LBFGS::minimize(const std::function<Tensor()>& closure) {
  NoGrad off;
  const LBFGSOptions o = options();
  Memory& m = memory_;
  Tensor first_loss;
  auto evaluate = [&]() -> Point {
    Tensor loss = [&] {
      EnableGrad on;
      return closure();
    }();
    if (!first_loss.defined()) first_loss = loss;
    return {loss.detach().item(), flat_gradient()};
  };

  std::int64_t most_evaluations = o.max_eval.value_or(o.max_iter + o.max_iter / 4);
  Point here = evaluate();
  std::int64_t evaluations = 1;
  if (largest(here.gradient) <= o.tolerance_grad) return first_loss;
  for (std::int64_t i = 1; i <= o.max_iter; ++i) {
    ++m.iterations;
    m.direction = next_direction(here.gradient);
    m.previous_gradient = here.gradient;
    m.previous_loss = here.loss;
    m.length = m.iterations == 1 ? std::min(1.0, 1 / sum(abs(here.gradient)).item()) * o.lr : o.lr;
    double slope = product(here.gradient, m.direction);
    if (slope > -o.tolerance_change) break;
    if (o.line_search_fn == LineSearch::strong_wolfe) {
      std::vector<Tensor> start;
      for (const Tensor& parameter : params()) start.push_back(parameter.detach().clone());
      auto at = [&](double length) {
        move(length, m.direction);
        Point point = evaluate();
        std::vector<Tensor> parameters = params();
        for (std::size_t k = 0; k < start.size(); ++k) parameters[k].copy_(start[k]);
        return point;
      };
      Found found = search_length(at, m.length, m.direction, here, slope);
      m.length = found.length;
      here = found.point;
      evaluations += found.evaluations;
      move(m.length, m.direction);
    } else {
      move(m.length, m.direction);
      if (i == o.max_iter) break;
      here = evaluate();
      ++evaluations;
    }
    if (evaluations >= most_evaluations || largest(here.gradient) <= o.tolerance_grad) break;
    if (largest(m.direction) * std::abs(m.length) <= o.tolerance_change) break;
    if (std::abs(here.loss - m.previous_loss) < o.tolerance_change) break;
  }
  return first_loss;
}

void LBFGS::add_extra(OptimizerState& state) const {
  const Memory& m = memory_;
  if (m.iterations == 0) return;
  state.numbers["n_iter"] = {static_cast<double>(m.iterations)};
  state.numbers["t"] = {m.length};
  state.numbers["H_diag"] = {m.scale};
  state.numbers["prev_loss"] = {m.previous_loss};
  state.numbers["ro"] = {m.factors.begin(), m.factors.end()};
  state.tensors["d"] = m.direction;
  state.tensors["prev_flat_grad"] = m.previous_gradient;
  for (std::size_t i = 0; i < m.changes.size(); ++i) {
    state.tensors[fmt::format("old_dirs.{}", i)] = m.gradient_changes[i];
    state.tensors[fmt::format("old_stps.{}", i)] = m.changes[i];
  }
}

std::function<void()> LBFGS::take_extra(OptimizerState& state) {
  Memory taken;
  if (!state.numbers.contains("n_iter")) return [this, taken] { memory_ = taken; };
  std::int64_t size = 0;
  for (const Tensor& parameter : params()) size += parameter.numel();
  DType dtype = params()[0].dtype();
  auto numbers = [&](const char* key) {
    auto node = state.numbers.extract(key);
    if (!node)
      throw ValueError(fmt::format("LBFGS: load_state_dict: {} is missing; nothing was changed", key));
    return std::move(node.mapped());
  };
  auto vector = [&](const std::string& key) {
    auto node = state.tensors.extract(key);
    if (!node || !node.mapped().defined() || !(node.mapped().shape() == Shape{size})) {
      throw ValueError(
          fmt::format("LBFGS: load_state_dict: expected {} [{}], got {}; nothing was changed", key, size,
                      node && node.mapped().defined() ? to_string(node.mapped().shape()) : "none"));
    }
    NoGrad off;
    return node.mapped().detach().to(dtype).clone();
  };
  from_numbers("n_iter", numbers("n_iter"), taken.iterations);
  from_numbers("t", numbers("t"), taken.length);
  from_numbers("H_diag", numbers("H_diag"), taken.scale);
  from_numbers("prev_loss", numbers("prev_loss"), taken.previous_loss);
  std::vector<double> factors = numbers("ro");
  taken.factors.assign(factors.begin(), factors.end());
  taken.direction = vector("d");
  taken.previous_gradient = vector("prev_flat_grad");
  for (std::size_t i = 0; i < factors.size(); ++i) {
    taken.gradient_changes.push_back(vector(fmt::format("old_dirs.{}", i)));
    taken.changes.push_back(vector(fmt::format("old_stps.{}", i)));
  }
  return [this, taken] { memory_ = taken; };
}

}  // namespace xgrad::optim
