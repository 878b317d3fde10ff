#include <xgrad/autograd/kernels/indexing.hpp>

#include <algorithm>
#include <cstring>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

std::int64_t product(const Shape& shape, std::size_t first, std::size_t last) {
  std::int64_t result = 1;
  for (std::size_t i = first; i < last; ++i) result *= shape[i];
  return result;
}

template <class T>
void add_to(T* destination, const T* source, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<T, bool>)
      destination[i] = destination[i] || source[i];
    else if constexpr (std::is_integral_v<T>)
      destination[i] =
          static_cast<T>(static_cast<std::uint64_t>(destination[i]) + static_cast<std::uint64_t>(source[i]));
    else
      destination[i] += source[i];
  }
}

/// Calls `visit(place in source, place in index)` for every element of a row-major index, the place in the
/// source with the coordinate of `dim` replaced by 0.
template <class Visit>
void for_each_element(const Shape& source, const Shape& index, const Visit& visit) {
  std::size_t rank = index.size();
  Strides steps = contiguous_strides(source);
  Shape position = Shape::filled(rank, 0);
  std::int64_t count = index.elements();
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    visit(at, position, i);
    for (std::size_t d = rank; d-- > 0;) {
      at += steps[d];
      if (++position[d] < index[d]) break;
      at -= index[d] * steps[d];
      position[d] = 0;
    }
  }
}

}  // namespace

Array index_select(const Array& source, std::size_t dim, const Array& index) {
  Array from = contiguous(source);
  Array places = contiguous(index);
  Shape shape = source.shape();
  std::int64_t size = shape[dim];
  std::int64_t picked = places.numel();
  shape[dim] = picked;
  Array result(shape, source.dtype());
  std::int64_t outer = product(shape, 0, dim);
  auto row = product(shape, dim + 1, shape.size()) * static_cast<std::int64_t>(item_size(source.dtype()));
  if (row == 0) return result;
  const auto* place = places.data<std::int64_t>();
  parallel_for(outer * picked, std::max<std::int64_t>(1, 65536 / row),
               [&](std::int64_t begin, std::int64_t end) {
                 auto source = [&](std::int64_t i) {
                   return from.bytes() + (i / picked * size + place[i % picked]) * row;
                 };
                 constexpr std::int64_t ahead = 4, line = 64, most = 1024;
                 for (std::int64_t i = begin; i < end; ++i) {
                   if (i + ahead < end) {  // rows that lie apart are asked for early
                     for (std::int64_t byte = 0; byte < std::min(row, most); byte += line)
                       __builtin_prefetch(source(i + ahead) + byte);
                   }
                   std::memcpy(result.bytes() + i * row, source(i), static_cast<std::size_t>(row));
                 }
               });
  return result;
}

Array index_add(const Array& source, const Shape& shape, std::size_t dim, const Array& index) {
  Array from = contiguous(source);
  Array places = contiguous(index);
  Array result = Array::zeros(shape, source.dtype());
  std::int64_t outer = product(shape, 0, dim);
  std::int64_t row = product(shape, dim + 1, shape.size());
  std::int64_t picked = places.numel();
  const auto* place = places.data<std::int64_t>();
  dispatch(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::int64_t block = 0; block < outer; ++block) {
      for (std::int64_t i = 0; i < picked; ++i) {
        add_to(result.data<T>() + (block * shape[dim] + place[i]) * row,
               from.data<T>() + (block * picked + i) * row, row);
      }
    }
  });
  return result;
}

Array gather(const Array& source, std::size_t dim, const Array& index) {
  Array from = contiguous(source);
  Array places = contiguous(index);
  Array result(index.shape(), source.dtype());
  std::int64_t step = contiguous_strides(source.shape())[dim];
  const auto* place = places.data<std::int64_t>();
  dispatch(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_each_element(source.shape(), index.shape(),
                     [&](std::int64_t at, const Shape& position, std::int64_t i) {
                       result.data<T>()[i] = from.data<T>()[at + (place[i] - position[dim]) * step];
                     });
  });
  return result;
}

Array scatter_add(const Array& source, const Shape& shape, std::size_t dim, const Array& index) {
  Array from = contiguous(source);
  Array places = contiguous(index);
  Array result = Array::zeros(shape, source.dtype());
  std::int64_t step = contiguous_strides(shape)[dim];
  const auto* place = places.data<std::int64_t>();
  dispatch(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_each_element(shape, index.shape(), [&](std::int64_t at, const Shape& position, std::int64_t i) {
      add_to(result.data<T>() + at + (place[i] - position[dim]) * step, from.data<T>() + i, 1);
    });
  });
  return result;
}

Array put(const Array& target, const Array& places, const Array& source) {
  Array result = clone(target);
  const auto* place = places.data<std::int64_t>();
  dispatch(result.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::int64_t i = 0; i < places.numel(); ++i) result.data<T>()[place[i]] = source.data<T>()[i];
  });
  return result;
}

std::int64_t find_out_of_range(const Array& index, std::int64_t size) {
  Array places = contiguous(index);
  const auto* place = places.data<std::int64_t>();
  for (std::int64_t i = 0; i < places.numel(); ++i) {
    if (place[i] < 0 || place[i] >= size) return i;
  }
  return -1;
}

}  // namespace xgrad::kernels
