// program.expression: straight-line programs written as lists of instructions.

#include "rows.hpp"

namespace conformance {

using namespace xgrad;

namespace {

/// One instruction: its further arguments, and the values it works on.
struct Instruction {
  const Json& text;
  std::vector<Tensor> in;

  std::int64_t integer(const char* name) const { return text.at(name).get<std::int64_t>(); }
  bool flag(const char* name) const { return text.at(name).get<bool>(); }
  std::vector<std::int64_t> list(const char* name) const {
    return text.at(name).get<std::vector<std::int64_t>>();
  }
  Shape shape(const char* name) const {
    auto numbers = list(name);
    return {numbers.begin(), numbers.end()};
  }
};

using Step = std::function<Tensor(const Instruction&)>;

Step one(Tensor (*call)(const Tensor&)) {
  return [call](const Instruction& i) { return call(i.in.at(0)); };
}
Step two(Tensor (*call)(const Tensor&, const Tensor&)) {
  return [call](const Instruction& i) { return call(i.in.at(0), i.in.at(1)); };
}

const std::map<std::string, Step>& steps() {
  using I = Instruction;
  static const std::map<std::string, Step> all = {
      {"neg", one(neg)},
      {"sin", one(sin)},
      {"cos", one(cos)},
      {"tanh", one(tanh)},
      {"sigmoid", one(sigmoid)},
      {"exp", one(exp)},
      {"square", one(square)},
      {"abs", one(abs)},
      {"relu", one(relu)},
      {"atan", one(atan)},
      {"softplus", [](const I& i) { return softplus(i.in.at(0)); }},
      {"add", [](const I& i) { return i.in.at(0) + i.in.at(1); }},
      {"sub", [](const I& i) { return i.in.at(0) - i.in.at(1); }},
      {"mul", two(mul)},
      {"div", two(div)},
      {"maximum", two(maximum)},
      {"minimum", two(minimum)},
      {"matmul", two(matmul)},
      {"sum", [](const I& i) { return sum(i.in.at(0), i.shape("dim"), i.flag("keepdim")); }},
      {"mean", [](const I& i) { return mean(i.in.at(0), i.shape("dim"), i.flag("keepdim")); }},
      {"logsumexp", [](const I& i) { return logsumexp(i.in.at(0), i.shape("dim"), i.flag("keepdim")); }},
      {"amax", [](const I& i) { return amax(i.in.at(0), i.shape("dim"), i.flag("keepdim")); }},
      {"cumsum", [](const I& i) { return cumsum(i.in.at(0), i.integer("dim")); }},
      {"softmax", [](const I& i) { return softmax(i.in.at(0), i.integer("dim")); }},
      {"transpose", [](const I& i) { return transpose(i.in.at(0), i.integer("dim0"), i.integer("dim1")); }},
      {"reshape", [](const I& i) { return reshape(i.in.at(0), i.shape("shape")); }},
      {"expand", [](const I& i) { return expand(i.in.at(0), i.shape("size")); }},
      {"unsqueeze", [](const I& i) { return unsqueeze(i.in.at(0), i.integer("dim")); }},
      {"flip", [](const I& i) { return flip(i.in.at(0), i.shape("dims")); }},
      {"cat", [](const I& i) { return cat(i.in, i.integer("dim")); }},
      {"stack", [](const I& i) { return stack(i.in, i.integer("dim")); }},
      {"select", [](const I& i) { return select(i.in.at(0), i.integer("dim"), i.integer("index")); }},
      {"narrow",
       [](const I& i) {
         return narrow(i.in.at(0), i.integer("dim"), i.integer("start"), i.integer("length"));
       }},
      {"index_select",
       [](const I& i) { return index_select(i.in.at(0), i.integer("dim"), tensor(i.list("index"))); }},
      {"scale",
       [](const I& i) {
         return i.in.at(0) * read_number(i.text.at("factor")) + read_number(i.text.at("offset"));
       }},
  };
  return all;
}

}  // namespace

Outputs run_expression(const Arguments& a) {
  std::vector<Tensor> values = a.tensors("inputs");
  for (const Json& text : a.json("code")) {
    Instruction instruction{text, {}};
    for (const Json& number : text.at("in")) instruction.in.push_back(values.at(number.get<std::size_t>()));
    values.push_back(steps().at(text.at("op").get<std::string>())(instruction));
  }
  Outputs results;
  for (const Json& number : a.json("results")) results.push_back(values.at(number.get<std::size_t>()));
  return results;
}

}  // namespace conformance
