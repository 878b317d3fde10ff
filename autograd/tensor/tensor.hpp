#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

namespace xgrad {

class Node;
struct TensorImpl;

/// What every use of a tensor touches: the front of a TensorImpl, known here so that handles are copied,
/// dropped and read without a call.
struct TensorCore {
  explicit TensorCore(Array numbers) noexcept : array(std::move(numbers)) {}
  ReferenceCount references;
  Array array;
  XGRAD_API static void destroy(TensorCore* core) noexcept;
};

/// xtensor's expressions, recognized without including xtensor: they name their scalar type and expression
/// tag.
template <class E>
concept XtensorExpression = requires {
  typename std::remove_cvref_t<E>::expression_tag;
  typename std::remove_cvref_t<E>::value_type;
};

/// Which dimensions an operation works on. None given: all of them.
using Dims = std::optional<Shape>;

/// What `backward` does beside the plain case. Source: torch.Tensor.backward.
struct BackwardOptions {
  bool retain_graph = false;  ///< keep what the graph saved, for another backward
  bool create_graph =
      false;  ///< record the gradients' own graph, for gradients of gradients; implies retain_graph
};

/// A removable function on a tensor's gradient; see Tensor::register_hook.
class XGRAD_API HookHandle {
 public:
  HookHandle() = default;
  explicit HookHandle(std::function<void()> remove) : remove_(std::move(remove)) {}
  /// Takes the hook off; a second call does nothing.
  void remove();

 private:
  std::function<void()> remove_;
};

/// A handle on an Array plus its place in the graph: whether it requires a gradient, the gradient, and the
/// node that made it. Copying a Tensor copies the handle; `clone()` copies the numbers. A default-made Tensor
/// is undefined, and every use but `defined()` throws GraphError.
class XGRAD_API Tensor {
 public:
  Tensor() noexcept = default;
  /// A leaf over these numbers (shared, not copied).
  explicit Tensor(Array array);
  /// Evaluates any xtensor expression; an rvalue xt::xarray or xt::xtensor is taken over without a copy.
  /// Needs <xgrad/autograd/array/xtensor.hpp>, which <xgrad/xgrad.hpp> includes.
  template <XtensorExpression E>
  Tensor(E&& expression);  // NOLINT(google-explicit-constructor): xtensor's own arrays convert alike

  // The numbers ----------------------------------------------------------------------------------------

  bool defined() const noexcept { return static_cast<bool>(core_); }
  const Array& array() const {
    if (!core_) [[unlikely]] {
      fail_undefined();
    }
    return core_->array;
  }
  DType dtype() const { return array().dtype(); }
  const Shape& shape() const { return array().shape(); }
  /// The size of one dimension; -1 is the last. Throws IndexError.
  std::int64_t size(std::int64_t dim) const;
  const Strides& strides() const { return array().strides(); }
  std::size_t ndim() const { return array().ndim(); }
  std::int64_t numel() const { return array().numel(); }
  bool is_contiguous() const { return array().is_contiguous(); }
  bool is_floating_point() const { return is_floating(dtype()); }
  /// A pointer to the first element. Throws DTypeError when T is not the tensor's element type.
  template <Element T>
  T* data() const {
    return static_cast<T*>(data_of(dtype_of<T>));
  }
  /// The one element, as a C++ number. Throws ShapeError when there is not exactly one.
  template <class T = double>
  T item() const {
    return item_value().template to<T>();
  }
  /// The truth of the one element: not 0. Throws ShapeError when there is not exactly one.
  explicit operator bool() const { return item<bool>(); }
  /// How often the memory was changed in place; views share it.
  std::uint32_t version() const;

  // The place in the graph -----------------------------------------------------------------------------

  /// Whether operations on this tensor are recorded.
  bool requires_grad() const;
  /// Asks for a gradient (or no longer). Throws DTypeError for integers, GraphError when a tensor that an
  /// operation made is told to stop: use detach().
  Tensor& requires_grad_(bool value = true);
  /// Not made by a recorded operation. A leaf that requires a gradient receives it in `grad()`.
  bool is_leaf() const;
  /// The gradient that `backward` left, or an undefined tensor.
  const Tensor& grad() const;
  /// Sets (or with an undefined tensor drops) the gradient. Throws ShapeError or DTypeError when it does not
  /// match.
  void set_grad(Tensor gradient);
  /// The node that made this tensor, or null.
  Node* grad_fn() const;
  /// Which output of the node it is.
  std::uint32_t output_index() const;

  /// Adds the gradients of this tensor to the `grad()` of every leaf it was computed from. `gradient` is what
  /// to start with: of this shape, and not needed for a single element (then 1). Throws GraphError when
  /// nothing requires a gradient, when the graph was freed, or when a tensor that it saved has changed since;
  /// ShapeError for a gradient of another shape.
  void backward(const Tensor& gradient = Tensor(), BackwardOptions options = {}) const;
  void backward(BackwardOptions options) const { backward(Tensor(), options); }

  /// The same numbers outside the graph. Memory and version are shared.
  Tensor detach() const;
  /// Takes this tensor itself out of the graph. Throws GraphError for a view.
  Tensor& detach_();
  /// Keeps the gradient of a tensor that is no leaf in its `grad()`, too.
  void retain_grad() const;
  /// Calls `hook` with the gradient of this tensor, whenever backward has computed all of it; what it
  /// returns, if defined, takes the gradient's place. Throws GraphError when no gradient is required.
  HookHandle register_hook(std::function<Tensor(const Tensor&)> hook) const;

  // Operations that read better chained; see the free functions of the same name -------------------------

  Tensor clone() const;
  Tensor contiguous() const;
  Tensor to(DType dtype) const;
  Tensor reshape(const Shape& shape) const;
  Tensor view(const Shape& shape) const;
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1) const;
  Tensor permute(const Shape& dims) const;
  /// The transpose of a matrix. Throws ShapeError beyond two dimensions.
  Tensor t() const;
  /// The last two dimensions exchanged.
  Tensor mT() const;
  Tensor squeeze() const;
  Tensor squeeze(std::int64_t dim) const;
  Tensor unsqueeze(std::int64_t dim) const;
  Tensor expand(const Shape& shape) const;
  Tensor select(std::int64_t dim, std::int64_t index) const;
  Tensor slice(std::int64_t dim, std::optional<std::int64_t> start, std::optional<std::int64_t> end,
               std::int64_t step = 1) const;
  Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const;
  /// The part at `index` along the first dimension.
  Tensor operator[](std::int64_t index) const { return select(0, index); }
  /// xtensor's slices: x(xt::all(), xt::range(0, 2), 1, xt::newaxis(), xt::ellipsis()). A view.
  template <class... Slices>
  Tensor operator()(const Slices&... slices) const;
  Tensor sum(const Dims& dims = std::nullopt, bool keepdim = false) const;
  Tensor mean(const Dims& dims = std::nullopt, bool keepdim = false) const;
  Tensor matmul(const Tensor& other) const;
  Tensor pow(Scalar exponent) const;
  Tensor exp() const;
  Tensor log() const;
  Tensor sqrt() const;
  Tensor abs() const;
  Tensor tanh() const;
  Tensor sigmoid() const;
  Tensor relu() const;
  Tensor operator-() const;

  // In place. Recorded like other operations; a leaf that requires a gradient may be changed only under
  // NoGrad. All throw GraphError for such a leaf and for memory that repeats elements (expand), ShapeError
  // when the result would need another shape, DTypeError when it would need a higher kind of dtype.

  Tensor& add_(const Tensor& other, Scalar alpha = 1);
  Tensor& add_(Scalar other);
  Tensor& sub_(const Tensor& other, Scalar alpha = 1);
  Tensor& sub_(Scalar other);
  Tensor& mul_(const Tensor& other);
  Tensor& mul_(Scalar other);
  Tensor& div_(const Tensor& other);
  Tensor& div_(Scalar other);
  Tensor& pow_(Scalar exponent);
  Tensor& copy_(const Tensor& source);
  Tensor& fill_(Scalar value);
  Tensor& zero_() { return fill_(0); }
  Tensor& neg_();
  Tensor& exp_();
  Tensor& log_();
  Tensor& sqrt_();
  Tensor& abs_();
  Tensor& tanh_();
  Tensor& sigmoid_();
  Tensor& relu_();
  Tensor& clamp_(std::optional<Scalar> min, std::optional<Scalar> max);
  Tensor& operator+=(const Tensor& other) { return add_(other); }
  Tensor& operator+=(Scalar other) { return add_(other); }
  Tensor& operator-=(const Tensor& other) { return sub_(other); }
  Tensor& operator-=(Scalar other) { return sub_(other); }
  Tensor& operator*=(const Tensor& other) { return mul_(other); }
  Tensor& operator*=(Scalar other) { return mul_(other); }
  Tensor& operator/=(const Tensor& other) { return div_(other); }
  Tensor& operator/=(Scalar other) { return div_(other); }

  /// The shared state behind the handle, for the graph and its operations.
  TensorImpl& impl() const;
  TensorImpl* impl_or_null() const noexcept;
  explicit Tensor(IntrusivePtr<TensorCore> core) noexcept : core_(std::move(core)) {}
  /// Two handles on the same tensor.
  bool is_same(const Tensor& other) const noexcept { return core_ == other.core_; }
  /// No other handle looks at this tensor.
  bool is_unique() const noexcept { return core_.unique(); }

 private:
  void* data_of(DType dtype) const;
  Scalar item_value() const;

  [[noreturn]] static void fail_undefined();

  IntrusivePtr<TensorCore> core_;
};

/// "tensor([[1., 2.]], dtype=float64, requires_grad=true)"; dtype and flags only where they are not the
/// default.
XGRAD_API std::string to_string(const Tensor& tensor, const PrintOptions& options = {});
XGRAD_API std::ostream& operator<<(std::ostream& stream, const Tensor& tensor);

}  // namespace xgrad
