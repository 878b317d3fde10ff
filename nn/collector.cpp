#include <xgrad/nn/collector.hpp>

#include <fmt/format.h>

#include <cxxabi.h>
#include <cstdlib>
#include <memory>
#include <typeinfo>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/nn/members.hpp>

namespace xgrad::nn::detail {

Collector::Collector(Module& root, std::size_t size) : Collector(root, Walk()) {
  if (size != 0) extents_.emplace_back(&root, size);
  check_forgotten();
}

Collector::Collector(Module& root, Walk) { module("", root); }

void Collector::parameter(const std::string& name, Parameter& parameter) {
  seen_.insert(&parameter);
  entries.push_back({name, &parameter, true});
}

void Collector::buffer(const std::string& name, Buffer& buffer) {
  seen_.insert(&buffer);
  entries.push_back({name, &buffer, false});
}

void Collector::module(const std::string& name, Module& module) {
  if (!seen_.insert(&module).second) return;
  modules.emplace_back(name, &module);
  module.visit(*this);
}

void Collector::extent(Module& module, std::size_t size) { extents_.emplace_back(&module, size); }

NamedTensors Collector::named(bool parameters) const {
  NamedTensors result;
  std::unordered_set<const void*> listed;
  for (const Entry& entry : entries) {
    if (entry.is_parameter != parameters || !listed.insert(entry.tensor->impl_or_null()).second) continue;
    result.emplace_back(entry.name, *entry.tensor);
  }
  return result;
}

void Collector::check_forgotten() const {
  for (const auto& [owner, size] : extents_) {
    for (const Member& member : members_inside(owner, size)) {
      if (seen_.contains(member.address)) continue;
      std::string what;
      if (member.kind == MemberKind::module) {
        what = "the submodule " + static_cast<const Module*>(member.address)->describe();
      } else {
        bool is_parameter = member.kind == MemberKind::parameter;
        const Tensor& tensor =
            is_parameter ? static_cast<const Tensor&>(*static_cast<const Parameter*>(member.address))
                         : *static_cast<const Buffer*>(member.address);
        if (!tensor.defined()) continue;
        what = fmt::format("the {} of shape {}", is_parameter ? "parameter" : "buffer",
                           to_string(tensor.shape()));
      }
      throw GraphError(
          fmt::format("{}: visit does not name {} at byte {} of the object's {}, so it would be neither "
                      "trained nor saved; add it to "
                      "visit or XGRAD_MEMBERS",
                      class_name(typeid(*owner)), what,
                      static_cast<const char*>(member.address) - reinterpret_cast<const char*>(owner), size));
    }
  }
}

std::string class_name(const std::type_info& type) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                  std::free);
  std::string name = status == 0 ? readable.get() : type.name();
  // "main::{lambda()#1}::operator()() const::Net" and "ns::Stack<ns::Net>" alike: what follows the last "::"
  // outside brackets.
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    char c = name[i];
    if (c == '<' || c == '(' || c == '{') ++depth;
    if (c == '>' || c == ')' || c == '}') --depth;
    if (depth == 0 && c == ':' && name[i + 1] == ':') start = i + 2;
  }
  return name.substr(start);
}

}  // namespace xgrad::nn::detail
