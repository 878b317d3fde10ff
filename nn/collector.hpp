#pragma once

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <xgrad/nn/module.hpp>

namespace xgrad::nn::detail {

/// All that lies below a module, found in one walk. Not for users.
class Collector final : public Visitor {
 public:
  struct Entry {
    std::string name;
    Tensor* tensor;
    bool is_parameter;
  };

  /// Walks over `root` and checks that nothing was forgotten; `size`, where it is known, is the size of the
  /// object.
  explicit Collector(Module& root, std::size_t size = 0);

  /// Parameters and buffers, a shared one under each of its names.
  std::vector<Entry> entries;
  /// The root, with an empty name, and every module below it, once.
  std::vector<std::pair<std::string, Module*>> modules;

  /// The parameters (or buffers), a shared one once.
  NamedTensors named(bool parameters) const;

 private:
  struct Walk {};
  Collector(Module& root, Walk);

  void parameter(const std::string& name, Parameter& parameter) override;
  void buffer(const std::string& name, Buffer& buffer) override;
  void module(const std::string& name, Module& module) override;
  void extent(Module& module, std::size_t size) override;
  void check_forgotten() const;

  std::unordered_set<const void*> seen_;
  std::vector<std::pair<Module*, std::size_t>> extents_;
};

/// The name of the module's class, without namespaces.
std::string class_name(const std::type_info& type);

}  // namespace xgrad::nn::detail
