#include "workloads.hpp"

namespace bench {

using namespace xgrad;

void add_elementwise_workloads() {
  constexpr std::int64_t n = 1 << 20;
  auto million = [] { return Tensors{randn({n})}; };
  auto positive = [] { return Tensors{rand({n}) + 0.1}; };
  auto two = [] { return Tensors{randn({n}), randn({n})}; };
  forward_and_backward("ew/exp_1M", million, [](const Tensors& x) { return exp(x[0]); });
  forward_and_backward("ew/log_1M", positive, [](const Tensors& x) { return log(x[0]); });
  forward_and_backward("ew/tanh_1M", million, [](const Tensors& x) { return tanh(x[0]); });
  forward_and_backward("ew/sigmoid_1M", million, [](const Tensors& x) { return sigmoid(x[0]); });
  forward_and_backward("ew/gelu_1M", million, [](const Tensors& x) { return gelu(x[0]); });
  forward_and_backward("ew/relu_1M", million, [](const Tensors& x) { return relu(x[0]); });
  forward_and_backward("ew/sqrt_1M", positive, [](const Tensors& x) { return sqrt(x[0]); });
  forward_and_backward("ew/sin_1M", million, [](const Tensors& x) { return sin(x[0]); });
  forward_and_backward("ew/pow3_1M", million, [](const Tensors& x) { return pow(x[0], 3); });
  forward_and_backward("ew/mul_1M", two, [](const Tensors& x) { return x[0] * x[1]; });
  forward_and_backward("ew/fused5_1M", two, [](const Tensors& x) {
    return pointwise([](auto v, auto w) { return v * w / (1 + exp(-v)); }, x[0], x[1]);
  });

  auto square = [] { return Tensors{randn({1024, 1024})}; };
  auto tall = [] { return Tensors{randn({8192, 128})}; };
  forward_and_backward("softmax/1024x1024", square, [](const Tensors& x) { return softmax(x[0], 1); });
  forward_and_backward("softmax/8192x128", tall, [](const Tensors& x) { return softmax(x[0], 1); });
  forward_and_backward("softmax/log_1024x1024", square,
                       [](const Tensors& x) { return log_softmax(x[0], 1); });
  forward_and_backward("softmax/log_8192x128", tall, [](const Tensors& x) { return log_softmax(x[0], 1); });
  forward_and_backward(
      "loss/cross_entropy_512x10", [] { return Tensors{randn({512, 10}), randint(0, 10, {512})}; },
      [](const Tensors& x) { return nn::cross_entropy(x[0], x[1]); });

  auto add_two = [](const Tensors& x) { return x[0] + x[1]; };
  forward_and_backward(
      "broadcast/add_row_4096x1024", [] { return Tensors{randn({4096, 1024}), randn({1024})}; }, add_two);
  forward_and_backward(
      "broadcast/add_column_4096x1024", [] { return Tensors{randn({4096, 1024}), randn({4096, 1})}; },
      add_two);
  forward_and_backward(
      "broadcast/add_outer_4096x1024", [] { return Tensors{randn({4096, 1}), randn({1, 1024})}; }, add_two);

  auto big = [] { return Tensors{randn({4096, 4096})}; };
  forward_and_backward("reduce/sum_all_4096", big, [](const Tensors& x) { return x[0].sum(); });
  forward_and_backward("reduce/sum_axis0_4096", big, [](const Tensors& x) { return x[0].sum(Shape{0}); });
  forward_and_backward("reduce/sum_axis1_4096", big, [](const Tensors& x) { return x[0].sum(Shape{1}); });
  forward_only("reduce/max_axis1_4096", big, [](const Tensors& x) { return max(x[0], 1).first; });
  forward_only("reduce/argmax_axis0_4096", big, [](const Tensors& x) { return argmax(x[0], 0); });
  forward_only("reduce/var_axis1_4096", big, [](const Tensors& x) { return var(x[0], Shape{1}); });
  forward_only("reduce/logsumexp_axis1_4096", big,
               [](const Tensors& x) { return logsumexp(x[0], Shape{1}); });
  forward_only(
      "reduce/sum_all_1k", [] { return Tensors{randn({1 << 10})}; },
      [](const Tensors& x) { return x[0].sum(); });

  forward_only("copy/transpose_4096", big, [](const Tensors& x) { return x[0].t().contiguous(); });
  forward_only("copy/clone_4096", big, [](const Tensors& x) { return x[0].clone(); });
  forward_only(
      "copy/transpose_into_4096", [] { return Tensors{randn({4096, 4096}), zeros({4096, 4096})}; },
      [](const Tensors& x) { return Tensor(x[1]).copy_(x[0].t()); });
  forward_only(
      "copy/permute_0213_8x128x8x32", [] { return Tensors{randn({8, 128, 8, 32})}; },
      [](const Tensors& x) { return x[0].permute({0, 2, 1, 3}).contiguous(); });
  forward_only(
      "copy/cat_16x_64k",
      [] {
        Tensors parts;
        for (int i = 0; i < 16; ++i) parts.push_back(randn({64, 1024}));
        return parts;
      },
      [](const Tensors& x) { return cat(x, 0); });
  forward_only(
      "copy/where_1M", [] { return Tensors{rand({n}) > 0.5, randn({n}), randn({n})}; },
      [](const Tensors& x) { return where(x[0], x[1], x[2]); });

  forward_and_backward(
      "index/gather_4096x1024_256",
      [] { return Tensors{randn({4096, 1024}), randint(0, 1024, {4096, 256})}; },
      [](const Tensors& x) { return gather(x[0], 1, x[1]); });
  forward_and_backward(
      "index/select_50000x256_8192", [] { return Tensors{randn({50000, 256}), randint(0, 50000, {8192})}; },
      [](const Tensors& x) { return index_select(x[0], 0, x[1]); });
  forward_and_backward(
      "index/embedding_50000x256_64x128",
      [] { return Tensors{randn({50000, 256}), randint(0, 50000, {64, 128})}; },
      [](const Tensors& x) { return embedding(x[1], x[0]); });
  auto row = [] { return Tensors{randn({1 << 20})}; };
  forward_only("index/sort_1M", row, [](const Tensors& x) { return sort(x[0]).first; });
  forward_only(
      "index/topk10_1024x1024", [] { return Tensors{randn({1024, 1024})}; },
      [](const Tensors& x) { return topk(x[0], 10, 1).first; });
  forward_only(
      "reduce/cumsum_axis1_4096", [] { return Tensors{randn({4096, 4096})}; },
      [](const Tensors& x) { return cumsum(x[0], 1); });

  auto filled = [](const char* name, Tensor (*fill)(const Tensor&)) {
    forward_only(
        name, [] { return Tensors{zeros({1 << 20})}; }, [fill](const Tensors& x) { return fill(x[0]); });
  };
  filled("random/normal_1M", [](const Tensor& x) { return nn::init::normal_(x), x; });
  filled("random/uniform_1M", [](const Tensor& x) { return nn::init::uniform_(x), x; });
  forward_and_backward("random/dropout_1M", million, [](const Tensors& x) { return nn::dropout(x[0], 0.1); });
}

}  // namespace bench
