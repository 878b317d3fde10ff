#include <xgrad/autograd/tensor/tensor.hpp>

#include <fmt/format.h>

#include <new>
#include <ostream>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/array/memory.hpp>
#include <xgrad/autograd/tensor/tensor_impl.hpp>

namespace xgrad {

/// Nodes that wait to be destroyed by the outermost `NodeBase::destroy` of this thread.
class NodeDisposal {
 public:
  static void dispose(NodeBase* node) noexcept {
    node->next_to_dispose_ = waiting;
    waiting = node;
    if (busy) return;
    busy = true;
    while (waiting != nullptr) {
      NodeBase* next = waiting;
      waiting = next->next_to_dispose_;
      std::size_t bytes = next->bytes_;
      next->~NodeBase();
      memory::deallocate(next, bytes);
    }
    busy = false;
  }

 private:
  static constinit thread_local NodeBase* waiting;
  static constinit thread_local bool busy;
};
constinit thread_local NodeBase* NodeDisposal::waiting = nullptr;
constinit thread_local bool NodeDisposal::busy = false;

NodeBase::~NodeBase() = default;
void NodeBase::destroy(NodeBase* node) noexcept { NodeDisposal::dispose(node); }

IntrusivePtr<TensorCore> TensorImpl::make(Array array) {
  void* block = memory::allocate(sizeof(TensorImpl));
  return IntrusivePtr<TensorCore>::adopt(new (block) TensorImpl(std::move(array)));
}

void TensorCore::destroy(TensorCore* core) noexcept {
  auto* impl = static_cast<TensorImpl*>(core);
  impl->~TensorImpl();
  memory::deallocate(impl, sizeof(TensorImpl));
}

void HookHandle::remove() {
  if (remove_) std::exchange(remove_, nullptr)();
}

Tensor::Tensor(Array array) {
  if (!array.defined()) throw GraphError("Tensor: the array is undefined");
  core_ = TensorImpl::make(std::move(array));
}

TensorImpl* Tensor::impl_or_null() const noexcept { return static_cast<TensorImpl*>(core_.get()); }

void Tensor::fail_undefined() {
  throw GraphError(
      "an undefined tensor was used: it was made by Tensor() and never assigned, or is a gradient that was "
      "not "
      "computed");
}

std::uint32_t Tensor::version() const { return array().storage()->version(); }

std::int64_t Tensor::size(std::int64_t dim) const {
  if (ndim() == 0) throw IndexError("size: a 0-d tensor has no dimensions");
  return shape()[wrap_dim("size", dim, ndim())];
}

void* Tensor::data_of(DType dtype) const {
  if (dtype != array().dtype()) {
    throw DTypeError(fmt::format("data: asked for {} elements of a {} tensor; use to() to convert",
                                 name(dtype), name(array().dtype())));
  }
  return array().bytes();
}

Scalar Tensor::item_value() const {
  if (numel() != 1) {
    throw ShapeError(
        fmt::format("item: expected a tensor with one element, got shape {}", to_string(shape())));
  }
  return dispatch(dtype(), [&](auto tag) { return Scalar(*array().data<typename decltype(tag)::type>()); });
}

std::string to_string(const Tensor& tensor, const PrintOptions& options) {
  if (!tensor.defined()) return "tensor(undefined)";
  std::string text = "tensor(" + to_string(tensor.array(), options);
  // Lines after the first stand below the first bracket.
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    text.insert(at + 1, 7, ' ');
  DType dtype = tensor.dtype();
  if (dtype != default_dtype() && dtype != int64 && dtype != boolean)
    text += fmt::format(", dtype={}", name(dtype));
  if (tensor.requires_grad()) text += ", requires_grad=true";
  return text + ")";
}

std::ostream& operator<<(std::ostream& stream, const Tensor& tensor) { return stream << to_string(tensor); }

}  // namespace xgrad
