#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/ops/recurrent.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/nn/packed_sequence.hpp>

/// Recurrent networks of several layers and one or two directions; see autograd/ops/recurrent.hpp for what a
/// layer computes.
///
/// Inputs are [T, N, input_size], with batch_first [N, T, input_size], one sequence without N, or packed
/// sequences of different lengths. With D = 2 if bidirectional, else 1, the output [T, N, D * H] has the last
/// layer's hidden states, the two directions side by side; h_n [num_layers * D, N, H] has the last states:
/// those of layer 0 forward, layer 0 backward, layer 1 forward, ... Initial states have h_n's shape and are 0
/// if they are not given. All weights are at first uniform in (-1/sqrt(H), 1/sqrt(H)). Constructors throw
/// ValueError for sizes not from 1 to 2^31 - 1 and a dropout outside [0, 1]; calls throw ShapeError.
namespace xgrad::nn {

namespace detail {

/// What RNN, LSTM and GRU have in common.
struct RecurrentSettings {
  const char* name;
  std::int64_t gates;
  std::int64_t input_size;
  std::int64_t hidden_size;
  std::int64_t num_layers;
  bool bias;
  bool batch_first;
  double dropout;
  bool bidirectional;
  std::int64_t proj_size;  ///< 0: none
};

/// The parameters of one layer and direction.
struct RecurrentParameters {
  Parameter weight_ih, weight_hh, bias_ih, bias_hh, weight_hr;

  xgrad::RecurrentWeights weights() const { return {weight_ih, weight_hh, bias_ih, bias_hh, weight_hr}; }
};

class XGRAD_API Recurrent : public Module {
 public:
  void visit(Visitor& visitor) override;
  std::string describe() const override;

  /// The parameters of a layer: weight_ih [G * H, in], weight_hh [G * H, H], bias_ih and bias_hh [G * H],
  /// and, of an LSTM with a projection, weight_hr [P, H]; "_l0", "_l0_reverse", "_l1", ... in the state dict.
  RecurrentParameters& layer(std::int64_t number, bool reverse = false);

 protected:
  Recurrent(const RecurrentSettings& settings, std::optional<DType> dtype, Generator* generator);

  /// Output and last states, in the form of the input.
  struct Outcome {
    Tensor output;
    std::vector<Tensor> states;
  };
  /// Each of `states` is defined or stands for zeros.
  Outcome run(const Tensor& input, const std::vector<Tensor>& states);
  std::pair<utils::PackedSequence, std::vector<Tensor>> run(const utils::PackedSequence& input,
                                                            const std::vector<Tensor>& states);
  /// One layer and direction: the output rows, then the last states.
  virtual std::vector<Tensor> run_layer(const Tensor& x, const std::vector<Tensor>& states,
                                        const RecurrentWeights& weights,
                                        const RecurrentOptions& options) const = 0;

 private:
  using Module::forward;
  /// Steps [T, N, in], or, with batch_sizes, packed rows: the output, then the last states.
  std::vector<Tensor> run_layers(const Tensor& input, const std::vector<Tensor>& states,
                                 const std::vector<std::int64_t>& batch_sizes);
  std::vector<Tensor> checked_states(const std::vector<Tensor>& states, std::int64_t batch,
                                     const Tensor& input) const;

  RecurrentSettings settings_;
  std::vector<RecurrentParameters> directions_;  ///< layer 0 forward, layer 0 backward, layer 1 forward, ...
};

}  // namespace detail

struct RNNOptions {
  std::int64_t num_layers = 1;
  std::string nonlinearity = "tanh";  ///< or "relu"
  bool bias = true;
  bool batch_first = false;
  double dropout = 0;  ///< between layers, in training
  bool bidirectional = false;
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
  Generator* generator = nullptr;             ///< for the first weights; the thread's own, if none is given
};

/// Elman's network: `auto [output, h_n] = rnn(x)`, or rnn(x, h0). Source: torch.nn.RNN.
class XGRAD_API RNN : public detail::Recurrent {
 public:
  RNN(std::int64_t input_size, std::int64_t hidden_size, RNNOptions options = {});
  std::pair<Tensor, Tensor> operator()(const Tensor& input, const Tensor& h0 = {});
  std::pair<utils::PackedSequence, Tensor> operator()(const utils::PackedSequence& input,
                                                      const Tensor& h0 = {});

 private:
  std::vector<Tensor> run_layer(const Tensor& x, const std::vector<Tensor>& states,
                                const RecurrentWeights& weights,
                                const RecurrentOptions& options) const override;
  std::string nonlinearity_;
};

struct GRUOptions {
  std::int64_t num_layers = 1;
  bool bias = true;
  bool batch_first = false;
  double dropout = 0;
  bool bidirectional = false;
  std::optional<DType> dtype = std::nullopt;
  Generator* generator = nullptr;
};

/// Gated recurrent units: `auto [output, h_n] = gru(x)`, or gru(x, h0). The gates are stacked in the order
/// reset, update, new. Source: torch.nn.GRU.
class XGRAD_API GRU : public detail::Recurrent {
 public:
  GRU(std::int64_t input_size, std::int64_t hidden_size, GRUOptions options = {});
  std::pair<Tensor, Tensor> operator()(const Tensor& input, const Tensor& h0 = {});
  std::pair<utils::PackedSequence, Tensor> operator()(const utils::PackedSequence& input,
                                                      const Tensor& h0 = {});

 private:
  std::vector<Tensor> run_layer(const Tensor& x, const std::vector<Tensor>& states,
                                const RecurrentWeights& weights,
                                const RecurrentOptions& options) const override;
};

struct LSTMOptions {
  std::int64_t num_layers = 1;
  bool bias = true;
  bool batch_first = false;
  double dropout = 0;
  bool bidirectional = false;
  std::int64_t proj_size = 0;  ///< hidden states are projected to this size, if it is not 0; below H
  std::optional<DType> dtype = std::nullopt;
  Generator* generator = nullptr;
};

/// Output, last hidden states and last cell states [num_layers * D, N, H] of an LSTM.
struct LSTMResult {
  Tensor output, h_n, c_n;
};
struct PackedLSTMResult {
  utils::PackedSequence output;
  Tensor h_n, c_n;
};

/// Long short-term memory: `auto [output, h_n, c_n] = lstm(x)`, or lstm(x, h0, c0). The gates are stacked in
/// the order input, forget, cell, output. Source: torch.nn.LSTM.
class XGRAD_API LSTM : public detail::Recurrent {
 public:
  LSTM(std::int64_t input_size, std::int64_t hidden_size, LSTMOptions options = {});
  LSTMResult operator()(const Tensor& input, const Tensor& h0 = {}, const Tensor& c0 = {});
  PackedLSTMResult operator()(const utils::PackedSequence& input, const Tensor& h0 = {},
                              const Tensor& c0 = {});

 private:
  std::vector<Tensor> run_layer(const Tensor& x, const std::vector<Tensor>& states,
                                const RecurrentWeights& weights,
                                const RecurrentOptions& options) const override;
};

}  // namespace xgrad::nn
