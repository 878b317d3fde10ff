#include <memory>

#include "workloads.hpp"

namespace bench {

using namespace xgrad;

namespace {

/// zero_grad, forward, loss, backward, step on one fixed batch.
template <class Model, class Optimizer, class Loss>
std::function<void()> training_step(std::shared_ptr<Model> model, std::shared_ptr<Optimizer> optimizer,
                                    Loss loss) {
  return [=] {
    optimizer->zero_grad();
    loss(*model).backward();
    optimizer->step();
  };
}

auto xor_net() {
  return std::make_shared<nn::Sequential>(nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1), nn::Sigmoid());
}

auto mlp() {
  return std::make_shared<nn::Sequential>(nn::Linear(784, 256), nn::ReLU(), nn::Linear(256, 128), nn::ReLU(),
                                          nn::Linear(128, 10));
}

/// A block of a GPT: causal attention and two linear layers, each behind a normalization and with a residual.
struct Block : nn::Module {
  static constexpr std::int64_t width = 256;
  nn::LayerNorm norm1{width}, norm2{width};
  nn::MultiheadAttention attention{width, 8, {.batch_first = true}};
  nn::Linear up{width, 4 * width}, down{4 * width, width};

  XGRAD_MEMBERS(norm1, norm2, attention, up, down)
  Tensor forward(const Tensor& input) override {
    Tensor y = norm1(input);
    Tensor x = input + attention(y, y, y, {.need_weights = false, .is_causal = true}).first;
    return x + down(gelu(up(norm2(x))));
  }
};

}  // namespace

void add_training_workloads() {
  auto xor_inputs = [] { return tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}); };
  auto xor_targets = [] { return tensor({{0}, {1}, {1}, {0}}); };
  add("train/xor_sgd", [=] {
    auto model = xor_net();
    auto optimizer = std::make_shared<optim::SGD>(model->parameters(), optim::SGDOptions{.lr = 0.5});
    return training_step(model, optimizer, [x = xor_inputs(), y = xor_targets()](auto& m) {
      return nn::binary_cross_entropy(m(x), y);
    });
  });
  add("train/xor_adam", [=] {
    auto model = xor_net();
    auto optimizer = std::make_shared<optim::Adam>(model->parameters(), optim::AdamOptions{.lr = 0.05});
    return training_step(model, optimizer, [x = xor_inputs(), y = xor_targets()](auto& m) {
      return nn::binary_cross_entropy(m(x), y);
    });
  });
  for (std::int64_t batch : {64, 512}) {
    add("train/mlp_b" + std::to_string(batch), [batch] {
      auto model = mlp();
      auto optimizer = std::make_shared<optim::Adam>(model->parameters(), optim::AdamOptions{.lr = 1e-4});
      return training_step(model, optimizer, [x = randn({batch, 784}), y = randint(0, 10, {batch})](auto& m) {
        return nn::cross_entropy(m(x), y);
      });
    });
  }
  add("train/lenet5_b64", [] {
    auto model = std::make_shared<nn::Sequential>(
        nn::Conv2d(1, 6, 5, {.padding = 2}), nn::ReLU(), nn::MaxPool2d(2), nn::Conv2d(6, 16, 5), nn::ReLU(),
        nn::MaxPool2d(2), nn::Flatten(), nn::Linear(400, 120), nn::ReLU(), nn::Linear(120, 84), nn::ReLU(),
        nn::Linear(84, 10));
    auto optimizer =
        std::make_shared<optim::SGD>(model->parameters(), optim::SGDOptions{.lr = 1e-3, .momentum = 0.9});
    return training_step(model, optimizer, [x = randn({64, 1, 28, 28}), y = randint(0, 10, {64})](auto& m) {
      return nn::cross_entropy(m(x), y);
    });
  });
  add("nn/gpt_block_fb", [] {
    auto model = std::make_shared<Block>();
    return std::function<void()>([=, x = randn({8, 128, Block::width})] {
      model->zero_grad();
      mean(square((*model)(x))).backward();
    });
  });
  add("train/gpt_block", [] {
    auto model = std::make_shared<Block>();
    auto optimizer = std::make_shared<optim::AdamW>(model->parameters(), optim::AdamWOptions{.lr = 1e-4});
    return training_step(model, optimizer,
                         [x = randn({8, 128, Block::width})](auto& m) { return mean(square(m(x))); });
  });
  for (std::int64_t batch : {1, 64}) {
    add("infer/mlp_b" + std::to_string(batch), [batch] {
      auto model = mlp();
      Tensor x = randn({batch, 784});
      return std::function<void()>([=] {
        NoGrad off;
        Tensor y = (*model)(x);
      });
    });
  }
  add("train/mlp_wide_b256", [] {
    auto model = std::make_shared<nn::Sequential>(nn::Linear(1024, 4096), nn::ReLU(), nn::Linear(4096, 1024));
    auto optimizer = std::make_shared<optim::SGD>(model->parameters(), optim::SGDOptions{.lr = 1e-3});
    return training_step(model, optimizer, [x = randn({256, 1024}), y = randn({256, 1024})](auto& m) {
      return nn::mse_loss(m(x), y);
    });
  });

  auto given = [](std::int64_t count, std::int64_t size) {
    Tensors parameters;
    for (std::int64_t i = 0; i < count; ++i) {
      parameters.push_back(leaf(randn({size})));
      parameters.back().set_grad(randn({size}));
    }
    return parameters;
  };
  for (auto [label, count, size] : {std::tuple("20x500k", 20, 500'000), std::tuple("1000x1k", 1000, 1000)}) {
    auto stepping = [&](const std::string& name, auto make) {
      add("optim/" + name + "_" + label, [=, count = count, size = size] {
        auto optimizer = make(given(count, size));
        return std::function<void()>([=] { optimizer->step(); });
      });
    };
    stepping("sgd",
             [](const Tensors& p) { return std::make_shared<optim::SGD>(p, optim::SGDOptions{.lr = 1e-4}); });
    stepping("sgd_momentum", [](const Tensors& p) {
      return std::make_shared<optim::SGD>(p, optim::SGDOptions{.lr = 1e-4, .momentum = 0.9});
    });
    stepping("adam", [](const Tensors& p) {
      return std::make_shared<optim::Adam>(p, optim::AdamOptions{.lr = 1e-4});
    });
    stepping("adamw", [](const Tensors& p) {
      return std::make_shared<optim::AdamW>(p, optim::AdamWOptions{.lr = 1e-4, .weight_decay = 0.01});
    });
  }
  add("optim/clip_grad_norm_20x500k", [=] {
    return std::function<void()>(
        [parameters = given(20, 500'000)] { nn::utils::clip_grad_norm_(parameters, 1.0); });
  });
}

}  // namespace bench
