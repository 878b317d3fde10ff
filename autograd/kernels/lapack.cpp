#include <xgrad/autograd/kernels/lapack.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/copy.hpp>

namespace xgrad::kernels::lapack {

int size(std::int64_t value) {
  if (value > std::numeric_limits<int>::max()) {
    throw ShapeError(
        fmt::format("linalg: the matrix is too large for LAPACK: it needs a size or a workspace of {}, at "
                    "most {} fit",
                    value, std::numeric_limits<int>::max()));
  }
  return static_cast<int>(value);
}

Shape batch_shape(const Array& matrices) {
  return Shape(matrices.shape().begin(), matrices.shape().end() - 2);
}

Array column_major(const Shape& shape, DType dtype) {
  Shape turned = shape;
  std::swap(turned[shape.size() - 2], turned[shape.size() - 1]);
  Array memory(turned, dtype);
  Strides strides = memory.strides();
  std::swap(strides[shape.size() - 2], strides[shape.size() - 1]);
  return memory.view(shape, std::move(strides));
}

bool all_finite(const Array& array) {
  Array dense = contiguous(array);
  return dispatch_floating(array.dtype(), [&]<class T>(TypeTag<T>) {
    const T* data = dense.data<T>();
    return std::all_of(data, data + dense.numel(), [](T value) { return std::isfinite(value); });
  });
}

std::int64_t batch_offset(const Array& matrices, const Shape& batch, std::int64_t index) {
  std::size_t own = matrices.ndim() - 2;
  std::int64_t offset = 0;
  for (std::size_t i = batch.size(); i-- > 0;) {
    std::int64_t position = index % batch[i];
    index /= batch[i];
    std::size_t missing = batch.size() - own;
    if (i >= missing && matrices.shape()[i - missing] != 1) {
      offset += position * matrices.strides()[i - missing];
    }
  }
  return offset;
}

}  // namespace xgrad::kernels::lapack
