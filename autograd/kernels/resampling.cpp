#include <xgrad/autograd/kernels/resampling.hpp>

#include <algorithm>
#include <functional>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

constexpr std::int64_t grain_terms = 32768;

/// The dimension is the last one: every row is mapped by itself.
template <class T>
void map_rows(const T* source, T* result, std::int64_t rows, const Taps& taps,
              const std::vector<T>& weights) {
  std::int64_t width = taps.results();
  auto terms = static_cast<std::int64_t>(taps.places.size()) + width;
  parallel_for(rows, std::max<std::int64_t>(1, grain_terms / terms),
               [&](std::int64_t begin, std::int64_t end) {
                 const std::int64_t* place = taps.places.data();
                 const T* weight = weights.data();
                 for (std::int64_t row = begin; row < end; ++row) {
                   const T* read = source + row * taps.sources;
                   T* write = result + row * width;
                   std::int64_t k = 0;
                   for (std::int64_t i = 0; i < width; ++i) {
                     T sum = 0;
                     for (std::int64_t stop = taps.starts[static_cast<std::size_t>(i) + 1]; k < stop; ++k)
                       sum += weight[k] * read[place[k]];
                     write[i] = sum;
                   }
                 }
               });
}

/// Each element of the dimension is a row of `width` numbers: rows are added up.
template <class T>
void add_rows(const T* source, T* result, std::int64_t blocks, std::int64_t width, const Taps& taps,
              const std::vector<T>& weights) {
  std::int64_t results = taps.results();
  parallel_for(blocks * results, std::max<std::int64_t>(1, grain_terms / width),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   auto at = static_cast<std::size_t>(i % results);
                   const T* block = source + i / results * taps.sources * width;
                   T* write = result + i * width;
                   std::fill_n(write, width, T(0));
                   for (auto k = static_cast<std::size_t>(taps.starts[at]);
                        k < static_cast<std::size_t>(taps.starts[at + 1]); ++k) {
                     const T* read = block + taps.places[k] * width;
                     T weight = weights[k];
                     for (std::int64_t j = 0; j < width; ++j) write[j] += weight * read[j];
                   }
                 }
               });
}

/// Whether every element of the result is one element of the source.
bool only_copies(const Taps& taps) {
  return static_cast<std::int64_t>(taps.places.size()) == taps.results() &&
         std::ranges::adjacent_find(taps.starts, std::ranges::equal_to{}) == taps.starts.end() &&
         std::ranges::all_of(taps.weights, [](double weight) { return weight == 1; });
}

/// The maps that only copy: rows of `width` numbers, or elements of a row.
template <class T>
void copy_picked(const T* source, T* result, std::int64_t blocks, std::int64_t width, const Taps& taps) {
  std::int64_t results = taps.results();
  const std::int64_t* place = taps.places.data();
  parallel_for(blocks, std::max<std::int64_t>(1, grain_terms / (results * width)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t block = begin; block < end; ++block) {
                   const T* read = source + block * taps.sources * width;
                   T* write = result + block * results * width;
                   if (width == 1) {
                     for (std::int64_t i = 0; i < results; ++i) write[i] = read[place[i]];
                   } else {
                     for (std::int64_t i = 0; i < results; ++i)
                       std::copy_n(read + place[i] * width, width, write + i * width);
                   }
                 }
               });
}

}  // namespace

Taps Taps::transposed() const {
  Taps result;
  result.sources = results();
  result.starts.assign(static_cast<std::size_t>(sources) + 1, 0);
  for (std::int64_t place : places) ++result.starts[static_cast<std::size_t>(place) + 1];
  for (std::size_t i = 1; i < result.starts.size(); ++i) result.starts[i] += result.starts[i - 1];
  result.places.resize(places.size());
  result.weights.resize(weights.size());
  std::vector<std::int64_t> next = result.starts;
  for (std::size_t row = 0; row + 1 < starts.size(); ++row) {
    for (auto k = static_cast<std::size_t>(starts[row]); k < static_cast<std::size_t>(starts[row + 1]); ++k) {
      auto to = static_cast<std::size_t>(next[static_cast<std::size_t>(places[k])]++);
      result.places[to] = static_cast<std::int64_t>(row);
      result.weights[to] = weights[k];
    }
  }
  return result;
}

Array resample(const Array& source, std::size_t dim, const Taps& taps) {
  Array from = contiguous(source);
  Shape shape = source.shape();
  shape[dim] = taps.results();
  Array result(shape, source.dtype());
  if (result.numel() == 0) return result;
  std::int64_t width = contiguous_strides(shape)[dim];
  std::int64_t blocks = result.numel() / (width * shape[dim]);
  dispatch_floating(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (only_copies(taps)) {
      copy_picked(from.data<T>(), result.data<T>(), blocks, width, taps);
      return;
    }
    std::vector<T> weights(taps.weights.size());
    std::ranges::transform(taps.weights, weights.begin(),
                           [](double weight) { return static_cast<T>(weight); });
    if (width == 1)
      map_rows(from.data<T>(), result.data<T>(), blocks, taps, weights);
    else
      add_rows(from.data<T>(), result.data<T>(), blocks, width, taps, weights);
  });
  return result;
}

}  // namespace xgrad::kernels
