#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <vector>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

struct Net : nn::Module {
  nn::Linear first{2, 3};
  std::vector<nn::Linear> rest;
  std::optional<nn::Linear> maybe{std::in_place, 1, 1};
  nn::Sequential tail{nn::Linear(3, 1), [](const Tensor& x) { return x + 1; }};
  nn::Buffer count{ones({2})};
  double plain = 0;

  Net() { rest.emplace_back(3, 3); }
  XGRAD_MEMBERS(first, rest, maybe, tail, count)
  Tensor forward(const Tensor& x) override { return tail(rest[0](first(x))); }
};

}  // namespace

TEST_CASE("a clone computes the same with numbers of its own") {
  Net net;
  net.plain = 7;
  net.eval();
  sum(net(ones({1, 2}))).backward();
  const Net& original = net;
  Net copy = nn::clone(original);
  CHECK(equal(copy(ones({4, 2})), net(ones({4, 2}))));
  CHECK(copy.plain == 7);
  CHECK_FALSE(copy.is_training());
  CHECK_FALSE(copy.tail[0].is_training());
  auto mine = net.state_dict();
  auto theirs = copy.state_dict();
  REQUIRE(mine.size() == theirs.size());
  for (std::size_t i = 0; i < mine.size(); ++i) {
    CHECK(mine[i].first == theirs[i].first);
    CHECK(equal(mine[i].second, theirs[i].second));
    CHECK(mine[i].second.array().bytes() != theirs[i].second.array().bytes());
  }
  for (const Tensor& parameter : copy.parameters()) {
    CHECK(parameter.requires_grad());
    CHECK(parameter.is_leaf());
    CHECK_FALSE(parameter.grad().defined());
  }
  nn::init::zeros_(copy.first.weight);
  CHECK_FALSE(equal(copy.first.weight, net.first.weight));
}

TEST_CASE("frozen parameters stay frozen in a clone") {
  Net net;
  net.first.requires_grad_(false);
  Net copy = nn::clone(net);
  CHECK_FALSE(copy.first.weight.requires_grad());
  CHECK(copy.rest[0].weight.requires_grad());
}

TEST_CASE("a clone of a sequence has modules of its own") {
  nn::Sequential model(nn::Linear(2, 2), nn::Sequential(nn::Linear(2, 1)));
  nn::Sequential copy = nn::clone(model);
  CHECK(copy.size() == 2);
  CHECK(&copy[0] != &model[0]);
  CHECK_FALSE(copy.parameters()[2].is_same(model.parameters()[2]));
  CHECK(equal(copy(ones({1, 2})), model(ones({1, 2}))));
}

TEST_CASE("AnyModule holds any module or function, and clones with its owner") {
  struct Owner : nn::Module {
    nn::AnyModule child = nn::Linear(1, 1);
    XGRAD_MEMBERS(child)
  };
  Owner owner;
  Owner copy = nn::clone(owner);
  CHECK(copy.parameters().size() == 2);
  CHECK_FALSE(copy.parameters()[0].is_same(owner.parameters()[0]));
  nn::AnyModule empty;
  CHECK_FALSE(static_cast<bool>(empty));
  CHECK_THROWS_AS(empty(ones({1})), GraphError);
  owner.child = nn::AnyModule([](const Tensor& x) { return x * 3; });
  CHECK(owner.child(numbers({2})).item() == 6);
  CHECK(owner.parameters().empty());
  nn::AnyModule filled = nn::Tanh();
  CHECK_THROWS_AS(nn::AnyModule(static_cast<const nn::AnyModule&>(filled)), GraphError);
}

TEST_CASE("a module seen through its base class cannot be cloned by halves") {
  struct Base : nn::Module {
    nn::Parameter weight{ones({1})};
    void visit(nn::Visitor& v) override { v("weight", weight); }
  };
  struct Derived : Base {
    nn::Parameter more{ones({1})};
    void visit(nn::Visitor& v) override {
      Base::visit(v);
      v("more", more);
    }
  };
  Derived derived;
  const Base& base = derived;
  CHECK_THROWS_WITH_AS(nn::clone(base),
                       doctest::Contains("is a Derived, but is seen here as its base class Base"),
                       GraphError);
  CHECK(nn::clone(derived).parameters().size() == 2);
}
