#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

struct Classifier : nn::Module {
  nn::Linear hidden{3, 4};
  nn::Linear output{4, 2, {.bias = false}};

  void visit(nn::Visitor& v) override {
    v("hidden", hidden);
    v("output", output);
  }
  Tensor forward(const Tensor& x) override { return output(tanh(hidden(x))); }
};

/// A member of every kind.
struct Everything : nn::Module {
  nn::Parameter scale{ones({2})};
  nn::Parameter absent;
  nn::Buffer count{zeros({1})};
  std::vector<nn::Linear> layers;
  std::array<nn::Linear, 2> pair{nn::Linear(1, 1), nn::Linear(1, 1, {.bias = false})};
  std::optional<nn::Linear> maybe;
  std::unique_ptr<nn::Module> pointed = std::make_unique<nn::Linear>(1, 2);
  nn::AnyModule any = nn::Linear(2, 1, {.bias = false});
  std::vector<nn::Parameter> list;

  Everything() {
    layers.emplace_back(2, 2);
    layers.emplace_back(2, 3, nn::LinearOptions{.bias = false});
    list.emplace_back(zeros({3}));
  }
  XGRAD_MEMBERS(scale, absent, count, layers, pair, maybe, pointed, any, list)
};

std::vector<std::string> names(const nn::NamedTensors& named) {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : named) result.push_back(name);
  return result;
}

template <class Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a module's parameters are the members that visit names, under their names") {
  Classifier model;
  CHECK(names(model.named_parameters()) ==
        std::vector<std::string>{"hidden.weight", "hidden.bias", "output.weight"});
  std::vector<Tensor> parameters = model.parameters();
  REQUIRE(parameters.size() == 3);
  CHECK(parameters[0].is_same(model.hidden.weight));
  CHECK(parameters[2].is_same(model.output.weight));
  CHECK(model.modules().size() == 3);
  CHECK(model.named_modules()[1].first == "hidden");
  CHECK(model(ones({5, 3})).shape() == Shape{5, 2});
}

TEST_CASE("members may stand in vectors, arrays and optionals, behind pointers, and be absent") {
  Everything model;
  CHECK(names(model.named_parameters()) ==
        std::vector<std::string>{"scale", "layers.0.weight", "layers.0.bias", "layers.1.weight",
                                 "pair.0.weight", "pair.0.bias", "pair.1.weight", "pointed.weight",
                                 "pointed.bias", "any.weight", "list.0"});
  CHECK(names(model.named_buffers()) == std::vector<std::string>{"count"});
  model.maybe.emplace(1, 1, nn::LinearOptions{.bias = false});
  model.absent = nn::Parameter(ones({1}));
  CHECK(names(model.named_parameters())[1] == "absent");
  CHECK(names(model.named_parameters())[8] == "maybe.weight");
}

TEST_CASE("XGRAD_MEMBERS takes thirty members") {
  struct Many : nn::Module {
    nn::Parameter a0{ones({1})}, a1{ones({1})}, a2{ones({1})}, a3{ones({1})}, a4{ones({1})}, a5{ones({1})},
        a6{ones({1})}, a7{ones({1})}, a8{ones({1})}, a9{ones({1})}, b0{ones({1})}, b1{ones({1})},
        b2{ones({1})}, b3{ones({1})}, b4{ones({1})}, b5{ones({1})}, b6{ones({1})}, b7{ones({1})},
        b8{ones({1})}, b9{ones({1})}, c0{ones({1})}, c1{ones({1})}, c2{ones({1})}, c3{ones({1})},
        c4{ones({1})}, c5{ones({1})}, c6{ones({1})}, c7{ones({1})}, c8{ones({1})}, c9{ones({1})};
    XGRAD_MEMBERS(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2,
                  c3, c4, c5, c6, c7, c8, c9)
  };
  struct None : nn::Module {
    XGRAD_MEMBERS()
  };
  CHECK(Many().parameters().size() == 30);
  CHECK(None().parameters().empty());
}

TEST_CASE("a module may be defined inside a function, and hold others of its kind") {
  struct Block : nn::Module {
    nn::Linear inner{2, 2};
    XGRAD_MEMBERS(inner)
    Tensor forward(const Tensor& x) override { return x + inner(x); }
  };
  struct Tower : nn::Module {
    std::vector<Block> blocks;
    XGRAD_MEMBERS(blocks)
    Tensor forward(const Tensor& x) override {
      Tensor y = x;
      for (Block& block : blocks) y = block(y);
      return y;
    }
  };
  Tower tower;
  for (int i = 0; i < 5; ++i) tower.blocks.emplace_back();  // grows by moving
  CHECK(tower.parameters().size() == 10);
  sum(tower(ones({1, 2}))).backward();
  for (const Tensor& parameter : tower.parameters()) CHECK(parameter.grad().defined());
  CHECK(tower.describe() == "Tower()");
}

TEST_CASE("a moved module keeps its parameters, and the handles on them") {
  Classifier model;
  Tensor weight = model.hidden.weight;
  Classifier moved = std::move(model);
  CHECK(moved.hidden.weight.is_same(weight));
  CHECK(moved.parameters().size() == 3);
  Classifier assigned;
  assigned = std::move(moved);
  CHECK(assigned.hidden.weight.is_same(weight));
}

TEST_CASE("modules do not copy by accident") {
  Classifier model;
  CHECK_THROWS_AS(Classifier(static_cast<const Classifier&>(model)), GraphError);
  CHECK_FALSE(std::is_copy_assignable_v<Classifier>);
  CHECK(std::is_nothrow_move_constructible_v<Classifier>);
  Tensor handle = model.hidden.weight;
  auto parameter = model.hidden.weight;
  CHECK(handle.is_same(model.hidden.weight));
  CHECK(parameter.is_same(model.hidden.weight));
}

TEST_CASE("a forgotten parameter, buffer or submodule is found and named") {
  struct ForgetsWeight : nn::Module {
    nn::Linear named{1, 1};
    nn::Parameter forgotten{zeros({7, 3})};
    XGRAD_MEMBERS(named)
  };
  struct ForgetsBuffer : nn::Module {
    nn::Buffer forgotten{zeros({5})};
    XGRAD_MEMBERS()
  };
  struct ForgetsLayer : nn::Module {
    nn::Linear forgotten{2, 3};
    nn::Linear named{1, 1};
    void visit(nn::Visitor& v) override { v("named", named); }
  };
  struct Outer : nn::Module {
    ForgetsLayer inner;
    void visit(nn::Visitor& v) override { v("inner", inner); }
  };
  struct Derived : Classifier {
    nn::Linear extra{1, 1};
    XGRAD_MEMBERS(extra)  // but not what the base class names
  };
  ForgetsWeight weight;
  std::string message = message_of([&] { weight.parameters(); });
  CHECK(contains(message, "ForgetsWeight: visit does not name the parameter of shape [7, 3] at byte"));
  CHECK(contains(message, "XGRAD_MEMBERS"));
  CHECK_THROWS_AS(weight.state_dict(), GraphError);
  ForgetsBuffer buffer;
  CHECK(contains(message_of([&] { buffer.state_dict(); }), "the buffer of shape [5]"));
  Outer outer;
  CHECK(contains(
      message_of([&] { outer.parameters(); }),
      "ForgetsLayer: visit does not name the submodule Linear(in_features=2, out_features=3, bias=true)"));
  Derived derived;
  CHECK(contains(message_of([&] { derived.parameters(); }),
                 "Derived: visit does not name the submodule Linear(in_features=3"));
  // A hand-written visit does not tell how large the whole is; these do.
  ForgetsLayer layer;
  CHECK_THROWS_AS(nn::check_members(layer), GraphError);
  CHECK_THROWS_AS(nn::clone(layer), GraphError);
  CHECK_THROWS_AS(nn::Sequential(std::move(layer)), GraphError);
}

TEST_CASE("an undefined parameter that visit does not name is no mistake") {
  struct Optional : nn::Module {
    nn::Parameter weight{ones({1})};
    nn::Parameter unused;
    XGRAD_MEMBERS(weight)
  };
  CHECK(Optional().parameters().size() == 1);
}

TEST_CASE("a module without forward says so, naming its class") {
  struct Silent : nn::Module {};
  Silent silent;
  CHECK(contains(message_of([&] { silent(ones({1})); }), "Silent: forward is not defined"));
}

TEST_CASE("training and evaluation reach every module") {
  struct Net : nn::Module {
    nn::Sequential body{nn::Linear(1, 1), nn::Dropout(0.5)};
    XGRAD_MEMBERS(body)
  };
  Net net;
  CHECK(net.is_training());
  net.eval();
  for (const nn::Module* module : net.modules()) CHECK_FALSE(module->is_training());
  net.train();
  CHECK(net.body[1].is_training());
}

TEST_CASE("to() converts parameters, gradients and floating buffers in place") {
  Everything model;
  nn::Buffer steps(tensor({1, 2}, int64));
  Tensor handle = model.scale;
  model.scale.set_grad(ones({2}));
  model.to(float64);
  CHECK(handle.dtype() == float64);
  CHECK(handle.is_same(model.scale));
  CHECK(model.scale.grad().dtype() == float64);
  CHECK(model.count.dtype() == float64);
  CHECK(model.layers[0].weight.dtype() == float64);
  CHECK(model.scale.requires_grad());
  CHECK_THROWS_AS(model.to(int64), DTypeError);
}

TEST_CASE("apply visits children first, zero_grad and requires_grad_ reach every parameter") {
  Classifier model;
  std::vector<std::string> order;
  model.apply([&](nn::Module& module) { order.push_back(module.describe()); });
  CHECK(order.size() == 3);
  CHECK(order.back() == "Classifier()");
  sum(model(ones({1, 3}))).backward();
  CHECK(model.hidden.bias.grad().defined());
  model.zero_grad(false);
  CHECK(equal(model.hidden.bias.grad(), zeros({4})));
  model.zero_grad();
  CHECK_FALSE(model.hidden.bias.grad().defined());
  model.requires_grad_(false);
  CHECK_FALSE(model(ones({1, 3})).requires_grad());
}

TEST_CASE("modules print themselves and what they consist of") {
  nn::Sequential model(nn::Linear(2, 8), nn::Sequential(nn::Tanh(), nn::Dropout(0.25)),
                       [](const Tensor& x) { return x * 2; });
  std::ostringstream stream;
  stream << model;
  CHECK(stream.str() ==
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=8, bias=true)\n"
        "  (1): Sequential(\n"
        "    (0): Tanh()\n"
        "    (1): Dropout(p=0.25)\n"
        "  )\n"
        "  (2): Function()\n"
        ")");
}

TEST_CASE("as() gives the class, or says which one it is") {
  nn::Sequential model(nn::Linear(2, 8));
  CHECK(model[0].as<nn::Linear>().weight.shape() == Shape{8, 2});
  CHECK(contains(message_of([&] { model[0].as<nn::Tanh>(); }), "the module is a Linear, not a Tanh"));
}

TEST_CASE("tied parameters are one parameter under two names") {
  struct Tied : nn::Module {
    nn::Linear in{3, 3};
    nn::Linear out{3, 3, {.bias = false}};
    Tied() { nn::tie(out.weight, in.weight); }
    XGRAD_MEMBERS(in, out)
    Tensor forward(const Tensor& x) override { return out(in(x)); }
  };
  Tied model;
  CHECK(model.parameters().size() == 2);
  CHECK(names(model.state_dict()) == std::vector<std::string>{"in.weight", "in.bias", "out.weight"});
  Tied copy = nn::clone(model);
  CHECK(copy.out.weight.is_same(copy.in.weight));
  CHECK_FALSE(copy.in.weight.is_same(model.in.weight));
  Tied moved = std::move(copy);
  CHECK(moved.out.weight.is_same(moved.in.weight));
  nn::Linear other(2, 3);
  CHECK_THROWS_AS(nn::tie(other.weight, model.in.weight), ShapeError);
  // One of the names is enough to load both.
  nn::NamedTensors state{{"in.bias", zeros({3})}, {"out.weight", ones({3, 3})}};
  model.load_state_dict(state);
  CHECK(equal(model.in.weight, ones({3, 3})));
}

TEST_CASE("making a Parameter leaves the tensor that it was made from alone") {
  Tensor x = numbers({1, 2});
  nn::Parameter parameter(x);
  CHECK_FALSE(x.requires_grad());
  CHECK(parameter.requires_grad());
  CHECK(parameter.data<double>() == x.data<double>());
  Tensor y = numbers({1, 2}).requires_grad_() * 2;
  CHECK(nn::Parameter(y).is_leaf());
  CHECK_THROWS_AS(nn::Parameter(tensor({1}, int64)), DTypeError);
  CHECK_FALSE(nn::Buffer(numbers({1}).requires_grad_()).requires_grad());
}

TEST_CASE("a module's class is known in one thread while modules come and go in another") {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int k = 0; k < 100; ++k) {
        Classifier model;
        Classifier moved = std::move(model);
        if (moved.parameters().size() != 3) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}
