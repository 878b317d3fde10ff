#include <doctest/doctest.h>

#include <string>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

nn::Sequential make() { return nn::Sequential(nn::Linear(2, 3), nn::Tanh(), nn::Linear(3, 1)); }

std::string message_of(nn::Sequential& model, const nn::NamedTensors& state, nn::LoadOptions options = {}) {
  try {
    model.load_state_dict(state, options);
  } catch (const ValueError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a state dict carries a model's numbers into another one") {
  nn::Sequential a = make();
  nn::Sequential b = make();
  CHECK_FALSE(equal(a(ones({1, 2})), b(ones({1, 2}))));
  std::uint32_t version = b[0].as<nn::Linear>().weight.version();
  auto result = b.load_state_dict(a.state_dict());
  CHECK(result.missing.empty());
  CHECK(result.unexpected.empty());
  CHECK(equal(a(ones({1, 2})), b(ones({1, 2}))));
  CHECK(b[0].as<nn::Linear>().weight.version() > version);
  CHECK(b[0].as<nn::Linear>().weight.requires_grad());
}

TEST_CASE("a state dict shares the model's memory, outside the graph") {
  nn::Sequential model = make();
  auto state = model.state_dict();
  CHECK(state[0].first == "0.weight");
  CHECK_FALSE(state[0].second.requires_grad());
  state[0].second.fill_(2.0);
  CHECK(model[0].as<nn::Linear>().weight.data<float>()[0] == 2);
}

TEST_CASE("loading converts dtypes") {
  nn::Sequential model = make();
  auto state = make().state_dict();
  for (auto& [name, tensor] : state) tensor = tensor.to(float64);
  model.load_state_dict(state);
  CHECK(model[0].as<nn::Linear>().weight.dtype() == float32);
  CHECK(equal(model[0].as<nn::Linear>().weight.to(float64), state[0].second));
}

TEST_CASE("what does not fit is named in one error, and nothing is changed") {
  nn::Sequential model = make();
  Tensor before = model[0].as<nn::Linear>().weight.detach().clone();
  nn::NamedTensors state{{"0.weight", ones({3, 2})},
                         {"0.bias", ones({4})},
                         {"2.weight", ones({3})},
                         {"3.weight", ones({1})},
                         {"head", ones({1})}};
  std::string message = message_of(model, state);
  for (const char* part : {"missing: 2.bias", "unexpected: 3.weight, head", "0.bias (expected [3], got [4])",
                           "2.weight (expected [1, 3], got [3])", "nothing was changed"}) {
    CAPTURE(part);
    CHECK(message.find(part) != std::string::npos);
  }
  CHECK(equal(model[0].as<nn::Linear>().weight, before));
  // A wrong shape is an error even when missing entries are not.
  CHECK(message_of(model, state, {.strict = false}).find("of another shape") != std::string::npos);
  CHECK(equal(model[0].as<nn::Linear>().weight, before));
}

TEST_CASE("without strict, missing and unexpected entries are passed over and reported") {
  nn::Sequential model = make();
  nn::NamedTensors state{{"0.weight", ones({3, 2})}, {"head", ones({1})}};
  CHECK(message_of(model, state).find("{.strict = false} passes these over") != std::string::npos);
  auto result = model.load_state_dict(state, {.strict = false});
  CHECK(result.missing == std::vector<std::string>{"0.bias", "2.weight", "2.bias"});
  CHECK(result.unexpected == std::vector<std::string>{"head"});
  CHECK(equal(model[0].as<nn::Linear>().weight, ones({3, 2})));
}
