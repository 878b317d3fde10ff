#include <xgrad/autograd/kernels/margin_loss.hpp>

#include <algorithm>

#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

template <class T>
void rows(const Array& x, const Array& classes, const MultilabelMargin& result) {
  std::int64_t count = x.shape()[1];
  T share = T(1) / static_cast<T>(count);
  std::int64_t grain = std::max<std::int64_t>(1, 4096 / std::max<std::int64_t>(1, count * count));
  Array marks({x.shape()[0], count}, DType::boolean);  // which classes are listed
  parallel_for(x.shape()[0], grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const T* scores = x.data<T>() + r * count;
      const std::int64_t* list = classes.data<std::int64_t>() + r * count;
      const std::int64_t* list_end = std::find(list, list + count, -1);
      T* slopes = result.slopes.data<T>() + r * count;
      std::fill(slopes, slopes + count, T(0));
      bool* listed = marks.data<bool>() + r * count;
      std::fill(listed, listed + count, false);
      for (const std::int64_t* j = list; j != list_end; ++j) listed[*j] = true;
      T sum = 0;
      for (const std::int64_t* j = list; j != list_end; ++j) {
        for (std::int64_t i = 0; i < count; ++i) {
          if (listed[i]) continue;
          T gap = 1 - scores[*j] + scores[i];
          if (gap <= 0) continue;
          sum += gap;
          slopes[i] += share;
          slopes[*j] -= share;
        }
      }
      result.losses.data<T>()[r] = sum * share;
    }
  });
}

}  // namespace

MultilabelMargin multilabel_margin(const Array& x, const Array& classes) {
  MultilabelMargin result{Array({x.shape()[0]}, x.dtype()), Array(x.shape(), x.dtype())};
  dispatch_floating(x.dtype(), [&](auto tag) { rows<typename decltype(tag)::type>(x, classes, result); });
  return result;
}

}  // namespace xgrad::kernels
