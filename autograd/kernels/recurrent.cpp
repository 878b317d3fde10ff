#include <xgrad/autograd/kernels/recurrent.hpp>

#include <algorithm>
#include <numeric>

#include <xgrad/autograd/kernels/gemm.hpp>
#include <xgrad/autograd/kernels/lane_loops.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {

std::int64_t Steps::rows() const {
  return std::accumulate(batch_sizes.begin(), batch_sizes.end(), std::int64_t{0});
}

namespace {

using std::int64_t;

using detail::fetch;
using detail::for_lanes;
using detail::fused;
using detail::put;

/// step(first row, rows) in the order of the recurrence or, with `back`, against it.
template <class Step>
void for_steps(const Steps& steps, bool back, const Step& step) {
  std::size_t count = steps.batch_sizes.size();
  bool falling = steps.reverse != back;
  int64_t row = falling ? steps.rows() : 0;
  for (std::size_t i = 0; i < count; ++i) {
    int64_t rows = steps.batch_sizes[falling ? count - 1 - i : i];
    if (falling) row -= rows;
    step(row, rows);
    if (!falling) row += rows;
  }
}

/// pass(row) for rows of a step, on several threads where they pay.
template <class Pass>
void for_rows(int64_t rows, int64_t hidden, const Pass& pass) {
  parallel_for(rows, std::max<int64_t>(1, 4096 / std::max<int64_t>(1, hidden)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t row = begin; row < end; ++row) pass(row);
               });
}

/// result [rows, n] = start + a [rows, k] w^T, w [n, k]; a start_stride of 0 repeats one row, and a start
/// that is the result itself adds to it.
template <class T>
void project(const T* a, int64_t rows, const Array& w, T* result, const T* start, int64_t start_stride) {
  int64_t n = w.shape()[0], k = w.shape()[1];
  multiply(Matrix<T>::dense(a, rows, k), Matrix<T>::dense(w.data<T>(), n, k).transposed(),
           Result<T>{result, n, start, start_stride});
}

/// g [rows, n] w for w [n, k]: [rows, k].
template <class T>
void project_back(const T* g, int64_t rows, const Array& w, T* result) {
  int64_t n = w.shape()[0], k = w.shape()[1];
  multiply(Matrix<T>::dense(g, rows, n), Matrix<T>::dense(w.data<T>(), n, k), Result<T>{result, k});
}

/// g^T a for g [rows, n] and a [rows, k].
template <class T>
Array outer_sums(const Array& g, const Array& a) {
  int64_t rows = g.shape()[0], n = g.shape()[1], k = a.shape()[1];
  Array result({n, k}, g.dtype());
  multiply(Matrix<T>::dense(g.data<T>(), rows, n).transposed(), Matrix<T>::dense(a.data<T>(), rows, k),
           Result<T>{result.data<T>(), k});
  return result;
}

/// The sums of columns.
template <class T>
Array column_sums(const Array& g) {
  int64_t rows = g.shape()[0], n = g.shape()[1];
  Array result = Array::zeros({n}, g.dtype());
  parallel_for(n, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, rows)), [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < rows; ++row) {
      const T* from = g.data<T>() + row * n + begin;
      T* to = result.data<T>() + begin;
      for_lanes<T>(end - begin, [=](int64_t i, auto how) {
        put(fetch<T>(to + i, how) + fetch(from + i, how), to + i, how);
      });
    }
  });
  return result;
}

/// The sum of two biases that may be undefined.
template <class T>
Array sum_of(const Array& a, const Array& b) {
  if (!a.defined() || !b.defined()) return a.defined() ? a : b;
  Array result(a.shape(), a.dtype());
  for (int64_t i = 0; i < a.numel(); ++i) result.data<T>()[i] = a.data<T>()[i] + b.data<T>()[i];
  return result;
}

template <class T>
const T* data_or_null(const Array& array) {
  return array.defined() ? array.data<T>() : nullptr;
}

/// x ih^T + bias of all rows.
template <class T>
Array projected(const Array& x, const Array& ih, const Array& bias) {
  Array result({x.shape()[0], ih.shape()[0]}, x.dtype());
  project(x.data<T>(), x.shape()[0], ih, result.data<T>(), data_or_null<T>(bias), 0);
  return result;
}

Array rows_of(int64_t rows, int64_t columns, const Array& like) {
  return Array({rows, columns}, like.dtype());
}

/// The gradients that are products with those of all gates.
template <class T>
void weight_gradients(const Array& x, const Array& previous_hidden, const Array& from_x, const Array& from_h,
                      const RecurrentWeights& weights, RecurrentWanted wanted,
                      RecurrentGradients& gradients) {
  if (wanted.x) {
    gradients.x = Array(x.shape(), x.dtype());
    project_back(from_x.data<T>(), x.shape()[0], weights.ih, gradients.x.data<T>());
  }
  if (wanted.ih) gradients.ih = outer_sums<T>(from_x, x);
  if (wanted.hh) gradients.hh = outer_sums<T>(from_h, previous_hidden);
  if (wanted.bias) {
    gradients.bias_ih = column_sums<T>(from_x);
    gradients.bias_hh = from_h.data<T>() == from_x.data<T>() ? gradients.bias_ih : column_sums<T>(from_h);
  }
}

template <class T>
Lanes<T> one() {
  return Lanes<T>(T(1));
}

}  // namespace

// LSTM ----------------------------------------------------------------------------------------------

LstmForward lstm(const Steps& steps, const Array& x, const Array& h0, const Array& c0,
                 const RecurrentWeights& weights, bool keep) {
  int64_t rows = steps.rows(), batch = steps.batch(), hidden = h0.shape()[1];
  LstmForward forward;
  forward.result = rows_of(rows + 2 * batch, hidden, x);
  if (keep) {
    forward.previous_cells = rows_of(rows, hidden, x);
    forward.tanh_cells = rows_of(rows, hidden, x);
    forward.previous_hidden = rows_of(rows, hidden, x);
  }
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    forward.gates = projected<T>(x, weights.ih, sum_of<T>(weights.bias_ih, weights.bias_hh));
    T* output = forward.result.data<T>();
    T* h = output + rows * hidden;  // the states, which end as the last ones
    T* c = h + batch * hidden;
    std::copy_n(h0.data<T>(), batch * hidden, h);
    std::copy_n(c0.data<T>(), batch * hidden, c);
    for_steps(steps, false, [&](int64_t first, int64_t count) {
      T* gates = forward.gates.data<T>() + first * 4 * hidden;
      project(h, count, weights.hh, gates, gates, 4 * hidden);
      if (keep) {
        std::copy_n(h, count * hidden, forward.previous_hidden.data<T>() + first * hidden);
        std::copy_n(c, count * hidden, forward.previous_cells.data<T>() + first * hidden);
      }
      for_rows(count, hidden, [&](int64_t row) {
        T* z = gates + row * 4 * hidden;
        T* h_row = h + row * hidden;
        T* c_row = c + row * hidden;
        T* out_row = output + (first + row) * hidden;
        T* tanh_row = keep ? forward.tanh_cells.data<T>() + (first + row) * hidden : nullptr;
        for_lanes<T>(hidden, [&](int64_t j, auto how) {
          Lanes<T> i = sigmoid(fetch<T>(z + j, how));
          Lanes<T> f = sigmoid(fetch<T>(z + hidden + j, how));
          Lanes<T> g = tanh(fetch<T>(z + 2 * hidden + j, how));
          Lanes<T> o = sigmoid(fetch<T>(z + 3 * hidden + j, how));
          Lanes<T> cell = fused(f, fetch<T>(c_row + j, how), i * g);
          Lanes<T> tanh_cell = tanh(cell);
          Lanes<T> state = o * tanh_cell;
          put(cell, c_row + j, how);
          put(state, h_row + j, how);
          put(state, out_row + j, how);
          if (!keep) return;
          put(tanh_cell, tanh_row + j, how);
          put(i, z + j, how);
          put(f, z + hidden + j, how);
          put(g, z + 2 * hidden + j, how);
          put(o, z + 3 * hidden + j, how);
        });
      });
    });
  });
  if (!keep) forward.gates = Array();
  return forward;
}

RecurrentGradients lstm_backward(const Steps& steps, const Array& g, const Array& x,
                                 const LstmForward& forward, const RecurrentWeights& weights,
                                 RecurrentWanted wanted) {
  int64_t rows = steps.rows(), batch = steps.batch(), hidden = g.shape()[1];
  RecurrentGradients gradients;
  gradients.h0 = rows_of(batch, hidden, x);
  gradients.c0 = rows_of(batch, hidden, x);
  Array slopes = rows_of(rows, 4 * hidden, x);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    const T* g_output = g.data<T>();
    T* dh = gradients.h0.data<T>();  // of the states, on the way back to the first ones
    T* dc = gradients.c0.data<T>();
    std::copy_n(g_output + rows * hidden, batch * hidden, dh);
    std::copy_n(g_output + (rows + batch) * hidden, batch * hidden, dc);
    for_steps(steps, true, [&](int64_t first, int64_t count) {
      T* to = slopes.data<T>() + first * 4 * hidden;
      for_rows(count, hidden, [&](int64_t row) {
        int64_t at = (first + row) * hidden;
        const T* gates = forward.gates.data<T>() + 4 * at;
        const T* tanh_row = forward.tanh_cells.data<T>() + at;
        const T* cell_row = forward.previous_cells.data<T>() + at;
        const T* g_row = g_output + at;
        const T* dh_row = dh + row * hidden;
        T* dc_row = dc + row * hidden;
        T* z = to + row * 4 * hidden;
        for_lanes<T>(hidden, [&](int64_t j, auto how) {
          Lanes<T> i = fetch(gates + j, how), f = fetch(gates + hidden + j, how);
          Lanes<T> c = fetch(gates + 2 * hidden + j, how), o = fetch(gates + 3 * hidden + j, how);
          Lanes<T> tanh_cell = fetch(tanh_row + j, how);
          Lanes<T> state = fetch(g_row + j, how) + fetch(dh_row + j, how);
          Lanes<T> cell = fused(state * o, one<T>() - tanh_cell * tanh_cell, fetch<T>(dc_row + j, how));
          put(cell * c * i * (one<T>() - i), z + j, how);
          put(cell * fetch(cell_row + j, how) * f * (one<T>() - f), z + hidden + j, how);
          put(cell * i * (one<T>() - c * c), z + 2 * hidden + j, how);
          put(state * tanh_cell * o * (one<T>() - o), z + 3 * hidden + j, how);
          put(cell * f, dc_row + j, how);
        });
      });
      project_back(to, count, weights.hh, dh);
    });
    weight_gradients<T>(x, forward.previous_hidden, slopes, slopes, weights, wanted, gradients);
  });
  return gradients;
}

// GRU -----------------------------------------------------------------------------------------------

GruForward gru(const Steps& steps, const Array& x, const Array& h0, const RecurrentWeights& weights,
               bool keep) {
  int64_t rows = steps.rows(), batch = steps.batch(), hidden = h0.shape()[1];
  GruForward forward;
  forward.result = rows_of(rows + batch, hidden, x);
  if (keep) {
    forward.hidden_parts = rows_of(rows, hidden, x);
    forward.previous_hidden = rows_of(rows, hidden, x);
  }
  Array scratch = rows_of(batch, 3 * hidden, x);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    forward.gates = projected<T>(x, weights.ih, weights.bias_ih);
    T* output = forward.result.data<T>();
    T* h = output + rows * hidden;
    std::copy_n(h0.data<T>(), batch * hidden, h);
    for_steps(steps, false, [&](int64_t first, int64_t count) {
      project(h, count, weights.hh, scratch.data<T>(), data_or_null<T>(weights.bias_hh), 0);
      if (keep) std::copy_n(h, count * hidden, forward.previous_hidden.data<T>() + first * hidden);
      for_rows(count, hidden, [&](int64_t row) {
        int64_t at = (first + row) * hidden;
        T* z_row = forward.gates.data<T>() + 3 * at;
        const T* q_row = scratch.data<T>() + row * 3 * hidden;
        T* h_row = h + row * hidden;
        T* out_row = output + at;
        T* part_row = keep ? forward.hidden_parts.data<T>() + at : nullptr;
        for_lanes<T>(hidden, [&](int64_t j, auto how) {
          Lanes<T> r = sigmoid(fetch<T>(z_row + j, how) + fetch(q_row + j, how));
          Lanes<T> z = sigmoid(fetch<T>(z_row + hidden + j, how) + fetch(q_row + hidden + j, how));
          Lanes<T> part = fetch(q_row + 2 * hidden + j, how);
          Lanes<T> n = tanh(fused(r, part, fetch<T>(z_row + 2 * hidden + j, how)));
          Lanes<T> state = fused(z, fetch<T>(h_row + j, how) - n, n);
          put(state, h_row + j, how);
          put(state, out_row + j, how);
          if (!keep) return;
          put(part, part_row + j, how);
          put(r, z_row + j, how);
          put(z, z_row + hidden + j, how);
          put(n, z_row + 2 * hidden + j, how);
        });
      });
    });
  });
  if (!keep) forward.gates = Array();
  return forward;
}

RecurrentGradients gru_backward(const Steps& steps, const Array& g, const Array& x, const GruForward& forward,
                                const RecurrentWeights& weights, RecurrentWanted wanted) {
  int64_t rows = steps.rows(), batch = steps.batch(), hidden = g.shape()[1];
  RecurrentGradients gradients;
  gradients.h0 = rows_of(batch, hidden, x);
  Array from_x = rows_of(rows, 3 * hidden, x);
  Array from_h = rows_of(rows, 3 * hidden, x);
  Array through = rows_of(batch, hidden, x);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    const T* g_output = g.data<T>();
    T* dh = gradients.h0.data<T>();
    std::copy_n(g_output + rows * hidden, batch * hidden, dh);
    for_steps(steps, true, [&](int64_t first, int64_t count) {
      T* to_h = from_h.data<T>() + first * 3 * hidden;
      for_rows(count, hidden, [&](int64_t row) {
        int64_t at = (first + row) * hidden;
        const T* gates = forward.gates.data<T>() + 3 * at;
        const T* part_row = forward.hidden_parts.data<T>() + at;
        const T* previous = forward.previous_hidden.data<T>() + at;
        const T* dh_row = dh + row * hidden;
        T* x_row = from_x.data<T>() + 3 * at;
        T* h_row = to_h + row * 3 * hidden;
        T* through_row = through.data<T>() + row * hidden;
        for_lanes<T>(hidden, [&](int64_t j, auto how) {
          Lanes<T> r = fetch(gates + j, how), z = fetch(gates + hidden + j, how);
          Lanes<T> n = fetch(gates + 2 * hidden + j, how);
          Lanes<T> state = fetch(g_output + at + j, how) + fetch(dh_row + j, how);
          Lanes<T> dn = state * (one<T>() - z) * (one<T>() - n * n);
          Lanes<T> dz = state * (fetch(previous + j, how) - n) * z * (one<T>() - z);
          Lanes<T> dr = dn * fetch(part_row + j, how) * r * (one<T>() - r);
          put(dr, x_row + j, how);
          put(dz, x_row + hidden + j, how);
          put(dn, x_row + 2 * hidden + j, how);
          put(dr, h_row + j, how);
          put(dz, h_row + hidden + j, how);
          put(dn * r, h_row + 2 * hidden + j, how);
          put(state * z, through_row + j, how);
        });
      });
      int64_t n = 3 * hidden;
      multiply(Matrix<T>::dense(to_h, count, n), Matrix<T>::dense(weights.hh.data<T>(), n, hidden),
               Result<T>{dh, hidden, through.data<T>(), hidden});
    });
    weight_gradients<T>(x, forward.previous_hidden, from_x, from_h, weights, wanted, gradients);
  });
  return gradients;
}

// RNN -----------------------------------------------------------------------------------------------

RnnForward rnn(const Steps& steps, const Array& x, const Array& h0, const RecurrentWeights& weights,
               bool relu, bool keep) {
  int64_t rows = steps.rows(), batch = steps.batch(), hidden = h0.shape()[1];
  RnnForward forward;
  forward.result = rows_of(rows + batch, hidden, x);
  if (keep) forward.previous_hidden = rows_of(rows, hidden, x);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    T* output = forward.result.data<T>();
    T* h = output + rows * hidden;
    std::copy_n(h0.data<T>(), batch * hidden, h);
    project(x.data<T>(), rows, weights.ih, output,
            data_or_null<T>(sum_of<T>(weights.bias_ih, weights.bias_hh)), 0);
    for_steps(steps, false, [&](int64_t first, int64_t count) {
      T* z = output + first * hidden;
      project(h, count, weights.hh, z, z, hidden);
      if (keep) std::copy_n(h, count * hidden, forward.previous_hidden.data<T>() + first * hidden);
      for_rows(count, hidden, [&](int64_t row) {
        T* z_row = z + row * hidden;
        T* h_row = h + row * hidden;
        for_lanes<T>(hidden, [&](int64_t j, auto how) {
          Lanes<T> sum = fetch<T>(z_row + j, how);
          Lanes<T> state = relu ? maximum(sum, Lanes<T>(T(0))) : tanh(sum);
          put(state, z_row + j, how);
          put(state, h_row + j, how);
        });
      });
    });
  });
  return forward;
}

RecurrentGradients rnn_backward(const Steps& steps, const Array& g, const Array& x, const RnnForward& forward,
                                const RecurrentWeights& weights, bool relu, RecurrentWanted wanted) {
  int64_t rows = steps.rows(), batch = steps.batch(), hidden = g.shape()[1];
  RecurrentGradients gradients;
  gradients.h0 = rows_of(batch, hidden, x);
  Array slopes = rows_of(rows, hidden, x);
  dispatch_floating(x.dtype(), [&]<class T>(TypeTag<T>) {
    T* dh = gradients.h0.data<T>();
    std::copy_n(g.data<T>() + rows * hidden, batch * hidden, dh);
    for_steps(steps, true, [&](int64_t first, int64_t count) {
      T* to = slopes.data<T>() + first * hidden;
      for_rows(count, hidden, [&](int64_t row) {
        int64_t at = (first + row) * hidden;
        for_lanes<T>(hidden, [&](int64_t j, auto how) {
          Lanes<T> h = fetch<T>(forward.result.data<T>() + at + j, how);
          Lanes<T> state = fetch<T>(g.data<T>() + at + j, how) + fetch<T>(dh + row * hidden + j, how);
          Lanes<T> slope = relu ? select(h <= T(0), Lanes<T>(T(0)), state) : state * (one<T>() - h * h);
          put(slope, to + row * hidden + j, how);
        });
      });
      project_back(to, count, weights.hh, dh);
    });
    weight_gradients<T>(x, forward.previous_hidden, slopes, slopes, weights, wanted, gradients);
  });
  return gradients;
}

}  // namespace xgrad::kernels
