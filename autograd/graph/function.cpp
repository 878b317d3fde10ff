#include <xgrad/autograd/graph/function.hpp>

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>

namespace xgrad {

const Tensor& Context::saved(std::size_t i) const {
  if (i >= saved_.size()) {
    throw IndexError(fmt::format("Context::saved: asked for tensor {}, but {} were saved", i, saved_.size()));
  }
  if (node_ == nullptr)
    throw GraphError("Context::saved: saved tensors are for backward; forward has its arguments");
  return saved_[i].get(*node_);
}

bool Context::needs_input_grad(std::size_t i) const { return i < needed_.size() && needed_[i]; }

namespace detail {
namespace {

/// The name of a type as it is written, without its namespaces.
std::string readable(const char* type_name) {
  int status = 0;
  char* text = abi::__cxa_demangle(type_name, nullptr, nullptr, &status);
  std::string name = status == 0 ? text : type_name;
  std::free(text);
  std::size_t colon = name.rfind("::");
  return colon == std::string::npos ? name : name.substr(colon + 2);
}

/// A gradient as the input that it is for needs it: summed over dimensions that were broadcast, and of its
/// dtype.
Tensor fitted(const char* name, std::size_t place, Tensor gradient, const Shape& shape, DType dtype) {
  if (!(gradient.shape() == shape)) {
    if (!is_floating(gradient.dtype()) || gradient.ndim() < shape.size() ||
        !(broadcast_shapes(name, gradient.shape(), shape) == gradient.shape())) {
      throw ShapeError(fmt::format("{}: backward returned a gradient {} for tensor argument {}, which is {}",
                                   name, describe(gradient.array()), place, to_string(shape)));
    }
    gradient = sum_to_shape(gradient, shape);
  }
  return gradient.to(dtype);
}

}  // namespace

FunctionNode::FunctionNode(std::shared_ptr<std::string> name, Context&& context,
                           const std::vector<Tensor>& inputs, FunctionBackward backward)
    : Node(name->c_str()),
      name_(std::move(name)),
      context_(std::move(context)),
      storage_(inputs.size()),
      backward_(backward) {
  set_edges(storage_.data(), static_cast<std::uint32_t>(storage_.size()));
  context_.node_ = this;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs_.emplace_back(inputs[i].shape(), inputs[i].dtype());
    if (inputs[i].requires_grad()) connect(static_cast<std::uint32_t>(i), inputs[i]);
  }
}

void FunctionNode::backward(Backward& walk) {
  Tensor g = std::move(walk.gradient());
  context_.needed_.assign(storage_.size(), false);
  for (std::uint32_t i = 0; i < storage_.size(); ++i) context_.needed_[i] = walk.wants(i);
  std::vector<Tensor> gradients = backward_(context_, g);
  g = Tensor();
  if (gradients.size() != storage_.size()) {
    throw GraphError(fmt::format(
        "{}: backward returned {} gradients for {} tensor arguments; return an undefined Tensor where "
        "there is none",
        name(), gradients.size(), storage_.size()));
  }
  for (std::uint32_t i = 0; i < storage_.size(); ++i) {
    if (!walk.wants(i) || !gradients[i].defined()) continue;
    const auto& [shape, dtype] = inputs_[i];
    walk.send(i, fitted(name(), i, std::move(gradients[i]), shape, dtype));
  }
}

void FunctionNode::release_saved() noexcept {
  for (SavedInput& saved : context_.saved_) saved.release();
}

Tensor record_function(const char* type_name, Context&& context, const std::vector<Tensor>& inputs,
                       Tensor output, FunctionBackward backward) {
  bool recorded = is_grad_enabled() &&
                  std::ranges::any_of(inputs, [](const Tensor& input) { return input.requires_grad(); });
  if (!recorded) return output;
  auto name = std::make_shared<std::string>(readable(type_name));
  if (!is_floating(output.dtype())) return output;
  // An input handed through is another tensor now.
  bool handed_through =
      std::ranges::any_of(inputs, [&](const Tensor& input) { return input.is_same(output); });
  Tensor fresh =
      handed_through || output.impl().base || !output.is_leaf() ? Tensor(output.array()) : std::move(output);
  attach(fresh, make_node<FunctionNode>(std::move(name), std::move(context), inputs, backward));
  return fresh;
}

}  // namespace detail
}  // namespace xgrad
