#include <xgrad/nn/utils.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad::nn::utils {
namespace {

void require_defined(const char* name, const std::vector<Tensor>& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].defined()) throw GraphError(fmt::format("{}: parameter {} is undefined", name, i));
  }
}

void set_requires_grad(const char* name, const std::vector<Tensor>& parameters, bool value) {
  require_defined(name, parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].is_leaf())
      throw GraphError(fmt::format("{}: parameter {} is the result of an operation, not a leaf", name, i));
    if (value && !parameters[i].is_floating_point()) {
      throw DTypeError(fmt::format("{}: expected floating parameters, got parameter {} of {}", name, i,
                                   xgrad::name(parameters[i].dtype())));
    }
  }
  for (Tensor parameter : parameters) parameter.requires_grad_(value);
}

}  // namespace

Tensor parameters_to_vector(const std::vector<Tensor>& parameters) {
  if (parameters.empty())
    throw ValueError("parameters_to_vector: expected at least one parameter, got an empty list");
  require_defined("parameters_to_vector", parameters);
  std::vector<Tensor> parts;
  parts.reserve(parameters.size());
  for (const Tensor& parameter : parameters) parts.push_back(parameter.reshape({-1}));
  return cat(parts, 0);
}

void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& parameters) {
  require_defined("vector_to_parameters", parameters);
  std::int64_t count = 0;
  for (const Tensor& parameter : parameters) count += parameter.numel();
  if (vector.ndim() != 1 || vector.numel() != count) {
    throw ShapeError(
        fmt::format("vector_to_parameters: expected a vector [{}], the elements of all parameters, got {}",
                    count, to_string(vector.shape())));
  }
  NoGrad off;
  for (const Tensor& parameter : parameters) check_in_place("vector_to_parameters", parameter);
  std::int64_t start = 0;
  for (Tensor parameter : parameters) {
    parameter.copy_(vector.narrow(0, start, parameter.numel()).reshape(parameter.shape()));
    start += parameter.numel();
  }
}

void freeze(const std::vector<Tensor>& parameters) { set_requires_grad("freeze", parameters, false); }
void freeze(const Module& module) { freeze(module.parameters()); }
void unfreeze(const std::vector<Tensor>& parameters) { set_requires_grad("unfreeze", parameters, true); }
void unfreeze(const Module& module) { unfreeze(module.parameters()); }

}  // namespace xgrad::nn::utils
