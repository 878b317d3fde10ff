// A user's first program: one gradient through a matrix product, one net that learns XOR.

#include <cstdio>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

int main() {
  auto a = tensor({{1.0, 2.0}, {3.0, 4.0}}).requires_grad_();
  sum(matmul(a, a)).backward();
  if (!allclose(a.grad(), tensor({{7.0, 11.0}, {9.0, 13.0}}))) {
    std::puts("the gradient of sum(a a) is wrong");
    return 1;
  }

  manual_seed(1);
  auto x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  auto y = tensor({{0}, {1}, {1}, {0}});
  auto model = nn::Sequential(nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1), nn::Sigmoid());
  auto optimizer = optim::Adam(model.parameters(), {.lr = 0.05});
  double last = 1;
  for (int step = 0; step < 300; ++step) {
    auto loss = nn::binary_cross_entropy(model(x), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    last = loss.item<double>();
  }
  std::printf("loss %g\n", last);
  return last < 0.1 ? 0 : 1;
}
