#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/loss.hpp>
#include <xgrad/autograd/ops/pair_loss.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/softmax.hpp>
#include <xgrad/autograd/ops/views.hpp>

/// Losses over classes.
namespace xgrad {
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
  return record_joint(
      "cross_entropy", std::move(value), std::array{&rows.scores},
      [forward, scale, ignore_index, smoothing](const Tensor& g, const detail::Wanted<1>&,
                                                const Tensor& scores, const Tensor& classes,
                                                const Tensor& weight) {
        auto targets = targets_of(classes, weight, ignore_index, smoothing);
        if (is_grad_enabled()) {
          auto [a, b] = kernels::cross_entropy_coefficients(scores.array(), targets);
          Tensor upstream = g.numel() == 1 ? reshape(g, {}) : reshape(g, {-1, 1});
          return std::array{(Tensor(a) * softmax(scores, 1) - Tensor(b)) * (upstream * scale)};
        }
        return std::array{Tensor(kernels::cross_entropy_backward(kernels::contiguous(g.array()), scale,
                                                                 scores.array(), targets, forward))};
      },
      rows.scores, rows.classes, rows.weight);
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
