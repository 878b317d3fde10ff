#pragma once

#include <cstdint>
#include <vector>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Recurrent layers over whole sequences, one direction at a time. The rows of all time steps lie one after
/// the other: those of step t are the first batch_sizes[t] sequences, so sequences of different lengths are
/// sorted, the longest first. Each layer is one matrix product for all inputs, one for each step's hidden
/// states, and one pass over the gates; backward adds one product for each weight. Floating dtypes; all
/// arrays are contiguous.
namespace xgrad::kernels {

/// The time steps of a batch of sequences, and the direction in which they are gone through.
struct Steps {
  std::vector<std::int64_t> batch_sizes;  ///< positive, never rising
  bool reverse = false;

  std::int64_t rows() const;
  std::int64_t batch() const { return batch_sizes.empty() ? 0 : batch_sizes.front(); }
};

/// The weights of a layer with G gates; biases may be undefined.
struct RecurrentWeights {
  Array ih;       ///< [G * H, in]
  Array hh;       ///< [G * H, H]
  Array bias_ih;  ///< [G * H]
  Array bias_hh;  ///< [G * H]
};

/// What backward wants of a layer's inputs.
struct RecurrentGradients {
  Array x, h0, c0, ih, hh, bias_ih, bias_hh;
};
/// Which of them are wanted; h0 and c0 come anyway.
struct RecurrentWanted {
  bool x, ih, hh, bias;
};

/// LSTM: i, f, g, o of the stacked gates x ih^T + h hh^T + biases; c' = f c + i g, h' = o tanh(c').
struct LstmForward {
  Array result;  ///< [rows + 2 N, H]: the hidden states of all rows, the last ones, the last cell states
  Array gates;   ///< [rows, 4 H]: i, f, g, o. This and what follows for backward, undefined if it is not kept
  Array previous_cells;   ///< [rows, H]
  Array tanh_cells;       ///< [rows, H]
  Array previous_hidden;  ///< [rows, H]
};
XGRAD_API LstmForward lstm(const Steps& steps, const Array& x, const Array& h0, const Array& c0,
                           const RecurrentWeights& weights, bool keep);
XGRAD_API RecurrentGradients lstm_backward(const Steps& steps, const Array& g, const Array& x,
                                           const LstmForward& forward, const RecurrentWeights& weights,
                                           RecurrentWanted wanted);

/// GRU: r, z = sigmoid of x ih^T + h hh^T + biases; n = tanh(x ih^T + b + r (h hh^T + b)) of their own rows;
/// h' = (1 - z) n + z h.
struct GruForward {
  Array result;           ///< [rows + N, H]: the hidden states of all rows, then the last ones
  Array gates;            ///< [rows, 3 H]: r, z, n
  Array hidden_parts;     ///< [rows, H]: what r is multiplied with
  Array previous_hidden;  ///< [rows, H]
};
XGRAD_API GruForward gru(const Steps& steps, const Array& x, const Array& h0, const RecurrentWeights& weights,
                         bool keep);
XGRAD_API RecurrentGradients gru_backward(const Steps& steps, const Array& g, const Array& x,
                                          const GruForward& forward, const RecurrentWeights& weights,
                                          RecurrentWanted wanted);

/// Elman's: h' = tanh, or relu, of x ih^T + h hh^T + biases.
struct RnnForward {
  Array result;           ///< [rows + N, H]: the hidden states of all rows, then the last ones
  Array previous_hidden;  ///< [rows, H]
};
XGRAD_API RnnForward rnn(const Steps& steps, const Array& x, const Array& h0, const RecurrentWeights& weights,
                         bool relu, bool keep);
XGRAD_API RecurrentGradients rnn_backward(const Steps& steps, const Array& g, const Array& x,
                                          const RnnForward& forward, const RecurrentWeights& weights,
                                          bool relu, RecurrentWanted wanted);

}  // namespace xgrad::kernels
