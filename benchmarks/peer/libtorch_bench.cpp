// The workloads in LibTorch C++, timed. What each one is stands in ../README.md
// ("The workloads"); its name here is its name there.
//
//   libtorch_bench [--filter REGEX] [--threads N] [--min-time SECONDS] [--json] [--list] [--memory]
//
// Output, one line per workload: name <TAB> median_us <TAB> best_us <TAB> samples.
// Lines whose name starts with "memory/" carry bytes in place of microseconds.

#include <torch/torch.h>

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <regex>
#include <string>
#include <vector>

namespace nn = torch::nn;
namespace F = torch::nn::functional;
using torch::Tensor;

// ---------------------------------------------------------------------------------------------------
// Timing: calibrate how many calls make a sample of at least 2 ms, take samples for --min-time seconds
// (at least 7), report the median and the best sample per call.

struct Workload {
  std::string name;
  std::function<std::function<void()>()> prepare;  // builds the state and returns the timed call
  double divide_by = 1;                            // reported time = call time / divide_by
};

static std::vector<Workload> workloads;
static double min_time = 0.5;

static void add(std::string name, std::function<std::function<void()>()> prepare, double divide_by = 1) {
  workloads.push_back({std::move(name), std::move(prepare), divide_by});
}

struct Timing {
  double median_us, best_us;
  size_t samples;
};

static double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static Timing measure(const std::function<void()>& call) {
  call();
  call();
  long calls = 1;
  for (;;) {
    double start = seconds();
    for (long i = 0; i < calls; ++i) call();
    double elapsed = seconds() - start;
    if (elapsed >= 2e-3) break;
    calls = elapsed < 1e-5 ? calls * 32 : std::max(calls + 1, long(double(calls) * 2.6e-3 / elapsed));
  }
  std::vector<double> samples;
  double stop = seconds() + min_time;
  while (samples.size() < 7 || (seconds() < stop && samples.size() < 2000)) {
    double start = seconds();
    for (long i = 0; i < calls; ++i) call();
    samples.push_back((seconds() - start) / double(calls) * 1e6);
  }
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples[0], samples.size()};
}

static long peak_rss_kib() {
  long kib = 0;
  if (FILE* status = fopen("/proc/self/status", "r")) {
    char line[256];
    while (fgets(line, sizeof line, status))
      if (sscanf(line, "VmHWM: %ld", &kib) == 1) break;
    fclose(status);
  }
  return kib;
}

// ---------------------------------------------------------------------------------------------------
// Small helpers

static Tensor leaf(const Tensor& values) { return values.detach().clone().set_requires_grad(true); }

static void drop_gradients(const std::vector<Tensor>& leaves) {
  for (auto& leaf : leaves) leaf.mutable_grad().reset();
}

using Function = std::function<Tensor(const std::vector<Tensor>&)>;

// name: forward without recording. name_fb: forward, recording, then backward of out with a given
// constant gradient of ones, into every leaf; gradients are dropped before each call.
static void forward_and_backward(const std::string& name, std::function<std::vector<Tensor>()> inputs,
                                 Function function, bool want_forward = true) {
  if (want_forward)
    add(name, [=] {
      auto x = inputs();
      return std::function<void()>([=] {
        torch::NoGradGuard guard;
        auto out = function(x);
      });
    });
  add(name + "_fb", [=] {
    auto x = inputs();
    for (auto& t : x)
      if (t.is_floating_point()) t = leaf(t);
    auto ones = torch::ones_like(function(x).detach());
    return std::function<void()>([=] {
      for (auto& t : x)
        if (t.requires_grad()) t.mutable_grad().reset();
      function(x).backward(ones);
    });
  });
}

static void forward_only(const std::string& name, std::function<std::vector<Tensor>()> inputs,
                         Function function) {
  add(name, [=] {
    auto x = inputs();
    return std::function<void()>([=] {
      torch::NoGradGuard guard;
      auto out = function(x);
    });
  });
}

// ---------------------------------------------------------------------------------------------------
// Graph overhead

static void graph_workloads() {
  const std::pair<const char*, int64_t> sizes[] = {{"1", 1},          {"16", 16},      {"1k", 1 << 10},
                                                   {"64k", 64 << 10}, {"1M", 1 << 20}, {"16M", 16 << 20}};
  for (auto [label, n] : sizes) {
    add(std::string("op/add_") + label, [n = n] {
      auto a = torch::randn({n}), b = torch::randn({n});
      return std::function<void()>([=] {
        torch::NoGradGuard guard;
        auto c = a + b;
      });
    });
    add(std::string("op/add_recorded_") + label, [n = n] {
      auto a = leaf(torch::randn({n})), b = leaf(torch::randn({n}));
      return std::function<void()>([=] { auto c = a + b; });
    });
  }
  add("op/add_inplace_1M", [] {
    auto a = torch::randn({1 << 20}), b = torch::randn({1 << 20});
    return std::function<void()>([=]() mutable {
      torch::NoGradGuard guard;
      a.mul_(0.5).add_(b);
    });
  });
  add("op/mul_scalar_16", [] {
    auto a = torch::randn({16});
    return std::function<void()>([=] {
      torch::NoGradGuard guard;
      auto c = a * 2.0;
    });
  });
  add("op/view_transpose", [] {
    auto a = torch::randn({4, 4});
    return std::function<void()>([=] {
      torch::NoGradGuard guard;
      auto c = a.transpose(0, 1);
    });
  });
  add("op/slice", [] {
    auto a = torch::randn({4, 4});
    return std::function<void()>([=] {
      torch::NoGradGuard guard;
      auto c = a.slice(0, 1, 3);
    });
  });
  add("op/matmul_4x4", [] {
    auto a = torch::randn({4, 4}), b = torch::randn({4, 4});
    return std::function<void()>([=] {
      torch::NoGradGuard guard;
      auto c = a.matmul(b);
    });
  });
  add("op/item", [] {
    auto a = torch::randn({1});
    return std::function<void()>([=] {
      volatile float v = a.item<float>();
      (void)v;
    });
  });
  add("op/zeros_16", [] { return std::function<void()>([=] { auto c = torch::zeros({16}); }); });

  // y = x; five times y = tanh(y * w); backward of sum(y)
  add("graph/chain10_4x4_fb", [] {
    auto x = leaf(torch::randn({4, 4})), w = leaf(torch::randn({4, 4}));
    return std::function<void()>([=] {
      drop_gradients({x, w});
      auto y = x;
      for (int i = 0; i < 5; ++i) y = torch::tanh(y * w);
      y.sum().backward();
    });
  });
  // y = y * w, 10,000 times, one element, w a constant; per node
  add(
      "graph/scalar_chain_build_destroy_per_node",
      [] {
        auto x = leaf(torch::ones({1})), w = torch::ones({1});
        return std::function<void()>([=] {
          auto y = x;
          for (int i = 0; i < 10000; ++i) y = y * w;
        });
      },
      10000);
  add(
      "graph/scalar_chain_total_per_node",
      [] {
        auto x = leaf(torch::ones({1})), w = torch::ones({1});
        return std::function<void()>([=] {
          drop_gradients({x});
          auto y = x;
          for (int i = 0; i < 10000; ++i) y = y * w;
          y.backward();
        });
      },
      10000);
  add(
      "graph/scalar_chain_backward_per_node",
      [] {
        auto x = leaf(torch::ones({1})), w = torch::ones({1});
        auto y = x;
        for (int i = 0; i < 10000; ++i) y = y * w;
        return std::function<void()>([=] {
          drop_gradients({x});
          y.backward({}, /*retain_graph=*/true);
        });
      },
      10000);
  // a wide graph: sum of 1,000 products of two leaves
  add("graph/fan_1000_fb", [] {
    std::vector<Tensor> leaves;
    for (int i = 0; i < 1000; ++i) leaves.push_back(leaf(torch::ones({16})));
    auto w = leaf(torch::ones({16}));
    return std::function<void()>([=] {
      drop_gradients(leaves);
      drop_gradients({w});
      auto total = leaves[0] * w;
      for (int i = 1; i < 1000; ++i) total = total + leaves[i] * w;
      total.sum().backward();
    });
  });
}

// ---------------------------------------------------------------------------------------------------
// Elementwise, broadcasting, reductions, copies, indexing

static void elementwise_workloads() {
  auto million = [] { return std::vector<Tensor>{torch::randn({1 << 20})}; };
  auto positive = [] { return std::vector<Tensor>{torch::rand({1 << 20}) + 0.1}; };
  forward_and_backward("ew/exp_1M", million, [](auto& x) { return torch::exp(x[0]); });
  forward_and_backward("ew/log_1M", positive, [](auto& x) { return torch::log(x[0]); });
  forward_and_backward("ew/tanh_1M", million, [](auto& x) { return torch::tanh(x[0]); });
  forward_and_backward("ew/sigmoid_1M", million, [](auto& x) { return torch::sigmoid(x[0]); });
  forward_and_backward("ew/gelu_1M", million, [](auto& x) { return F::gelu(x[0]); });
  forward_and_backward("ew/relu_1M", million, [](auto& x) { return torch::relu(x[0]); });
  forward_and_backward("ew/sqrt_1M", positive, [](auto& x) { return torch::sqrt(x[0]); });
  forward_and_backward("ew/sin_1M", million, [](auto& x) { return torch::sin(x[0]); });
  forward_and_backward("ew/pow3_1M", million, [](auto& x) { return torch::pow(x[0], 3); });
  forward_and_backward(
      "ew/mul_1M", [] { return std::vector<Tensor>{torch::randn({1 << 20}), torch::randn({1 << 20})}; },
      [](auto& x) { return x[0] * x[1]; });
  // five elementwise operations that a fusing framework can run as one loop: x * w / (1 + exp(-x))
  forward_and_backward(
      "ew/fused5_1M", [] { return std::vector<Tensor>{torch::randn({1 << 20}), torch::randn({1 << 20})}; },
      [](auto& x) { return x[0] * x[1] / (1 + torch::exp(-x[0])); });

  auto square = [] { return std::vector<Tensor>{torch::randn({1024, 1024})}; };
  auto tall = [] { return std::vector<Tensor>{torch::randn({8192, 128})}; };
  forward_and_backward("softmax/1024x1024", square, [](auto& x) { return torch::softmax(x[0], 1); });
  forward_and_backward("softmax/8192x128", tall, [](auto& x) { return torch::softmax(x[0], 1); });
  forward_and_backward("softmax/log_1024x1024", square, [](auto& x) { return torch::log_softmax(x[0], 1); });
  forward_and_backward("softmax/log_8192x128", tall, [](auto& x) { return torch::log_softmax(x[0], 1); });
  forward_and_backward(
      "norm/layer_norm_4096x768",
      [] { return std::vector<Tensor>{torch::randn({4096, 768}), torch::randn({768}), torch::randn({768})}; },
      [](auto& x) { return torch::layer_norm(x[0], {768}, x[1], x[2]); });
  forward_and_backward(
      "loss/cross_entropy_512x10",
      [] { return std::vector<Tensor>{torch::randn({512, 10}), torch::randint(10, {512})}; },
      [](auto& x) { return F::cross_entropy(x[0], x[1]); });

  forward_and_backward(
      "broadcast/add_row_4096x1024",
      [] { return std::vector<Tensor>{torch::randn({4096, 1024}), torch::randn({1024})}; },
      [](auto& x) { return x[0] + x[1]; });
  forward_and_backward(
      "broadcast/add_column_4096x1024",
      [] { return std::vector<Tensor>{torch::randn({4096, 1024}), torch::randn({4096, 1})}; },
      [](auto& x) { return x[0] + x[1]; });
  forward_and_backward(
      "broadcast/add_outer_4096x1024",
      [] { return std::vector<Tensor>{torch::randn({4096, 1}), torch::randn({1, 1024})}; },
      [](auto& x) { return x[0] + x[1]; });

  auto big = [] { return std::vector<Tensor>{torch::randn({4096, 4096})}; };
  forward_and_backward("reduce/sum_all_4096", big, [](auto& x) { return x[0].sum(); });
  forward_and_backward("reduce/sum_axis0_4096", big, [](auto& x) { return x[0].sum(0); });
  forward_and_backward("reduce/sum_axis1_4096", big, [](auto& x) { return x[0].sum(1); });
  forward_only("reduce/max_axis1_4096", big, [](auto& x) { return std::get<0>(x[0].max(1)); });
  forward_only("reduce/argmax_axis0_4096", big, [](auto& x) { return x[0].argmax(0); });
  forward_only("reduce/var_axis1_4096", big, [](auto& x) { return x[0].var(1); });
  forward_only("reduce/logsumexp_axis1_4096", big, [](auto& x) { return x[0].logsumexp(1); });
  forward_only("reduce/cumsum_axis1_4096", big, [](auto& x) { return x[0].cumsum(1); });
  forward_only(
      "reduce/sum_all_1k", [] { return std::vector<Tensor>{torch::randn({1 << 10})}; },
      [](auto& x) { return x[0].sum(); });

  forward_only("copy/transpose_4096", big, [](auto& x) { return x[0].t().contiguous(); });
  forward_only("copy/clone_4096", big, [](auto& x) { return x[0].clone(); });
  forward_only(
      "copy/transpose_into_4096",
      [] { return std::vector<Tensor>{torch::randn({4096, 4096}), torch::zeros({4096, 4096})}; },
      [](auto& x) { return x[1].copy_(x[0].t()); });
  forward_only(
      "copy/permute_0213_8x128x8x32", [] { return std::vector<Tensor>{torch::randn({8, 128, 8, 32})}; },
      [](auto& x) { return x[0].permute({0, 2, 1, 3}).contiguous(); });
  forward_only(
      "copy/cat_16x_64k",
      [] {
        std::vector<Tensor> parts;
        for (int i = 0; i < 16; ++i) parts.push_back(torch::randn({64, 1024}));
        return parts;
      },
      [](auto& x) { return torch::cat(x, 0); });
  forward_only(
      "copy/where_1M",
      [] {
        return std::vector<Tensor>{torch::rand({1 << 20}) > 0.5, torch::randn({1 << 20}),
                                   torch::randn({1 << 20})};
      },
      [](auto& x) { return torch::where(x[0], x[1], x[2]); });

  forward_and_backward(
      "index/gather_4096x1024_256",
      [] { return std::vector<Tensor>{torch::randn({4096, 1024}), torch::randint(1024, {4096, 256})}; },
      [](auto& x) { return x[0].gather(1, x[1]); });
  forward_and_backward(
      "index/select_50000x256_8192",
      [] { return std::vector<Tensor>{torch::randn({50000, 256}), torch::randint(50000, {8192})}; },
      [](auto& x) { return x[0].index_select(0, x[1]); });
  forward_and_backward(
      "index/embedding_50000x256_64x128",
      [] { return std::vector<Tensor>{torch::randn({50000, 256}), torch::randint(50000, {64, 128})}; },
      [](auto& x) { return F::embedding(x[1], x[0]); });
  forward_only(
      "index/sort_1M", [] { return std::vector<Tensor>{torch::randn({1 << 20})}; },
      [](auto& x) { return std::get<0>(x[0].sort()); });
  forward_only("index/topk10_1024x1024", square, [](auto& x) { return std::get<0>(x[0].topk(10, 1)); });

  forward_only(
      "random/normal_1M", [] { return std::vector<Tensor>{torch::empty({1 << 20})}; },
      [](auto& x) { return x[0].normal_(); });
  forward_only(
      "random/uniform_1M", [] { return std::vector<Tensor>{torch::empty({1 << 20})}; },
      [](auto& x) { return x[0].uniform_(); });
  forward_and_backward("random/dropout_1M", million, [](auto& x) { return torch::dropout(x[0], 0.1, true); });
}

// ---------------------------------------------------------------------------------------------------
// Matrix products and layers

static void layer_workloads() {
  for (int64_t n : {16, 64, 256, 1024})
    forward_and_backward(
        "matmul/" + std::to_string(n),
        [n] { return std::vector<Tensor>{torch::randn({n, n}), torch::randn({n, n})}; },
        [](auto& x) { return torch::matmul(x[0], x[1]); });
  forward_and_backward(
      "matmul/batched_64x128x64x128",
      [] { return std::vector<Tensor>{torch::randn({64, 128, 64}), torch::randn({64, 64, 128})}; },
      [](auto& x) { return torch::matmul(x[0], x[1]); });
  forward_only(
      "matmul/vector_1024",
      [] { return std::vector<Tensor>{torch::randn({1024, 1024}), torch::randn({1024})}; },
      [](auto& x) { return torch::mv(x[0], x[1]); });
  forward_and_backward(
      "matmul/linear_64x784x256",
      [] {
        return std::vector<Tensor>{torch::randn({64, 784}), torch::randn({256, 784}), torch::randn({256})};
      },
      [](auto& x) { return F::linear(x[0], x[1], x[2]); });

  auto conv = [](const char* name, std::vector<int64_t> x, std::vector<int64_t> w, int64_t padding,
                 int64_t stride = 1, int64_t groups = 1) {
    forward_and_backward(
        std::string("conv/") + name,
        [=] { return std::vector<Tensor>{torch::randn(x), torch::randn(w) * 0.05, torch::randn({w[0]})}; },
        [=](auto& t) { return torch::conv2d(t[0], t[1], t[2], stride, padding, 1, groups); });
  };
  conv("32x3x32x32_to32_k3", {32, 3, 32, 32}, {32, 3, 3, 3}, 1);
  conv("32x32x28x28_to64_k3", {32, 32, 28, 28}, {64, 32, 3, 3}, 1);
  conv("32x32x28x28_to64_k1", {32, 32, 28, 28}, {64, 32, 1, 1}, 0);
  conv("32x32x28x28_to64_k5", {32, 32, 28, 28}, {64, 32, 5, 5}, 2);
  conv("32x32x28x28_to64_k3_stride2", {32, 32, 28, 28}, {64, 32, 3, 3}, 1, 2);
  conv("32x64x28x28_depthwise_k3", {32, 64, 28, 28}, {64, 1, 3, 3}, 1, 1, 64);
  auto image = [] { return std::vector<Tensor>{torch::randn({32, 64, 28, 28})}; };
  forward_and_backward("pool/max2_32x64x28x28", image, [](auto& x) { return torch::max_pool2d(x[0], 2); });
  forward_and_backward("pool/avg2_32x64x28x28", image, [](auto& x) { return torch::avg_pool2d(x[0], 2); });
  forward_and_backward(
      "norm/batch_norm_32x64x28x28",
      [] {
        return std::vector<Tensor>{torch::randn({32, 64, 28, 28}), torch::randn({64}), torch::randn({64})};
      },
      [](auto& x) {
        static auto mean = torch::zeros({64}), variance = torch::ones({64});
        return torch::batch_norm(x[0], x[1], x[2], mean, variance, true, 0.1, 1e-5, false);
      });

  add("rnn/lstm_128_256_seq50_b32_fb", [] {
    auto lstm = nn::LSTM(nn::LSTMOptions(128, 256));
    auto x = torch::randn({50, 32, 128});
    return std::function<void()>([=]() mutable {
      drop_gradients(lstm->parameters());
      std::get<0>(lstm->forward(x)).mean().backward();
    });
  });
  add("rnn/lstm_128_256_seq50_b32", [] {
    auto lstm = nn::LSTM(nn::LSTMOptions(128, 256));
    auto x = torch::randn({50, 32, 128});
    return std::function<void()>([=]() mutable {
      torch::NoGradGuard guard;
      auto out = lstm->forward(x);
    });
  });
  add("rnn/gru_128_256_seq50_b32_fb", [] {
    auto gru = nn::GRU(nn::GRUOptions(128, 256));
    auto x = torch::randn({50, 32, 128});
    return std::function<void()>([=]() mutable {
      drop_gradients(gru->parameters());
      std::get<0>(gru->forward(x)).mean().backward();
    });
  });
}

// ---------------------------------------------------------------------------------------------------
// Training steps: zero_grad, forward, loss, backward, optimizer step

// A Linear-activation-...-Linear stack
static nn::Sequential stack(std::vector<int64_t> widths) {
  nn::Sequential model;
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    if (i > 0) model->push_back(nn::ReLU());
    model->push_back(nn::Linear(widths[i], widths[i + 1]));
  }
  return model;
}

struct CausalAttentionImpl : nn::Module {
  int64_t width, heads;
  nn::Linear project_in{nullptr}, project_out{nullptr};
  Tensor mask;
  CausalAttentionImpl(int64_t width, int64_t heads, int64_t length) : width(width), heads(heads) {
    project_in = register_module("project_in", nn::Linear(width, 3 * width));
    project_out = register_module("project_out", nn::Linear(width, width));
    mask = torch::ones({length, length}, torch::kBool).triu(1);
  }
  Tensor forward(const Tensor& x) {
    auto batch = x.size(0), length = x.size(1);
    auto parts = project_in(x).chunk(3, 2);
    auto split = [&](const Tensor& t) {
      return t.view({batch, length, heads, width / heads}).transpose(1, 2);
    };
    auto q = split(parts[0]), k = split(parts[1]), v = split(parts[2]);
    auto scores = torch::matmul(q, k.transpose(2, 3)) / std::sqrt(double(width / heads));
    scores = scores.masked_fill(mask, -INFINITY);
    auto out = torch::matmul(torch::softmax(scores, 3), v);
    return project_out(out.transpose(1, 2).reshape({batch, length, width}));
  }
};
TORCH_MODULE(CausalAttention);

struct BlockImpl : nn::Module {
  nn::LayerNorm norm1{nullptr}, norm2{nullptr};
  CausalAttention attention{nullptr};
  nn::Linear up{nullptr}, down{nullptr};
  BlockImpl(int64_t width, int64_t heads, int64_t length) {
    norm1 = register_module("norm1", nn::LayerNorm(nn::LayerNormOptions({width})));
    norm2 = register_module("norm2", nn::LayerNorm(nn::LayerNormOptions({width})));
    attention = register_module("attention", CausalAttention(width, heads, length));
    up = register_module("up", nn::Linear(width, 4 * width));
    down = register_module("down", nn::Linear(4 * width, width));
  }
  Tensor forward(const Tensor& input) {
    auto x = input + attention(norm1(input));
    return x + down(F::gelu(up(norm2(x))));
  }
};
TORCH_MODULE(Block);

struct LeNetImpl : nn::Module {
  nn::Conv2d conv1{nullptr}, conv2{nullptr};
  nn::Linear fc1{nullptr}, fc2{nullptr}, fc3{nullptr};
  LeNetImpl() {
    conv1 = register_module("conv1", nn::Conv2d(nn::Conv2dOptions(1, 6, 5).padding(2)));
    conv2 = register_module("conv2", nn::Conv2d(nn::Conv2dOptions(6, 16, 5)));
    fc1 = register_module("fc1", nn::Linear(400, 120));
    fc2 = register_module("fc2", nn::Linear(120, 84));
    fc3 = register_module("fc3", nn::Linear(84, 10));
  }
  Tensor forward(Tensor x) {
    x = torch::max_pool2d(torch::relu(conv1(x)), 2);
    x = torch::max_pool2d(torch::relu(conv2(x)), 2);
    x = torch::relu(fc1(x.flatten(1)));
    return fc3(torch::relu(fc2(x)));
  }
};
TORCH_MODULE(LeNet);

template <class Model, class Optimizer, class Loss>
static std::function<void()> training_step(Model model, std::shared_ptr<Optimizer> optimizer, Loss loss_of) {
  return [=]() mutable {
    model->zero_grad(/*set_to_none=*/true);
    loss_of(model).backward();
    optimizer->step();
  };
}

static void training_workloads() {
  auto xor_net = [] { return nn::Sequential(nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1), nn::Sigmoid()); };
  auto xor_x = [] { return torch::tensor({0.f, 0.f, 0.f, 1.f, 1.f, 0.f, 1.f, 1.f}).view({4, 2}); };
  auto xor_y = [] { return torch::tensor({0.f, 1.f, 1.f, 0.f}).view({4, 1}); };
  add("train/xor_sgd", [=] {
    auto model = xor_net();
    auto x = xor_x(), y = xor_y();
    auto optimizer = std::make_shared<torch::optim::SGD>(model->parameters(), torch::optim::SGDOptions(0.5));
    return training_step(model, optimizer,
                         [=](auto& m) { return F::binary_cross_entropy(m->forward(x), y); });
  });
  add("train/xor_adam", [=] {
    auto model = xor_net();
    auto x = xor_x(), y = xor_y();
    auto optimizer =
        std::make_shared<torch::optim::Adam>(model->parameters(), torch::optim::AdamOptions(0.05));
    return training_step(model, optimizer,
                         [=](auto& m) { return F::binary_cross_entropy(m->forward(x), y); });
  });
  for (int64_t batch : {64, 512})
    add("train/mlp_b" + std::to_string(batch), [batch] {
      auto model = stack({784, 256, 128, 10});
      auto x = torch::randn({batch, 784});
      auto y = torch::randint(10, {batch});
      auto optimizer =
          std::make_shared<torch::optim::Adam>(model->parameters(), torch::optim::AdamOptions(1e-4));
      return training_step(model, optimizer, [=](auto& m) { return F::cross_entropy(m->forward(x), y); });
    });
  for (int64_t batch : {1, 64})
    add("infer/mlp_b" + std::to_string(batch), [batch] {
      auto model = stack({784, 256, 128, 10});
      auto x = torch::randn({batch, 784});
      return std::function<void()>([=]() mutable {
        torch::NoGradGuard guard;
        auto y = model->forward(x);
      });
    });
  add("train/mlp_wide_b256", [] {
    auto model = stack({1024, 4096, 1024});
    auto x = torch::randn({256, 1024}), y = torch::randn({256, 1024});
    auto optimizer = std::make_shared<torch::optim::SGD>(model->parameters(), torch::optim::SGDOptions(1e-3));
    return training_step(model, optimizer, [=](auto& m) { return F::mse_loss(m->forward(x), y); });
  });
  add("train/lenet5_b64", [] {
    auto model = LeNet();
    auto x = torch::randn({64, 1, 28, 28});
    auto y = torch::randint(10, {64});
    auto optimizer = std::make_shared<torch::optim::SGD>(model->parameters(),
                                                         torch::optim::SGDOptions(1e-3).momentum(0.9));
    return training_step(model, optimizer, [=](auto& m) { return F::cross_entropy(m->forward(x), y); });
  });
  add("train/gpt_block", [] {
    auto model = Block(256, 8, 128);
    auto x = torch::randn({8, 128, 256});
    auto optimizer =
        std::make_shared<torch::optim::AdamW>(model->parameters(), torch::optim::AdamWOptions(1e-4));
    return training_step(model, optimizer, [=](auto& m) { return m->forward(x).pow(2).mean(); });
  });
  add("nn/gpt_block_fb", [] {
    auto model = Block(256, 8, 128);
    auto x = torch::randn({8, 128, 256});
    return std::function<void()>([=]() mutable {
      drop_gradients(model->parameters());
      model->forward(x).pow(2).mean().backward();
    });
  });
  add("nn/attention_fb", [] {
    auto model = CausalAttention(256, 8, 128);
    auto x = leaf(torch::randn({8, 128, 256}));
    return std::function<void()>([=]() mutable {
      drop_gradients(model->parameters());
      drop_gradients({x});
      model->forward(x).pow(2).mean().backward();
    });
  });
  add("nn/attention", [] {
    auto model = CausalAttention(256, 8, 128);
    auto x = torch::randn({8, 128, 256});
    return std::function<void()>([=]() mutable {
      torch::NoGradGuard guard;
      auto y = model->forward(x);
    });
  });
}

// ---------------------------------------------------------------------------------------------------
// Optimizers and data

template <class Optimizer, class Options>
static void optimizer_workload(const std::string& name, Options options) {
  for (auto [label, count, size] : {std::tuple{"20x500k", 20, 500000}, std::tuple{"1000x1k", 1000, 1000}})
    add("optim/" + name + "_" + label, [=, count = count, size = size] {
      std::vector<Tensor> parameters;
      for (int i = 0; i < count; ++i) {
        auto p = leaf(torch::randn({size}));
        p.mutable_grad() = torch::randn({size}) * 1e-2;
        parameters.push_back(p);
      }
      auto optimizer = std::make_shared<Optimizer>(parameters, options);
      return std::function<void()>([=] { optimizer->step(); });
    });
}

struct Rows : torch::data::Dataset<Rows> {
  Tensor images, labels;
  Rows(Tensor images, Tensor labels) : images(std::move(images)), labels(std::move(labels)) {}
  torch::data::Example<> get(size_t i) override { return {images[int64_t(i)], labels[int64_t(i)]}; }
  torch::optional<size_t> size() const override { return size_t(images.size(0)); }
};

static void optimizer_and_data_workloads() {
  optimizer_workload<torch::optim::SGD>("sgd", torch::optim::SGDOptions(1e-4));
  optimizer_workload<torch::optim::SGD>("sgd_momentum", torch::optim::SGDOptions(1e-4).momentum(0.9));
  optimizer_workload<torch::optim::Adam>("adam", torch::optim::AdamOptions(1e-4));
  optimizer_workload<torch::optim::AdamW>("adamw", torch::optim::AdamWOptions(1e-4));
  add("optim/clip_grad_norm_20x500k", [] {
    std::vector<Tensor> parameters;
    for (int i = 0; i < 20; ++i) {
      auto p = leaf(torch::randn({500000}));
      p.mutable_grad() = torch::randn({500000});
      parameters.push_back(p);
    }
    return std::function<void()>([=] { nn::utils::clip_grad_norm_(parameters, 1.0); });
  });

  add("data/loader_epoch_60000x784_b64", [] {
    auto images = torch::randn({60000, 784});
    auto labels = torch::randint(10, {60000});
    return std::function<void()>([=] {
      auto loader = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
          Rows(images, labels).map(torch::data::transforms::Stack<>()),
          torch::data::DataLoaderOptions().batch_size(64));
      int64_t rows = 0;
      for (auto& batch : *loader) rows += batch.data.size(0);
      if (rows != 60000) std::abort();
    });
  });
  add("data/index_select_epoch_60000x784_b64", [] {
    auto images = torch::randn({60000, 784});
    auto labels = torch::randint(10, {60000});
    return std::function<void()>([=] {
      auto order = torch::randperm(60000);
      for (int64_t i = 0; i < 60000; i += 64) {
        auto rows = order.slice(0, i, std::min<int64_t>(i + 64, 60000));
        auto x = images.index_select(0, rows), y = labels.index_select(0, rows);
      }
    });
  });
}

// ---------------------------------------------------------------------------------------------------
// ADBench objectives (float64), on seeded random instances of the published sizes

static Tensor gmm_objective(const Tensor& alphas, const Tensor& means, const Tensor& icf, const Tensor& x,
                            double gamma, int64_t m) {
  auto n = x.size(0), d = x.size(1), k = alphas.size(0);
  auto log_diagonal = icf.slice(1, 0, d);
  auto diagonal = log_diagonal.exp();
  auto sum_q = log_diagonal.sum(1);
  // strictly lower part, stored column by column
  auto below = icf.slice(1, d);
  std::vector<int64_t> place;
  for (int64_t c = 0; c < d; ++c)
    for (int64_t r = c + 1; r < d; ++r) place.push_back(r * d + c);
  auto lower =
      torch::zeros({k, d * d}, icf.options()).index_copy(1, torch::tensor(place), below).view({k, d, d});
  auto q = lower + torch::diag_embed(diagonal);
  auto centred = x.unsqueeze(1) - means.unsqueeze(0);                   // n k d
  auto qx = torch::matmul(centred.transpose(0, 1), q.transpose(1, 2));  // k n d
  auto inner = (alphas + sum_q).unsqueeze(1) - 0.5 * qx.pow(2).sum(2);  // k n
  auto slse = inner.logsumexp(0).sum();
  auto wishart = 0.5 * gamma * gamma * (diagonal.pow(2).sum() + below.pow(2).sum()) - double(m) * sum_q.sum();
  double dof = double(d + m + 1);
  double log_gamma = 0.25 * double(d * (d - 1)) * std::log(M_PI);
  for (int64_t j = 1; j <= d; ++j) log_gamma += std::lgamma(0.5 * dof + 0.5 * double(1 - j));
  double constant = dof * double(d) * std::log(gamma / std::sqrt(2.0)) - log_gamma;
  return -0.5 * double(n * d) * std::log(2 * M_PI) + slse - double(n) * alphas.logsumexp(0) + wishart -
         double(k) * constant;
}

static Tensor lstm_objective(const Tensor& main, const Tensor& extra, const Tensor& state,
                             const Tensor& sequence) {
  auto layers = state.size(0) / 2, bits = state.size(1), length = sequence.size(0);
  std::vector<Tensor> hidden, cell, weight, bias;
  for (int64_t l = 0; l < layers; ++l) {
    hidden.push_back(state[2 * l]);
    cell.push_back(state[2 * l + 1]);
    weight.push_back(main[2 * l]);
    bias.push_back(main[2 * l + 1]);
  }
  auto scale_in = extra[0], scale_out = extra[1], shift_out = extra[2];
  auto total = torch::zeros({}, state.options());
  for (int64_t t = 0; t + 1 < length; ++t) {
    auto x = sequence[t] * scale_in;
    for (int64_t l = 0; l < layers; ++l) {
      auto gates = torch::cat({x, hidden[l], x, hidden[l]}) * weight[l] + bias[l];
      auto three = torch::sigmoid(gates.slice(0, 0, 3 * bits));
      auto change = torch::tanh(gates.slice(0, 3 * bits));
      cell[l] = cell[l] * three.slice(0, 0, bits) + three.slice(0, bits, 2 * bits) * change;
      hidden[l] = three.slice(0, 2 * bits) * torch::tanh(cell[l]);
      x = hidden[l];
    }
    auto y = x * scale_out + shift_out;
    auto normed = y - torch::log(y.exp().sum() + 2);
    total = total + (sequence[t + 1] * normed).sum();
  }
  return -total / double((length - 1) * bits);
}

static void adbench_workloads() {
  auto f64 = torch::kFloat64;
  for (auto [d, k] : {std::pair<int64_t, int64_t>{10, 5}, {10, 25}, {32, 25}, {64, 100}, {128, 25}}) {
    std::string name = "adbench/gmm_1k_d" + std::to_string(d) + "_K" + std::to_string(k);
    auto inputs = [=, d = d, k = k] {
      return std::vector<Tensor>{torch::randn({k}, f64), torch::rand({k, d}, f64),
                                 torch::randn({k, d * (d + 1) / 2}, f64), torch::randn({1000, d}, f64)};
    };
    add(name + "_objective", [=] {
      auto v = inputs();
      return std::function<void()>([=] {
        torch::NoGradGuard guard;
        auto y = gmm_objective(v[0], v[1], v[2], v[3], 1.0, 0);
      });
    });
    add(name + "_gradient", [=] {
      auto v = inputs();
      for (int i = 0; i < 3; ++i) v[i] = leaf(v[i]);
      return std::function<void()>([=] {
        drop_gradients({v[0], v[1], v[2]});
        gmm_objective(v[0], v[1], v[2], v[3], 1.0, 0).backward();
      });
    });
  }
  for (auto [layers, length] : {std::pair<int64_t, int64_t>{2, 1024}, {4, 1024}}) {
    std::string name = "adbench/lstm_l" + std::to_string(layers) + "_c" + std::to_string(length);
    auto inputs = [=, layers = layers, length = length] {
      int64_t bits = 14;
      return std::vector<Tensor>{torch::rand({2 * layers, 4 * bits}, f64), torch::rand({3, bits}, f64),
                                 torch::rand({2 * layers, bits}, f64),
                                 (torch::rand({length, bits}, f64) > 0.5).to(f64)};
    };
    add(name + "_objective", [=] {
      auto v = inputs();
      return std::function<void()>([=] {
        torch::NoGradGuard guard;
        auto y = lstm_objective(v[0], v[1], v[2], v[3]);
      });
    });
    add(name + "_gradient", [=] {
      auto v = inputs();
      v[0] = leaf(v[0]);
      v[1] = leaf(v[1]);
      return std::function<void()>([=] {
        drop_gradients({v[0], v[1]});
        lstm_objective(v[0], v[1], v[2], v[3]).backward();
      });
    });
  }
}

// ---------------------------------------------------------------------------------------------------
// Memory of the graph itself: heap growth of a 100,000-node chain, per node (node, tensor, saved values)

static void graph_memory() {
  auto grown = [](auto step) {
    auto x = leaf(torch::ones({1}));
    auto y = x;
    for (int i = 0; i < 100; ++i) y = step(y);
    auto before = mallinfo2();
    for (int i = 0; i < 100000; ++i) y = step(y);
    auto after = mallinfo2();
    return double(after.uordblks - before.uordblks) / 100000;
  };
  auto w = torch::ones({1});
  printf("memory/bytes_per_node_mul\t%.0f\t%.0f\t1\n", grown([&](const Tensor& y) { return y * w; }), 0.0);
  printf("memory/bytes_per_node_neg\t%.0f\t%.0f\t1\n", grown([&](const Tensor& y) { return -y; }), 0.0);
  printf("memory/bytes_per_node_tanh\t%.0f\t%.0f\t1\n",
         grown([&](const Tensor& y) { return torch::tanh(y); }), 0.0);
}

int main(int argc, char** argv) {
  std::string filter = ".*";
  bool json = false, list = false, memory = false;
  int threads = 1;
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    auto value = [&] {
      return i + 1 < argc ? std::string(argv[++i])
                          : (std::cerr << flag << " needs a value\n", std::exit(2), "");
    };
    if (flag == "--filter")
      filter = value();
    else if (flag == "--threads")
      threads = std::stoi(value());
    else if (flag == "--min-time")
      min_time = std::stod(value());
    else if (flag == "--json")
      json = true;
    else if (flag == "--list")
      list = true;
    else if (flag == "--memory")
      memory = true;
    else {
      std::cerr << "usage: libtorch_bench [--filter REGEX] [--threads N] [--min-time SECONDS] [--json] "
                   "[--list] [--memory]\n";
      return 2;
    }
  }
  // OpenBLAS (pthread build) reads its own thread count at load time: start the process again with it set.
  auto wanted = std::to_string(threads);
  const char* have = getenv("OPENBLAS_NUM_THREADS");
  if (!have || wanted != have) {
    setenv("OPENBLAS_NUM_THREADS", wanted.c_str(), 1);
    setenv("OMP_NUM_THREADS", wanted.c_str(), 1);
    execv("/proc/self/exe", argv);
  }
  at::set_num_threads(threads);

  graph_workloads();
  elementwise_workloads();
  layer_workloads();
  training_workloads();
  optimizer_and_data_workloads();
  adbench_workloads();

  std::regex pattern(filter);
  bool first = true;
  if (json) printf("[");
  for (auto& workload : workloads) {
    if (!std::regex_search(workload.name, pattern)) continue;
    if (list) {
      printf("%s\n", workload.name.c_str());
      continue;
    }
    torch::manual_seed(0);
    auto timing = measure(workload.prepare());
    double median = timing.median_us / workload.divide_by, best = timing.best_us / workload.divide_by;
    if (json)
      printf(
          "%s\n  {\"name\": \"%s\", \"median_us\": %.4f, \"best_us\": %.4f, \"samples\": %zu, \"threads\": "
          "%d}",
          first ? "" : ",", workload.name.c_str(), median, best, timing.samples, threads);
    else
      printf("%s\t%.4f\t%.4f\t%zu\n", workload.name.c_str(), median, best, timing.samples);
    first = false;
    fflush(stdout);
  }
  if (json) printf("\n]\n");
  if (memory) {
    if (std::regex_search("memory/bytes_per_node", pattern)) graph_memory();
    printf("memory/peak_rss_bytes\t%ld\t0\t1\n", peak_rss_kib() * 1024);
  }
}
