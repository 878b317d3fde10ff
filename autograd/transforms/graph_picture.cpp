#include <xgrad/autograd/transforms/graph_picture.hpp>

#include <fmt/format.h>

#include <unordered_map>

#include <xgrad/autograd/graph/node.hpp>

namespace xgrad {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n')
      result += "\\n";
    else
      result += c;
  }
  return result + "\"";
}

class Picture {
 public:
  explicit Picture(const NamedTensors& names) {
    for (const auto& [name, tensor] : names) {
      if (tensor.defined()) names_.emplace(tensor.impl_or_null(), name);
    }
  }

  std::string draw(const Tensor& tensor) {
    text_ = "digraph xgrad {\n  rankdir=TB;\n  node [fontname=\"Helvetica\", fontsize=11];\n";
    std::string result = "result";
    text_ += fmt::format("  {} [shape=ellipse, style=bold, label={}];\n", result,
                         quoted(label(tensor.impl_or_null(), "result") + "\n" + to_string(tensor.shape())));
    if (Node* root = tensor.grad_fn()) {
      text_ += fmt::format("  {} -> {};\n", node_name(root), result);
    }
    // Nodes are named when they are first met and wait here until their inputs are drawn.
    while (!waiting_.empty()) {
      const Node* node = waiting_.back();
      waiting_.pop_back();
      for (const Edge& edge : node->edges()) {
        if (edge.node)
          text_ += fmt::format("  {} -> {};\n", node_name(static_cast<const Node*>(edge.node.get())),
                               node_name(node));
        if (edge.leaf) text_ += fmt::format("  {} -> {};\n", leaf_name(edge.leaf.get()), node_name(node));
      }
    }
    return text_ + "}\n";
  }

 private:
  std::string label(const void* tensor, const std::string& otherwise) const {
    auto found = names_.find(tensor);
    return found == names_.end() ? otherwise : found->second;
  }
  std::string node_name(const Node* node) {
    auto [place, fresh] = numbers_.emplace(node, numbers_.size());
    std::string name = fmt::format("n{}", place->second);
    if (fresh) {
      text_ += fmt::format("  {} [shape=box, style=rounded, label={}];\n", name, quoted(node->name()));
      waiting_.push_back(node);
    }
    return name;
  }
  std::string leaf_name(const TensorCore* leaf) {
    auto [place, fresh] = numbers_.emplace(leaf, numbers_.size());
    std::string name = fmt::format("n{}", place->second);
    if (fresh) {
      text_ += fmt::format("  {} [shape=ellipse, style=filled, fillcolor=lightgrey, label={}];\n", name,
                           quoted(label(leaf, "leaf") + "\n" + to_string(leaf->array.shape())));
    }
    return name;
  }

  std::string text_;
  std::unordered_map<const void*, std::string> names_;
  std::unordered_map<const void*, std::size_t> numbers_;
  std::vector<const Node*> waiting_;
};

}  // namespace

std::string to_dot(const Tensor& tensor, const NamedTensors& names) {
  static_cast<void>(tensor.impl());
  return Picture(names).draw(tensor);
}

}  // namespace xgrad
