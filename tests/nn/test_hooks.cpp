#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

nn::Linear doubling() {
  nn::Linear layer(1, 1, {.bias = false, .dtype = float64});
  layer.load_state_dict({{"weight", numbers({{2}})}});
  return layer;
}

}  // namespace

TEST_CASE("forward hooks see and replace what goes in and what comes out, until they are taken off") {
  nn::Linear layer = doubling();
  std::vector<std::string> seen;
  HookHandle before = layer.register_forward_pre_hook([&](nn::Module& module, const Tensor& input) {
    seen.push_back("before " + module.describe().substr(0, 6));
    return input + 1;
  });
  HookHandle after =
      layer.register_forward_hook([&](nn::Module&, const Tensor& input, const Tensor& output) -> Tensor {
        seen.push_back("after");
        CHECK(equal(input, numbers({{4}})));
        CHECK(equal(output, numbers({{8}})));
        return {};
      });
  HookHandle again = layer.register_forward_hook(
      [](nn::Module&, const Tensor&, const Tensor& output) { return output * 10; });
  CHECK(equal(layer(numbers({{3}})), numbers({{80}})));
  CHECK(seen == std::vector<std::string>{"before Linear", "after"});
  before.remove();
  after.remove();
  again.remove();
  again.remove();
  CHECK(equal(layer(numbers({{3}})), numbers({{6}})));
  CHECK(seen.size() == 2);
}

TEST_CASE("a backward hook has the gradients of this module's input and output, and may replace the first") {
  nn::Linear layer = doubling();
  Tensor x = numbers({{3}}).requires_grad_();
  int calls = 0;
  HookHandle handle =
      layer.register_full_backward_hook([&](const Tensor& grad_input, const Tensor& grad_output) {
        ++calls;
        CHECK(equal(grad_output, numbers({{5}})));
        CHECK(equal(grad_input, numbers({{10}})));
        return grad_input * 3;
      });
  // x is used beside the module, too; that part does not go through the hook.
  (layer(x) * 5 + x).backward();
  CHECK(calls == 1);
  CHECK(equal(x.grad(), numbers({{31}})));
  CHECK(equal(layer.weight.grad(), numbers({{15}})));
  handle.remove();
  x.set_grad(Tensor());
  layer(x).backward();
  CHECK(calls == 1);
  CHECK(equal(x.grad(), numbers({{2}})));
}

TEST_CASE("an input that needs no gradient has an undefined one in a backward hook") {
  nn::Linear layer = doubling();
  int calls = 0;
  layer.register_full_backward_hook([&](const Tensor& grad_input, const Tensor& grad_output) -> Tensor {
    ++calls;
    CHECK_FALSE(grad_input.defined());
    CHECK(equal(grad_output, numbers({{1}})));
    return {};
  });
  layer(numbers({{3}})).backward();
  CHECK(calls == 1);
  NoGrad off;
  CHECK(equal(layer(numbers({{3}})), numbers({{6}})));
}

TEST_CASE("hooks stay with a module that moves, are copied with a clone, and may take themselves off") {
  nn::Sequential model(doubling(), nn::Identity());
  int calls = 0;
  HookHandle handle;
  handle = model[0].register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) -> Tensor {
    ++calls;
    handle.remove();
    return {};
  });
  nn::Sequential copy = nn::clone(model);
  nn::Sequential moved = std::move(model);
  moved(numbers({{1}}));
  moved(numbers({{1}}));
  CHECK(calls == 1);
  copy(numbers({{1}}));
  copy(numbers({{1}}));
  CHECK(calls == 3);
  CHECK_THROWS_AS(moved[0].register_forward_hook({}), ValueError);
}
