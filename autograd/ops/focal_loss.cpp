#include <xgrad/autograd/ops/focal_loss.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/pair_loss.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {

Tensor sigmoid_focal_loss(const Tensor& input, const Tensor& target, const FocalOptions& options) {
  constexpr const char* op = "sigmoid_focal_loss";
  detail::check_reduction(op, options.reduction);
  if (!(options.gamma >= 0) || !(options.alpha <= 1)) {
    throw ValueError(fmt::format("{}: expected gamma of at least 0 and alpha of at most 1, got {} and {}", op,
                                 options.gamma, options.alpha));
  }
  detail::require_same_shape(op, input, target);
  DType dtype = detail::loss_dtype(input, target);
  Tensor x = input.to(dtype);
  Tensor t = target.to(dtype);
  Tensor losses = binary_cross_entropy_with_logits(x, t, Tensor(), Tensor(), Reduction::none);
  // sigmoid(x) t + sigmoid(-x) (1 - t), taken from 1: what is missing from being right, without cancellation.
  Tensor missing = sigmoid(-x) * t + sigmoid(x) * (1 - t);
  losses = losses * pow(missing, options.gamma);
  if (options.alpha >= 0) losses = losses * (options.alpha * t + (1 - options.alpha) * (1 - t));
  return detail::reduce_losses(op, losses, options.reduction);
}

}  // namespace xgrad
