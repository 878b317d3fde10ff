#include "workloads.hpp"

namespace bench {

using namespace xgrad;

namespace {

struct ConvolutionCase {
  std::string name;
  Shape x, weight;
  std::int64_t padding, stride = 1, groups = 1;
};

void add_convolutions() {
  const ConvolutionCase cases[] = {
      {"32x3x32x32_to32_k3", {32, 3, 32, 32}, {32, 3, 3, 3}, 1},
      {"32x32x28x28_to64_k3", {32, 32, 28, 28}, {64, 32, 3, 3}, 1},
      {"32x32x28x28_to64_k1", {32, 32, 28, 28}, {64, 32, 1, 1}, 0},
      {"32x32x28x28_to64_k5", {32, 32, 28, 28}, {64, 32, 5, 5}, 2},
      {"32x32x28x28_to64_k3_stride2", {32, 32, 28, 28}, {64, 32, 3, 3}, 1, 2},
      {"32x64x28x28_depthwise_k3", {32, 64, 28, 28}, {64, 1, 3, 3}, 1, 1, 64},
  };
  for (const ConvolutionCase& c : cases) {
    forward_and_backward(
        "conv/" + c.name, [c] { return Tensors{randn(c.x), randn(c.weight) * 0.05, randn({c.weight[0]})}; },
        [c](const Tensors& x) {
          return conv2d(x[0], x[1], x[2], {.stride = c.stride, .padding = c.padding, .groups = c.groups});
        });
  }
}

void add_pooling_and_normalization() {
  auto images = [] { return Tensors{randn({32, 64, 28, 28})}; };
  forward_and_backward("pool/max2_32x64x28x28", images, [](const Tensors& x) { return max_pool2d(x[0], 2); });
  forward_and_backward("pool/avg2_32x64x28x28", images, [](const Tensors& x) { return avg_pool2d(x[0], 2); });
  forward_and_backward(
      "norm/layer_norm_4096x768", [] { return Tensors{randn({4096, 768}), randn({768}), randn({768})}; },
      [](const Tensors& x) { return layer_norm(x[0], {768}, x[1], x[2]); });
  forward_and_backward(
      "norm/batch_norm_32x64x28x28",
      [] { return Tensors{randn({32, 64, 28, 28}), randn({64}), randn({64})}; },
      [mean = zeros({64}), variance = ones({64})](const Tensors& x) {
        return batch_norm(x[0], mean, variance, x[1], x[2], true);
      });
}

void add_attention() {
  auto attention = [](const Tensors& x) {
    std::vector<Tensor> parts = split(linear(x[0], x[1], x[2]), 256, -1);
    auto in_heads = [](const Tensor& t) { return transpose(reshape(t, {8, 128, 8, 32}), 1, 2); };
    Tensor joined = scaled_dot_product_attention(in_heads(parts[0]), in_heads(parts[1]), in_heads(parts[2]),
                                                 {.is_causal = true});
    return linear(reshape(transpose(joined, 1, 2), {8, 128, 256}), x[3], x[4]);
  };
  auto state = [] {
    return Tensors{randn({8, 128, 256}), randn({768, 256}) * 0.05, randn({768}) * 0.05,
                   randn({256, 256}) * 0.05, randn({256}) * 0.05};
  };
  forward_only("nn/attention", state, attention);
  add("nn/attention_fb", [=] {
    Tensors leaves;
    for (const Tensor& values : state()) leaves.push_back(leaf(values));
    return std::function<void()>([=] {
      drop_gradients(leaves);
      mean(square(attention(leaves))).backward();
    });
  });
}

}  // namespace

void add_layer_workloads() {
  add_convolutions();
  add_pooling_and_normalization();
  add_attention();
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
