#include "workloads.hpp"

namespace bench {

using namespace xgrad;

void add_graph_workloads() {
  const std::pair<const char*, std::int64_t> sizes[] = {
      {"1", 1}, {"16", 16}, {"1k", 1 << 10}, {"64k", 64 << 10}, {"1M", 1 << 20}, {"16M", 16 << 20}};
  for (auto [label, n] : sizes) {
    forward_only(
        std::string("op/add_") + label, [n = n] { return Tensors{randn({n}), randn({n})}; },
        [](const Tensors& x) { return x[0] + x[1]; });
    add(std::string("op/add_recorded_") + label, [n = n] {
      Tensor a = leaf(randn({n}));
      Tensor b = leaf(randn({n}));
      return std::function<void()>([=] { Tensor c = a + b; });
    });
  }
  add("op/add_inplace_1M", [] {
    Tensor a = randn({1 << 20});
    Tensor b = randn({1 << 20});
    return std::function<void()>([=]() mutable {
      NoGrad off;
      a.mul_(0.5).add_(b);
    });
  });
  auto matrices = [] { return Tensors{randn({4, 4}), randn({4, 4})}; };
  forward_only(
      "op/mul_scalar_16", [] { return Tensors{randn({16})}; }, [](const Tensors& x) { return x[0] * 2.0; });
  forward_only("op/view_transpose", matrices, [](const Tensors& x) { return x[0].transpose(0, 1); });
  forward_only("op/slice", matrices, [](const Tensors& x) { return x[0].slice(0, 1, 3); });
  forward_only("op/matmul_4x4", matrices, [](const Tensors& x) { return matmul(x[0], x[1]); });
  add("op/item", [] {
    Tensor a = randn({1});
    return std::function<void()>([=] { [[maybe_unused]] volatile float value = a.item<float>(); });
  });
  add("op/zeros_16", [] { return std::function<void()>([] { Tensor c = zeros({16}); }); });

  add("graph/chain10_4x4_fb", [] {
    Tensor x = leaf(randn({4, 4}));
    Tensor w = leaf(randn({4, 4}));
    return std::function<void()>([=] {
      drop_gradients({x, w});
      Tensor y = x;
      for (int i = 0; i < 5; ++i) y = tanh(y * w);
      y.sum().backward();
    });
  });
  add(
      "graph/scalar_chain_build_destroy_per_node",
      [] {
        Tensor x = leaf(ones({1}));
        Tensor w = ones({1});
        return std::function<void()>([=] {
          Tensor y = x;
          for (int i = 0; i < 10000; ++i) y = y * w;
        });
      },
      10000);
  add(
      "graph/scalar_chain_total_per_node",
      [] {
        Tensor x = leaf(ones({1}));
        Tensor w = ones({1});
        return std::function<void()>([=] {
          drop_gradients({x});
          Tensor y = x;
          for (int i = 0; i < 10000; ++i) y = y * w;
          y.backward();
        });
      },
      10000);
  add(
      "graph/scalar_chain_backward_per_node",
      [] {
        Tensor x = leaf(ones({1}));
        Tensor w = ones({1});
        Tensor y = x;
        for (int i = 0; i < 10000; ++i) y = y * w;
        return std::function<void()>([=] {
          drop_gradients({x});
          y.backward({.retain_graph = true});
        });
      },
      10000);
  add("graph/fan_1000_fb", [] {
    Tensors leaves;
    for (int i = 0; i < 1000; ++i) leaves.push_back(leaf(ones({16})));
    Tensor w = leaf(ones({16}));
    return std::function<void()>([=] {
      drop_gradients(leaves);
      drop_gradients({w});
      Tensor total = leaves[0] * w;
      for (std::size_t i = 1; i < 1000; ++i) total = total + leaves[i] * w;
      total.sum().backward();
    });
  });
}

}  // namespace bench
