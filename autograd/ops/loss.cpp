#include <xgrad/autograd/ops/loss.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/pair_loss.hpp>
#include <xgrad/autograd/ops/reduction.hpp>

namespace xgrad {

Reduction to_reduction(std::string_view name) {
  if (name == "none") return Reduction::none;
  if (name == "mean") return Reduction::mean;
  if (name == "sum") return Reduction::sum;
  if (name == "batchmean") return Reduction::batchmean;
  throw ValueError(fmt::format(
      "reduction: expected \"none\", \"mean\", \"sum\", or \"batchmean\" for kl_div, got \"{}\"", name));
}

namespace detail {

void check_reduction(const char* op, Reduction reduction) {
  if (reduction == Reduction::none || reduction == Reduction::mean || reduction == Reduction::sum) return;
  throw ValueError(fmt::format("{}: expected Reduction::none, mean or sum, got another one", op));
}

Tensor reduce_losses(const char* op, const Tensor& losses, Reduction reduction) {
  check_reduction(op, reduction);
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::sum ? sum(losses) : mean(losses);
}

void require_same_shape(const char* op, const Tensor& input, const Tensor& target) {
  if (!(input.shape() == target.shape())) [[unlikely]] {
    throw ShapeError(fmt::format(
        "{}: expected input and target of one shape, got input {} and target {}; reshape one of them", op,
        to_string(input.shape()), to_string(target.shape())));
  }
}

DType loss_dtype(const Tensor& input, const Tensor& target) {
  DType dtype = is_floating(input.dtype()) ? input.dtype() : default_dtype();
  return is_floating(target.dtype()) ? promote_types(dtype, target.dtype()) : dtype;
}

}  // namespace detail

namespace {

using detail::BinaryCrossEntropyWithLogits;

// Losses of one input and one target, as formulas: the value, and its slopes times the gradient g.
// -----------------

struct SquaredError {
  static constexpr const char* name = "mse_loss";
  static constexpr auto value = [](auto x, auto t) { return (x - t) * (x - t); };
  static constexpr auto input_slope = [](auto g, auto x, auto t) { return g * (x - t) * 2; };
  static constexpr auto target_slope = [](auto g, auto x, auto t) { return g * (t - x) * 2; };
};

struct AbsoluteError {
  static constexpr const char* name = "l1_loss";
  static constexpr auto value = [](auto x, auto t) { return abs(x - t); };
  static constexpr auto input_slope = [](auto g, auto x, auto t) {
    return select(x > t, g, select(x < t, -g, g * 0));
  };
  static constexpr auto target_slope = [](auto g, auto x, auto t) {
    return select(x < t, g, select(x > t, -g, g * 0));
  };
};

struct SmoothAbsoluteError {
  static constexpr const char* name = "smooth_l1_loss";
  double beta;

  auto value(auto x, auto t) const {
    auto d = abs(x - t);
    return select(d < beta, d * d * (0.5 / beta), d - 0.5 * beta);
  }
  auto input_slope(auto g, auto x, auto t) const {
    auto d = x - t;
    return select(d <= -beta, -g, select(d >= beta, g, g * d / beta));
  }
  auto target_slope(auto g, auto x, auto t) const { return input_slope(g, t, x); }
};

struct Huber {
  static constexpr const char* name = "huber_loss";
  double delta;

  auto value(auto x, auto t) const {
    auto d = abs(x - t);
    return select(d <= delta, d * d * 0.5, (d - 0.5 * delta) * delta);
  }
  auto input_slope(auto g, auto x, auto t) const {
    auto d = x - t;
    return select(d <= -delta, g * -delta, select(d >= delta, g * delta, g * d));
  }
  auto target_slope(auto g, auto x, auto t) const { return input_slope(g, t, x); }
};

/// log(x), not below -100; nan stays.
constexpr auto bounded_log = [](auto x) {
  auto y = log(x);
  return select(y < -100, -100, y);
};

/// log(1 + e^-x), without overflow.
constexpr auto softplus_of_negative = [](auto x) { return log1p(exp(-abs(x))) + select(x < 0, -x, 0); };

struct BinaryCrossEntropy {
  static constexpr const char* name = "binary_cross_entropy";
  static constexpr auto value = [](auto x, auto t) {
    return (t - 1) * bounded_log(1 - x) - t * bounded_log(x);
  };
  static constexpr auto input_slope = [](auto g, auto x, auto t) {
    auto denominator = x * (1 - x);
    return g * (x - t) / select(denominator < 1e-12, 1e-12, denominator);
  };
  static constexpr auto target_slope = [](auto g, auto x, auto) {
    return g * (bounded_log(1 - x) - bounded_log(x));
  };
};

void check_weight_broadcasts(const char* name, const char* operand, const Tensor& weight,
                             const Tensor& input) {
  if (!(broadcast_shapes(name, weight.shape(), input.shape()) == input.shape())) {
    throw ShapeError(fmt::format("{}: expected a {} that broadcasts to the input's shape {}, got {}", name,
                                 operand, to_string(input.shape()), to_string(weight.shape())));
  }
}

/// Throws ValueError for elements outside [0, 1], nan among them.
void check_probabilities(const char* name, const Tensor& input) {
  Array numbers = kernels::contiguous(input.array());
  dispatch_floating(numbers.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::int64_t i = 0; i < numbers.numel(); ++i) {
      T x = numbers.data<T>()[i];
      if (x >= 0 && x <= 1) continue;
      throw ValueError(
          fmt::format("{}: expected input within [0, 1], got {} at place {}; apply sigmoid first, or use "
                      "binary_cross_entropy_with_logits",
                      name, x, i));
    }
  });
}

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  return detail::same_shape_loss(SquaredError(), input, target, reduction);
}

Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  return detail::same_shape_loss(AbsoluteError(), input, target, reduction);
}

Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, Reduction reduction, double beta) {
  if (!(beta >= 0)) {
    throw ValueError(fmt::format("smooth_l1_loss: expected beta of at least 0, got {}", beta));
  }
  if (beta == 0) return l1_loss(input, target, reduction);
  return detail::same_shape_loss(SmoothAbsoluteError{beta}, input, target, reduction);
}

Tensor huber_loss(const Tensor& input, const Tensor& target, Reduction reduction, double delta) {
  if (!(delta > 0)) throw ValueError(fmt::format("huber_loss: expected delta above 0, got {}", delta));
  return detail::same_shape_loss(Huber{delta}, input, target, reduction);
}

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                            Reduction reduction) {
  constexpr const char* name = BinaryCrossEntropy::name;
  detail::check_reduction(name, reduction);
  detail::require_same_shape(name, input, target);
  if (weight.defined()) check_weight_broadcasts(name, "weight", weight, input);
  DType dtype = detail::loss_dtype(input, target);
  if (input.dtype() != dtype || target.dtype() != dtype)
    return binary_cross_entropy(input.to(dtype), target.to(dtype), weight, reduction);
  if (!weight.defined() && reduction != Reduction::none) {
    Tensor loss = detail::pair_loss(BinaryCrossEntropy(), input, target, reduction);
    // An input outside [0, 1] makes a logarithm nan, and the sum with it.
    if (std::isnan(loss.item<double>())) [[unlikely]]
      check_probabilities(name, input);
    return loss;
  }
  check_probabilities(name, input);
  Tensor losses = detail::single_losses(BinaryCrossEntropy(), input, target);
  return detail::reduce_losses(name, weight.defined() ? losses * weight : losses, reduction);
}

namespace {

/// With v = 1 + (p - 1) * t for the weight p of positive targets: (1 - t) * x + v * log(1 + e^-x).
Tensor weighted_losses_with_logits(const Tensor& input, const Tensor& target, const Tensor& pos_weight) {
  return elementwise(
      BinaryCrossEntropyWithLogits::name,
      [](auto x, auto t, auto p) { return (1 - t) * x + (1 + (p - 1) * t) * softplus_of_negative(x); },
      with_gradients(
          [](auto g, auto x, auto t, auto p, auto) {
            return g * ((1 - t) - (1 + (p - 1) * t) * sigmoid(-x));
          },
          [](auto g, auto x, auto, auto p, auto) { return g * ((p - 1) * softplus_of_negative(x) - x); },
          [](auto g, auto x, auto t, auto, auto) { return g * t * softplus_of_negative(x); }),
      input, target, pos_weight);
}

}  // namespace

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, const Tensor& weight,
                                        const Tensor& pos_weight, Reduction reduction) {
  constexpr const char* name = BinaryCrossEntropyWithLogits::name;
  detail::check_reduction(name, reduction);
  detail::require_same_shape(name, input, target);
  if (weight.defined()) check_weight_broadcasts(name, "weight", weight, input);
  if (pos_weight.defined()) check_weight_broadcasts(name, "pos_weight", pos_weight, input);
  DType dtype = detail::loss_dtype(input, target);
  Tensor x = input.to(dtype);
  Tensor t = target.to(dtype);
  if (!weight.defined() && !pos_weight.defined())
    return detail::pair_loss(BinaryCrossEntropyWithLogits(), x, t, reduction);
  Tensor losses = pos_weight.defined() ? weighted_losses_with_logits(x, t, pos_weight.to(dtype))
                                       : detail::single_losses(BinaryCrossEntropyWithLogits(), x, t);
  return detail::reduce_losses(name, weight.defined() ? losses * weight : losses, reduction);
}

}  // namespace xgrad
