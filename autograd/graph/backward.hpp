#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <xgrad/autograd/graph/node.hpp>

namespace xgrad {

/// One walk over a graph, from its results to its leaves: the engine. Nodes wait in a heap, the highest
/// sequence number on top; the top one has received all of its gradients, because everything computed from it
/// has a higher number and is done.
class XGRAD_API Backward {
 public:
  /// Into leaves: gradients are added to their `grad`.
  explicit Backward(BackwardOptions options);
  /// For `inputs` alone: gradients are collected in `captured()`, and nothing else is touched.
  Backward(std::span<const Tensor> outputs, std::span<const Tensor> inputs, BackwardOptions options);
  Backward(const Backward&) = delete;
  Backward& operator=(const Backward&) = delete;
  ~Backward();

  /// Hands in the gradient of an output to start with.
  void start(const Tensor& output, Tensor gradient);
  void run();
  std::vector<Tensor>& captured() noexcept { return captured_; }

  // For Node::backward ---------------------------------------------------------------------------------

  /// The gradient of output `index`; undefined when none came. It may be moved from.
  Tensor& gradient(std::uint32_t index = 0) noexcept { return node_->gradient_buffer(index); }
  /// Whether the gradient for edge i is to be computed.
  bool wants(std::uint32_t i) const noexcept {
    return node_->edges_[i].needed() && (!selection_ || leads_to_input(node_->edges_[i]));
  }
  /// Whether the gradients' own graph is recorded.
  bool recording() const noexcept { return options_.create_graph; }
  /// Delivers the gradient for edge i; sums it over dimensions that were broadcast. An undefined one is 0.
  void send(std::uint32_t i, Tensor gradient);

 private:
  struct Waiting {
    std::uint64_t sequence;
    Node* node;
    friend bool operator<(const Waiting& a, const Waiting& b) noexcept { return a.sequence < b.sequence; }
  };
  struct Target {
    const void* object;
    std::uint32_t index;
    friend bool operator==(const Target&, const Target&) = default;
  };
  struct TargetHash {
    std::size_t operator()(const Target& target) const noexcept;
  };

  void deliver(Node& node, std::uint32_t index, bool only_way, Tensor gradient);
  void deliver_to_leaf(TensorImpl& leaf, Tensor gradient);
  void add_to_grad(TensorImpl& leaf, Tensor gradient);
  void process(Node& node);
  void finish_leaves_with_hooks();
  void add(Tensor& sum, Tensor gradient);
  bool leads_to_input(const Edge& edge) const noexcept;
  void find_nodes_towards_inputs(std::span<const Tensor> outputs);

  BackwardOptions options_;
  std::vector<Waiting> heap_;
  Node* node_ = nullptr;  ///< the node that is being processed
  std::vector<std::pair<IntrusivePtr<TensorCore>, Tensor>> leaves_with_hooks_;
  IntrusivePtr<NodeBase> first_root_;  ///< what keeps the graph alive meanwhile
  std::vector<IntrusivePtr<NodeBase>> other_roots_;
  /// The heap's memory of the last walk, so that a training step allocates none.
  static thread_local std::vector<Waiting> spare_heap;

  /// The inputs of a walk for chosen inputs alone.
  struct Selection {
    std::unordered_map<Target, std::vector<std::size_t>, TargetHash>
        targets;                                         ///< which inputs a place stands for
    std::unordered_set<const NodeBase*> towards_inputs;  ///< nodes that lead to one
  };
  std::unique_ptr<Selection> selection_;
  std::vector<Tensor> captured_;
};

/// Options of `grad`. Source: torch.autograd.grad.
struct GradOptions {
  std::optional<bool> retain_graph = std::nullopt;  ///< by default the value of create_graph
  bool create_graph = false;
  bool allow_unused =
      false;  ///< an input that the outputs do not depend on gives an undefined tensor, not an error
};

/// The gradients of sum over i of sum(outputs[i] * grad_outputs[i]) with respect to `inputs`, without
/// touching any `grad()`. grad_outputs: one for each output, or none at all; an undefined one stands for ones
/// and needs an output with one element. Throws GraphError for an input that is not part of the graph (unless
/// allow_unused), and as `backward` does.
XGRAD_API std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                                   std::span<const Tensor> grad_outputs = {}, GradOptions options = {});
XGRAD_API std::vector<Tensor> grad(const Tensor& output, std::initializer_list<Tensor> inputs,
                                   const Tensor& grad_output = Tensor(), GradOptions options = {});
/// The gradient with respect to one input.
XGRAD_API Tensor grad(const Tensor& output, const Tensor& input, const Tensor& grad_output = Tensor(),
                      GradOptions options = {});

}  // namespace xgrad
