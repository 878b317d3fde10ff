#include <xgrad/nn/recurrent.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/random.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/views.hpp>
#include <xgrad/nn/dropout.hpp>

namespace xgrad::nn {
namespace detail {
namespace {

constexpr std::int64_t max_size = std::numeric_limits<std::int32_t>::max();  // no product of two overflows

}  // namespace

Recurrent::Recurrent(const RecurrentSettings& settings, std::optional<DType> dtype, Generator* generator)
    : settings_(settings) {
  const RecurrentSettings& s = settings_;
  auto is_size = [](std::int64_t size) { return size > 0 && size <= max_size; };
  if (!is_size(s.input_size) || !is_size(s.hidden_size) || !is_size(s.num_layers)) {
    throw ValueError(
        fmt::format("{}: expected sizes from 1 to {}, got input_size {}, hidden_size {}, num_layers {}",
                    s.name, max_size, s.input_size, s.hidden_size, s.num_layers));
  }
  if (!(s.dropout >= 0 && s.dropout <= 1))
    throw ValueError(fmt::format("{}: expected a dropout within [0, 1], got {}", s.name, s.dropout));
  if (s.proj_size < 0 || s.proj_size >= s.hidden_size) {
    throw ValueError(fmt::format("{}: expected proj_size from 0 to below hidden_size {}, got {}", s.name,
                                 s.hidden_size, s.proj_size));
  }
  double bound = 1 / std::sqrt(static_cast<double>(s.hidden_size));
  auto drawn = [&](const Shape& shape) {
    return Parameter(Tensor(kernels::uniform(shape, dtype.value_or(default_dtype()), -bound, bound,
                                             generator != nullptr ? *generator : default_generator())));
  };
  std::int64_t stacked = s.gates * s.hidden_size;
  std::int64_t state = s.proj_size > 0 ? s.proj_size : s.hidden_size;
  std::int64_t both = s.bidirectional ? 2 : 1;
  directions_.reserve(static_cast<std::size_t>(s.num_layers * both));
  for (std::int64_t layer = 0; layer < s.num_layers; ++layer) {
    for (std::int64_t direction = 0; direction < both; ++direction) {
      RecurrentParameters own;
      own.weight_ih = drawn({stacked, layer == 0 ? s.input_size : state * both});
      own.weight_hh = drawn({stacked, state});
      if (s.bias) {
        own.bias_ih = drawn({stacked});
        own.bias_hh = drawn({stacked});
      }
      if (s.proj_size > 0) own.weight_hr = drawn({s.proj_size, s.hidden_size});
      directions_.push_back(std::move(own));
    }
  }
}

void Recurrent::visit(Visitor& visitor) {
  std::size_t both = settings_.bidirectional ? 2 : 1;
  for (std::size_t i = 0; i < directions_.size(); ++i) {
    std::string suffix = fmt::format("_l{}{}", i / both, i % both == 1 ? "_reverse" : "");
    RecurrentParameters& own = directions_[i];
    visitor("weight_ih" + suffix, own.weight_ih);
    visitor("weight_hh" + suffix, own.weight_hh);
    visitor("bias_ih" + suffix, own.bias_ih);
    visitor("bias_hh" + suffix, own.bias_hh);
    visitor("weight_hr" + suffix, own.weight_hr);
  }
}

RecurrentParameters& Recurrent::layer(std::int64_t number, bool reverse) {
  if (number < 0 || number >= settings_.num_layers || (reverse && !settings_.bidirectional)) {
    throw IndexError(
        fmt::format("{}: there is no layer {}{}", describe(), number, reverse ? " reverse" : ""));
  }
  std::int64_t both = settings_.bidirectional ? 2 : 1;
  return directions_[static_cast<std::size_t>(number * both + (reverse ? 1 : 0))];
}

std::string Recurrent::describe() const {
  const RecurrentSettings& s = settings_;
  std::string text = fmt::format("{}({}, {}", s.name, s.input_size, s.hidden_size);
  if (s.proj_size > 0) text += fmt::format(", proj_size={}", s.proj_size);
  if (s.num_layers > 1) text += fmt::format(", num_layers={}", s.num_layers);
  if (!s.bias) text += ", bias=false";
  if (s.batch_first) text += ", batch_first=true";
  if (s.dropout != 0) text += fmt::format(", dropout={}", s.dropout);
  if (s.bidirectional) text += ", bidirectional=true";
  return text + ")";
}

std::vector<Tensor> Recurrent::checked_states(const std::vector<Tensor>& states, std::int64_t batch,
                                              const Tensor& input) const {
  std::vector<Tensor> checked;
  auto layers = static_cast<std::int64_t>(directions_.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    bool projected = i == 0 && settings_.proj_size > 0;
    Shape shape{layers, batch, projected ? settings_.proj_size : settings_.hidden_size};
    if (!states[i].defined()) {
      checked.push_back(zeros(shape, input.dtype()));
      continue;
    }
    if (!(states[i].shape() == shape)) {
      throw ShapeError(fmt::format("{}: expected {} {}, got {}", describe(), i == 0 ? "h0" : "c0",
                                   to_string(shape), to_string(states[i].shape())));
    }
    checked.push_back(states[i]);
  }
  return checked;
}

std::vector<Tensor> Recurrent::run_layers(const Tensor& input, const std::vector<Tensor>& states,
                                          const std::vector<std::int64_t>& batch_sizes) {
  std::int64_t both = settings_.bidirectional ? 2 : 1;
  std::vector<std::vector<Tensor>> last(states.size());
  Tensor x = input;
  for (std::int64_t number = 0; number < settings_.num_layers; ++number) {
    std::vector<Tensor> outputs;
    for (std::int64_t direction = 0; direction < both; ++direction) {
      std::int64_t place = number * both + direction;
      std::vector<Tensor> first;
      first.reserve(states.size());
      for (const Tensor& state : states) first.push_back(select(state, 0, place));
      std::vector<Tensor> found = run_layer(x, first, directions_[static_cast<std::size_t>(place)].weights(),
                                            {.reverse = direction == 1, .batch_sizes = batch_sizes});
      outputs.push_back(found[0]);
      for (std::size_t i = 0; i < states.size(); ++i) last[i].push_back(found[i + 1]);
    }
    x = both == 1 ? outputs[0] : cat(outputs, -1);
    if (number + 1 < settings_.num_layers && settings_.dropout > 0 && is_training())
      x = dropout(x, settings_.dropout);
  }
  std::vector<Tensor> results{x};
  for (const std::vector<Tensor>& each : last) results.push_back(stack(each));
  return results;
}

Recurrent::Outcome Recurrent::run(const Tensor& input, const std::vector<Tensor>& states) {
  bool batched = input.ndim() == 3;
  if ((!batched && input.ndim() != 2) || input.size(-1) != settings_.input_size) {
    throw ShapeError(fmt::format("{}: expected input {}, or one sequence [T, {}]; got {}", describe(),
                                 settings_.batch_first ? fmt::format("[N, T, {}]", settings_.input_size)
                                                       : fmt::format("[T, N, {}]", settings_.input_size),
                                 settings_.input_size, to_string(input.shape())));
  }
  Tensor steps = !batched ? unsqueeze(input, 1) : settings_.batch_first ? transpose(input, 0, 1) : input;
  if (steps.size(0) == 0) {
    throw ShapeError(fmt::format("{}: expected sequences of one step or more, got input {}", describe(),
                                 to_string(input.shape())));
  }
  std::vector<Tensor> with_batch;
  for (const Tensor& state : states) {
    if (!batched && state.defined() && state.ndim() != 2) {
      throw ShapeError(fmt::format("{}: expected states of two dimensions for one sequence, got {}",
                                   describe(), to_string(state.shape())));
    }
    with_batch.push_back(!batched && state.defined() ? unsqueeze(state, 1) : state);
  }
  std::vector<Tensor> found = run_layers(steps, checked_states(with_batch, steps.size(1), input), {});
  Outcome outcome{!batched                ? squeeze(found[0], 1)
                  : settings_.batch_first ? transpose(found[0], 0, 1)
                                          : found[0],
                  {}};
  for (std::size_t i = 1; i < found.size(); ++i)
    outcome.states.push_back(batched ? found[i] : squeeze(found[i], 1));
  return outcome;
}

std::pair<utils::PackedSequence, std::vector<Tensor>> Recurrent::run(const utils::PackedSequence& input,
                                                                     const std::vector<Tensor>& states) {
  if (input.batch_sizes.empty() || !input.data.defined() || input.data.ndim() != 2 ||
      input.data.size(1) != settings_.input_size) {
    throw ShapeError(fmt::format("{}: expected packed data [rows, {}], got {}", describe(),
                                 settings_.input_size,
                                 input.data.defined() ? to_string(input.data.shape()) : "none"));
  }
  std::vector<Tensor> sorted = checked_states(states, input.batch_sizes.front(), input.data);
  if (input.sorted_indices.defined()) {
    for (Tensor& state : sorted) state = index_select(state, 1, input.sorted_indices);
  }
  std::vector<Tensor> found = run_layers(input.data, sorted, input.batch_sizes);
  utils::PackedSequence output = input;
  output.data = found[0];
  std::vector<Tensor> last(found.begin() + 1, found.end());
  if (input.unsorted_indices.defined()) {
    for (Tensor& state : last) state = index_select(state, 1, input.unsorted_indices);
  }
  return {output, last};
}

}  // namespace detail

RNN::RNN(std::int64_t input_size, std::int64_t hidden_size, RNNOptions options)
    : Recurrent({"RNN", 1, input_size, hidden_size, options.num_layers, options.bias, options.batch_first,
                 options.dropout, options.bidirectional, 0},
                options.dtype, options.generator),
      nonlinearity_(std::move(options.nonlinearity)) {
  if (nonlinearity_ != "tanh" && nonlinearity_ != "relu") {
    throw ValueError(
        fmt::format("RNN: expected nonlinearity \"tanh\" or \"relu\", got \"{}\"", nonlinearity_));
  }
}

std::vector<Tensor> RNN::run_layer(const Tensor& x, const std::vector<Tensor>& states,
                                   const RecurrentWeights& weights, const RecurrentOptions& options) const {
  auto [output, h_n] = rnn_layer(x, states[0], weights, nonlinearity_, options);
  return {output, h_n};
}

std::pair<Tensor, Tensor> RNN::operator()(const Tensor& input, const Tensor& h0) {
  auto [output, states] = run(input, {h0});
  return {output, states[0]};
}

std::pair<utils::PackedSequence, Tensor> RNN::operator()(const utils::PackedSequence& input,
                                                         const Tensor& h0) {
  auto [output, states] = run(input, {h0});
  return {output, states[0]};
}

GRU::GRU(std::int64_t input_size, std::int64_t hidden_size, GRUOptions options)
    : Recurrent({"GRU", 3, input_size, hidden_size, options.num_layers, options.bias, options.batch_first,
                 options.dropout, options.bidirectional, 0},
                options.dtype, options.generator) {}

std::vector<Tensor> GRU::run_layer(const Tensor& x, const std::vector<Tensor>& states,
                                   const RecurrentWeights& weights, const RecurrentOptions& options) const {
  auto [output, h_n] = gru_layer(x, states[0], weights, options);
  return {output, h_n};
}

std::pair<Tensor, Tensor> GRU::operator()(const Tensor& input, const Tensor& h0) {
  auto [output, states] = run(input, {h0});
  return {output, states[0]};
}

std::pair<utils::PackedSequence, Tensor> GRU::operator()(const utils::PackedSequence& input,
                                                         const Tensor& h0) {
  auto [output, states] = run(input, {h0});
  return {output, states[0]};
}

LSTM::LSTM(std::int64_t input_size, std::int64_t hidden_size, LSTMOptions options)
    : Recurrent({"LSTM", 4, input_size, hidden_size, options.num_layers, options.bias, options.batch_first,
                 options.dropout, options.bidirectional, options.proj_size},
                options.dtype, options.generator) {}

std::vector<Tensor> LSTM::run_layer(const Tensor& x, const std::vector<Tensor>& states,
                                    const RecurrentWeights& weights, const RecurrentOptions& options) const {
  auto [output, h_n, c_n] = lstm_layer(x, states[0], states[1], weights, options);
  return {output, h_n, c_n};
}

LSTMResult LSTM::operator()(const Tensor& input, const Tensor& h0, const Tensor& c0) {
  auto [output, states] = run(input, {h0, c0});
  return {output, states[0], states[1]};
}

PackedLSTMResult LSTM::operator()(const utils::PackedSequence& input, const Tensor& h0, const Tensor& c0) {
  auto [output, states] = run(input, {h0, c0});
  return {output, states[0], states[1]};
}

}  // namespace xgrad::nn
