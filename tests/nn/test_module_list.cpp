#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;

TEST_CASE("a ModuleList holds modules of any class under numbers") {
  nn::ModuleList list(nn::Linear(2, 3), nn::Tanh());
  list.push_back(nn::Linear(3, 1));
  CHECK(list.size() == 3);
  CHECK(list.named_parameters()[2].first == "2.weight");
  Tensor x = ones({4, 2});
  Tensor y = x;
  for (const nn::AnyModule& module : list) y = module(y);
  CHECK(equal(y, list[2](list[1](list[0](x)))));
  nn::ModuleList copy = nn::clone(list);
  CHECK_FALSE(copy[0].as<nn::Linear>().weight.is_same(list[0].as<nn::Linear>().weight));
  CHECK_THROWS_AS(list[3], IndexError);
  CHECK_THROWS_AS(list.push_back(nn::AnyModule()), GraphError);
  CHECK_THROWS_AS(list(x), GraphError);
}

TEST_CASE("a ModuleDict holds modules of any class under names, in the order in which they came") {
  nn::ModuleDict dict;
  dict.insert("second", nn::Linear(2, 3));
  dict.insert("first", nn::Tanh());
  CHECK(dict.size() == 2);
  CHECK(dict.contains("first"));
  CHECK(dict.named_parameters()[0].first == "second.weight");
  std::vector<std::string> names;
  for (const auto& [name, module] : dict) names.push_back(name);
  CHECK(names == std::vector<std::string>{"second", "first"});
  dict.insert("first", nn::ReLU());
  CHECK(dict["first"].describe() == "ReLU()");
  CHECK(nn::clone(dict).size() == 2);
  dict.erase("first");
  CHECK_FALSE(dict.contains("first"));
  CHECK_THROWS_WITH_AS(dict["third"], "ModuleDict: there is no module \"third\" among second", IndexError);
  CHECK_THROWS_AS(dict.erase("third"), IndexError);
  CHECK_THROWS_AS(dict.insert("a.b", nn::ReLU()), ValueError);
  CHECK_THROWS_AS(dict.insert("", nn::ReLU()), ValueError);
  CHECK_THROWS_AS(dict.insert("a", nn::AnyModule()), GraphError);
}
