#include <xgrad/autograd/kernels/attention.hpp>
#include <xgrad/autograd/kernels/attention_blocks.hpp>
#include <xgrad/autograd/kernels/copy.hpp>

namespace xgrad::kernels {
namespace {

using namespace heads;

template <class T>
class BackwardPass {
 public:
  BackwardPass(const Array& g, const AttentionInputs& inputs, const Array& top, const Array& share,
               const std::array<Array, 3>& gradients)
      : g_(g),
        in_(inputs),
        top_(top),
        share_(share),
        out_(gradients),
        s_(inputs),
        scale_(static_cast<T>(inputs.scale)) {
    // Few heads are cut into groups of queries, which sum their gradients of keys and values apart.
    constexpr int64_t enough = 8;
    groups_ = std::clamp<int64_t>(enough / std::max<int64_t>(s_.count, 1), 1, s_.blocks);
  }

  void run() const {
    int64_t items = s_.count * groups_;
    int64_t slots = slots_for(2.5 * s_.work(), items);
    // Panels: keys transposed, values transposed, keys; rows of queries and of g. Then scores and their
    // gradients, the gradient of queries, and the sums of those of keys and values.
    int64_t k = s_.by_key.width(), e = s_.by_feature.width(), v = s_.by_value.width();
    int64_t panel_size = k * (s_.features + s_.values) + s_.keys * e;
    int64_t row_size = s_.rows * (e + v + k + k + e);
    int64_t sum_size = s_.keys * (e + v);
    int64_t size = panel_size + row_size + (groups_ == 1 ? sum_size : 0);
    Array buffer({slots, size}, dtype_of<T>);
    Array group_sums;
    if (groups_ > 1) group_sums = Array({items, sum_size}, dtype_of<T>);
    in_slots(slots, items, [&](int64_t slot, int64_t first, int64_t last) {
      T* panels = buffer.data<T>() + slot * size;
      for (int64_t item = first; item < last; ++item) {
        int64_t head = item / groups_, group = item % groups_;
        if (item == first || group == 0) pack_head(head, panels);
        T* rows = panels + panel_size;
        T* sums = groups_ == 1 ? rows + row_size : group_sums.data<T>() + item * sum_size;
        std::fill_n(sums, sum_size, T(0));
        for (int64_t b = s_.blocks * group / groups_; b < s_.blocks * (group + 1) / groups_; ++b)
          block(head, b * s_.rows, std::min(s_.queries, (b + 1) * s_.rows), panels, rows, sums);
        if (groups_ == 1) write_sums(head, sums);
      }
    });
    if (groups_ == 1) return;
    for (int64_t head = 0; head < s_.count; ++head) {
      T* sums = group_sums.data<T>() + head * groups_ * sum_size;
      for (int64_t group = 1; group < groups_; ++group) {
        for (int64_t i = 0; i < sum_size; ++i) sums[i] += sums[group * sum_size + i];
      }
      write_sums(head, sums);
    }
  }

 private:
  void pack_head(int64_t head, T* panels) const {
    int64_t width = s_.by_key.width();
    Matrix<T> key = matrix_of<T>(in_.key, head);
    panels::pack(key.transposed(), s_.by_key, panels);
    panels::pack(matrix_of<T>(in_.value, head).transposed(), s_.by_key, panels + width * s_.features);
    panels::pack(key, s_.by_feature, panels + width * (s_.features + s_.values));
  }

  /// The queries [begin, end) of a head.
  void block(int64_t head, int64_t begin, int64_t end, const T* panels, T* rows, T* sums) const {
    int64_t width = s_.by_key.width();
    T* query_rows = rows;
    T* g_rows = query_rows + s_.rows * s_.by_feature.width();
    T* weights = g_rows + s_.rows * s_.by_value.width();
    T* changes = weights + s_.rows * width;
    T* query_gradient = changes + s_.rows * width;
    Matrix<T> query = matrix_of<T>(in_.query, head), g = matrix_of<T>(g_, head);
    multiply_keys(s_, query, panels, begin, end, weights);
    multiply_keys(s_, g, panels + width * s_.features, begin, end, changes);
    HeadMask<T> mask(in_.mask, head);
    for_tiles(begin, end, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        int64_t at = (i - begin) * width;
        score_gradients(weights + at, changes + at, s_.limit(i + 1), s_.limit(last), mask.row(i),
                        top_.data<T>()[head * s_.queries + i], share_.data<T>()[head * s_.queries + i]);
      }
    });
    if (out_[0].defined()) {
      multiply_weights(s_, changes, panels + width * (s_.features + s_.values), s_.by_feature, begin, end,
                       query_gradient);
      write(query_gradient, s_.by_feature.width(), out_[0], head, begin, end);
    }
    if (out_[1].defined()) {
      panels::pack(query.row_range(begin, end), s_.by_feature, query_rows);
      add_products(s_, changes, query_rows, s_.by_feature, begin, end, sums);
    }
    if (out_[2].defined()) {
      panels::pack(g.row_range(begin, end), s_.by_value, g_rows);
      add_products(s_, weights, g_rows, s_.by_value, begin, end, sums + s_.keys * s_.by_feature.width());
    }
  }

  /// A row of scores becomes weights, a row of their gradients the gradients of the products of query and
  /// keys; both are 0 up to the end of the last register before `end`.
  void score_gradients(T* scores, T* gradients, int64_t count, int64_t end, const MaskRow<T>& mask, T top,
                       T share) const {
    T scale = scale_;
    if (mask.given()) {
      apply_mask(scores, count, scale, mask);
      scale = T(1);
    }
    int64_t whole = count / lanes<T> * lanes<T>, rest = count - whole;
    Lanes<T> factor(scale), offset(-top), even(T(0)), odd(T(0));
    auto weight = [&](int64_t at) { return exp(detail::fused(load(scores + at), factor, offset)) * share; };
    int64_t i = 0;
    for (; i + 2 * lanes<T> <= whole; i += 2 * lanes<T>) {
      Lanes<T> first = weight(i), second = weight(i + lanes<T>);
      store(first, scores + i);
      store(second, scores + i + lanes<T>);
      even = detail::fused(first, load(gradients + i), even);
      odd = detail::fused(second, load(gradients + i + lanes<T>), odd);
    }
    if (i < whole) {
      Lanes<T> last = weight(i);
      store(last, scores + i);
      even = detail::fused(last, load(gradients + i), even);
    }
    if (rest > 0) {
      Lanes<T> last = first_lanes(weight(whole), rest, T(0));
      Lanes<T> gradient = first_lanes(load(gradients + whole), rest, T(0));
      store(last, scores + whole);
      store(gradient, gradients + whole);
      odd = detail::fused(last, gradient, odd);
      whole += lanes<T>;
    }
    Lanes<T> dot(total(even + odd)), outer(scale_);
    for (i = 0; i < whole; i += lanes<T>)
      store(load(scores + i) * ((load(gradients + i) - dot) * outer), gradients + i);
    clear(scores, whole, end);
    clear(gradients, whole, end);
    if (mask.allowed == nullptr) return;
    detail::for_lanes<T>(count, [&](int64_t at, auto how) {
      Lanes<T> change = detail::fetch(gradients + at, how);
      detail::put(select(fetch_mask<T>(mask.allowed + at, how), change, T(0)), gradients + at, how);
    });
  }

  /// Rows [begin, end) of a head's gradient.
  static void write(const T* from, int64_t from_stride, const Array& to, int64_t head, int64_t begin,
                    int64_t end) {
    Matrix<T> place = matrix_of<T>(to, head);
    T* rows = to.data<T>() + (place.data - to.data<T>());
    for (int64_t i = begin; i < end; ++i) {
      detail::for_lanes<T>(place.columns, [&](int64_t j, auto how) {
        detail::put(detail::fetch(from + (i - begin) * from_stride + j, how), rows + i * place.row_stride + j,
                    how);
      });
    }
  }
  void write_sums(int64_t head, const T* sums) const {
    int64_t width = s_.by_feature.width();
    if (out_[1].defined()) write(sums, width, out_[1], head, 0, s_.keys);
    if (out_[2].defined()) write(sums + s_.keys * width, s_.by_value.width(), out_[2], head, 0, s_.keys);
  }

  const Array& g_;
  const AttentionInputs& in_;
  const Array& top_;
  const Array& share_;
  const std::array<Array, 3>& out_;
  Sizes<T> s_;
  T scale_;
  int64_t groups_;
};

/// How far the value lies behind the key and the key behind the query, in elements, where all three look
/// alike and have one memory, else 0.
int64_t distance_between(const AttentionInputs& inputs) {
  auto alike = [](const Array& a, const Array& b) {
    return a.shape() == b.shape() && a.strides() == b.strides() && a.storage() == b.storage();
  };
  if (!alike(inputs.query, inputs.key) || !alike(inputs.query, inputs.value)) return 0;
  int64_t distance = inputs.key.offset() - inputs.query.offset();
  return inputs.value.offset() - inputs.key.offset() == distance ? distance : 0;
}

/// Memory for the gradients of query, key and value.
std::array<Array, 3> memory_for_gradients(const AttentionInputs& inputs, const std::array<bool, 3>& wanted) {
  std::array<Array, 3> gradients;
  int64_t distance = distance_between(inputs);
  if (distance > 0 && wanted[0] && wanted[1] && wanted[2]) {
    Shape shape{3};
    Strides strides{distance};
    for (int64_t size : inputs.query.shape()) shape.push_back(size);
    for (int64_t stride : inputs.query.strides()) strides.push_back(stride);
    Array all = in_order_of(strides, shape, inputs.query.dtype());
    Strides own(all.strides().begin() + 1, all.strides().end());
    for (std::size_t i = 0; i < 3; ++i)
      gradients[i] = all.view(inputs.query.shape(), own, static_cast<int64_t>(i) * all.strides()[0]);
    return gradients;
  }
  const std::array<const Array*, 3> models{&inputs.query, &inputs.key, &inputs.value};
  for (std::size_t i = 0; i < 3; ++i) {
    if (wanted[i]) gradients[i] = in_order_of(models[i]->strides(), models[i]->shape(), models[i]->dtype());
  }
  return gradients;
}

}  // namespace

std::array<Array, 3> attention_backward(const Array& g, const AttentionInputs& inputs, const Array& top,
                                        const Array& share, const std::array<bool, 3>& wanted) {
  std::array<Array, 3> gradients = memory_for_gradients(inputs, wanted);
  std::size_t n = inputs.query.ndim();
  if (inputs.query.shape()[n - 2] == 0 || inputs.key.shape()[n - 2] == 0) {
    for (const Array& gradient : gradients) {
      if (gradient.defined()) fill(gradient, 0);
    }
    return gradients;
  }
  dispatch_floating(g.dtype(),
                    [&]<class T>(TypeTag<T>) { BackwardPass<T>(g, inputs, top, share, gradients).run(); });
  return gradients;
}

}  // namespace xgrad::kernels
