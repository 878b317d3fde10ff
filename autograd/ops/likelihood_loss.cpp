#include <xgrad/autograd/ops/likelihood_loss.hpp>

#include <fmt/format.h>

#include <numbers>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/pair_loss.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad {
namespace {

struct Divergence {
  static constexpr const char* name = "kl_div";
  static constexpr auto value = [](auto x, auto t) { return select(t == 0, 0, t * (log(t) - x)); };
  static constexpr auto input_slope = [](auto g, auto, auto t) { return -(g * t); };
  static constexpr auto target_slope = [](auto g, auto x, auto t) { return g * (log(t) + 1 - x); };
};

struct DivergenceOfLogarithms {
  static constexpr const char* name = "kl_div";
  static constexpr auto value = [](auto x, auto t) { return exp(t) * (t - x); };
  static constexpr auto input_slope = [](auto g, auto, auto t) { return -(g * exp(t)); };
  static constexpr auto target_slope = [](auto g, auto x, auto t) { return g * (exp(t) * (t - x + 1)); };
};

/// t log(t) - t + log(2 pi t) / 2 and its slope, 0 for t <= 1.
constexpr auto stirling = [](auto t) {
  auto s = select(t <= 1, 1, t);
  return select(t <= 1, 0, s * log(s) - s + log(s * (2 * std::numbers::pi)) * 0.5);
};
constexpr auto stirling_slope = [](auto t) {
  auto s = select(t <= 1, 1, t);
  return select(t <= 1, 0, log(s) + 0.5 / s);
};

template <bool full>
struct PoissonOfLogarithm {
  static constexpr const char* name = "poisson_nll_loss";
  static constexpr auto value = [](auto x, auto t) {
    auto loss = exp(x) - t * x;
    if constexpr (full)
      return loss + stirling(t);
    else
      return loss;
  };
  static constexpr auto input_slope = [](auto g, auto x, auto t) { return g * (exp(x) - t); };
  static constexpr auto target_slope = [](auto g, auto x, auto t) {
    if constexpr (full)
      return g * (stirling_slope(t) - x);
    else
      return -(g * x);
  };
};

template <bool full>
struct Poisson {
  static constexpr const char* name = "poisson_nll_loss";
  double eps;

  auto value(auto x, auto t) const {
    auto loss = x - t * log(x + eps);
    if constexpr (full)
      return loss + stirling(t);
    else
      return loss;
  }
  auto input_slope(auto g, auto x, auto t) const { return g * (1 - t / (x + eps)); }
  auto target_slope(auto g, auto x, auto t) const {
    if constexpr (full)
      return g * (stirling_slope(t) - log(x + eps));
    else
      return -(g * log(x + eps));
  }
};

}  // namespace

Tensor kl_div(const Tensor& input, const Tensor& target, Reduction reduction, bool log_target) {
  auto loss = [&](Reduction by) {
    return log_target ? detail::broadcasting_loss(DivergenceOfLogarithms(), input, target, by)
                      : detail::broadcasting_loss(Divergence(), input, target, by);
  };
  if (reduction != Reduction::batchmean) return loss(reduction);
  Tensor total = loss(Reduction::sum);
  return input.ndim() == 0 ? total : total / static_cast<double>(input.shape()[0]);
}

Tensor poisson_nll_loss(const Tensor& input, const Tensor& target, const PoissonOptions& options) {
  auto loss = [&](const auto& formula) {
    return detail::broadcasting_loss(formula, input, target, options.reduction);
  };
  if (options.log_input)
    return options.full ? loss(PoissonOfLogarithm<true>()) : loss(PoissonOfLogarithm<false>());
  return options.full ? loss(Poisson<true>{options.eps}) : loss(Poisson<false>{options.eps});
}

Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& var,
                         const GaussianOptions& options) {
  constexpr const char* op = "gaussian_nll_loss";
  detail::check_reduction(op, options.reduction);
  DType dtype = common_floating_dtype({input, target, var});
  Tensor x = input.to(dtype);
  Tensor t = target.to(dtype);
  Tensor variance = var.to(dtype);
  if (!(var.shape() == input.shape())) {
    Shape without_last = input.shape();
    if (input.ndim() > 0) without_last.erase(input.ndim() - 1);
    Shape one_last = without_last;
    one_last.push_back(1);
    if (input.ndim() > 0 && var.shape() == without_last) {
      variance = unsqueeze(variance, -1);
    } else if (input.ndim() == 0 || !(var.shape() == one_last)) {
      throw ShapeError(
          fmt::format("{}: expected var of the input's shape, or with its last dimension 1 or missing; got "
                      "input {} and var {}",
                      op, to_string(input.shape()), to_string(var.shape())));
    }
  }
  detail::broadcast_all(op, x, t, variance);
  if (any(lt(variance.detach(), 0)).item<bool>()) {
    throw ValueError(fmt::format("{}: expected var of at least 0, got a negative one", op));
  }
  // The bound passes the gradient on.
  Tensor v = record(op, clamp(variance.detach(), options.eps).array(),
                    exact_gradient(variance, [](const Tensor& g) { return g; }));
  Tensor losses = elementwise(
      op,
      [](auto x, auto t, auto v) {
        auto d = x - t;
        return (log(v) + d * d / v) * 0.5;
      },
      with_gradients([](auto g, auto x, auto t, auto v, auto) { return g * (x - t) / v; },
                     [](auto g, auto x, auto t, auto v, auto) { return g * (t - x) / v; },
                     [](auto g, auto x, auto t, auto v, auto) {
                       auto d = x - t;
                       return g * (0.5 / v) * (1 - d * d / v);
                     }),
      x, t, v);
  if (options.full) losses = losses + 0.5 * std::log(2 * std::numbers::pi);
  return detail::reduce_losses(op, losses, options.reduction);
}

}  // namespace xgrad
