#include <xgrad/autograd/kernels/embedding.hpp>

#include <algorithm>
#include <vector>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {

Array embedding_backward(const Array& g, std::int64_t rows, const Array& index,
                         std::optional<std::int64_t> padding, bool by_frequency) {
  Array from = contiguous(g), places = contiguous(index);
  std::int64_t features = g.shape()[1], picked = places.numel();
  Array result({rows, features}, g.dtype());
  const auto* place = places.data<std::int64_t>();
  std::vector<std::int64_t> counts(by_frequency ? static_cast<std::size_t>(rows) : 0);
  if (by_frequency) {
    for (std::int64_t i = 0; i < picked; ++i) ++counts[static_cast<std::size_t>(place[i])];
  }
  dispatch_floating(g.dtype(), [&]<class T>(TypeTag<T>) {
    // A thread has some rows of the result for itself, and looks through the whole index for them.
    std::int64_t grain = (1 << 18) / std::max<std::int64_t>(features, 1) + picked + 1;
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      T* sums = result.data<T>();
      std::fill(sums + begin * features, sums + end * features, T(0));
      for (std::int64_t i = 0; i < picked; ++i) {
        std::int64_t row = place[i];
        if (row < begin || row >= end || row == padding) continue;
        T* to = sums + row * features;
        const T* source = from.data<T>() + i * features;
        if (by_frequency) {
          T share = T(1) / static_cast<T>(counts[static_cast<std::size_t>(row)]);
          for (std::int64_t j = 0; j < features; ++j) to[j] += source[j] * share;
        } else {
          for (std::int64_t j = 0; j < features; ++j) to[j] += source[j];
        }
      }
    });
  });
  return result;
}

}  // namespace xgrad::kernels
