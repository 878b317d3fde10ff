#include <xgrad/autograd/kernels/padding.hpp>

#include <algorithm>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

/// A block is what the padded dimensions hold; it is worked on in rows.
struct Layout {
  std::int64_t blocks = 1;
  std::int64_t inside = 1;               ///< elements of a block of the source
  std::int64_t outside = 1;              ///< and of the result
  std::int64_t width = 1;                ///< of a row of the result
  std::vector<std::int64_t> row_starts;  ///< for each row of a block, where its source row starts
  const PlaceList& columns;
  std::int64_t run_begin = 0;  ///< columns [run_begin, run_end) stand side by side in the source, too
  std::int64_t run_end = 0;

  Layout(const Shape& shape, std::span<const PlaceList> places) : row_starts{0}, columns(places.back()) {
    std::size_t lead = shape.size() - places.size();
    for (std::size_t i = 0; i < lead; ++i) blocks *= shape[i];
    for (std::size_t d = 0; d < places.size(); ++d) {
      inside *= shape[lead + d];
      outside *= static_cast<std::int64_t>(places[d].size());
      if (d + 1 == places.size()) continue;
      std::vector<std::int64_t> deeper;
      for (std::int64_t start : row_starts) {
        for (std::int64_t place : places[d]) deeper.push_back(start * shape[lead + d] + place);
      }
      row_starts = std::move(deeper);
    }
    for (std::int64_t& start : row_starts) start *= shape.back();
    width = static_cast<std::int64_t>(columns.size());
    find_run();
  }

  std::int64_t place(std::int64_t column) const { return columns[static_cast<std::size_t>(column)]; }
  std::int64_t rows() const { return static_cast<std::int64_t>(row_starts.size()); }

 private:
  /// The longest run.
  void find_run() {
    std::int64_t begin = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      if (i > 0 && place(i) != place(i - 1) + 1) begin = i;
      if (i + 1 - begin <= run_end - run_begin) continue;
      run_begin = begin;
      run_end = i + 1;
    }
  }
};

}  // namespace

Array pick(const Array& source, std::span<const PlaceList> places) {
  Array from = contiguous(source);
  const Layout layout(source.shape(), places);
  Shape shape = source.shape();
  for (std::size_t d = 0; d < places.size(); ++d)
    shape[shape.size() - places.size() + d] = static_cast<std::int64_t>(places[d].size());
  Array result(shape, source.dtype());
  if (result.numel() == 0) return result;
  dispatch(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(layout.blocks * layout.rows(), std::max<std::int64_t>(1, 32768 / layout.width),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     const T* read = from.data<T>() + i / layout.rows() * layout.inside +
                                     layout.row_starts[static_cast<std::size_t>(i % layout.rows())];
                     T* write = result.data<T>() + i * layout.width;
                     for (std::int64_t j = 0; j < layout.run_begin; ++j) write[j] = read[layout.place(j)];
                     std::copy_n(read + layout.place(layout.run_begin), layout.run_end - layout.run_begin,
                                 write + layout.run_begin);
                     for (std::int64_t j = layout.run_end; j < layout.width; ++j)
                       write[j] = read[layout.place(j)];
                   }
                 });
  });
  return result;
}

Array pick_backward(const Array& source, const Shape& shape, std::span<const PlaceList> places) {
  Array from = contiguous(source);
  const Layout layout(shape, places);
  Array result = Array::zeros(shape, source.dtype());
  if (source.numel() == 0) return result;
  dispatch_floating(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(layout.blocks, std::max<std::int64_t>(1, 32768 / layout.outside),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin * layout.rows(); i < end * layout.rows(); ++i) {
                     const T* read = from.data<T>() + i * layout.width;
                     T* write = result.data<T>() + i / layout.rows() * layout.inside +
                                layout.row_starts[static_cast<std::size_t>(i % layout.rows())];
                     for (std::int64_t j = 0; j < layout.run_begin; ++j) write[layout.place(j)] += read[j];
                     T* run = write + layout.place(layout.run_begin) - layout.run_begin;
                     for (std::int64_t j = layout.run_begin; j < layout.run_end; ++j) run[j] += read[j];
                     for (std::int64_t j = layout.run_end; j < layout.width; ++j)
                       write[layout.place(j)] += read[j];
                   }
                 });
  });
  return result;
}

}  // namespace xgrad::kernels
