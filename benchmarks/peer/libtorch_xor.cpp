// The XOR example as a user would write it: compile time of a first real program, and time to train it.
#include <torch/torch.h>

#include <cstdio>

int main() {
  torch::manual_seed(0);
  auto x = torch::tensor({{0.f, 0.f}, {0.f, 1.f}, {1.f, 0.f}, {1.f, 1.f}});
  auto y = torch::tensor({{0.f}, {1.f}, {1.f}, {0.f}});
  auto model = torch::nn::Sequential(torch::nn::Linear(2, 8), torch::nn::Tanh(), torch::nn::Linear(8, 1),
                                     torch::nn::Sigmoid());
  torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(0.05));
  float last = 0;
  for (int step = 0; step < 1000; ++step) {
    auto loss = torch::nn::functional::binary_cross_entropy(model->forward(x), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    last = loss.item<float>();
  }
  std::printf("loss %.5f\n", last);
  return last < 0.05f ? 0 : 1;
}
