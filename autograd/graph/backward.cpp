#include <xgrad/autograd/graph/backward.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/accumulate.hpp>

namespace xgrad {
namespace {

Tensor ones_to_start(const char* operation, const Tensor& output) {
  if (output.numel() != 1) {
    throw GraphError(
        fmt::format("{}: expected a gradient to start with, because the output has shape {} and not one "
                    "element; pass one of that shape, or reduce the output with sum() or mean() first",
                    operation, to_string(output.shape())));
  }
  Array one(output.shape(), output.dtype());
  dispatch_floating(one.dtype(), [&](auto tag) { *one.data<typename decltype(tag)::type>() = 1; });
  return Tensor(std::move(one));
}

void check_start(const char* operation, const Tensor& output, const Tensor& gradient) {
  if (!output.requires_grad()) {
    throw GraphError(
        fmt::format("{}: the output does not require a gradient: it was computed from no tensor that does, "
                    "or while gradients were off",
                    operation));
  }
  if (gradient.defined() && !(gradient.shape() == output.shape())) {
    throw ShapeError(
        fmt::format("{}: expected a gradient of the output's shape: output is {}, gradient is {}", operation,
                    to_string(output.shape()), to_string(gradient.shape())));
  }
  if (gradient.defined() && !is_floating(gradient.dtype())) {
    throw DTypeError(
        fmt::format("{}: expected a floating gradient, got {}", operation, name(gradient.dtype())));
  }
}

Tensor start_gradient(const char* operation, const Tensor& output, const Tensor& gradient) {
  if (!gradient.defined()) return ones_to_start(operation, output);
  return gradient.dtype() == output.dtype() ? gradient : gradient.to(output.dtype());
}

/// Lets every hook see the gradient and change it.
void run_hooks(const std::shared_ptr<HookList>& list, Tensor& gradient) {
  std::vector<std::pair<std::uint64_t, Hook>> hooks = list->hooks;  // a copy: a hook may take itself off
  for (auto& [number, hook] : hooks) {
    Tensor changed = hook(gradient);
    if (!changed.defined()) continue;
    if (!(changed.shape() == gradient.shape()) || changed.dtype() != gradient.dtype()) {
      throw GraphError(
          fmt::format("backward: a hook was given a gradient {} and returned {}; it must keep "
                      "the shape and the dtype",
                      describe(gradient.array()), describe(changed.array())));
    }
    gradient = std::move(changed);
  }
}

/// Holds a leaf's lock, so that several threads can add to its gradient.
class LeafLock {
 public:
  explicit LeafLock(TensorImpl& leaf) noexcept : leaf_(leaf) {
    while (leaf_.grad_locked.exchange(true, std::memory_order_acquire)) {
      while (leaf_.grad_locked.load(std::memory_order_relaxed)) {
      }
    }
  }
  LeafLock(const LeafLock&) = delete;
  LeafLock& operator=(const LeafLock&) = delete;
  ~LeafLock() { leaf_.grad_locked.store(false, std::memory_order_release); }

 private:
  TensorImpl& leaf_;
};

}  // namespace

std::size_t Backward::TargetHash::operator()(const Target& target) const noexcept {
  return std::hash<const void*>()(target.object) ^ (target.index * 0x9E3779B97F4A7C15U);
}

thread_local std::vector<Backward::Waiting> Backward::spare_heap;

Backward::Backward(BackwardOptions options) : options_(options) {
  options_.retain_graph |= options_.create_graph;
  heap_.swap(spare_heap);
}

Backward::Backward(std::span<const Tensor> outputs, std::span<const Tensor> inputs, BackwardOptions options)
    : Backward(options) {
  selection_ = std::make_unique<Selection>();
  captured_.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Node* node = inputs[i].grad_fn();
    const void* object =
        node != nullptr ? static_cast<const void*>(node) : static_cast<const void*>(&inputs[i].impl());
    selection_->targets[{object, inputs[i].output_index()}].push_back(i);
    if (node != nullptr) selection_->towards_inputs.insert(node);
  }
  find_nodes_towards_inputs(outputs);
}

Backward::~Backward() {
  // After an error: nothing may stay behind in the graph.
  for (const Waiting& waiting : heap_) {
    for (std::uint32_t i = 0; i < waiting.node->output_count(); ++i)
      waiting.node->gradient_buffer(i) = Tensor();
    waiting.node->walker_.store(nullptr, std::memory_order_release);
  }
  if (node_ != nullptr) {
    for (std::uint32_t i = 0; i < node_->output_count(); ++i) node_->gradient_buffer(i) = Tensor();
    node_->walker_.store(nullptr, std::memory_order_release);
  }
  heap_.clear();
  if (heap_.capacity() > spare_heap.capacity()) heap_.swap(spare_heap);
}

bool Backward::leads_to_input(const Edge& edge) const noexcept {
  if (edge.leaf) return selection_->targets.contains({edge.leaf.get(), edge.index});
  return selection_->towards_inputs.contains(edge.node.get());
}

/// Marks every node from which an input can be reached, walking with a stack of our own.
void Backward::find_nodes_towards_inputs(std::span<const Tensor> outputs) {
  std::unordered_set<const Node*> seen;
  std::vector<std::pair<const Node*, std::size_t>> path;  // a node, and how many of its edges are done
  for (const Tensor& output : outputs) {
    const Node* root = output.defined() ? output.grad_fn() : nullptr;
    if (root != nullptr && seen.insert(root).second) path.emplace_back(root, 0);
    while (!path.empty()) {
      auto& [node, done] = path.back();
      if (done < node->edges().size()) {
        const Edge& edge = node->edges()[done++];
        const auto* next = static_cast<const Node*>(edge.node.get());
        if (next != nullptr && seen.insert(next).second) path.emplace_back(next, 0);
        continue;
      }
      bool leads = std::ranges::any_of(
          node->edges(), [&](const Edge& edge) { return edge.needed() && leads_to_input(edge); });
      if (leads) selection_->towards_inputs.insert(node);
      path.pop_back();
    }
  }
}

void Backward::start(const Tensor& output, Tensor gradient) {
  if (Node* node = output.grad_fn()) {
    auto root = IntrusivePtr<NodeBase>::share(node);
    if (first_root_)
      other_roots_.push_back(std::move(root));
    else
      first_root_ = std::move(root);
    deliver(*node, output.output_index(), false, std::move(gradient));
  } else {
    deliver_to_leaf(output.impl(), std::move(gradient));
  }
}

void Backward::send(std::uint32_t i, Tensor gradient) {
  if (!gradient.defined()) return;
  const Edge& edge = node_->edges_[i];
  if (edge.shape && !(gradient.shape() == *edge.shape)) gradient = sum_to_shape(gradient, *edge.shape);
  if (edge.leaf) {
    deliver_to_leaf(static_cast<TensorImpl&>(*edge.leaf), std::move(gradient));
  } else {
    deliver(static_cast<Node&>(*edge.node), edge.index, edge.node.unique(), std::move(gradient));
  }
}

void Backward::deliver(Node& node, std::uint32_t index, bool only_way, Tensor gradient) {
  if (!only_way) {
    Backward* walker = nullptr;
    if (!node.walker_.compare_exchange_strong(walker, this, std::memory_order_acquire)) {
      if (walker != this) {
        throw GraphError(
            fmt::format("backward: '{}' belongs to a graph that another backward is walking right now; let "
                        "each thread build its own graph, or wait for the other backward",
                        node.name()));
      }
      add(node.gradient_buffer(index), std::move(gradient));
      return;
    }
  }
  heap_.push_back({node.sequence(), &node});
  std::push_heap(heap_.begin(), heap_.end());
  node.gradient_buffer(index) = std::move(gradient);
}

void Backward::deliver_to_leaf(TensorImpl& leaf, Tensor gradient) {
  if (selection_) {
    auto found = selection_->targets.find({&leaf, 0});
    if (found == selection_->targets.end()) return;
    for (std::size_t i : found->second) add(captured_[i], gradient);
    return;
  }
  if (leaf.extras && leaf.extras->hooks) {
    auto known = std::ranges::find_if(leaves_with_hooks_,
                                      [&](const auto& entry) { return entry.first.get() == &leaf; });
    if (known == leaves_with_hooks_.end()) {
      leaves_with_hooks_.emplace_back(IntrusivePtr<TensorCore>::share(&leaf), std::move(gradient));
    } else {
      add(known->second, std::move(gradient));
    }
    return;
  }
  add_to_grad(leaf, std::move(gradient));
}

void Backward::add(Tensor& sum, Tensor gradient) {
  if (!sum.defined()) {
    sum = std::move(gradient);
    return;
  }
  sum = recording() ? add_gradients(sum, gradient) : add_into(std::move(sum), gradient);
}

void Backward::add_to_grad(TensorImpl& leaf, Tensor gradient) {
  if (gradient.dtype() != leaf.array.dtype()) gradient = gradient.to(leaf.array.dtype());
  LeafLock lock(leaf);
  if (!leaf.grad.defined()) {
    leaf.grad = recording() ? std::move(gradient) : keep_gradient(std::move(gradient));
  } else if (recording()) {
    leaf.grad = add_gradients(leaf.grad, gradient);
  } else {
    add_in_place(leaf.grad, gradient);
  }
}

void Backward::process(Node& node) {
  node_ = &node;
  if (node.hooks_) {
    for (auto& [index, list] : *node.hooks_) {
      if (Tensor& buffer = node.gradient_buffer(index); buffer.defined()) run_hooks(list, buffer);
    }
  }
  bool passes = true;
  if (selection_) {
    for (std::uint32_t i = 0; i < node.output_count(); ++i) {
      auto found = selection_->targets.find({&node, i});
      if (found == selection_->targets.end()) continue;
      for (std::size_t slot : found->second) captured_[slot] = node.gradient_buffer(i);
    }
    passes = std::ranges::any_of(node.edges(),
                                 [&](const Edge& edge) { return edge.needed() && leads_to_input(edge); });
  }
  if (passes) node.backward(*this);
  for (std::uint32_t i = 0; i < node.output_count(); ++i) node.gradient_buffer(i) = Tensor();
  if (!options_.retain_graph) node.release_saved();
  node.walker_.store(nullptr, std::memory_order_release);
  node_ = nullptr;
}

void Backward::finish_leaves_with_hooks() {
  for (auto& [core, gradient] : leaves_with_hooks_) {
    auto& leaf = static_cast<TensorImpl&>(*core);
    run_hooks(leaf.extras->hooks, gradient);
    add_to_grad(leaf, std::move(gradient));
  }
}

void Backward::run() {
  GradMode mode(recording());
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end());
    Node* node = heap_.back().node;
    heap_.pop_back();
    process(*node);
  }
  finish_leaves_with_hooks();
}

void Tensor::backward(const Tensor& gradient, BackwardOptions options) const {
  check_start("backward", *this, gradient);
  Backward walk(options);
  walk.start(*this, start_gradient("backward", *this, gradient));
  walk.run();
}

std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> grad_outputs, GradOptions options) {
  if (!grad_outputs.empty() && grad_outputs.size() != outputs.size()) {
    throw ValueError(fmt::format("grad: expected one gradient for each of {} outputs, got {}", outputs.size(),
                                 grad_outputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) {
      throw GraphError(fmt::format(
          "grad: input {} does not require a gradient; call requires_grad_() before using it", i));
    }
  }
  std::vector<Tensor> starts;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Tensor given = grad_outputs.empty() ? Tensor() : grad_outputs[i];
    check_start("grad", outputs[i], given);
    starts.push_back(start_gradient("grad", outputs[i], given));
  }
  Backward walk(outputs, inputs,
                {.retain_graph = options.retain_graph.value_or(options.create_graph),
                 .create_graph = options.create_graph});
  for (std::size_t i = 0; i < outputs.size(); ++i) walk.start(outputs[i], std::move(starts[i]));
  walk.run();
  if (!options.allow_unused) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!walk.captured()[i].defined()) {
        throw GraphError(
            fmt::format("grad: the outputs do not depend on input {} (of shape {}); pass {{.allow_unused = "
                        "true}} to get an undefined tensor for it",
                        i, to_string(inputs[i].shape())));
      }
    }
  }
  return std::move(walk.captured());
}

std::vector<Tensor> grad(const Tensor& output, std::initializer_list<Tensor> inputs,
                         const Tensor& grad_output, GradOptions options) {
  return grad(std::span(&output, 1), std::span(inputs.begin(), inputs.size()), std::span(&grad_output, 1),
              options);
}

Tensor grad(const Tensor& output, const Tensor& input, const Tensor& grad_output, GradOptions options) {
  return grad(output, {input}, grad_output, options).front();
}

}  // namespace xgrad
