#include <xgrad/autograd/ops/margin_loss.hpp>

#include <fmt/format.h>

#include <cmath>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/margin_loss.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/pair_loss.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad {

// Of two numbers. -----------------------------------------------------------------------------------

namespace {

struct HingeEmbedding {
  static constexpr const char* name = "hinge_embedding_loss";
  double margin;

  auto value(auto x, auto t) const {
    auto gap = margin - x;
    return select(t == 1, 0, select(gap < 0, 0, gap)) + select(t == -1, 0, x);
  }
  auto input_slope(auto g, auto x, auto t) const {
    return select((t == 1) | (x > margin), g * 0, -g) + select(t == -1, g * 0, g);
  }
  auto target_slope(auto g, auto, auto) const { return g * 0; }
};

struct SoftMargin {
  static constexpr const char* name = "soft_margin_loss";
  static constexpr auto value = [](auto x, auto t) {
    auto z = x * t;
    return select(z < 0, -z, z * 0) + log1p(exp(-abs(z)));
  };
  static constexpr auto input_slope = [](auto g, auto x, auto t) { return -(g * t) * sigmoid(-(x * t)); };
  static constexpr auto target_slope = [](auto g, auto x, auto t) { return -(g * x) * sigmoid(-(x * t)); };
};

/// max(0, x); the gradient at 0 passes.
Tensor at_least_zero(const Tensor& x) { return clamp(x, 0.0); }

}  // namespace

Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target, Reduction reduction, double margin) {
  return detail::broadcasting_loss(HingeEmbedding{margin}, input, target, reduction);
}

Tensor soft_margin_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  return detail::broadcasting_loss(SoftMargin(), input, target, reduction);
}

Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                           Reduction reduction, double margin) {
  constexpr const char* op = "margin_ranking_loss";
  detail::check_reduction(op, reduction);
  if (input1.ndim() != input2.ndim() || input1.ndim() != target.ndim()) {
    throw ShapeError(
        fmt::format("{}: expected one number of dimensions, got input1 {}, input2 {} and target {}", op,
                    to_string(input1.shape()), to_string(input2.shape()), to_string(target.shape())));
  }
  DType dtype = common_floating_dtype({input1, input2, target});
  auto binds = [=](auto a, auto b, auto t) { return margin - t * (a - b) >= 0; };
  Tensor losses = elementwise(
      op, Cost::cheap,
      [=](auto a, auto b, auto t) {
        auto gap = margin - t * (a - b);
        return select(gap < 0, 0, gap);
      },
      with_gradients(
          [=](auto g, auto a, auto b, auto t, auto) { return select(binds(a, b, t), -(g * t), g * 0); },
          [=](auto g, auto a, auto b, auto t, auto) { return select(binds(a, b, t), g * t, g * 0); },
          [=](auto g, auto a, auto b, auto t, auto) { return select(binds(a, b, t), g * (b - a), g * 0); }),
      input1.to(dtype), input2.to(dtype), target.to(dtype));
  return detail::reduce_losses(op, losses, reduction);
}

// Of distances. -------------------------------------------------------------------------------------

namespace {

/// The p-norm over the last dimension. Gradient 0 where it is 0.
Tensor row_norm(const Tensor& x, double p) {
  if (x.ndim() == 0) return abs(x);
  Shape last{-1};
  if (p == 1) return sum(abs(x), last);
  if (std::isinf(p)) return p > 0 ? amax(abs(x), last) : amin(abs(x), last);
  if (p == 0) return sum(to(x.detach() != 0, x.dtype()), last);
  Tensor sums;
  if (p == 2) {
    sums = sum(square(x), last);
  } else {
    Tensor nothing = x.detach() == 0;
    sums = sum(where(nothing, 0.0, pow(abs(where(nothing, 1.0, x)), p)), last);
  }
  Tensor zero = sums.detach() == 0;
  Tensor safe = where(zero, 1.0, sums);
  return where(zero, 0.0, p == 2 ? sqrt(safe) : pow(safe, 1 / p));
}

}  // namespace

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginOptions& options) {
  constexpr const char* op = "triplet_margin_loss";
  detail::check_reduction(op, options.reduction);
  if (anchor.ndim() != positive.ndim() || anchor.ndim() != negative.ndim()) {
    throw ShapeError(
        fmt::format("{}: expected one number of dimensions, got anchor {}, positive {} and negative {}", op,
                    to_string(anchor.shape()), to_string(positive.shape()), to_string(negative.shape())));
  }
  detail::broadcast_all(op, anchor, positive, negative);
  DType dtype = common_floating_dtype({anchor, positive, negative});
  Tensor a = anchor.to(dtype);
  Tensor b = positive.to(dtype);
  Tensor c = negative.to(dtype);
  auto distance = [&](const Tensor& x, const Tensor& y) { return row_norm(x - y + options.eps, options.p); };
  Tensor far = distance(a, c);
  if (options.swap) far = minimum(far, distance(b, c));
  return detail::reduce_losses(op, at_least_zero(distance(a, b) - far + options.margin), options.reduction);
}

Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                             Reduction reduction, double margin) {
  constexpr const char* op = "cosine_embedding_loss";
  detail::check_reduction(op, reduction);
  if (target.ndim() > 1 || input1.ndim() != target.ndim() + 1 || input2.ndim() != target.ndim() + 1) {
    throw ShapeError(fmt::format(
        "{}: expected inputs [N, D] with target [N], or [D] with target []; got input1 {}, input2 {} and "
        "target {}",
        op, to_string(input1.shape()), to_string(input2.shape()), to_string(target.shape())));
  }
  Shape rows = detail::broadcast_all(op, input1, input2);
  rows.erase(rows.size() - 1);
  broadcast_shapes(op, rows, target.shape());
  DType dtype = common_floating_dtype({input1, input2});
  Tensor x = input1.to(dtype);
  Tensor y = input2.to(dtype);
  constexpr double tiny = 1e-12;
  Shape last{-1};
  Tensor lengths = sqrt((sum(x * x, last) + tiny) * (sum(y * y, last) + tiny));
  Tensor cosine = sum(x * y, last) / lengths;
  Tensor t = target.detach();
  Tensor losses = where(t == 1, 1 - cosine, 0.0) + where(t == -1, at_least_zero(cosine - margin), 0.0);
  return detail::reduce_losses(op, losses, reduction);
}

// Of classes. ---------------------------------------------------------------------------------------

namespace {

void require_classes(const char* op, const Tensor& target, std::int64_t lowest, std::int64_t classes) {
  if (!is_integral(target.dtype()) || target.dtype() == boolean) {
    throw DTypeError(
        fmt::format("{}: expected target classes as integers, got {} {}; convert with "
                    "to(xgrad::int64)",
                    op, name(target.dtype()), to_string(target.shape())));
  }
  Tensor numbers = contiguous(target.detach().to(int64));
  for (std::int64_t i = 0; i < numbers.numel(); ++i) {
    std::int64_t number = numbers.data<std::int64_t>()[i];
    if (number >= lowest && number < classes) continue;
    throw IndexError(fmt::format("{}: expected classes from {} to {}, got {} at place {}", op, lowest,
                                 classes - 1, number, i));
  }
}

/// The number of classes of [N, C] or [C]; 1 for a 0-d input.
std::int64_t class_count(const char* op, const Tensor& input) {
  if (input.ndim() == 0) return 1;
  if (std::int64_t classes = input.shape()[input.ndim() - 1]; input.ndim() <= 2 && classes > 0)
    return classes;
  throw ShapeError(fmt::format("{}: expected input [N, C] or [C] with at least one class, got {}", op,
                               to_string(input.shape())));
}

}  // namespace

Tensor multi_margin_loss(const Tensor& input, const Tensor& target, const MultiMarginOptions& options) {
  constexpr const char* op = "multi_margin_loss";
  detail::check_reduction(op, options.reduction);
  if (options.p != 1 && options.p != 2)
    throw ValueError(fmt::format("{}: expected p = 1 or 2, got {}", op, options.p));
  std::int64_t classes = class_count(op, input);
  std::int64_t rows = input.ndim() == 2 ? input.shape()[0] : 1;
  if (target.ndim() > 1 || target.numel() != rows) {
    throw ShapeError(
        fmt::format("{}: expected target [N] for input [N, C], or one class for [C], got input "
                    "{} and target {}",
                    op, to_string(input.shape()), to_string(target.shape())));
  }
  require_classes(op, target, 0, classes);
  if (options.weight.defined() && !(options.weight.shape() == Shape{classes})) {
    throw ShapeError(fmt::format("{}: expected weight [{}], one number for each class, got {}", op, classes,
                                 to_string(options.weight.shape())));
  }
  Tensor scores = reshape(as_floating(input), {rows, classes});
  Tensor wanted = reshape(target.detach().to(int64), {rows, 1});
  Tensor factors;  // [N, C]: w[t] / C, 0 for the class t itself
  {
    NoGrad off;
    factors = to(arange(0, classes, 1, int64) != wanted, scores.dtype()) / static_cast<double>(classes);
    if (options.weight.defined()) {
      Tensor weight = options.weight.to(scores.dtype());
      factors = factors * unsqueeze(index_select(weight, 0, reshape(wanted, {rows})), 1);
    }
  }
  bool squared = options.p == 2;
  double margin = options.margin;
  auto slope = [=](auto x, auto own, auto factor) {
    auto gap = margin - own + x;
    return squared ? select(gap > 0, gap * 2 * factor, factor * 0) : select(gap > 0, factor, factor * 0);
  };
  Tensor losses = elementwise(
      op, Cost::cheap,
      [=](auto x, auto own, auto factor) {
        auto gap = margin - own + x;
        auto size = squared ? gap * gap : gap;
        return select(gap > 0, size * factor, 0);
      },
      with_gradients(
          [=](auto g, auto x, auto own, auto factor, auto) { return g * slope(x, own, factor); },
          [=](auto g, auto x, auto own, auto factor, auto) { return -(g * slope(x, own, factor)); },
          [](auto g, auto, auto, auto, auto) { return g * 0; }),  // a constant
      scores, gather(scores, 1, wanted), factors);
  Tensor of_rows = sum(losses, Shape{1});
  if (options.reduction == Reduction::none) return reshape(of_rows, target.shape());
  return detail::reduce_losses(op, of_rows, options.reduction);
}

Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  constexpr const char* op = "multilabel_margin_loss";
  detail::check_reduction(op, reduction);
  std::int64_t classes = class_count(op, input);
  bool fits =
      input.shape() == target.shape() || (input.ndim() < 2 && target.ndim() < 2 && target.numel() == classes);
  if (!fits) detail::require_same_shape(op, input, target);
  require_classes(op, target, -1, classes);
  std::int64_t rows = input.ndim() == 2 ? input.shape()[0] : 1;
  Tensor scores = contiguous(reshape(as_floating(input), {rows, classes}));
  Tensor lists = contiguous(reshape(target.detach().to(int64), {rows, classes}));
  kernels::MultilabelMargin forward = kernels::multilabel_margin(scores.array(), lists.array());
  Tensor losses =
      record(op, forward.losses,
             exact_gradient(
                 scores, [](const Tensor& g, const Tensor& slopes) { return unsqueeze(g, 1) * slopes; },
                 Tensor(forward.slopes)));
  if (reduction == Reduction::none) return input.ndim() == 2 ? losses : reshape(losses, {});
  return detail::reduce_losses(op, losses, reduction);
}

Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target, const Tensor& weight,
                                   Reduction reduction) {
  constexpr const char* op = "multilabel_soft_margin_loss";
  detail::check_reduction(op, reduction);
  if (input.ndim() == 0) throw ShapeError(fmt::format("{}: expected input [..., C], got []", op));
  Shape shape = detail::broadcast_all(op, input, target);
  if (weight.defined()) broadcast_shapes(op, shape, weight.shape());
  DType dtype = detail::loss_dtype(input, target);
  Tensor losses =
      detail::single_losses(detail::BinaryCrossEntropyWithLogits(), input.to(dtype), target.to(dtype));
  if (weight.defined()) losses = losses * weight;
  auto classes = static_cast<double>(input.shape()[input.ndim() - 1]);
  return detail::reduce_losses(op, sum(losses, Shape{-1}) / classes, reduction);
}

}  // namespace xgrad
