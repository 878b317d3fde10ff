#include <xgrad/autograd/kernels/attention.hpp>

#include <numeric>

#include <xgrad/autograd/kernels/attention_blocks.hpp>
#include <xgrad/autograd/kernels/copy.hpp>

namespace xgrad::kernels {

Array heads::in_order_of(const Strides& model, const Shape& shape, DType dtype) {
  Shape order = Shape::filled(shape.size(), 0);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end() - 1, [&](int64_t a, int64_t b) {
    int64_t first = model[static_cast<std::size_t>(a)], second = model[static_cast<std::size_t>(b)];
    return first != second ? first > second : a < b;
  });
  Strides strides = Shape::filled(shape.size(), 1);
  int64_t step = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    auto dim = static_cast<std::size_t>(order[i]);
    strides[dim] = step;
    step *= std::max<int64_t>(shape[dim], 1);
  }
  return Array(shape, dtype).view(shape, strides);
}

namespace {

using namespace heads;

/// scores become e^(score - top), 0 up to the end of the last register before `end`. Returns top and the sum.
template <class T>
std::pair<T, T> exponentials(T* scores, int64_t count, int64_t end, T scale, const MaskRow<T>& mask) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  if (mask.given()) {
    apply_mask(scores, count, scale, mask);
    scale = T(1);
  }
  int64_t whole = count / lanes<T> * lanes<T>, rest = count - whole;
  Lanes<T> factor(scale), even(-infinity), odd(-infinity);
  auto larger = [](Lanes<T> a, Lanes<T> b) { return Lanes<T>(xsimd::max(a.values, b.values)); };
  int64_t i = 0;
  for (; i + 2 * lanes<T> <= whole; i += 2 * lanes<T>) {
    even = larger(even, load(scores + i) * factor);
    odd = larger(odd, load(scores + i + lanes<T>) * factor);
  }
  if (i < whole) even = larger(even, load(scores + i) * factor);
  if (rest > 0) odd = larger(odd, first_lanes(load(scores + whole) * factor, rest, -infinity));
  T top = largest(larger(even, odd));

  Lanes<T> offset(-top);
  auto exponential = [&](int64_t at) { return exp(detail::fused(load(scores + at), factor, offset)); };
  even = odd = Lanes<T>(T(0));
  for (i = 0; i + 2 * lanes<T> <= whole; i += 2 * lanes<T>) {
    Lanes<T> first = exponential(i), second = exponential(i + lanes<T>);
    store(first, scores + i);
    store(second, scores + i + lanes<T>);
    even = even + first;
    odd = odd + second;
  }
  if (i < whole) {
    Lanes<T> last = exponential(i);
    store(last, scores + i);
    even = even + last;
  }
  if (rest > 0) {
    Lanes<T> last = first_lanes(exponential(whole), rest, T(0));
    store(last, scores + whole);
    odd = odd + last;
    whole += lanes<T>;
  }
  clear(scores, whole, end);
  return {top, total(even + odd)};
}

template <class T>
class Forward {
 public:
  Forward(const AttentionInputs& inputs, const Attention& results)
      : in_(inputs), out_(results), s_(inputs), scale_(static_cast<T>(inputs.scale)) {
    // A few queries do not make up for copying the keys.
    packs_ = s_.queries > 4;
    if (packs_) panel_size_ = s_.by_key.width() * s_.features + s_.by_value.width() * s_.keys;
  }

  void run() const {
    int64_t items = s_.count * s_.blocks;
    int64_t slots = slots_for(s_.work(), items);
    int64_t size = panel_size_ + s_.rows * (s_.by_key.width() + s_.by_value.width());
    Array buffer({slots, size}, dtype_of<T>);
    in_slots(slots, items, [&](int64_t slot, int64_t begin, int64_t end) {
      T* panels = buffer.data<T>() + slot * size;
      for (int64_t item = begin; item < end; ++item) {
        int64_t head = item / s_.blocks, first = item % s_.blocks * s_.rows;
        if (packs_ && (item == begin || first == 0)) {
          panels::pack(matrix_of<T>(in_.key, head).transposed(), s_.by_key, panels);
          panels::pack(matrix_of<T>(in_.value, head), s_.by_value, panels + s_.by_key.width() * s_.features);
        }
        block(head, first, std::min(s_.queries, first + s_.rows), panels);
      }
    });
  }

 private:
  /// The queries [begin, end) of a head.
  void block(int64_t head, int64_t begin, int64_t end, T* panels) const {
    int64_t width = s_.by_key.width();
    T* scores = panels + panel_size_;
    T* sums = scores + s_.rows * width;
    Matrix<T> query = matrix_of<T>(in_.query, head);
    if (packs_)
      multiply_keys(s_, query, panels, begin, end, scores);
    else
      multiply(query.row_range(begin, end), matrix_of<T>(in_.key, head).transposed(),
               Result<T>{scores, width});
    HeadMask<T> mask(in_.mask, head);
    T* shares = out_.share.template data<T>() + head * s_.queries;
    for_tiles(begin, end, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        int64_t limit = packs_ ? s_.limit(last) : s_.keys;
        auto [top, sum] =
            exponentials(scores + (i - begin) * width, s_.limit(i + 1), limit, scale_, mask.row(i));
        out_.top.template data<T>()[head * s_.queries + i] = top;
        shares[i] = T(1) / sum;
      }
    });
    if (packs_)
      multiply_weights(s_, scores, panels + width * s_.features, s_.by_value, begin, end, sums);
    else
      multiply(Matrix<T>{scores, end - begin, s_.keys, width, 1}, matrix_of<T>(in_.value, head),
               Result<T>{sums, s_.by_value.width()});
    Matrix<T> result = matrix_of<T>(out_.result, head);
    for (int64_t i = begin; i < end; ++i) {
      const T* from = sums + (i - begin) * s_.by_value.width();
      T* to = out_.result.template data<T>() + (result.data - out_.result.template data<T>()) +
              i * result.row_stride;
      detail::for_lanes<T>(s_.values, [&](int64_t j, auto how) {
        detail::put(detail::fetch(from + j, how) * shares[i], to + j, how);
      });
    }
  }

  const AttentionInputs& in_;
  const Attention& out_;
  Sizes<T> s_;
  T scale_;
  bool packs_;
  int64_t panel_size_ = 0;
};

}  // namespace

Attention attention(const AttentionInputs& inputs) {
  Shape shape = inputs.query.shape();
  std::size_t n = shape.size();
  int64_t queries = shape[n - 2], keys = inputs.key.shape()[n - 2];
  shape[n - 1] = inputs.value.shape()[n - 1];
  DType dtype = inputs.query.dtype();
  Shape heads(shape.begin(), shape.end() - 2);
  Attention all{in_order_of(inputs.query.strides(), shape, dtype), Array({heads.elements(), queries}, dtype),
                Array({heads.elements(), queries}, dtype)};
  if (keys == 0) {
    for (const Array* array : {&all.result, &all.top, &all.share}) fill(*array, 0);
    return all;
  }
  dispatch_floating(dtype, [&]<class T>(TypeTag<T>) { Forward<T>(inputs, all).run(); });
  return all;
}

}  // namespace xgrad::kernels
