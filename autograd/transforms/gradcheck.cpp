#include <xgrad/autograd/transforms/gradcheck.hpp>

#include <fmt/format.h>

#include <cmath>
#include <ostream>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/backward.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// Fresh float64 leaves over copies of the inputs.
std::vector<Tensor> as_leaves(const char* name, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> leaves;
  bool any = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].dtype() == float32) {
      throw DTypeError(fmt::format(
          "{}: expected float64 inputs, input {} is float32, too coarse for differences; use to(float64)",
          name, i));
    }
    Tensor leaf = inputs[i].detach().clone();
    if (leaf.dtype() == float64) {
      leaf.requires_grad_();
      any = true;
    }
    leaves.push_back(std::move(leaf));
  }
  if (!any) throw ValueError(fmt::format("{}: expected at least one float64 input", name));
  return leaves;
}

std::string index_text(std::int64_t flat, const Shape& shape) {
  Shape index = shape;
  for (std::size_t d = shape.size(); d-- > 0;) {
    index[d] = flat % shape[d];
    flat /= shape[d];
  }
  return to_string(index);
}

double weighted_sum(const TensorFunction& f, const std::vector<Tensor>& inputs, const Tensor& weights) {
  return sum(f(inputs) * weights).item();
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const GradcheckResult& result) {
  return stream << result.report;
}

GradcheckResult gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                          GradcheckOptions options) {
  EnableGrad on;
  std::vector<Tensor> leaves = as_leaves("gradcheck", inputs);
  Tensor output = f(leaves);
  if (output.dtype() != float64) {
    return {false, fmt::format("gradcheck: the function gave {}, expected float64", name(output.dtype()))};
  }
  bool cut = !output.requires_grad();
  if (cut && !options.allow_zero)
    return {false, "gradcheck: the output does not require a gradient: the graph is cut"};
  Generator generator(options.seed);
  // Away from 0, so that no entry hides.
  Tensor weights = rand(output.shape(), float64, &generator) + 0.5;

  std::vector<Tensor> checked;
  for (const Tensor& leaf : leaves) {
    if (leaf.requires_grad()) checked.push_back(leaf);
  }
  std::vector<Tensor> analytic(checked.size());
  if (!cut) analytic = grad(std::span(&output, 1), checked, std::span(&weights, 1), {.allow_unused = true});

  GradcheckResult result{true, "gradcheck: no entries to compare"};
  bool all_zero = true;
  double worst_excess = -1;
  std::size_t place = 0;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!leaves[i].requires_grad()) continue;
    const Tensor& computed = analytic[place++];
    if (computed.defined() && !(computed.shape() == leaves[i].shape())) {
      return {false, fmt::format("gradcheck: the gradient of input {} has shape {}, expected {}", i,
                                 to_string(computed.shape()), to_string(leaves[i].shape()))};
    }
    Tensor flat = computed.defined() ? computed.detach().contiguous() : zeros_like(leaves[i]);
    auto* numbers = leaves[i].data<double>();
    for (std::int64_t k = 0; k < leaves[i].numel(); ++k) {
      double original = numbers[k];
      double step = options.step * std::max(1.0, std::abs(original));
      NoGrad off;
      numbers[k] = original + step;
      double above = weighted_sum(f, leaves, weights);
      double reached_above = numbers[k];
      numbers[k] = original - step;
      double below = weighted_sum(f, leaves, weights);
      double numeric = (above - below) / (reached_above - numbers[k]);
      numbers[k] = original;
      double exact = flat.data<double>()[k];
      double error = std::abs(exact - numeric);
      double excess = error - (options.atol + options.rtol * std::abs(numeric));
      all_zero = all_zero && exact == 0 && numeric == 0;
      bool agrees = error <= options.atol + options.rtol * std::abs(numeric);  // false for nan
      if (!agrees && (result.passed || !(excess <= worst_excess))) {
        result.passed = false;
      } else if (excess <= worst_excess || !result.passed) {
        continue;
      }
      worst_excess = std::isnan(excess) ? INFINITY : excess;
      result.worst_error = error;
      result.report =
          fmt::format("gradcheck: worst entry: input {}, index {}: analytic {:.12g}, numeric {:.12g}", i,
                      index_text(k, leaves[i].shape()), exact, numeric);
    }
  }
  if (result.passed && all_zero && !options.allow_zero) {
    return {false,
            "gradcheck: all gradients are 0, analytic and numeric: nothing was compared; pass {.allow_zero = "
            "true} if that "
            "is meant"};
  }
  return result;
}

GradcheckResult gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                              GradcheckOptions options) {
  EnableGrad on;
  std::vector<Tensor> leaves = as_leaves("gradgradcheck", inputs);
  Tensor output = f(leaves);
  if (!output.requires_grad())
    return {false, "gradgradcheck: the output does not require a gradient: the graph is cut"};
  Generator generator(options.seed + 1);
  Tensor output_gradient = randn(output.shape(), float64, &generator);
  std::vector<Tensor> varied = leaves;
  varied.push_back(output_gradient);
  auto gradient_sum = [&](const std::vector<Tensor>& x) {
    std::vector<Tensor> arguments(x.begin(), x.end() - 1);
    std::vector<Tensor> checked;
    for (Tensor& argument : arguments) {
      if (argument.dtype() != float64) continue;
      if (!argument.requires_grad()) argument = argument.detach().requires_grad_();
      checked.push_back(argument);
    }
    EnableGrad inner;
    Tensor y = f(arguments);
    std::vector<Tensor> gradients = grad(std::span(&y, 1), checked, std::span(&x.back(), 1),
                                         {.create_graph = true, .allow_unused = true});
    std::vector<Tensor> flat;
    flat.reserve(gradients.size());
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      flat.push_back(gradients[i].defined() ? gradients[i].reshape({-1})
                                            : zeros({checked[i].numel()}, float64));
    }
    return cat(flat);
  };
  GradcheckResult result = gradcheck(gradient_sum, varied, options);
  if (result.report.starts_with("gradcheck")) result.report.replace(0, 9, "gradgradcheck");
  return result;
}

}  // namespace xgrad
