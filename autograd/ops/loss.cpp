#include <xgrad/autograd/ops/loss.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/pair_loss.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/softmax.hpp>
#include <xgrad/autograd/ops/views.hpp>

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
  Tensor x = input.to(dtype);
  Tensor t = target.to(dtype);
  if (!weight.defined() && reduction != Reduction::none) {
    Tensor loss = detail::pair_loss(BinaryCrossEntropy(), x, t, reduction);
    // An input outside [0, 1] makes a logarithm nan, and the sum with it.
    if (std::isnan(loss.item<double>())) [[unlikely]]
      check_probabilities(name, x);
    return loss;
  }
  check_probabilities(name, x);
  Tensor losses = detail::single_losses(BinaryCrossEntropy(), x, t);
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

// Losses over classes.
// --------------------------------------------------------------------------------------------

namespace {

/// Scores as rows [M, C] and what belongs to them.
struct ClassRows {
  Tensor scores;
  Tensor classes;  ///< [M] int64, row-major
  Tensor weight;   ///< [C] row-major in the scores' dtype, or undefined
  Shape shape;     ///< of the losses
};

std::size_t class_dim(const char* name, const Tensor& input) {
  if (input.ndim() == 0)
    throw ShapeError(fmt::format("{}: expected input [C], [N, C] or [N, C, d1, ...], got []", name));
  return input.ndim() == 1 ? 0 : 1;
}

Tensor checked_weight(const char* name, const Tensor& weight, std::int64_t classes, DType dtype) {
  if (!weight.defined()) return weight;
  if (!(weight.shape() == Shape{classes})) {
    throw ShapeError(fmt::format("{}: expected weight [{}], one number for each class, got {}", name, classes,
                                 to_string(weight.shape())));
  }
  return contiguous(weight.detach().to(dtype));
}

ClassRows class_rows(const char* name, const Tensor& input, const Tensor& target, const Tensor& weight,
                     std::int64_t ignore_index) {
  std::size_t dim = class_dim(name, input);
  std::int64_t classes = input.shape()[dim];
  Shape shape = input.shape();
  shape.erase(dim);
  if (!is_integral(target.dtype()) || target.dtype() == boolean) {
    throw DTypeError(
        fmt::format("{}: expected target classes as integers {}, got {} {}; convert with to(xgrad::int64)",
                    name, to_string(shape), xgrad::name(target.dtype()), to_string(target.shape())));
  }
  if (!(target.shape() == shape)) {
    throw ShapeError(
        fmt::format("{}: expected target {} for input {} (the input's shape without the classes), got {}",
                    name, to_string(shape), to_string(input.shape()), to_string(target.shape())));
  }
  ClassRows rows;
  Tensor scores = as_floating(input);
  rows.shape = shape;
  rows.weight = checked_weight(name, weight, classes, scores.dtype());
  if (scores.ndim() == 1) scores = unsqueeze(scores, 0);
  if (scores.ndim() > 2) scores = reshape(movedim(scores, 1, -1), {shape.elements(), classes});
  rows.scores = contiguous(scores);
  rows.classes = contiguous(target.to(int64).detach());
  if (rows.classes.ndim() != 1) rows.classes = reshape(rows.classes, {shape.elements()});
  const std::int64_t* numbers = rows.classes.data<std::int64_t>();
  for (std::int64_t i = 0; i < rows.classes.numel(); ++i) {
    if ((numbers[i] >= 0 && numbers[i] < classes) || numbers[i] == ignore_index) continue;
    throw IndexError(fmt::format("{}: expected classes from 0 to {}, got {} at place {}", name, classes - 1,
                                 numbers[i], i));
  }
  return rows;
}

kernels::CrossEntropyTargets targets_of(const Tensor& classes, const Tensor& weight,
                                        std::int64_t ignore_index, double smoothing) {
  return {classes.array(), weight.defined() ? weight.array() : Array(), ignore_index, smoothing};
}

Tensor cross_entropy_of_classes(const ClassRows& rows, std::int64_t ignore_index, Reduction reduction,
                                double smoothing) {
  kernels::CrossEntropyRows forward = kernels::cross_entropy(
      rows.scores.array(), targets_of(rows.classes, rows.weight, ignore_index, smoothing));
  double scale = reduction == Reduction::mean ? 1 / forward.total_weight : 1;
  Array value = forward.losses;
  if (reduction == Reduction::none) {
    value = value.view(rows.shape, contiguous_strides(rows.shape));
  } else {
    value = Array({}, forward.losses.dtype());
    dispatch_floating(value.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      double total = kernels::sum_of<T>([](auto loss) { return loss; }, forward.losses);
      *value.data<T>() = static_cast<T>(reduction == Reduction::mean ? total / forward.total_weight : total);
    });
  }
  forward.losses = Array();
  bool weighted = rows.weight.defined();
  const Tensor& weight = weighted ? rows.weight : rows.classes;  // something must be saved in its place
  return record_joint(
      "cross_entropy", std::move(value), std::array{&rows.scores},
      [forward, scale, ignore_index, smoothing, weighted](const Tensor& g, const detail::Wanted<1>&,
                                                          const Tensor& scores, const Tensor& classes,
                                                          const Tensor& saved_weight) {
        auto targets = targets_of(classes, weighted ? saved_weight : Tensor(), ignore_index, smoothing);
        if (is_grad_enabled()) {
          auto [a, b] = kernels::cross_entropy_coefficients(scores.array(), targets);
          Tensor upstream = g.numel() == 1 ? reshape(g, {}) : reshape(g, {-1, 1});
          return std::array{(Tensor(a) * softmax(scores, 1) - Tensor(b)) * (upstream * scale)};
        }
        return std::array{Tensor(kernels::cross_entropy_backward(kernels::contiguous(g.array()), scale,
                                                                 scores.array(), targets, forward))};
      },
      rows.scores, rows.classes, weight);
}

/// [1, C, 1, ...], to broadcast along the classes.
Tensor along_classes(const Tensor& weight, const Tensor& input) {
  Shape shape = Shape::filled(input.ndim(), 1);
  shape[class_dim("cross_entropy", input)] = weight.numel();
  return reshape(weight, shape);
}

Tensor cross_entropy_of_probabilities(const Tensor& input, const Tensor& target, const Tensor& weight,
                                      Reduction reduction, double smoothing) {
  std::size_t dim = class_dim("cross_entropy", input);
  auto along = static_cast<std::int64_t>(dim);
  std::int64_t classes = input.shape()[dim];
  Tensor scores = as_floating(input);
  Tensor expected = target.to(scores.dtype());
  if (smoothing > 0) expected = expected * (1 - smoothing) + smoothing / static_cast<double>(classes);
  Tensor weighted = log_softmax(scores, along) * expected;
  Tensor class_weight = checked_weight("cross_entropy", weight, classes, scores.dtype());
  if (class_weight.defined()) weighted = weighted * along_classes(class_weight, input);
  if (reduction == Reduction::none) return -sum(weighted, Shape{along});
  double count = static_cast<double>(input.numel()) / static_cast<double>(classes);
  return sum(weighted) * (reduction == Reduction::mean ? -1 / count : -1.0);
}

}  // namespace

Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                     std::int64_t ignore_index, Reduction reduction, double label_smoothing) {
  detail::check_reduction("cross_entropy", reduction);
  if (!(label_smoothing >= 0 && label_smoothing <= 1)) {
    throw ValueError(
        fmt::format("cross_entropy: expected label_smoothing within [0, 1], got {}", label_smoothing));
  }
  if (is_floating(target.dtype()) && target.shape() == input.shape() && input.ndim() > 0) {
    return cross_entropy_of_probabilities(input, target, weight, reduction, label_smoothing);
  }
  ClassRows rows = class_rows("cross_entropy", input, target, weight, ignore_index);
  return cross_entropy_of_classes(rows, ignore_index, reduction, label_smoothing);
}

Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight, std::int64_t ignore_index,
                Reduction reduction) {
  detail::check_reduction("nll_loss", reduction);
  ClassRows rows = class_rows("nll_loss", input, target, weight, ignore_index);
  Tensor counts;
  Tensor places;
  Tensor weights;
  {
    NoGrad off;
    counts = rows.classes != ignore_index;
    places = where(counts, rows.classes, 0);
    weights = to(counts, rows.scores.dtype());
    if (rows.weight.defined()) weights = weights * index_select(rows.weight, 0, places);
  }
  // An ignored score may be infinite, so it is not enough to multiply by 0.
  Tensor picked = where(counts, squeeze(gather(rows.scores, 1, unsqueeze(places, 1)), 1), 0);
  Tensor losses = -(picked * weights);
  if (reduction == Reduction::none) return reshape(losses, rows.shape);
  return reduction == Reduction::sum ? sum(losses) : sum(losses) / sum(weights);
}

}  // namespace xgrad
