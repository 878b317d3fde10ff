#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xgrad/autograd/array/memory.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/tensor/tensor_impl.hpp>

namespace xgrad {

/// The graph: every recorded operation leaves a Node, which knows how to turn the gradient of its result into
/// gradients of its inputs, and an Edge for each input, which says where that gradient goes: to the node that
/// made the input, or into the `grad` of a leaf. Nodes are immutable but for what backward frees, and point
/// backwards only, so there are no cycles. Sequence numbers grow along every edge's reverse: a node's number
/// is higher than those of all nodes that it was computed from, and backward takes the highest number first.

class Backward;

struct PoolDelete {
  void operator()(Shape* shape) const noexcept {
    shape->~Shape();
    memory::deallocate(shape, sizeof(Shape));
  }
};

/// Where the gradient of one input goes. Neither node nor leaf: nowhere, the input needs none.
struct Edge {
  IntrusivePtr<NodeBase> node;
  IntrusivePtr<TensorCore> leaf;
  std::unique_ptr<Shape, PoolDelete> shape;  ///< the input's, where it was broadcast
  std::uint32_t index = 0;                   ///< which output of the node

  bool needed() const noexcept { return node || leaf; }
};

/// A recorded operation.
class XGRAD_API Node : public NodeBase {
 public:
  /// The operation's name, such as "matmul".
  const char* name() const noexcept { return name_; }
  std::uint64_t sequence() const noexcept { return sequence_; }
  std::span<const Edge> edges() const noexcept { return {edges_, edge_count_}; }
  std::uint32_t output_count() const noexcept { return output_count_; }
  ~Node() override;

 protected:
  explicit Node(const char* name, std::uint32_t output_count = 1) noexcept
      : name_(name), output_count_(output_count) {}

  /// Turns the gradients of the outputs (`context.gradient()`) into gradients of the inputs: calls
  /// `context.send(i, gradient)` for every edge i that `context.wants(i)`.
  virtual void backward(Backward& context) = 0;
  /// Frees the saved tensors; backward then throws GraphError if it would need one.
  virtual void release_saved() noexcept {}
  /// Where gradients of an output gather until all have come.
  virtual Tensor& gradient_buffer(std::uint32_t) noexcept { return buffer_; }

  /// To be called first in the constructor: where the derived node keeps its edges.
  void set_edges(Edge* edges, std::uint32_t count) noexcept {
    edges_ = edges;
    edge_count_ = count;
  }
  /// Points edge i at what made `input`. With the shape of the result, a gradient of that shape is summed
  /// down to the input's when it comes.
  void connect(std::uint32_t i, const Tensor& input, const Shape* result_shape = nullptr);

  template <class N, class... Arguments>
  friend IntrusivePtr<NodeBase> make_node(Arguments&&... arguments);
  friend class Backward;
  friend XGRAD_API void attach(const Tensor& result, IntrusivePtr<NodeBase> node, std::uint32_t index);
  friend class Tensor;

 private:
  const char* name_;
  Edge* edges_ = nullptr;
  std::uint32_t edge_count_ = 0;
  std::uint32_t output_count_;
  std::uint64_t sequence_ = 0;
  std::atomic<Backward*> walker_ = nullptr;  ///< the backward that has gradients waiting here
  Tensor buffer_;
  std::unique_ptr<std::vector<std::pair<std::uint32_t, std::shared_ptr<HookList>>>> hooks_;
};

/// A node in a block of the pool.
template <class N, class... Arguments>
IntrusivePtr<NodeBase> make_node(Arguments&&... arguments) {
  void* block = memory::allocate(sizeof(N));
  try {
    auto* node = new (block) N(std::forward<Arguments>(arguments)...);
    node->bytes_ = sizeof(N);
    return IntrusivePtr<NodeBase>::adopt(node);
  } catch (...) {
    memory::deallocate(block, sizeof(N));
    throw;
  }
}

/// Makes `result` output `index` of `node`.
XGRAD_API void attach(const Tensor& result, IntrusivePtr<NodeBase> node, std::uint32_t index = 0);

/// Whether an operation on these inputs must be recorded.
template <class... Inputs>
bool must_record(const Inputs&... inputs) {
  return is_grad_enabled() && (detail::requires_grad(inputs) || ...);
}

/// An input that a gradient formula needs again, with the version that it had.
class XGRAD_API SavedInput {
 public:
  SavedInput() = default;
  explicit SavedInput(const Tensor& tensor)
      : tensor_(tensor), version_(tensor.defined() ? tensor.version() : undefined) {}
  /// The tensor as it was, also an undefined one. Throws GraphError when it was freed, or changed in place
  /// since.
  const Tensor& get(const Node& node) const {
    if (!tensor_.defined() || tensor_.version() != version_) [[unlikely]]
      check(node);
    return tensor_;
  }
  void release() noexcept {
    tensor_ = Tensor();
    version_ = 0;
  }

 private:
  static constexpr std::uint32_t undefined = 0xffffffff;  ///< in the place of a version
  /// Throws unless the tensor was undefined from the start.
  void check(const Node& node) const;
  Tensor tensor_;
  std::uint32_t version_ = 0;
};

/// The node's own result. It holds the numbers alone: a handle on the result would keep the node alive.
class XGRAD_API SavedResult {
 public:
  SavedResult() = default;
  explicit SavedResult(const Tensor& result) : array_(result.array()), version_(result.version()) {}
  /// The numbers as they were; throws like SavedInput.
  const Array& array(const Node& node) const {
    if (!array_.defined() || array_.storage()->version() != version_) [[unlikely]]
      fail(node);
    return array_;
  }
  /// The result as a tensor that this node made, so that gradients of gradients flow through it.
  Tensor get(Node& node) const;
  void release() noexcept { array_ = Array(); }

 private:
  [[noreturn]] void fail(const Node& node) const;
  Array array_;
  std::uint32_t version_ = 0;
};

}  // namespace xgrad
