// Times the workloads. See README.md.

#include "harness.hpp"
#include "workloads.hpp"

namespace bench {

using namespace xgrad;

void forward_only(const std::string& name, std::function<Tensors()> inputs, Function function) {
  add(name, [=] {
    Tensors x = inputs();
    return std::function<void()>([=] {
      NoGrad off;
      Tensor out = function(x);
    });
  });
}

void forward_and_backward(const std::string& name, std::function<Tensors()> inputs, Function function) {
  forward_only(name, inputs, function);
  add(name + "_fb", [=] {
    Tensors x = inputs();
    Tensors leaves;
    for (Tensor& tensor : x) {
      if (!tensor.is_floating_point()) continue;
      tensor = leaf(tensor);
      leaves.push_back(tensor);
    }
    Tensor ones = ones_like(function(x).detach());
    return std::function<void()>([=] {
      drop_gradients(leaves);
      function(x).backward(ones);
    });
  });
}

}  // namespace bench

int main(int argc, char** argv) {
  bench::add_graph_workloads();
  bench::add_elementwise_workloads();
  bench::add_layer_workloads();
  bench::add_recurrent_workloads();
  bench::add_training_workloads();
  return bench::run(argc, argv);
}
