#include <xgrad/autograd/ops/ctc_loss.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/ctc.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/pair_loss.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/softmax.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad {
namespace {

constexpr const char* op = "ctc_loss";

void require_integers(const char* operand, const Tensor& x) {
  if (is_integral(x.dtype()) && x.dtype() != boolean) return;
  throw DTypeError(fmt::format("{}: expected {} as integers, got {} {}; convert with to(xgrad::int64)", op,
                               operand, name(x.dtype()), to_string(x.shape())));
}

std::vector<std::int64_t> checked_lengths(const char* operand, const Tensor& lengths, std::int64_t count,
                                          std::int64_t most) {
  require_integers(operand, lengths);
  if (lengths.numel() != count || lengths.ndim() > 1) {
    throw ShapeError(fmt::format("{}: expected {} [{}], one number for each sample, got {}", op, operand,
                                 count, to_string(lengths.shape())));
  }
  Tensor numbers = contiguous(lengths.detach().to(int64));
  const std::int64_t* first = numbers.data<std::int64_t>();
  std::vector<std::int64_t> result(first, first + count);
  for (std::int64_t length : result) {
    if (length < 0 || length > most)
      throw ValueError(fmt::format("{}: expected {} from 0 to {}, got {}", op, operand, most, length));
  }
  return result;
}

kernels::CtcTargets checked_targets(const Tensor& log_probs, const Tensor& targets,
                                    const Tensor& input_lengths, const Tensor& target_lengths,
                                    const CtcOptions& options) {
  std::int64_t time = log_probs.shape()[0];
  std::int64_t count = log_probs.shape()[1];
  std::int64_t classes = log_probs.shape()[2];
  if (options.blank < 0 || options.blank >= classes) {
    throw ValueError(fmt::format("{}: expected blank from 0 to {}, got {}", op, classes - 1, options.blank));
  }
  require_integers("targets", targets);
  if (targets.ndim() != 1 && (targets.ndim() != 2 || targets.shape()[0] != count)) {
    throw ShapeError(fmt::format("{}: expected targets [{}, S], or [the sum of target_lengths], got {}", op,
                                 count, to_string(targets.shape())));
  }
  bool padded = targets.ndim() == 2;
  std::int64_t room = targets.shape()[targets.ndim() - 1];
  kernels::CtcTargets result{.labels = contiguous(targets.detach().to(int64)).array(),
                             .starts = {},
                             .lengths = checked_lengths("target_lengths", target_lengths, count, room),
                             .steps = checked_lengths("input_lengths", input_lengths, count, time),
                             .blank = options.blank,
                             .zero_infinity = options.zero_infinity};
  std::int64_t next = 0;
  for (std::int64_t length : result.lengths) {
    result.starts.push_back(next);
    next += padded ? room : length;
    if (next > targets.numel()) break;
  }
  if (!padded && next != room) {
    throw ShapeError(
        fmt::format("{}: expected as many targets as the target_lengths add up to, got targets {}", op,
                    to_string(targets.shape())));
  }
  for (std::size_t n = 0; n < result.lengths.size(); ++n) {
    for (std::int64_t i = 0; i < result.lengths[n]; ++i) {
      std::int64_t label = result.labels.data<std::int64_t>()[result.starts[n] + i];
      if (label >= 0 && label < classes) continue;
      throw IndexError(fmt::format("{}: expected labels from 0 to {}, got {} at place {} of sample {}", op,
                                   classes - 1, label, i, n));
    }
  }
  return result;
}

// Stands for log 0 in the recorded recursion: differences of it stay numbers.
constexpr double log_zero = -1e30;

/// A constant [N, width] whose elements are element(n, s).
template <class T, class Element>
Tensor table(const kernels::CtcTargets& targets, std::int64_t width, const Element& element) {
  auto count = static_cast<std::int64_t>(targets.lengths.size());
  Array numbers({count, width}, dtype_of<T>);
  for (std::int64_t n = 0; n < count; ++n) {
    for (std::int64_t s = 0; s < width; ++s)
      numbers.data<T>()[n * width + s] = element(static_cast<std::size_t>(n), s);
  }
  return Tensor(std::move(numbers));
}

/// The losses written out in differentiable operations: slower than the kernel, with gradients of every
/// order.
Tensor recorded_losses(const Tensor& log_probs, const kernels::CtcTargets& targets) {
  DType dtype = log_probs.dtype();
  std::int64_t time = log_probs.shape()[0];
  std::int64_t count = log_probs.shape()[1];
  std::int64_t width = 2 * std::ranges::max(targets.lengths) + 1;
  auto exists = [&](std::size_t n, std::int64_t s) { return s <= 2 * targets.lengths[n]; };
  Tensor labels = table<std::int64_t>(targets, width, [&](std::size_t n, std::int64_t s) {
    return exists(n, s) ? targets.extended(n, s) : targets.blank;
  });
  Tensor skips = table<double>(targets, width, [&](std::size_t n, std::int64_t s) {
                   return exists(n, s) && targets.skips(n, s) ? 0.0 : log_zero;
                 }).to(dtype);
  Tensor starts = table<double>(targets, width, [&](std::size_t n, std::int64_t s) {
                    return s < 2 && exists(n, s) ? 0.0 : log_zero;
                  }).to(dtype);
  Tensor ends = table<double>(targets, width, [&](std::size_t n, std::int64_t s) {
                  return exists(n, s) && s + 2 > 2 * targets.lengths[n] ? 0.0 : log_zero;
                }).to(dtype);
  Tensor steps =
      table<std::int64_t>(targets, 1, [&](std::size_t n, std::int64_t) { return targets.steps[n]; });

  auto shifted = [&](const Tensor& alpha, std::int64_t by) {
    by = std::min(by, width);
    Tensor nothing = full({count, by}, log_zero, dtype);
    return cat(std::array{nothing, narrow(alpha, 1, 0, width - by)}, 1);
  };
  Tensor emissions = gather(log_probs, 2, contiguous(expand(labels, {time, count, width})));
  // Before the first step everything is in front of state 0 or 1; no step at all is no label at all.
  Tensor alpha = select(emissions, 0, 0) + starts;
  for (std::int64_t t = 1; t < time; ++t) {
    std::array ways{alpha, shifted(alpha, 1), shifted(alpha, 2) + skips};
    Tensor next = logsumexp(stack(ways, 0), Shape{0}) + select(emissions, 0, t);
    alpha = where(steps > t, next, alpha);
  }
  Tensor log_likelihood = logsumexp(alpha + ends, Shape{1});
  Tensor impossible = log_likelihood < 0.5 * log_zero;
  double instead = targets.zero_infinity ? 0.0 : std::numeric_limits<double>::infinity();
  Tensor losses = where(impossible, instead, -log_likelihood);
  Tensor no_step =
      table<bool>(targets, 1, [&](std::size_t n, std::int64_t) { return targets.steps[n] == 0; });
  return where(reshape(no_step, {count}), 0.0, losses);
}

/// [N] of log_probs [T, N, C].
Tensor losses_of(const Tensor& log_probs, const kernels::CtcTargets& targets) {
  kernels::CtcLosses forward = kernels::ctc(log_probs.array(), targets, must_record(log_probs));
  if (!forward.slopes.defined()) return Tensor(std::move(forward.losses));
  return record(op, forward.losses,
                exact_gradient(
                    log_probs,
                    [targets](const Tensor& g, const Tensor& saved, const Tensor& slopes) {
                      if (!is_grad_enabled() || targets.lengths.empty() || saved.shape()[0] == 0)
                        return slopes * reshape(g, {-1, 1});
                      Tensor here = saved * 1;
                      return grad(sum(recorded_losses(here, targets) * g), here, Tensor(),
                                  {.create_graph = true});
                    },
                    log_probs, Tensor(forward.slopes)));
}

}  // namespace

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, const CtcOptions& options) {
  detail::check_reduction(op, options.reduction);
  if (!is_floating(log_probs.dtype())) {
    throw DTypeError(fmt::format("{}: expected log_probs floating, got {}", op, name(log_probs.dtype())));
  }
  if (log_probs.ndim() != 2 && log_probs.ndim() != 3) {
    throw ShapeError(
        fmt::format("{}: expected log_probs [T, N, C] or [T, C], got {}", op, to_string(log_probs.shape())));
  }
  bool batched = log_probs.ndim() == 3;
  Tensor frames = contiguous(batched ? log_probs : unsqueeze(log_probs, 1));
  kernels::CtcTargets checked = checked_targets(frames, targets, input_lengths, target_lengths, options);
  Tensor losses = losses_of(frames, checked);
  if (options.reduction == Reduction::mean) {
    Tensor lengths = table<double>(checked, 1, [&](std::size_t n, std::int64_t) {
      return static_cast<double>(std::max<std::int64_t>(1, checked.lengths[n]));
    });
    return mean(losses / reshape(lengths, {-1}).to(losses.dtype()));
  }
  if (options.reduction == Reduction::sum) return sum(losses);
  return batched ? losses : reshape(losses, {});
}

}  // namespace xgrad
