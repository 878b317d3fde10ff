#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/intrusive_ptr.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

/// What a tensor knows of the node that made it: that it can be shared and dropped.
class XGRAD_API NodeBase {
 public:
  NodeBase() = default;
  NodeBase(const NodeBase&) = delete;
  NodeBase& operator=(const NodeBase&) = delete;

  ReferenceCount references;
  /// Destroys a node, and what only it kept alive, one after the other: a chain of millions of nodes needs no
  /// more stack than one.
  static void destroy(NodeBase* node) noexcept;
  virtual ~NodeBase();

 private:
  friend class NodeDisposal;
  NodeBase* next_to_dispose_ = nullptr;

 protected:
  std::uint32_t bytes_ = 0;  ///< the size of the pool block, set where the node is made
};

using Hook = std::function<Tensor(const Tensor&)>;

/// Hooks in the order they were added, each with a number to take it off by.
struct HookList {
  std::vector<std::pair<std::uint64_t, Hook>> hooks;
  std::uint64_t next = 0;
};

/// What few tensors have.
struct TensorExtras {
  std::shared_ptr<HookList> hooks;        ///< of a leaf; other tensors' hooks stand in their node
  std::shared_ptr<Tensor> retained_grad;  ///< where retain_grad puts the gradient
};

/// What a Tensor is a handle on.
struct XGRAD_API TensorImpl : TensorCore {
  using TensorCore::TensorCore;

  std::uint32_t output_index = 0;         ///< which output of `node` this is
  std::uint32_t view_version = 0;         ///< the memory's version when `node` was set, for views
  bool requires_grad = false;             ///< for leaves; others require a gradient because they have a node
  bool made_without_graph = false;        ///< a view that was made while gradients were off
  std::atomic<bool> grad_locked = false;  ///< one thread at a time adds to `grad`
  IntrusivePtr<NodeBase> node;            ///< what made this tensor, if it was recorded
  Tensor grad;
  IntrusivePtr<TensorCore> base;  ///< of a view: the tensor whose memory it looks at, itself no view
  std::unique_ptr<TensorExtras> extras;

  static IntrusivePtr<TensorCore> make(Array array);
  TensorExtras& make_extras() {
    if (!extras) extras = std::make_unique<TensorExtras>();
    return *extras;
  }
};

namespace detail {
/// Sets the node of a view whose memory has changed since it was set; see graph/tensor_graph.cpp.
XGRAD_API void refresh_view(TensorImpl& view);
}  // namespace detail

inline TensorImpl& Tensor::impl() const {
  if (!core_) [[unlikely]] {
    fail_undefined();
  }
  return static_cast<TensorImpl&>(*core_);
}

namespace detail {

/// The tensor's state, with its node up to date.
inline TensorImpl& current(const Tensor& tensor) {
  TensorImpl& impl = tensor.impl();
  if (impl.base && impl.view_version != impl.array.storage()->version()) [[unlikely]] {
    refresh_view(impl);
  }
  return impl;
}

inline bool requires_grad(const Tensor& tensor) {
  const TensorImpl& impl = current(tensor);
  return impl.requires_grad || impl.node;
}

}  // namespace detail

}  // namespace xgrad
