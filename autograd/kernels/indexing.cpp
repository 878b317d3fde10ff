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

/// An index into the dimension `dim` of a source with as many dimensions, line by line along its last one.
class IndexLines {
 public:
  IndexLines(const Shape& source, const Shape& index, std::size_t dim)
      : source_(source.empty() ? Shape{1} : source), index_(index.empty() ? Shape{1} : index), dim_(dim) {
    steps_ = contiguous_strides(source_);
  }

  std::int64_t length() const { return index_.back(); }
  std::int64_t count() const { return index_.elements() / length(); }
  bool along_lines() const { return dim_ == index_.size() - 1; }
  /// The distance of neighbours along `dim` in the source.
  std::int64_t step() const { return steps_[dim_]; }

  /// visit(line, the place of its first element in the source with the coordinate of `dim` replaced by 0) for
  /// lines [begin, end).
  template <class Visit>
  void visit(std::int64_t begin, std::int64_t end, const Visit& visit) const {
    for (std::int64_t line = begin; line < end; ++line) {
      std::int64_t at = 0;
      std::int64_t rest = line;
      for (std::size_t d = index_.size() - 1; d-- > 0;) {
        if (d != dim_) at += rest % index_[d] * steps_[d];
        rest /= index_[d];
      }
      visit(line, at);
    }
  }

 private:
  Shape source_, index_;
  Strides steps_;
  std::size_t dim_;
};

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
  if (result.numel() == 0) return result;
  IndexLines lines(source.shape(), index.shape(), dim);
  std::int64_t length = lines.length(), step = lines.step();
  dispatch(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::int64_t grain = std::max<std::int64_t>(1, 16384 / length);
    parallel_for(lines.count(), grain, [&](std::int64_t begin, std::int64_t end) {
      lines.visit(begin, end, [&](std::int64_t line, std::int64_t at) {
        const T* source_line = from.data<T>() + at;
        const std::int64_t* place = places.data<std::int64_t>() + line * length;
        T* to = result.data<T>() + line * length;
        if (lines.along_lines()) {
          for (std::int64_t j = 0; j < length; ++j) to[j] = source_line[place[j]];
        } else {
          for (std::int64_t j = 0; j < length; ++j) to[j] = source_line[place[j] * step + j];
        }
      });
    });
  });
  return result;
}

Array scatter_add(const Array& source, const Shape& shape, std::size_t dim, const Array& index) {
  Array from = contiguous(source);
  Array places = contiguous(index);
  Array result = Array::zeros(shape, source.dtype());
  if (from.numel() == 0) return result;
  IndexLines lines(shape, index.shape(), dim);
  std::int64_t length = lines.length(), step = lines.step();
  dispatch(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    // Lines meet in the result unless they lie along `dim`; then one thread takes them in order.
    std::int64_t grain = lines.along_lines() ? std::max<std::int64_t>(1, 16384 / length) : lines.count();
    parallel_for(lines.count(), grain, [&](std::int64_t begin, std::int64_t end) {
      lines.visit(begin, end, [&](std::int64_t line, std::int64_t at) {
        T* target_line = result.data<T>() + at;
        const std::int64_t* place = places.data<std::int64_t>() + line * length;
        const T* numbers = from.data<T>() + line * length;
        if (lines.along_lines()) {
          for (std::int64_t j = 0; j < length; ++j) add_to(target_line + place[j], numbers + j, 1);
        } else {
          for (std::int64_t j = 0; j < length; ++j) add_to(target_line + place[j] * step + j, numbers + j, 1);
        }
      });
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
