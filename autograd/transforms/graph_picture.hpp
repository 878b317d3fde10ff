#pragma once

#include <string>
#include <utility>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

/// Names for leaves in a picture of a graph.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// The graph that made a tensor, in Graphviz's language: a box for each operation, an ellipse for each leaf
/// with its name (where `names` has it) and shape, arrows in the direction of the computation. Draw it with
/// `dot -Tsvg`.
XGRAD_API std::string to_dot(const Tensor& tensor, const NamedTensors& names = {});

}  // namespace xgrad
