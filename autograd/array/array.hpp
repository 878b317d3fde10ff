#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <xgrad/autograd/array/dtype.hpp>
#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/array/intrusive_ptr.hpp>
#include <xgrad/autograd/array/scalar.hpp>
#include <xgrad/autograd/array/shape.hpp>
#include <xgrad/autograd/array/storage.hpp>

namespace xgrad {

/// Numbers: a dtype, a shape and strides over shared memory. Copying an Array copies the view, not the
/// numbers. An Array knows nothing of gradients; a Tensor holds one.
class Array {
 public:
  /// No array at all; `defined()` is false.
  Array() noexcept = default;
  /// Uninitialized row-major memory. Throws ShapeError for a negative size, std::bad_alloc.
  XGRAD_API Array(Shape shape, DType dtype);
  /// A view of `storage`: its first element is `data`. The caller answers for the bounds.
  XGRAD_API Array(IntrusivePtr<Storage> storage, std::byte* data, Shape shape, Strides strides, DType dtype);

  /// Uninitialized row-major memory of another array's shape and dtype.
  XGRAD_API static Array empty_like(const Array& model);
  XGRAD_API static Array full(Shape shape, Scalar value, DType dtype);
  static Array zeros(Shape shape, DType dtype) { return full(std::move(shape), 0, dtype); }
  /// A row-major array over memory of somebody else, given back by `release(owner)`.
  XGRAD_API static Array adopt(void* data, Shape shape, DType dtype, void* owner, void (*release)(void*));

  bool defined() const noexcept { return static_cast<bool>(storage_); }
  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }
  const Strides& strides() const noexcept { return strides_; }
  std::size_t ndim() const noexcept { return shape_.size(); }
  /// The number of elements.
  std::int64_t numel() const noexcept { return numel_; }
  /// Row-major without gaps (dimensions of size 1 do not matter; an empty array is contiguous).
  bool is_contiguous() const noexcept { return contiguous_; }

  std::byte* bytes() const noexcept { return data_; }
  template <Element T>
  T* data() const noexcept {
    return reinterpret_cast<T*>(data_);
  }
  const IntrusivePtr<Storage>& storage() const noexcept { return storage_; }
  /// Nobody else looks at this memory.
  bool owns_alone() const noexcept { return storage_.unique(); }
  /// The first element's place in the storage, in elements.
  std::int64_t offset() const noexcept {
    return (data_ - storage_->data()) / static_cast<std::int64_t>(item_size(dtype_));
  }

  /// The same memory with another geometry; the first element moves by `shift` elements.
  XGRAD_API Array view(Shape shape, Strides strides, std::int64_t shift = 0) const;
  /// The same elements in row-major order in another shape: a view where the strides allow it, undefined
  /// where they do not. The shape must have as many elements.
  XGRAD_API Array try_reshape(const Shape& shape) const;
  /// Stretched to `shape` with strides of 0, without copying. Throws ShapeError, naming `operation`.
  XGRAD_API Array broadcast_to(const char* operation, const Shape& shape) const;

 private:
  IntrusivePtr<Storage> storage_;
  std::byte* data_ = nullptr;
  Shape shape_;
  Strides strides_;
  std::int64_t numel_ = 0;
  DType dtype_ = DType::float32;
  bool contiguous_ = true;
};

/// "float32 [2, 3]".
XGRAD_API std::string describe(const Array& array);

/// How arrays are printed. Source: numpy.set_printoptions.
struct PrintOptions {
  int precision = 4;              ///< digits after the point at most
  std::int64_t threshold = 1000;  ///< arrays of more elements are summarized
  std::int64_t edge_items = 3;    ///< what a summary shows at either end of a dimension
  int line_width = 80;            ///< characters in a line at most
};

/// The numbers as NumPy prints them: nested brackets, aligned columns, `...` in the middle of long arrays.
XGRAD_API std::string to_string(const Array& array, const PrintOptions& options = {});

}  // namespace xgrad
