#include <doctest/doctest.h>

#include <stdexcept>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using check::numbers;

namespace {

struct Net : nn::Module {
  nn::Parameter weight{numbers({0, 0})};
  nn::Buffer seen{numbers({0})};
  XGRAD_MEMBERS(weight, seen)
  Tensor forward(const Tensor& x) override { return x * weight; }
  void set(double value) {
    nn::init::constant_(weight, value);
    seen.fill_(value);
  }
};

}  // namespace

TEST_CASE("the average of weights counts every model alike") {
  Net net;
  net.set(9);
  nn::AveragedModel average(net);
  CHECK(equal(average.module.weight, numbers({9, 9})));
  int count = 0;
  for (double value : {1.0, 2.0, 6.0}) {
    net.set(value);
    average.update_parameters(net);
    CHECK(average.n_averaged.item<std::int64_t>() == ++count);
    CHECK(average.module.seen.item() == value);
  }
  CHECK(agree(average.module.weight.detach(), numbers({3, 3}), 1e-12));
  CHECK(agree(average(numbers({1, 2})).detach(), numbers({3, 6}), 1e-12));
  CHECK(net.weight.detach().data<double>()[0] == 6);
}

TEST_CASE("a moving average forgets, and takes buffers along on demand") {
  Net net;
  nn::AveragedModel average(net, {.avg_fn = nn::exponential_moving_average(0.9), .use_buffers = true});
  net.set(1);
  average.update_parameters(net);
  CHECK(average.module.weight.detach().data<double>()[0] == 1);
  net.set(2);
  average.update_parameters(net);
  CHECK(average.module.weight.detach().data<double>()[1] == doctest::Approx(1.1));
  CHECK(average.module.seen.item() == doctest::Approx(1.1));
  CHECK_THROWS_AS(nn::exponential_moving_average(1.1), ValueError);
  CHECK_THROWS_AS(nn::exponential_moving_average(-0.1), ValueError);
}

TEST_CASE("an average is a module: its state is saved and loaded, and it is cloned") {
  Net net;
  nn::AveragedModel average(net);
  net.set(4);
  average.update_parameters(net);
  auto state = average.state_dict();
  REQUIRE(state.size() == 3);
  CHECK(state[0].first == "module.weight");
  CHECK(state[2].first == "n_averaged");
  nn::AveragedModel other(net);
  other.load_state_dict(state);
  CHECK(other.n_averaged.item<std::int64_t>() == 1);
  auto copy = nn::clone(average);
  net.set(8);
  copy.update_parameters(net);
  CHECK(copy.module.weight.detach().data<double>()[0] == 6);
  CHECK(average.module.weight.detach().data<double>()[0] == 4);
}

TEST_CASE("models that do not match and functions that throw change nothing") {
  nn::Sequential small(nn::Linear(1, 2));
  nn::Sequential large(nn::Linear(2, 2));
  nn::Sequential longer(nn::Linear(1, 2), nn::Linear(2, 1));
  nn::AveragedModel average(small);
  CHECK_THROWS_AS(average.update_parameters(large), ValueError);
  CHECK_THROWS_AS(average.update_parameters(longer), ValueError);
  CHECK(average.n_averaged.item<std::int64_t>() == 0);

  Net net;
  nn::AveragedModel failing(net, {.avg_fn = [](const Tensor&, const Tensor&, std::int64_t) -> Tensor {
                              throw std::runtime_error("no");
                            }});
  failing.update_parameters(net);
  net.set(5);
  CHECK_THROWS_AS(failing.update_parameters(net), std::runtime_error);
  CHECK(failing.module.weight.detach().data<double>()[0] == 0);
  CHECK(failing.n_averaged.item<std::int64_t>() == 1);
  nn::AveragedModel without(net, {.avg_fn = nullptr});
  CHECK_THROWS_AS(without.update_parameters(net), ValueError);
}
