#pragma once

#include <array>
#include <string>
#include <type_traits>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/loss.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/loss.hpp>

/// Losses of one input and one target, written as formulas: a struct with a `name`, the `value` of an element
/// (x, t), and its slopes times the gradient, `input_slope` and `target_slope` (g, x, t). Its members are the
/// options of the loss; without any it is empty.
namespace xgrad::detail {

/// none: the losses themselves, mean and sum: one number. Throws ValueError for another reduction, naming op.
XGRAD_API Tensor reduce_losses(const char* op, const Tensor& losses, Reduction reduction);
/// Throws ValueError unless the reduction is none, mean or sum.
XGRAD_API void check_reduction(const char* op, Reduction reduction);
/// Throws ShapeError unless both have one shape.
XGRAD_API void require_same_shape(const char* op, const Tensor& input, const Tensor& target);
/// The floating dtype that input and target meet in; a target of whole numbers takes the input's.
XGRAD_API DType loss_dtype(const Tensor& input, const Tensor& target);

template <class Loss>
auto input_slope_of(const Loss& loss) {
  if constexpr (std::is_empty_v<Loss>)
    return [](auto g, auto x, auto t, auto) { return Loss().input_slope(g, x, t); };
  else
    return [loss](auto g, auto x, auto t, auto) { return loss.input_slope(g, x, t); };
}
template <class Loss>
auto target_slope_of(const Loss& loss) {
  if constexpr (std::is_empty_v<Loss>)
    return [](auto g, auto x, auto t, auto) { return Loss().target_slope(g, x, t); };
  else
    return [loss](auto g, auto x, auto t, auto) { return loss.target_slope(g, x, t); };
}

/// One loss for each element; input and target of one floating dtype broadcast.
template <class Loss>
Tensor single_losses(const Loss& loss, const Tensor& input, const Tensor& target) {
  return elementwise(
      Loss::name, [loss](auto x, auto t) { return loss.value(x, t); },
      with_gradients(input_slope_of(loss), target_slope_of(loss)), input, target);
}

template <class Formula>
Tensor slope_array(const Tensor& g, double scale, const Tensor& x, const Tensor& t, const Formula& formula) {
  Array out(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&](auto tag) {
    kernels::map<typename decltype(tag)::type>(
        out, [scale, formula](auto up, auto a, auto b) { return formula(up * scale, a, b, b); }, Cost::heavy,
        g.array(), x.array(), t.array());
  });
  return Tensor(std::move(out));
}

/// scale times the sum of the losses, as one operation on an input and a target of one shape.
template <class Loss>
Tensor summed_losses(const Loss& loss, const Tensor& input, const Tensor& target, double scale) {
  Array total({}, input.dtype());
  dispatch_floating(input.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto summed = [&](const Array& x, const Array& t) {
      return kernels::sum_of<T>([loss](auto a, auto b) { return loss.value(a, b); }, x, t);
    };
    bool dense = input.is_contiguous() && target.is_contiguous();
    double sum = dense ? summed(input.array(), target.array())
                       : summed(kernels::contiguous(input.array()), kernels::contiguous(target.array()));
    *total.data<T>() = static_cast<T>(sum * scale);
  });
  return record_joint(
      Loss::name, std::move(total), std::array{&input, &target},
      [scale, loss](const Tensor& g, const Wanted<2>& wanted, const Tensor& x, const Tensor& t) {
        std::array<Tensor, 2> gradients;
        if (is_grad_enabled()) {
          Tensor scaled = g * scale;
          if (wanted[0]) gradients[0] = loss.input_slope(scaled, x, t);
          if (wanted[1]) gradients[1] = loss.target_slope(scaled, x, t);
        } else {
          if (wanted[0]) gradients[0] = slope_array(g, scale, x, t, input_slope_of(loss));
          if (wanted[1]) gradients[1] = slope_array(g, scale, x, t, target_slope_of(loss));
        }
        return gradients;
      },
      input, target);
}

/// The reduced losses of an input and a target of one floating dtype. Those of one shape are summed as they
/// are computed.
template <class Loss>
Tensor pair_loss(const Loss& loss, const Tensor& input, const Tensor& target, Reduction reduction) {
  check_reduction(Loss::name, reduction);
  if (reduction == Reduction::none || input.numel() == 0 || !(input.shape() == target.shape())) {
    return reduce_losses(Loss::name, single_losses(loss, input, target), reduction);
  }
  double scale = reduction == Reduction::sum ? 1.0 : 1.0 / static_cast<double>(input.numel());
  return summed_losses(loss, input, target, scale);
}

/// `pair_loss` in the dtype that input and target meet in.
template <class Loss>
Tensor broadcasting_loss(const Loss& loss, const Tensor& input, const Tensor& target, Reduction reduction) {
  DType dtype = loss_dtype(input, target);
  if (input.dtype() == dtype && target.dtype() == dtype) return pair_loss(loss, input, target, reduction);
  return pair_loss(loss, input.to(dtype), target.to(dtype), reduction);
}
/// `broadcasting_loss` for losses that take one shape alone.
template <class Loss>
Tensor same_shape_loss(const Loss& loss, const Tensor& input, const Tensor& target, Reduction reduction) {
  require_same_shape(Loss::name, input, target);
  return broadcasting_loss(loss, input, target, reduction);
}

/// -(t log s(x) + (1 - t) log(1 - s(x))) with s the sigmoid, without overflow.
struct BinaryCrossEntropyWithLogits {
  static constexpr const char* name = "binary_cross_entropy_with_logits";
  static constexpr auto value = [](auto x, auto t) {
    return select(x < 0, 0, x) - x * t + log1p(exp(-abs(x)));
  };
  static constexpr auto input_slope = [](auto g, auto x, auto t) { return g * (sigmoid(x) - t); };
  static constexpr auto target_slope = [](auto g, auto x, auto) { return -(g * x); };
};

}  // namespace xgrad::detail
