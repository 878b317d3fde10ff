#include <xgrad/autograd/array/array.hpp>

#include <fmt/format.h>

#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/copy.hpp>

namespace xgrad {
namespace {

bool has_contiguous_strides(const Shape& shape, const Strides& strides) noexcept {
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

constexpr std::size_t max_dimensions = 64;

[[noreturn]] void fail_shape(const Shape& shape) {
  for (std::int64_t size : shape) {
    if (size < 0)
      throw ShapeError(fmt::format("expected sizes of 0 or more, got shape {}", to_string(shape)));
  }
  if (shape.size() > max_dimensions) {
    throw ShapeError(fmt::format("expected at most {} dimensions, got {}", max_dimensions, shape.size()));
  }
  throw ShapeError(fmt::format("shape {} has more elements than memory can hold", to_string(shape)));
}

/// The number of elements; throws for shapes that cannot be.
std::int64_t checked_elements(const Shape& shape) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 8;  // of the widest dtype
  std::int64_t elements = 1;
  bool overflow = shape.size() > max_dimensions;
  bool empty = false;
  for (std::int64_t size : shape) {
    overflow |= size < 0 || __builtin_mul_overflow(elements, size == 0 ? 1 : size, &elements);
    empty |= size == 0;
  }
  overflow |= elements > most;
  if (overflow) [[unlikely]]
    fail_shape(shape);
  return empty ? 0 : elements;
}

}  // namespace

Array::Array(Shape shape, DType dtype)
    : shape_(std::move(shape)), numel_(checked_elements(shape_)), dtype_(dtype) {
  strides_ = contiguous_strides(shape_);
  storage_ = Storage::allocate(static_cast<std::size_t>(numel_) * item_size(dtype));
  data_ = storage_->data();
}

Array::Array(IntrusivePtr<Storage> storage, std::byte* data, Shape shape, Strides strides, DType dtype)
    : storage_(std::move(storage)),
      data_(data),
      shape_(std::move(shape)),
      strides_(std::move(strides)),
      numel_(checked_elements(shape_)),
      dtype_(dtype),
      contiguous_(numel_ == 0 || has_contiguous_strides(shape_, strides_)) {}

Array Array::empty_like(const Array& model) {
  Array result;
  result.shape_ = model.shape_;
  result.strides_ = model.contiguous_ && model.numel_ > 0 ? model.strides_ : contiguous_strides(model.shape_);
  result.numel_ = model.numel_;
  result.dtype_ = model.dtype_;
  result.storage_ = Storage::allocate(static_cast<std::size_t>(model.numel_) * item_size(model.dtype_));
  result.data_ = result.storage_->data();
  return result;
}

Array Array::full(Shape shape, Scalar value, DType dtype) {
  Array result(std::move(shape), dtype);
  kernels::fill(result, value);
  return result;
}

Array Array::adopt(void* data, Shape shape, DType dtype, void* owner, void (*release)(void*)) {
  std::int64_t elements = checked_elements(shape);
  auto storage = Storage::adopt(data, static_cast<std::size_t>(elements) * item_size(dtype), owner, release);
  std::byte* first = storage->data();
  Strides strides = contiguous_strides(shape);
  return {std::move(storage), first, std::move(shape), std::move(strides), dtype};
}

Array Array::view(Shape shape, Strides strides, std::int64_t shift) const {
  std::byte* first = data_ + shift * static_cast<std::int64_t>(item_size(dtype_));
  return {storage_, first, std::move(shape), std::move(strides), dtype_};
}

Array Array::try_reshape(const Shape& shape) const {
  if (contiguous_) return view(shape, contiguous_strides(shape));
  // Walk both shapes from the back; a run of old dimensions that is one block in memory may be cut anew.
  Strides strides = Shape::filled(shape.size(), 1);
  std::size_t next = shape.size();
  std::int64_t block = 1;  // elements of the old run so far
  std::int64_t taken = 1;  // elements of the run that new dimensions have used
  std::int64_t step = strides_.empty() ? 1 : strides_.back();
  for (std::size_t i = shape_.size(); i-- > 0;) {
    block *= shape_[i];
    bool run_ends = i == 0 || (shape_[i - 1] != 1 && strides_[i - 1] != block * step);
    if (!run_ends) continue;
    while (next > 0 && (taken < block || shape[next - 1] == 1)) {
      strides[next - 1] = taken * step;
      taken *= shape[next - 1];
      --next;
    }
    if (taken != block) return {};
    if (i > 0) {
      step = strides_[i - 1];
      block = taken = 1;
    }
  }
  return next == 0 ? view(shape, strides) : Array();
}

Array Array::broadcast_to(const char* operation, const Shape& shape) const {
  if (shape == shape_) return *this;
  bool fits = shape.size() >= shape_.size();
  std::size_t lead = fits ? shape.size() - shape_.size() : 0;
  Strides strides = Shape::filled(shape.size(), 0);
  for (std::size_t i = 0; fits && i < shape_.size(); ++i) {
    if (shape_[i] == shape[lead + i])
      strides[lead + i] = strides_[i];
    else if (shape_[i] != 1)
      fits = false;
  }
  if (!fits) {
    throw ShapeError(
        fmt::format("{}: {} does not broadcast to {}; sizes must be equal or 1, counted from the last",
                    operation, to_string(shape_), to_string(shape)));
  }
  return view(shape, std::move(strides));
}

}  // namespace xgrad
