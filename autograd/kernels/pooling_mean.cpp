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
T add(T a, T b) {
  if constexpr (is_vector<T>)
    return a + b;
  else
    return (Lanes<T>(a) + Lanes<T>(b)).values;  // wraps around
}

/// a / (b * c), of integers toward zero.
template <class T>
Lanes<T> divide(Lanes<T> a, Lanes<T> b, T c) {
  if constexpr (is_vector<T>) {
    return a / (b * c);
  } else {
    T divisor;
    if (__builtin_mul_overflow(b.values, c, &divisor)) return Lanes<T>(T(0));
    return divisor == -1 ? -a : Lanes<T>(static_cast<T>(a.values / divisor));
  }
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
  explicit Means(const Pooling& pooling)
      : p_(pooling),
        z_(p_, 0),
        y_(p_, 1),
        x_(p_, 2),
        kernel_(p_.kernel[2]),
        stride_(p_.stride[2]),
        padding_(p_.padding[2]) {
    for (int64_t count : x_.count) divisors_.push_back(static_cast<T>(count));
    constexpr int64_t few = 16;
    by_lanes_ = !p_.adaptive && kernel_ <= few && lanes<T> > 1;
    doubles_ = !p_.adaptive && kernel_ == 2 && stride_ == 2 && padding_ == 0;
  }

  /// A row of the input and one of the result, each with room for a window on either side.
  int64_t scratch() const { return p_.input[2] + p_.output[2] + 4 * margin(); }

  void reduce(const T* plane, T* result, T* scratch) const {
    T* sums = scratch + margin();
    std::fill_n(scratch, margin(), T(0));
    std::fill_n(sums + p_.input[2], margin(), T(0));
    for_each_row([&](std::size_t i, std::size_t j, T divisor) {
      add_rows(plane, i, j, sums);
      add_columns(sums, result, divisor);
      result += p_.output[2];
    });
  }

  void spread(const T* g, T* plane, T* scratch) const {
    std::fill_n(plane, p_.input_plane(), T(0));
    int64_t columns = p_.input[2];
    T* shares = scratch + columns + margin();
    std::fill_n(shares - margin(), margin(), T(0));
    std::fill_n(shares + p_.output[2], margin(), T(0));
    for_each_row([&](std::size_t i, std::size_t j, T divisor) {
      spread_columns(g, divisor, shares, scratch);
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
  /// Zeros beside a row, so that windows may be read across its ends.
  int64_t margin() const { return by_lanes_ ? 2 * kernel_ + 2 * lanes<T> : 0; }

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
    for (int64_t q = 0; q < columns; q += lanes<T>) {
      int64_t count = columns - q;
      Lanes<T> total;
      if (by_lanes_) {
        total = Lanes<T>(T(0));
        const T* first = sums + q * stride_ - padding_;
        LaneRange range{0, std::min(lanes<T>, count)};
        for (int64_t k = 0; k < kernel_; ++k)
          total = total + (stride_ == 1 ? load(first + k) : load_lanes(first + k, stride_, range));
      } else {
        total = read_lanes(result + q, count);
      }
      Lanes<T> places = count >= lanes<T> ? load(divisors_.data() + q) : divisors_of_last(q);
      write_lanes(divide(total, places, divisor), result + q, count);
    }
  }

  /// The divisors from column q on; 1 behind the last.
  Lanes<T> divisors_of_last(int64_t q) const {
    return load_lanes(divisors_.data() + q, 1, {0, p_.output[2] - q}, T(1));
  }

  /// sums = the row g, divided, spread over the columns of the input.
  void spread_columns(const T* g, T divisor, T* shares, T* sums) const {
    int64_t columns = p_.output[2];
    for (int64_t q = 0; q < columns; q += lanes<T>) {
      int64_t count = columns - q;
      Lanes<T> places = count >= lanes<T> ? load(divisors_.data() + q) : divisors_of_last(q);
      write_lanes(divide(read_lanes(g + q, count), places, divisor), shares + q, count);
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
    if (by_lanes_ && stride_ == 1) {
      for (int64_t c = 0; c < p_.input[2]; c += lanes<T>) {
        Lanes<T> total(T(0));
        for (int64_t k = 0; k < kernel_; ++k) total = total + load(shares + c + padding_ - k);
        write_lanes(total, sums + c, p_.input[2] - c);
      }
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
};

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
