#include "check.hpp"

#include <doctest/doctest.h>

namespace check {

using namespace xgrad;

Tensor each(const Tensor& x, const std::function<double(double)>& f) {
  Tensor result = x.to(float64).clone();
  for (std::int64_t i = 0; i < result.numel(); ++i) result.data<double>()[i] = f(result.data<double>()[i]);
  return result;
}

Tensor each(const Tensor& x, const Tensor& y, const std::function<double(double, double)>& f) {
  Tensor result = x.to(float64).clone();
  Tensor other = y.to(float64).contiguous();
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    result.data<double>()[i] = f(result.data<double>()[i], other.data<double>()[i]);
  }
  return result;
}

Tensor spread_numbers(const Shape& shape, double low, double high, const std::vector<double>& kinks,
                      std::uint64_t seed) {
  Generator generator(seed);
  Tensor result = rand(shape, float64, &generator) * (high - low) + low;
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    double& number = result.data<double>()[i];
    for (double kink : kinks) {
      if (std::abs(number - kink) < 0.05) number = kink + (number < kink ? -0.1 : 0.1);
    }
  }
  return result;
}

Tensor transposed_memory(const Tensor& x) {
  Shape reversed;
  for (std::size_t i = x.ndim(); i-- > 0;) reversed.push_back(static_cast<std::int64_t>(i));
  return x.permute(reversed).clone().permute(reversed).detach();
}

Tensor stepped_memory(const Tensor& x) {
  if (x.ndim() == 0) return x.clone();
  Tensor twice = stack({x, x * 0 - 7}, static_cast<std::int64_t>(x.ndim()));
  return twice.select(-1, 0).detach();
}

bool agree(const Tensor& a, const Tensor& b, double tolerance) {
  if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) return false;
  Tensor x = a.detach().to(float64).contiguous();
  Tensor y = b.detach().to(float64).contiguous();
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    double p = x.data<double>()[i];
    double q = y.data<double>()[i];
    if (std::isnan(p) && std::isnan(q)) continue;
    if (p == q) continue;
    if (!std::isfinite(q) || !(std::abs(p - q) <= tolerance * std::max(1.0, std::abs(q)))) return false;
  }
  return true;
}

namespace {

std::vector<Tensor> draw(const Operation& operation, const std::vector<Shape>& shapes) {
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    inputs.push_back(spread_numbers(shapes[i], operation.low, operation.high, operation.kinks, 17 + i));
  }
  return inputs;
}

std::string text(const std::vector<Shape>& shapes) {
  std::string result;
  for (const Shape& shape : shapes) result += to_string(shape) + " ";
  return result;
}

/// The gradients of sum(f(x) * its own running numbers) with respect to all inputs.
std::vector<Tensor> gradients(const Operation& operation, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> leaves;
  for (const Tensor& input : inputs) {
    Tensor leaf(input.array());  // keeps the strides
    leaves.push_back(leaf.requires_grad_());
  }
  Tensor y = operation.call(leaves);
  if (!y.requires_grad()) return {};
  Tensor weights = arange(0, y.numel(), 1, float64).reshape(y.shape()) + 1;
  return grad(std::span(&y, 1), leaves, std::span(&weights, 1), {.allow_unused = true});
}

void check_layouts(const Operation& operation, const std::vector<Tensor>& inputs) {
  Tensor plain = operation.call(inputs);
  std::vector<Tensor> plain_gradients;
  if (operation.differentiable) plain_gradients = gradients(operation, inputs);
  for (auto layout : {transposed_memory, stepped_memory}) {
    std::vector<Tensor> moved;
    for (const Tensor& input : inputs) moved.push_back(layout(input));
    CHECK_MESSAGE(agree(operation.call(moved), plain, 1e-13),
                  operation.name << ": another memory layout gives another value");
    if (!operation.differentiable) continue;
    std::vector<Tensor> moved_gradients = gradients(operation, moved);
    REQUIRE(moved_gradients.size() == plain_gradients.size());
    for (std::size_t i = 0; i < moved_gradients.size(); ++i) {
      bool same = moved_gradients[i].defined() == plain_gradients[i].defined() &&
                  (!moved_gradients[i].defined() || agree(moved_gradients[i], plain_gradients[i], 1e-12));
      CHECK_MESSAGE(same, operation.name << ": another memory layout gives another gradient");
    }
  }
}

}  // namespace

void check_operation(const Operation& operation) {
  CAPTURE(operation.name);
  if (operation.expected.defined()) {
    Tensor value = operation.call(operation.example);
    CHECK_MESSAGE(agree(value, operation.expected, operation.tolerance),
                  operation.name << ": got " << value << ", expected " << operation.expected);
    bool floating = false;
    std::vector<Tensor> single;
    for (const Tensor& input : operation.example) {
      single.push_back(input.dtype() == float64 ? input.to(float32) : input);
      floating = floating || input.dtype() == float64;
    }
    if (floating) {
      Tensor result = operation.call(single);
      Tensor expected =
          operation.expected.dtype() == float64 ? operation.expected.to(float32) : operation.expected;
      CHECK_MESSAGE(agree(result, expected, 2e-5),
                    operation.name << " in float32: got " << result << ", expected " << expected);
    }
  }
  for (const auto& shapes : operation.shapes) {
    CAPTURE(text(shapes));
    std::vector<Tensor> inputs = draw(operation, shapes);
    Tensor value = operation.call(inputs);
    check_layouts(operation, inputs);
    if (!operation.differentiable) {
      for (Tensor& input : inputs) input.requires_grad_();
      CHECK_FALSE(operation.call(inputs).requires_grad());
      continue;
    }
    bool nothing = value.numel() == 0;
    for (const Tensor& input : inputs) nothing = nothing || input.numel() == 0;
    bool allow_zero =
        nothing || operation.zero_gradient || value.numel() == 1;  // one number may lie where the slope is 0
    auto first = gradcheck(operation.call, inputs, {.allow_zero = allow_zero});
    CHECK_MESSAGE(first.passed, operation.name << ": " << first.report);
    auto second =
        gradgradcheck(operation.call, inputs, {.rtol = 1e-4, .atol = 1e-6, .allow_zero = allow_zero});
    CHECK_MESSAGE(second.passed, operation.name << ": " << second.report);
  }
  for (const auto& shapes : operation.throwing) {
    CAPTURE(text(shapes));
    CHECK_THROWS_AS(operation.call(draw(operation, shapes)), Error);
  }
  if (!operation.example.empty()) {
    std::vector<Tensor> undefined(operation.example.size());
    CHECK_THROWS_AS(operation.call(undefined), GraphError);
  }
}

}  // namespace check
