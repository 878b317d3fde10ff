#pragma once

#include <functional>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "harness.hpp"

/// The workloads, by family. What each one is stands in README.md; its name is the same as the peer's.
namespace bench {

using Tensors = std::vector<xgrad::Tensor>;
using Function = std::function<xgrad::Tensor(const Tensors&)>;

/// A fresh leaf with the numbers of `values`.
inline xgrad::Tensor leaf(const xgrad::Tensor& values) { return values.detach().clone().requires_grad_(); }

inline void drop_gradients(const Tensors& leaves) {
  for (xgrad::Tensor tensor : leaves) tensor.set_grad({});
}

/// `name`: forward with gradients off. `name_fb`: all floating inputs are leaves; forward, then backward from
/// ones.
void forward_and_backward(const std::string& name, std::function<Tensors()> inputs, Function function);
void forward_only(const std::string& name, std::function<Tensors()> inputs, Function function);

void add_graph_workloads();
void add_elementwise_workloads();
void add_layer_workloads();
void add_recurrent_workloads();
void add_training_workloads();

}  // namespace bench
