#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Recurrent layers, one layer and one direction at a time, each one recorded operation with one joint
/// gradient; and their cells, which do one step. H is the size of the hidden state. All throw ShapeError for
/// shapes that do not fit, DTypeError unless everything has one floating dtype.
namespace xgrad {

/// The weights of a layer with G gates, stacked: G is 4 for an LSTM, 3 for a GRU, 1 for Elman's RNN.
struct RecurrentWeights {
  Tensor ih;            ///< [G * H, in]
  Tensor hh;            ///< [G * H, H], of an LSTM with a projection [4 * H, P]
  Tensor bias_ih = {};  ///< [G * H], or undefined
  Tensor bias_hh = {};  ///< [G * H], or undefined, as bias_ih
  Tensor hr = {};       ///< [P, H], of an LSTM alone: what hidden states are projected with; or undefined
};

/// Which steps there are.
struct RecurrentOptions {
  bool reverse = false;  ///< the last step first
  /// Without it x is [T, N, in]. With it x is [rows, in] and has the batch_sizes[t] sequences that are t
  /// steps or longer, step after step: sequences of different lengths, the longest first. Positive, never
  /// rising.
  std::vector<std::int64_t> batch_sizes = {};
};

struct LstmResult {
  Tensor output;  ///< the hidden state after each step, [T, N, H] or [rows, H]
  Tensor h_n;     ///< of each sequence after its last step, [N, H]
  Tensor c_n;     ///< its cell state, [N, H]
};

/// Long short-term memory: i, f, g, o are the quarters of ih x + bias_ih + hh h + bias_hh;
/// c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'), with a projection hr h'. The states
/// begin with h0 [N, H] and c0 [N, H]. Hochreiter and Schmidhuber, "Long short-term memory", 1997; Gers et
/// al., 2000, for f. Source: torch.nn.LSTM.
XGRAD_API LstmResult lstm_layer(const Tensor& x, const Tensor& h0, const Tensor& c0,
                                const RecurrentWeights& weights, const RecurrentOptions& options = {});
/// Gated recurrent unit: with r, z, n the thirds of ih x + bias_ih and of hh h + bias_hh,
/// r = sigmoid(sum), z = sigmoid(sum), n = tanh(of x + r of h), h' = (1 - z) n + z h. Returns the hidden
/// state after each step, [T, N, H] or [rows, H], and that of each sequence after its last, [N, H]. Cho et
/// al., 2014. Source: torch.nn.GRU.
XGRAD_API std::pair<Tensor, Tensor> gru_layer(const Tensor& x, const Tensor& h0,
                                              const RecurrentWeights& weights,
                                              const RecurrentOptions& options = {});
/// h' = tanh, or relu, of ih x + bias_ih + hh h + bias_hh. Returns as gru_layer. Throws ValueError for
/// another nonlinearity. Elman, "Finding structure in time", 1990. Source: torch.nn.RNN.
XGRAD_API std::pair<Tensor, Tensor> rnn_layer(const Tensor& x, const Tensor& h0,
                                              const RecurrentWeights& weights,
                                              std::string_view nonlinearity = "tanh",
                                              const RecurrentOptions& options = {});

/// One step of lstm_layer: x [N, in], h and c [N, H], or all without N. Returns the new h and c. Source:
/// torch.lstm_cell.
XGRAD_API std::pair<Tensor, Tensor> lstm_cell(const Tensor& x, const Tensor& h, const Tensor& c,
                                              const RecurrentWeights& weights);
/// One step of gru_layer: the new h. Source: torch.gru_cell.
XGRAD_API Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& weights);
/// One step of rnn_layer: the new h. Source: torch.rnn_tanh_cell, torch.rnn_relu_cell.
XGRAD_API Tensor rnn_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& weights,
                          std::string_view nonlinearity = "tanh");

}  // namespace xgrad
