#include <xgrad/autograd/graph/node.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad {

namespace detail {
constinit thread_local bool grad_enabled = true;
}  // namespace detail

namespace {
constinit thread_local std::uint64_t last_sequence = 0;

[[noreturn]] void fail_saved(const Node& node, bool freed, std::uint32_t saved, std::uint32_t now) {
  if (freed) {
    throw GraphError(
        fmt::format("backward: the graph was used a second time, but '{}' has freed what it saved; pass "
                    "{{.retain_graph = true}} to the first backward",
                    node.name()));
  }
  throw GraphError(
      fmt::format("backward: '{}' needs a tensor that was changed in place after it was saved: version {} "
                  "was saved, now it is version {}; change a clone() instead",
                  node.name(), saved, now));
}
}  // namespace

Node::~Node() = default;

void Node::connect(std::uint32_t i, const Tensor& input, const Shape* result_shape) {
  Edge& edge = edges_[i];
  TensorImpl& impl = detail::current(input);
  edge.index = impl.output_index;
  if (impl.node) {
    edge.node = impl.node;
    sequence_ = std::max(sequence_, static_cast<const Node&>(*impl.node).sequence_);
  } else {
    edge.leaf = IntrusivePtr<TensorCore>::share(&impl);
  }
  if (result_shape != nullptr && !(*result_shape == impl.array.shape())) {
    void* block = memory::allocate(sizeof(Shape));
    edge.shape.reset(new (block) Shape(impl.array.shape()));
  }
}

void attach(const Tensor& result, IntrusivePtr<NodeBase> node, std::uint32_t index) {
  auto& recorded = static_cast<Node&>(*node);
  if (index == 0) {
    // Higher than all inputs (connect left their maximum), and than what this thread made before.
    last_sequence = std::max(last_sequence, recorded.sequence_) + 1;
    recorded.sequence_ = last_sequence;
  }
  TensorImpl& impl = result.impl();
  impl.node = std::move(node);
  impl.output_index = index;
}

void SavedInput::check(const Node& node) const {
  bool freed = !tensor_.defined();
  if (freed && version_ == undefined) return;
  fail_saved(node, freed, version_, freed ? 0 : tensor_.version());
}

void SavedResult::fail(const Node& node) const {
  bool freed = !array_.defined();
  fail_saved(node, freed, version_, freed ? 0 : array_.storage()->version());
}

Tensor SavedResult::get(Node& node) const {
  Tensor result(array(node));
  if (is_grad_enabled()) {
    result.impl().node = IntrusivePtr<NodeBase>::share(&node);
  }
  return result;
}

}  // namespace xgrad
