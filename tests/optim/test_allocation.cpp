#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "check.hpp"

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

// Counts what this program allocates. Inlined, GCC takes the pair for a mismatch of malloc and delete.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

using namespace xgrad;

namespace {

template <class Optimizer>
void check_steps(Optimizer optimizer) {
  optimizer.step();
  optimizer.step();
  std::size_t before = allocations;
  std::size_t in_use = memory::statistics().in_use;
  for (int i = 0; i < 10; ++i) optimizer.step();
  CHECK(allocations == before);
  CHECK(memory::statistics().in_use == in_use);
}

}  // namespace

TEST_CASE("a step allocates nothing after the first") {
  nn::Sequential model(nn::Linear(20, 30), nn::Linear(30, 5));
  for (Tensor& parameter : model.parameters()) parameter.set_grad(randn(parameter.shape()));
  check_steps(optim::SGD(model.parameters(), {.lr = 0.1}));
  check_steps(optim::SGD(model.parameters(), {.lr = 0.1, .momentum = 0.9, .nesterov = true}));
  check_steps(optim::Adam(model.parameters(), {.lr = 0.1, .amsgrad = true}));
  check_steps(optim::AdamW(model.parameters()));
  check_steps(optim::Adagrad(model.parameters()));
  check_steps(optim::Adadelta(model.parameters()));
  check_steps(optim::RMSprop(model.parameters(), {.momentum = 0.5, .centered = true}));
  check_steps(optim::Adamax(model.parameters()));
  check_steps(optim::NAdam(model.parameters()));
  check_steps(optim::RAdam(model.parameters()));
  check_steps(optim::ASGD(model.parameters()));
  check_steps(optim::Rprop(model.parameters()));
  check_steps(optim::Lion(model.parameters()));
  check_steps(optim::SparseAdam(model.parameters()));
}

TEST_CASE("training a small net allocates nothing but blocks of the pool") {
  Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  Tensor y = tensor({{0}, {1}, {1}, {0}});
  nn::Sequential model(nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1), nn::Sigmoid());
  optim::SGD optimizer(model.parameters(), {.lr = 0.5});
  auto train = [&] {
    Tensor loss = nn::binary_cross_entropy(model(x), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  };
  for (int i = 0; i < 5; ++i) train();
  std::size_t before = allocations;
  for (int i = 0; i < 10; ++i) train();
  CHECK(allocations == before);
}
