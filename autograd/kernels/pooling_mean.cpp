#include <algorithm>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/pooling.hpp>
#include <xgrad/autograd/kernels/pooling_windows.hpp>
#include <xgrad/autograd/kernels/strided_lanes.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;

template <class T>
constexpr int64_t lanes = static_cast<int64_t>(Lanes<T>::count);

template <class T>
T add(T a, T b) {
  if constexpr (is_vector<T>)
    return a + b;
  else
    return (Lanes<T>(a) + Lanes<T>(b)).values;  // wraps around
}

template <class T>
Lanes<T> divide(Lanes<T> a, Lanes<T> b) {
  if constexpr (is_vector<T>)
    return a / b;
  else
    return b.values == -1 ? -a : Lanes<T>(static_cast<T>(a.values / b.values));
}

template <class T>
T sum_of(const T* from, int64_t count) {
  T total = T(0);
  if (lanes<T> > 1 && count >= 2 * lanes<T>) {
    Lanes<T> sums(T(0));
    for (; count >= lanes<T>; count -= lanes<T>, from += lanes<T>) sums = sums + load(from);
    alignas(64) T buffer[Lanes<T>::count];
    store(sums, buffer);
    for (T number : buffer) total = add(total, number);
  }
  for (int64_t i = 0; i < count; ++i) total = add(total, from[i]);
  return total;
}

/// Means over windows and their adjoint, plane by plane. The rows of a window are added first, then columns.
template <class T>
class Means {
 public:
  explicit Means(const Pooling& pooling) : p_(pooling), z_(p_, 0), y_(p_, 1), x_(p_, 2) {
    for (int64_t count : x_.count) divisors_.push_back(static_cast<T>(count));
    // Adaptive windows of one size are plain ones.
    kernel_ = p_.adaptive ? p_.input[2] / p_.output[2] : p_.kernel[2];
    stride_ = p_.adaptive ? kernel_ : p_.stride[2];
    padding_ = p_.adaptive ? 0 : p_.padding[2];
    bool uniform = !p_.adaptive || p_.input[2] % p_.output[2] == 0;
    constexpr int64_t few = 16;
    by_lanes_ = uniform && kernel_ <= few && lanes<T> > 1;
    doubles_ = uniform && kernel_ == 2 && stride_ == 2 && padding_ == 0;
    if (!by_lanes_) return;
    for (int64_t q = 0; q < p_.output[2]; q += lanes<T>) {
      for (int64_t k = 0; k < kernel_; ++k)
        ranges_.push_back(lanes_inside(q * stride_ - padding_ + k, stride_, p_.input[2],
                                       std::min(lanes<T>, p_.output[2] - q)));
    }
  }

  int64_t scratch() const { return p_.input[2] + p_.output[2]; }

  void reduce(const T* plane, T* result, T* scratch) const {
    for_each_row([&](std::size_t i, std::size_t j, T divisor) {
      add_rows(plane, i, j, scratch);
      add_columns(scratch, result, divisor);
      result += p_.output[2];
    });
  }

  void spread(const T* g, T* plane, T* scratch) const {
    std::fill_n(plane, p_.input_plane(), T(0));
    int64_t columns = p_.input[2];
    for_each_row([&](std::size_t i, std::size_t j, T divisor) {
      spread_columns(g, divisor, scratch);
      for (int64_t z = z_.begin[i]; z < z_.end[i]; ++z) {
        for (int64_t y = y_.begin[j]; y < y_.end[j]; ++y) {
          T* row = plane + (z * p_.input[1] + y) * columns;
          for (int64_t c = 0; c < columns; c += lanes<T>) {
            int64_t count = columns - c;
            write_lanes(read_lanes(row + c, count) + read_lanes(scratch + c, count), row + c, count);
          }
        }
      }
      g += p_.output[2];
    });
  }

 private:
  /// Calls function(i, j, divisor) for all rows of the result, in order.
  template <class Function>
  void for_each_row(const Function& function) const {
    for (std::size_t i = 0; i < z_.begin.size(); ++i) {
      for (std::size_t j = 0; j < y_.begin.size(); ++j)
        function(i, j, static_cast<T>(p_.divisor != 0 ? p_.divisor : z_.count[i] * y_.count[j]));
    }
  }

  /// sums = the rows of window (i, j), added.
  void add_rows(const T* plane, std::size_t i, std::size_t j, T* sums) const {
    int64_t columns = p_.input[2];
    for (int64_t c = 0; c < columns; c += lanes<T>) {
      int64_t count = columns - c;
      Lanes<T> total(T(0));
      for (int64_t z = z_.begin[i]; z < z_.end[i]; ++z) {
        const T* row = plane + (z * p_.input[1] + y_.begin[j]) * columns + c;
        for (int64_t y = y_.begin[j]; y < y_.end[j]; ++y, row += columns)
          total = total + read_lanes(row, count);
      }
      write_lanes(total, sums + c, count);
    }
  }

  void add_columns(const T* sums, T* result, T divisor) const {
    int64_t columns = p_.output[2];
    if (!by_lanes_) {
      for (std::size_t k = 0; k < x_.begin.size(); ++k)
        result[k] = sum_of(sums + x_.begin[k], x_.end[k] - x_.begin[k]);
    }
    const LaneRange* range = ranges_.data();
    for (int64_t q = 0; q < columns; q += lanes<T>) {
      int64_t count = columns - q;
      Lanes<T> total;
      if (by_lanes_) {
        total = Lanes<T>(T(0));
        const T* first = sums + q * stride_ - padding_;
        for (int64_t k = 0; k < kernel_; ++k) {
          total = total +
                  (stride_ == 1 ? load_lanes(first + k, 1, *range) : load_lanes(first + k, stride_, *range));
          ++range;
        }
      } else {
        total = read_lanes(result + q, count);
      }
      Lanes<T> places = count >= lanes<T> ? load(divisors_.data() + q) : divisors_of_last(q);
      write_lanes(divide(total, places * Lanes<T>(divisor)), result + q, count);
    }
  }

  /// The divisors from column q on; 1 behind the last.
  Lanes<T> divisors_of_last(int64_t q) const {
    return load_lanes(divisors_.data() + q, 1, {0, p_.output[2] - q}, T(1));
  }

  /// sums = the row g, divided, spread over the columns of the input.
  void spread_columns(const T* g, T divisor, T* sums) const {
    int64_t columns = p_.output[2];
    T* shares = sums + p_.input[2];
    for (int64_t q = 0; q < columns; q += lanes<T>) {
      int64_t count = columns - q;
      Lanes<T> places = count >= lanes<T> ? load(divisors_.data() + q) : divisors_of_last(q);
      write_lanes(divide(read_lanes(g + q, count), places * Lanes<T>(divisor)), shares + q, count);
    }
    if (doubles_) {
      int64_t pairs = p_.input[2] / 2;
      for (int64_t q = 0; q < pairs; q += lanes<T>) {
        Lanes<T> share = read_lanes(shares + q, pairs - q);
        store_interleaved(share, share, sums + 2 * q, std::min(lanes<T>, pairs - q));
      }
      // An odd column at the end belongs to the last window, if that is a partial one.
      if (p_.input[2] % 2 != 0) sums[p_.input[2] - 1] = columns > pairs ? shares[pairs] : T(0);
      return;
    }
    std::fill_n(sums, p_.input[2], T(0));
    for (std::size_t k = 0; k < x_.begin.size(); ++k) {
      for (int64_t c = x_.begin[k]; c < x_.end[k]; ++c) sums[c] += shares[k];
    }
  }

  const Pooling& p_;
  Windows z_, y_, x_;
  std::vector<T> divisors_;
  int64_t kernel_, stride_, padding_;
  bool by_lanes_;  ///< the columns of many windows are added at once
  bool doubles_;   ///< two columns, side by side, for each window
  std::vector<LaneRange> ranges_;
};

/// Calls function(plane, scratch) for all planes, on several threads.
template <class T, class Function>
void for_each_plane(const Pooling& p, int64_t planes, int64_t scratch, const Function& function) {
  int64_t grain = planes_grain(p);
  int64_t slots = std::clamp<int64_t>(planes / grain, 1, num_threads());
  Array buffer({slots, scratch}, dtype_of<T>);
  parallel_for(slots, 1, [&](int64_t first, int64_t last) {
    for (int64_t slot = first; slot < last; ++slot) {
      for (int64_t plane = planes * slot / slots; plane < planes * (slot + 1) / slots; ++plane)
        function(plane, buffer.data<T>() + slot * scratch);
    }
  });
}

}  // namespace

Array mean_pool(const Pooling& p, const Array& x) {
  Array result(p.output_shape(x.shape()), x.dtype());
  if (result.numel() == 0) return result;
  Array source = contiguous(x);
  auto run = [&]<class T>(TypeTag<T>) {
    Means<T> means(p);
    for_each_plane<T>(p, result.numel() / p.output_plane(), means.scratch(), [&](int64_t plane, T* scratch) {
      means.reduce(source.data<T>() + plane * p.input_plane(), result.data<T>() + plane * p.output_plane(),
                   scratch);
    });
  };
  if (x.dtype() == DType::int64)
    run(TypeTag<int64_t>{});
  else
    dispatch_floating(x.dtype(), run);
  return result;
}

Array spread_means(const Pooling& p, const Array& g) {
  Array result(p.input_shape(g.shape()), g.dtype());
  if (result.numel() == 0) return result;
  if (g.numel() == 0) {
    fill(result, 0);
    return result;
  }
  Array source = contiguous(g);
  dispatch_floating(g.dtype(), [&]<class T>(TypeTag<T>) {
    Means<T> means(p);
    for_each_plane<T>(p, result.numel() / p.input_plane(), means.scratch(), [&](int64_t plane, T* scratch) {
      means.spread(source.data<T>() + plane * p.output_plane(), result.data<T>() + plane * p.input_plane(),
                   scratch);
    });
  });
  return result;
}

}  // namespace xgrad::kernels
