#include <xgrad/autograd/ops/recurrent.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/recurrent.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad {
namespace {

using kernels::Steps;

void require_shape(const char* name, const char* operand, const Tensor& tensor, const Shape& shape) {
  if (tensor.shape() == shape) return;
  throw ShapeError(
      fmt::format("{}: expected {} {}, got {}", name, operand, to_string(shape), to_string(tensor.shape())));
}

/// The steps that x has.
Steps steps_of(const char* name, const Tensor& x, const RecurrentOptions& options) {
  Steps steps{options.batch_sizes, options.reverse};
  if (options.batch_sizes.empty()) {
    if (x.ndim() != 3)
      throw ShapeError(fmt::format("{}: expected x [T, N, in], got {}", name, to_string(x.shape())));
    if (x.size(0) == 0)
      throw ShapeError(fmt::format("{}: expected one step or more, got x {}", name, to_string(x.shape())));
    steps.batch_sizes.assign(x.size(1) == 0 ? 0 : static_cast<std::size_t>(x.size(0)), x.size(1));
    return steps;
  }
  if (x.ndim() != 2) {
    throw ShapeError(
        fmt::format("{}: expected x [rows, in] for batch_sizes, got {}", name, to_string(x.shape())));
  }
  std::int64_t left = x.size(0);
  for (std::size_t t = 0; t < steps.batch_sizes.size(); ++t) {
    std::int64_t size = steps.batch_sizes[t];
    if (size <= 0 || (t > 0 && size > steps.batch_sizes[t - 1])) {
      throw ValueError(fmt::format(
          "{}: expected batch_sizes that are positive and never rise, got {} at step {}", name, size, t));
    }
    if (size > left) break;
    left -= size;
    if (t + 1 == steps.batch_sizes.size() && left == 0) return steps;
  }
  throw ShapeError(fmt::format("{}: expected x of as many rows as the batch_sizes add up to, got {}", name,
                               to_string(x.shape())));
}

/// Checks everything beside x's own number of dimensions. `states` are h0 and, for an LSTM, c0.
void check_layer(const char* name, const Tensor& x, std::int64_t gates, std::int64_t batch,
                 std::initializer_list<std::pair<const char*, const Tensor*>> states,
                 const RecurrentWeights& weights) {
  detail::require_floating(name, x);
  if (weights.ih.ndim() != 2 || weights.hh.ndim() != 2 || weights.hh.size(0) % gates != 0) {
    throw ShapeError(fmt::format("{}: expected weights ih [{} * H, in] and hh [{} * H, H], got {} and {}",
                                 name, gates, gates, to_string(weights.ih.shape()),
                                 to_string(weights.hh.shape())));
  }
  std::int64_t hidden = weights.hh.size(0) / gates;
  std::int64_t state = weights.hr.defined() ? weights.hr.size(0) : hidden;
  require_shape(name, "weight hh", weights.hh, {gates * hidden, state});
  if (weights.hr.defined()) require_shape(name, "weight hr", weights.hr, {state, hidden});
  require_shape(name, "weight ih", weights.ih, {gates * hidden, x.size(-1)});
  if (weights.bias_ih.defined() != weights.bias_hh.defined())
    throw ValueError(fmt::format("{}: expected bias_ih and bias_hh, or neither", name));
  for (const auto& [operand, tensor] :
       {std::pair("bias_ih", &weights.bias_ih), std::pair("bias_hh", &weights.bias_hh)}) {
    if (tensor->defined()) require_shape(name, operand, *tensor, {gates * hidden});
  }
  bool first = true;
  for (const auto& [operand, tensor] : states) {
    require_shape(name, operand, *tensor, {batch, first ? state : hidden});
    detail::require_same_dtype(name, "x", x, operand, *tensor);
    first = false;
  }
  for (const Tensor* weight : {&weights.ih, &weights.hh, &weights.bias_ih, &weights.bias_hh, &weights.hr}) {
    if (weight->defined()) detail::require_same_dtype(name, "x", x, "a weight", *weight);
  }
}

// In differentiable steps, for gradients of gradients and for projections ----------------------------

/// Rows of hidden states of all steps, then the last states: one row for each sequence and state.
Tensor in_steps(const Tensor& x, std::vector<Tensor> states, const RecurrentWeights& weights,
                const Steps& steps, auto step) {
  Tensor projected = linear(x, weights.ih, weights.bias_ih);
  std::size_t count = steps.batch_sizes.size();
  std::vector<Tensor> outputs(count);
  std::int64_t batch = steps.batch();
  std::int64_t row = steps.reverse ? steps.rows() : 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t t = steps.reverse ? count - 1 - i : i;
    std::int64_t rows = steps.batch_sizes[t];
    if (steps.reverse) row -= rows;
    std::vector<Tensor> before;
    before.reserve(states.size());
    for (const Tensor& state : states) before.push_back(narrow(state, 0, 0, rows));
    std::vector<Tensor> after =
        step(narrow(projected, 0, row, rows), linear(before[0], weights.hh, weights.bias_hh), before);
    if (!steps.reverse) row += rows;
    outputs[t] = after[0];
    for (std::size_t s = 0; s < states.size(); ++s) {
      states[s] = rows == batch ? after[s] : cat({after[s], narrow(states[s], 0, rows, batch - rows)});
    }
  }
  outputs.insert(outputs.end(), states.begin(), states.end());
  return outputs.empty() ? Tensor() : cat(outputs);
}

std::vector<Tensor> lstm_step(const Tensor& from_x, const Tensor& from_h, const std::vector<Tensor>& states) {
  std::vector<Tensor> gates = chunk(from_x + from_h, 4, 1);
  Tensor cell = sigmoid(gates[1]) * states[1] + sigmoid(gates[0]) * tanh(gates[2]);
  return {sigmoid(gates[3]) * tanh(cell), cell};
}

std::vector<Tensor> gru_step(const Tensor& from_x, const Tensor& from_h, const std::vector<Tensor>& states) {
  std::vector<Tensor> a = chunk(from_x, 3, 1);
  std::vector<Tensor> b = chunk(from_h, 3, 1);
  Tensor z = sigmoid(a[1] + b[1]);
  Tensor n = tanh(a[2] + sigmoid(a[0] + b[0]) * b[2]);
  return {n + z * (states[0] - n)};
}

std::vector<Tensor> rnn_step(const Tensor& from_x, const Tensor& from_h, bool relu_instead) {
  Tensor sum = from_x + from_h;
  return {relu_instead ? relu(sum) : tanh(sum)};
}

/// The gradients of `compute(inputs)`, recorded. The inputs may depend on each other; here each counts by
/// itself.
template <std::size_t N, class Compute>
std::array<Tensor, N> recorded_gradients(const Tensor& g, const detail::Wanted<N>& wanted,
                                         std::array<Tensor, N> inputs, const Compute& compute) {
  std::vector<Tensor> chosen;
  for (std::size_t i = 0; i < N; ++i) {
    if (!inputs[i].defined()) continue;
    inputs[i] = view(inputs[i], inputs[i].shape());
    if (wanted[i]) chosen.push_back(inputs[i]);
  }
  Tensor y = compute(inputs);
  std::vector<Tensor> found =
      grad(std::span(&y, 1), chosen, std::span(&g, 1), {.create_graph = true, .allow_unused = true});
  std::array<Tensor, N> gradients;
  std::size_t next = 0;
  for (std::size_t i = 0; i < N; ++i) {
    if (inputs[i].defined() && wanted[i]) gradients[i] = found[next++];
  }
  return gradients;
}

/// Whether a layer with these inputs, some of them perhaps undefined, must be recorded.
template <std::size_t N>
bool is_recorded(const std::array<const Tensor*, N>& inputs) {
  return std::ranges::any_of(inputs,
                             [](const Tensor* input) { return input->defined() && must_record(*input); });
}

// Fused ---------------------------------------------------------------------------------------------

Array array_of(const Tensor& tensor) {
  return tensor.defined() ? kernels::contiguous(tensor.array()) : Array();
}

kernels::RecurrentWeights arrays_of(const Tensor& ih, const Tensor& hh, const Tensor& bias_ih,
                                    const Tensor& bias_hh) {
  return {array_of(ih), array_of(hh), array_of(bias_ih), array_of(bias_hh)};
}

Tensor tensor_or_none(const Array& array) { return array.defined() ? Tensor(array) : Tensor(); }

/// [rows + 2 N, H]: see kernels::LstmForward.
Tensor fused_lstm(const Tensor& x, const Tensor& h0, const Tensor& c0, const RecurrentWeights& w,
                  const Steps& steps) {
  std::array<const Tensor*, 7> inputs{&x, &h0, &c0, &w.ih, &w.hh, &w.bias_ih, &w.bias_hh};
  bool keep = is_recorded(inputs);
  kernels::LstmForward forward = kernels::lstm(steps, array_of(x), array_of(h0), array_of(c0),
                                               arrays_of(w.ih, w.hh, w.bias_ih, w.bias_hh), keep);
  if (!keep) return Tensor(std::move(forward.result));
  return record_joint(
      "lstm_layer", forward.result, inputs,
      [steps](const Tensor& g, const detail::Wanted<7>& wanted, const Tensor& x, const Tensor& h0,
              const Tensor& c0, const Tensor& ih, const Tensor& hh, const Tensor& bias_ih,
              const Tensor& bias_hh, const Tensor& gates, const Tensor& previous_cells,
              const Tensor& tanh_cells, const Tensor& previous_hidden) -> std::array<Tensor, 7> {
        if (is_grad_enabled()) {
          return recorded_gradients<7>(
              g, wanted, {x, h0, c0, ih, hh, bias_ih, bias_hh}, [&](const std::array<Tensor, 7>& in) {
                return in_steps(in[0], {in[1], in[2]}, {in[3], in[4], in[5], in[6]}, steps, lstm_step);
              });
        }
        kernels::RecurrentGradients found = kernels::lstm_backward(
            steps, array_of(g), array_of(x),
            {Array(), gates.array(), previous_cells.array(), tanh_cells.array(), previous_hidden.array()},
            arrays_of(ih, hh, bias_ih, bias_hh), {wanted[0], wanted[3], wanted[4], wanted[5] || wanted[6]});
        return {tensor_or_none(found.x),      tensor_or_none(found.h0), tensor_or_none(found.c0),
                tensor_or_none(found.ih),     tensor_or_none(found.hh), tensor_or_none(found.bias_ih),
                tensor_or_none(found.bias_hh)};
      },
      x, h0, c0, w.ih, w.hh, w.bias_ih, w.bias_hh, Tensor(forward.gates), Tensor(forward.previous_cells),
      Tensor(forward.tanh_cells), Tensor(forward.previous_hidden));
}

/// [rows + N, H]: see kernels::GruForward.
Tensor fused_gru(const Tensor& x, const Tensor& h0, const RecurrentWeights& w, const Steps& steps) {
  std::array<const Tensor*, 6> inputs{&x, &h0, &w.ih, &w.hh, &w.bias_ih, &w.bias_hh};
  bool keep = is_recorded(inputs);
  kernels::GruForward forward =
      kernels::gru(steps, array_of(x), array_of(h0), arrays_of(w.ih, w.hh, w.bias_ih, w.bias_hh), keep);
  if (!keep) return Tensor(std::move(forward.result));
  return record_joint(
      "gru_layer", forward.result, inputs,
      [steps](const Tensor& g, const detail::Wanted<6>& wanted, const Tensor& x, const Tensor& h0,
              const Tensor& ih, const Tensor& hh, const Tensor& bias_ih, const Tensor& bias_hh,
              const Tensor& gates, const Tensor& hidden_parts,
              const Tensor& previous_hidden) -> std::array<Tensor, 6> {
        if (is_grad_enabled()) {
          return recorded_gradients<6>(
              g, wanted, {x, h0, ih, hh, bias_ih, bias_hh}, [&](const std::array<Tensor, 6>& in) {
                return in_steps(in[0], {in[1]}, {in[2], in[3], in[4], in[5]}, steps, gru_step);
              });
        }
        kernels::RecurrentGradients found = kernels::gru_backward(
            steps, array_of(g), array_of(x),
            {Array(), gates.array(), hidden_parts.array(), previous_hidden.array()},
            arrays_of(ih, hh, bias_ih, bias_hh), {wanted[0], wanted[2], wanted[3], wanted[4] || wanted[5]});
        return {tensor_or_none(found.x),  tensor_or_none(found.h0),      tensor_or_none(found.ih),
                tensor_or_none(found.hh), tensor_or_none(found.bias_ih), tensor_or_none(found.bias_hh)};
      },
      x, h0, w.ih, w.hh, w.bias_ih, w.bias_hh, Tensor(forward.gates), Tensor(forward.hidden_parts),
      Tensor(forward.previous_hidden));
}

/// [rows + N, H]: see kernels::RnnForward.
Tensor fused_rnn(const Tensor& x, const Tensor& h0, const RecurrentWeights& w, bool relu_instead,
                 const Steps& steps) {
  std::array<const Tensor*, 6> inputs{&x, &h0, &w.ih, &w.hh, &w.bias_ih, &w.bias_hh};
  bool keep = is_recorded(inputs);
  kernels::RnnForward forward = kernels::rnn(steps, array_of(x), array_of(h0),
                                             arrays_of(w.ih, w.hh, w.bias_ih, w.bias_hh), relu_instead, keep);
  if (!keep) return Tensor(std::move(forward.result));
  return record_joint(
      "rnn_layer", forward.result, inputs,
      [steps, relu_instead](const Tensor& g, const detail::Wanted<6>& wanted, const Tensor& x,
                            const Tensor& h0, const Tensor& ih, const Tensor& hh, const Tensor& bias_ih,
                            const Tensor& bias_hh, const Tensor& y,
                            const Tensor& previous_hidden) -> std::array<Tensor, 6> {
        if (is_grad_enabled()) {
          auto step = [=](const Tensor& from_x, const Tensor& from_h, const std::vector<Tensor>&) {
            return rnn_step(from_x, from_h, relu_instead);
          };
          return recorded_gradients<6>(
              g, wanted, {x, h0, ih, hh, bias_ih, bias_hh}, [&](const std::array<Tensor, 6>& in) {
                return in_steps(in[0], {in[1]}, {in[2], in[3], in[4], in[5]}, steps, step);
              });
        }
        kernels::RecurrentGradients found =
            kernels::rnn_backward(steps, array_of(g), array_of(x), {y.array(), previous_hidden.array()},
                                  arrays_of(ih, hh, bias_ih, bias_hh), relu_instead,
                                  {wanted[0], wanted[2], wanted[3], wanted[4] || wanted[5]});
        return {tensor_or_none(found.x),  tensor_or_none(found.h0),      tensor_or_none(found.ih),
                tensor_or_none(found.hh), tensor_or_none(found.bias_ih), tensor_or_none(found.bias_hh)};
      },
      x, h0, w.ih, w.hh, w.bias_ih, w.bias_hh, result, Tensor(forward.previous_hidden));
}

bool is_relu(const char* name, std::string_view nonlinearity) {
  if (nonlinearity != "tanh" && nonlinearity != "relu") {
    throw ValueError(
        fmt::format("{}: expected nonlinearity \"tanh\" or \"relu\", got \"{}\"", name, nonlinearity));
  }
  return nonlinearity == "relu";
}

/// [T, N, in] as rows.
Tensor rows_of(const Tensor& x) { return x.ndim() == 3 ? reshape(x, {x.size(0) * x.size(1), x.size(2)}) : x; }

/// The batch that the states must have.
std::int64_t batch_of(const Tensor& x, const Steps& steps) {
  return x.ndim() == 3 ? x.size(1) : steps.batch();
}

/// Rows of hidden states in the form of x.
Tensor like_x(const Tensor& rows, const Tensor& x) {
  return x.ndim() == 3 ? reshape(rows, {x.size(0), x.size(1), rows.size(1)}) : rows;
}

}  // namespace

LstmResult lstm_layer(const Tensor& x, const Tensor& h0, const Tensor& c0, const RecurrentWeights& weights,
                      const RecurrentOptions& options) {
  constexpr const char* name = "lstm_layer";
  Steps steps = steps_of(name, x, options);
  std::int64_t batch = batch_of(x, steps);
  check_layer(name, x, 4, batch, {{"h0", &h0}, {"c0", &c0}}, weights);
  if (weights.hr.defined()) {
    Tensor projection = weights.hr.t();
    // The states have different widths: the cells travel beside the hidden states.
    std::vector<Tensor> last_cells;
    Tensor cells = c0;
    auto step = [&](const Tensor& from_x, const Tensor& from_h, const std::vector<Tensor>&) {
      std::int64_t rows = from_x.size(0);
      std::vector<Tensor> after = lstm_step(from_x, from_h, {Tensor(), narrow(cells, 0, 0, rows)});
      cells = rows == batch ? after[1] : cat({after[1], narrow(cells, 0, rows, batch - rows)});
      return std::vector<Tensor>{matmul(after[0], projection)};
    };
    std::vector<Tensor> parts =
        split(in_steps(rows_of(x), {h0}, weights, steps, step), Shape{steps.rows(), batch});
    return {like_x(parts[0], x), parts[1], cells};
  }
  std::vector<Tensor> parts =
      split(fused_lstm(rows_of(x), h0, c0, weights, steps), Shape{steps.rows(), batch, batch});
  return {like_x(parts[0], x), parts[1], parts[2]};
}

std::pair<Tensor, Tensor> gru_layer(const Tensor& x, const Tensor& h0, const RecurrentWeights& weights,
                                    const RecurrentOptions& options) {
  constexpr const char* name = "gru_layer";
  Steps steps = steps_of(name, x, options);
  std::int64_t batch = batch_of(x, steps);
  check_layer(name, x, 3, batch, {{"h0", &h0}}, weights);
  std::vector<Tensor> parts = split(fused_gru(rows_of(x), h0, weights, steps), Shape{steps.rows(), batch});
  return {like_x(parts[0], x), parts[1]};
}

std::pair<Tensor, Tensor> rnn_layer(const Tensor& x, const Tensor& h0, const RecurrentWeights& weights,
                                    std::string_view nonlinearity, const RecurrentOptions& options) {
  constexpr const char* name = "rnn_layer";
  bool relu_instead = is_relu(name, nonlinearity);
  Steps steps = steps_of(name, x, options);
  std::int64_t batch = batch_of(x, steps);
  check_layer(name, x, 1, batch, {{"h0", &h0}}, weights);
  std::vector<Tensor> parts =
      split(fused_rnn(rows_of(x), h0, weights, relu_instead, steps), Shape{steps.rows(), batch});
  return {like_x(parts[0], x), parts[1]};
}

namespace {

/// x of a cell as a sequence of one step.
Tensor one_step(const char* name, const Tensor& x, const Tensor& h) {
  if ((x.ndim() != 1 && x.ndim() != 2) || h.ndim() != x.ndim()) {
    throw ShapeError(fmt::format("{}: expected x [N, in] and h [N, H], or both without N; got {} and {}",
                                 name, to_string(x.shape()), to_string(h.shape())));
  }
  return x.ndim() == 1 ? reshape(x, {1, 1, x.size(0)}) : unsqueeze(x, 0);
}

Tensor with_batch(const Tensor& state) { return state.ndim() == 1 ? unsqueeze(state, 0) : state; }
Tensor like(const Tensor& state, const Tensor& x) { return x.ndim() == 1 ? squeeze(state, 0) : state; }

}  // namespace

std::pair<Tensor, Tensor> lstm_cell(const Tensor& x, const Tensor& h, const Tensor& c,
                                    const RecurrentWeights& weights) {
  Tensor steps = one_step("lstm_cell", x, h);
  LstmResult last = lstm_layer(steps, with_batch(h), with_batch(c), weights);
  return {like(last.h_n, x), like(last.c_n, x)};
}

Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& weights) {
  Tensor steps = one_step("gru_cell", x, h);
  return like(gru_layer(steps, with_batch(h), weights).second, x);
}

Tensor rnn_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& weights,
                std::string_view nonlinearity) {
  Tensor steps = one_step("rnn_cell", x, h);
  return like(rnn_layer(steps, with_batch(h), weights, nonlinearity).second, x);
}

}  // namespace xgrad
