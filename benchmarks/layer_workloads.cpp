#include "workloads.hpp"

namespace bench {

using namespace xgrad;

void add_layer_workloads() {
  auto product = [](const Tensors& x) { return matmul(x[0], x[1]); };
  for (std::int64_t n : {16, 64, 256, 1024}) {
    forward_and_backward(
        "matmul/" + std::to_string(n), [n] { return Tensors{randn({n, n}), randn({n, n})}; }, product);
  }
  forward_and_backward(
      "matmul/batched_64x128x64x128", [] { return Tensors{randn({64, 128, 64}), randn({64, 64, 128})}; },
      product);
  forward_only("matmul/vector_1024", [] { return Tensors{randn({1024, 1024}), randn({1024})}; }, product);
  forward_and_backward(
      "matmul/linear_64x784x256", [] { return Tensors{randn({64, 784}), randn({256, 784}), randn({256})}; },
      [](const Tensors& x) { return linear(x[0], x[1], x[2]); });
}

}  // namespace bench
