#include <xgrad/nn/recurrent_cell.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/kernels/random.hpp>
#include <xgrad/autograd/ops/creation.hpp>

namespace xgrad::nn {
namespace detail {

RecurrentCell::RecurrentCell(const char* name, std::int64_t gates, std::int64_t input_size,
                             std::int64_t hidden_size, const CellOptions& options)
    : name_(name), input_size_(input_size), hidden_size_(hidden_size) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();  // no product of two overflows
  if (input_size <= 0 || hidden_size <= 0 || input_size > most || hidden_size > most) {
    throw ValueError(fmt::format("{}: expected sizes from 1 to {}, got input_size {} and hidden_size {}",
                                 name, most, input_size, hidden_size));
  }
  double bound = 1 / std::sqrt(static_cast<double>(hidden_size));
  Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
  auto drawn = [&](const Shape& shape) {
    return Parameter(
        Tensor(kernels::uniform(shape, options.dtype.value_or(default_dtype()), -bound, bound, generator)));
  };
  weight_ih = drawn({gates * hidden_size, input_size});
  weight_hh = drawn({gates * hidden_size, hidden_size});
  if (!options.bias) return;
  bias_ih = drawn({gates * hidden_size});
  bias_hh = drawn({gates * hidden_size});
}

void RecurrentCell::visit(Visitor& visitor) {
  visitor("weight_ih", weight_ih);
  visitor("weight_hh", weight_hh);
  visitor("bias_ih", bias_ih);
  visitor("bias_hh", bias_hh);
}

std::string RecurrentCell::describe() const {
  return fmt::format("{}({}, {}{})", name_, input_size_, hidden_size_,
                     bias_ih.defined() ? "" : ", bias=false");
}

Tensor RecurrentCell::checked_state(const char* operand, const Tensor& input, const Tensor& state) const {
  if ((input.ndim() != 1 && input.ndim() != 2) || input.size(-1) != input_size_) {
    throw ShapeError(fmt::format("{}: expected input [N, {}] or [{}], got {}", describe(), input_size_,
                                 input_size_, to_string(input.shape())));
  }
  Shape shape = input.ndim() == 1 ? Shape{hidden_size_} : Shape{input.size(0), hidden_size_};
  if (!state.defined()) return zeros(shape, input.dtype());
  if (!(state.shape() == shape)) {
    throw ShapeError(fmt::format("{}: expected {} {} for input {}, got {}", describe(), operand,
                                 to_string(shape), to_string(input.shape()), to_string(state.shape())));
  }
  return state;
}

}  // namespace detail

RNNCell::RNNCell(std::int64_t input_size, std::int64_t hidden_size, RNNCellOptions options)
    : RecurrentCell("RNNCell", 1, input_size, hidden_size,
                    {.bias = options.bias, .dtype = options.dtype, .generator = options.generator}),
      nonlinearity_(std::move(options.nonlinearity)) {
  if (nonlinearity_ != "tanh" && nonlinearity_ != "relu") {
    throw ValueError(
        fmt::format("RNNCell: expected nonlinearity \"tanh\" or \"relu\", got \"{}\"", nonlinearity_));
  }
}

std::string RNNCell::describe() const {
  std::string text = RecurrentCell::describe();
  if (nonlinearity_ != "tanh") text.insert(text.size() - 1, ", nonlinearity=" + nonlinearity_);
  return text;
}

Tensor RNNCell::operator()(const Tensor& input, const Tensor& h) {
  return rnn_cell(input, checked_state("h", input, h), weights(), nonlinearity_);
}

GRUCell::GRUCell(std::int64_t input_size, std::int64_t hidden_size, CellOptions options)
    : RecurrentCell("GRUCell", 3, input_size, hidden_size, options) {}

Tensor GRUCell::operator()(const Tensor& input, const Tensor& h) {
  return gru_cell(input, checked_state("h", input, h), weights());
}

LSTMCell::LSTMCell(std::int64_t input_size, std::int64_t hidden_size, CellOptions options)
    : RecurrentCell("LSTMCell", 4, input_size, hidden_size, options) {}

std::pair<Tensor, Tensor> LSTMCell::operator()(const Tensor& input, const Tensor& h, const Tensor& c) {
  return lstm_cell(input, checked_state("h", input, h), checked_state("c", input, c), weights());
}

}  // namespace xgrad::nn
