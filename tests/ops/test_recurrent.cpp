#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using Inputs = std::vector<Tensor>;

namespace {

Tensor numbers_of(const Shape& shape, std::uint64_t seed) {
  return check::spread_numbers(shape, -1.2, 1.2, {}, seed);
}

enum class Kind { lstm, gru, tanh, relu };
constexpr std::array kinds{Kind::lstm, Kind::gru, Kind::tanh, Kind::relu};

std::int64_t gates_of(Kind kind) { return kind == Kind::lstm ? 4 : kind == Kind::gru ? 3 : 1; }
std::size_t states_of(Kind kind) { return kind == Kind::lstm ? 2 : 1; }

/// x, the states, then the weights: ih, hh and, unless there are none, the two biases.
Inputs inputs_of(Kind kind, const Shape& x, std::int64_t batch, std::int64_t hidden, bool bias) {
  std::int64_t stacked = gates_of(kind) * hidden;
  Inputs inputs{numbers_of(x, 1)};
  for (std::size_t i = 0; i < states_of(kind); ++i) inputs.push_back(numbers_of({batch, hidden}, 2 + i));
  inputs.push_back(numbers_of({stacked, x.back()}, 4));
  inputs.push_back(numbers_of({stacked, hidden}, 5));
  if (bias) {
    inputs.push_back(numbers_of({stacked}, 6));
    inputs.push_back(numbers_of({stacked}, 7));
  }
  return inputs;
}

/// The layer: rows of output, and the last states, flat and joined.
Tensor layer(Kind kind, const Inputs& in, const RecurrentOptions& options) {
  std::size_t w = 1 + states_of(kind);
  RecurrentWeights weights{in[w], in[w + 1]};
  if (in.size() > w + 2) {
    weights.bias_ih = in[w + 2];
    weights.bias_hh = in[w + 3];
  }
  if (kind == Kind::lstm) {
    auto [output, h_n, c_n] = lstm_layer(in[0], in[1], in[2], weights, options);
    return cat({flatten(output), flatten(h_n), flatten(c_n)});
  }
  auto [output, h_n] = kind == Kind::gru
                           ? gru_layer(in[0], in[1], weights, options)
                           : rnn_layer(in[0], in[1], weights, kind == Kind::relu ? "relu" : "tanh", options);
  return cat({flatten(output), flatten(h_n)});
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

/// The same by the formulas, number by number.
Tensor by_formula(Kind kind, const Inputs& in, const RecurrentOptions& options) {
  std::size_t w = 1 + states_of(kind);
  std::int64_t width = in[0].size(-1), hidden = in[1].size(1), batch = in[1].size(0);
  std::vector<std::int64_t> sizes = options.batch_sizes;
  if (sizes.empty()) sizes.assign(static_cast<std::size_t>(in[0].size(0)), batch);
  auto dot = [](const Tensor& matrix, std::int64_t row, const double* vector) {
    double sum = 0;
    for (std::int64_t k = 0; k < matrix.size(1); ++k)
      sum += matrix.data<double>()[row * matrix.size(1) + k] * vector[k];
    return sum;
  };
  auto bias = [&](std::size_t which, std::int64_t row) {
    return in.size() > w + 2 ? in[w + 2 + which].data<double>()[row] : 0.0;
  };
  Tensor output = empty({in[0].numel() / width, hidden}, float64);
  Tensor h = in[1].clone(), c = in[states_of(kind)].clone();
  std::vector<std::int64_t> starts{0};
  for (std::int64_t size : sizes) starts.push_back(starts.back() + size);
  for (std::size_t step = 0; step < sizes.size(); ++step) {
    std::size_t t = options.reverse ? sizes.size() - 1 - step : step;
    for (std::int64_t n = 0; n < sizes[t]; ++n) {
      const double* x = in[0].data<double>() + (starts[t] + n) * width;
      double* state = h.data<double>() + n * hidden;
      std::vector<double> before(state, state + hidden);
      auto from_x = [&](std::int64_t gate, std::int64_t j) {
        return dot(in[w], gate * hidden + j, x) + bias(0, gate * hidden + j);
      };
      auto from_h = [&](std::int64_t gate, std::int64_t j) {
        return dot(in[w + 1], gate * hidden + j, before.data()) + bias(1, gate * hidden + j);
      };
      auto both = [&](std::int64_t gate, std::int64_t j) { return from_x(gate, j) + from_h(gate, j); };
      for (std::int64_t j = 0; j < hidden; ++j) {
        if (kind == Kind::lstm) {
          double& cell = c.data<double>()[n * hidden + j];
          cell = sigmoid_of(both(1, j)) * cell + sigmoid_of(both(0, j)) * std::tanh(both(2, j));
          state[j] = sigmoid_of(both(3, j)) * std::tanh(cell);
        } else if (kind == Kind::gru) {
          double z = sigmoid_of(both(1, j));
          double fresh = std::tanh(from_x(2, j) + sigmoid_of(both(0, j)) * from_h(2, j));
          state[j] = (1 - z) * fresh + z * before[static_cast<std::size_t>(j)];
        } else {
          state[j] = kind == Kind::relu ? std::max(0.0, both(0, j)) : std::tanh(both(0, j));
        }
        output.data<double>()[(starts[t] + n) * hidden + j] = state[j];
      }
    }
  }
  Inputs parts{flatten(output), flatten(h)};
  if (kind == Kind::lstm) parts.push_back(flatten(c));
  return cat(parts);
}

/// Every direction and both kinds of steps.
const std::vector<RecurrentOptions> ways{
    {}, {.reverse = true}, {.batch_sizes = {3, 3, 2, 1}}, {.reverse = true, .batch_sizes = {3, 3, 2, 1}}};

Shape x_for(const RecurrentOptions& way, std::int64_t width) {
  return way.batch_sizes.empty() ? Shape{4, 3, width} : Shape{9, width};
}

}  // namespace

TEST_CASE("recurrent layers follow their formulas, forward and backward in time, with and without bias") {
  for (Kind kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    for (const RecurrentOptions& way : ways) {
      for (std::int64_t hidden : {1, 5, 16, 19}) {
        for (bool bias : {true, false}) {
          Inputs inputs = inputs_of(kind, x_for(way, 3), 3, hidden, bias);
          Tensor expected = by_formula(kind, inputs, way);
          CHECK(agree(layer(kind, inputs, way), expected, 1e-12));
          Inputs narrow_inputs, recorded;
          for (const Tensor& input : inputs) {
            narrow_inputs.push_back(input.to(float32));
            recorded.push_back(input.clone().requires_grad_());
          }
          CHECK(agree(layer(kind, narrow_inputs, way).to(float64), expected, 2e-5));
          CHECK(agree(layer(kind, recorded, way).detach(), expected, 1e-12));
        }
      }
    }
  }
}

TEST_CASE("the gradients of recurrent layers are right to the second order") {
  for (Kind kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    for (const RecurrentOptions& way : ways) {
      for (bool bias : {true, false}) {
        if (!bias && way.reverse) continue;
        auto f = [&](const Inputs& in) { return layer(kind, in, way); };
        Inputs inputs = inputs_of(kind, x_for(way, 2), 3, 2, bias);
        CHECK(gradcheck(f, inputs));
        CHECK(gradgradcheck(f, inputs));
      }
    }
  }
}

TEST_CASE("each gradient of a recurrent layer comes alone as it comes with the others, also in float32") {
  for (Kind kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    for (const RecurrentOptions& way : ways) {
      Inputs inputs = inputs_of(kind, x_for(way, 3), 3, 18, true);
      for (Tensor& input : inputs) input.requires_grad_();
      Tensor y = layer(kind, inputs, way);
      Tensor g = numbers_of(y.shape(), 9);
      std::vector<Tensor> wanted = grad(std::array{y}, inputs, std::array{g}, {.retain_graph = true});
      std::vector<Tensor> recorded = grad(std::array{y}, inputs, std::array{g}, {.create_graph = true});
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        CAPTURE(i);
        CHECK(agree(recorded[i].detach(), wanted[i], 1e-12));
        Inputs one, small;
        for (const Tensor& input : inputs) {
          one.push_back(input.detach());
          small.push_back(input.detach().to(float32).requires_grad_());
        }
        one[i].requires_grad_();
        layer(kind, one, way).backward(g);
        CHECK(agree(one[i].grad(), wanted[i], 1e-13));
        layer(kind, small, way).backward(g.to(float32));
        CHECK(agree(small[i].grad().to(float64), wanted[i], 2e-4));
      }
    }
  }
}

TEST_CASE("recurrent layers take any layout of memory, and other sizes on several threads") {
  for (Kind kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Inputs inputs = inputs_of(kind, {4, 3, 5}, 3, 6, true);
    Tensor expected = layer(kind, inputs, {});
    Inputs turned, stepped;
    for (const Tensor& input : inputs) {
      turned.push_back(check::transposed_memory(input));
      stepped.push_back(check::stepped_memory(input));
    }
    CHECK(agree(layer(kind, turned, {}), expected, 1e-13));
    CHECK(agree(layer(kind, stepped, {}), expected, 1e-13));

    Inputs large = inputs_of(kind, {3, 70, 9}, 70, 130, true);
    for (Tensor& input : large) input.requires_grad_();
    auto all = [&] {
      Tensor y = layer(kind, large, {});
      std::vector<Tensor> found = grad(std::array{sum(y * y)}, large, std::array{Tensor()});
      found.push_back(y.detach());
      return found;
    };
    int threads = num_threads();
    set_num_threads(1);
    std::vector<Tensor> alone = all();
    set_num_threads(2);
    std::vector<Tensor> together = all();
    set_num_threads(threads);
    for (std::size_t i = 0; i < alone.size(); ++i) CHECK(equal(alone[i], together[i]));
  }
}

TEST_CASE("recurrent layers take a batch of no sequences") {
  for (Kind kind : kinds) {
    Inputs inputs = inputs_of(kind, {4, 0, 2}, 0, 3, true);
    for (Tensor& input : inputs) input.requires_grad_();
    Tensor y = layer(kind, inputs, {});
    CHECK(y.numel() == 0);
    sum(y).backward();
    CHECK(equal(inputs.back().grad(), zeros(inputs.back().shape(), float64)));
  }
}

TEST_CASE("nan and infinities go through recurrent layers") {
  double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  for (Kind kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Inputs inputs = inputs_of(kind, {2, 1, 1}, 1, 2, true);
    inputs[0].data<double>()[1] = nan;
    Tensor y = layer(kind, inputs, {});
    CHECK_FALSE(any(isnan(narrow(y, 0, 0, 2))).item<bool>());
    CHECK(all(isnan(narrow(y, 0, 2, 2))).item<bool>());
    inputs[0].data<double>()[1] = infinity;
    CHECK_FALSE(any(isnan(layer(kind, inputs, {}))).item<bool>());
  }
}

TEST_CASE("an LSTM with a projection hands on the projected state") {
  for (const RecurrentOptions& way : ways) {
    Inputs in{numbers_of(x_for(way, 2), 1), numbers_of({3, 2}, 2),  numbers_of({3, 3}, 3),
              numbers_of({12, 2}, 4),       numbers_of({12, 2}, 5), numbers_of({12}, 6),
              numbers_of({12}, 7),          numbers_of({2, 3}, 8)};
    auto f = [&](const Inputs& x) {
      auto [output, h_n, c_n] = lstm_layer(x[0], x[1], x[2], {x[3], x[4], x[5], x[6], x[7]}, way);
      return cat({flatten(output), flatten(h_n), flatten(c_n)});
    };
    CHECK(gradcheck(f, in));
    CHECK(gradgradcheck(f, in));
  }
  // A projection that changes nothing.
  Inputs in = inputs_of(Kind::lstm, {4, 3, 2}, 3, 3, true);
  auto plain = lstm_layer(in[0], in[1], in[2], {in[3], in[4], in[5], in[6]});
  // It must be narrower than the cells in the module alone.
  auto projected = lstm_layer(in[0], in[1], in[2], {in[3], in[4], in[5], in[6], eye(3, 3, float64)});
  CHECK(agree(projected.output, plain.output, 1e-13));
  CHECK(agree(projected.h_n, plain.h_n, 1e-13));
  CHECK(agree(projected.c_n, plain.c_n, 1e-13));
}

TEST_CASE("cells are one step of their layers, with a batch and without") {
  for (Kind kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    std::size_t w = 1 + states_of(kind);
    auto cell = [&](const Inputs& in) {
      RecurrentWeights weights{in[w], in[w + 1], in[w + 2], in[w + 3]};
      if (kind == Kind::lstm) {
        auto [h, c] = lstm_cell(in[0], in[1], in[2], weights);
        return stack({h, c});
      }
      return kind == Kind::gru ? gru_cell(in[0], in[1], weights)
                               : rnn_cell(in[0], in[1], weights, kind == Kind::relu ? "relu" : "tanh");
    };
    Inputs sequence = inputs_of(kind, {1, 3, 2}, 3, 4, true);
    Tensor expected = by_formula(kind, sequence, {});
    std::int64_t states = 12 * static_cast<std::int64_t>(states_of(kind));
    Inputs batch = sequence;
    batch[0] = sequence[0][0];
    CHECK(agree(flatten(cell(batch)), narrow(expected, 0, 12, states), 1e-12));
    CHECK(gradcheck(cell, batch));
    CHECK(gradgradcheck(cell, batch));
    Inputs one = batch;
    for (std::size_t i = 0; i < w; ++i) one[i] = batch[i][1];
    Tensor alone = cell(one);
    CHECK(agree(alone, select(cell(batch), -2, 1), 1e-13));
    CHECK(gradcheck(cell, one));
    one[1] = batch[1];
    CHECK_THROWS_AS(cell(one), ShapeError);
    one[1] = numbers_of({5}, 1);
    CHECK_THROWS_AS(cell(one), ShapeError);
  }
}

TEST_CASE("recurrent layers refuse what does not fit") {
  Tensor x = ones({4, 3, 2}), h = ones({3, 5}), ih = ones({20, 2}), hh = ones({20, 5}), bias = ones({20});
  auto run = [&](const Tensor& x, const Tensor& h, const Tensor& c, const RecurrentWeights& weights,
                 const RecurrentOptions& options = {}) { lstm_layer(x, h, c, weights, options); };
  CHECK_NOTHROW(run(x, h, h, {ih, hh, bias, bias}));
  CHECK_THROWS_AS(run(ones({3, 2}), h, h, {ih, hh}), ShapeError);
  CHECK_THROWS_AS(run(ones({4, 3, 3}), h, h, {ih, hh}), ShapeError);
  CHECK_THROWS_AS(run(ones({0, 3, 2}), h, h, {ih, hh}), ShapeError);
  CHECK_THROWS_AS(run(ones({}), h, h, {ih, hh}), ShapeError);
  CHECK_THROWS_AS(run(x, ones({2, 5}), h, {ih, hh}), ShapeError);
  CHECK_THROWS_AS(run(x, h, ones({3, 4}), {ih, hh}), ShapeError);
  CHECK_THROWS_AS(run(x, h, ones({1, 3, 5}), {ih, hh}), ShapeError);
  CHECK_THROWS_AS(run(x, h, h, {ones({19, 2}), hh}), ShapeError);
  CHECK_THROWS_AS(run(x, h, h, {ih, ones({20, 4})}), ShapeError);
  CHECK_THROWS_AS(run(x, h, h, {ih, ones({20})}), ShapeError);
  CHECK_THROWS_AS(run(x, h, h, {ih, hh, ones({5}), bias}), ShapeError);
  CHECK_THROWS_AS(run(x, h, h, {ih, hh, bias}), ValueError);
  CHECK_THROWS_AS(run(x, h, h, {ih, hh, {}, bias}), ValueError);
  CHECK_THROWS_AS(run(x, h, h, {ih, hh, {}, {}, ones({2, 5})}), ShapeError);
  CHECK_THROWS_AS(run(x.to(float64), h, h, {ih, hh}), DTypeError);
  CHECK_THROWS_AS(run(x, h, h, {ih, hh.to(float64)}), DTypeError);
  CHECK_THROWS_AS(run(x.to(int64), h.to(int64), h.to(int64), {ih.to(int64), hh.to(int64)}), DTypeError);
  CHECK_THROWS_AS(run({}, h, h, {ih, hh}), Error);
  CHECK_THROWS_AS(run(x, {}, h, {ih, hh}), Error);
  CHECK_THROWS_AS(run(x, h, h, {{}, hh}), Error);

  Tensor rows = ones({6, 2});
  CHECK_NOTHROW(run(rows, h, h, {ih, hh}, {.batch_sizes = {3, 2, 1}}));
  CHECK_THROWS_AS(run(rows, h, h, {ih, hh}, {.batch_sizes = {3, 2}}), ShapeError);
  CHECK_THROWS_AS(run(rows, h, h, {ih, hh}, {.batch_sizes = {3, 3, 1}}), ShapeError);
  CHECK_THROWS_AS(run(rows, h, h, {ih, hh}, {.batch_sizes = {2, 3, 1}}), ValueError);
  CHECK_THROWS_AS(run(rows, h, h, {ih, hh}, {.batch_sizes = {3, 3, 0}}), ValueError);
  CHECK_THROWS_AS(run(x, h, h, {ih, hh}, {.batch_sizes = {3, 3, 3, 3}}), ShapeError);
  std::int64_t huge = std::int64_t{1} << 62;
  CHECK_THROWS_AS(run(ones({0, 2}), ones({huge, 0}), ones({huge, 0}), {ones({0, 2}), ones({0, 0})},
                      {.batch_sizes = {huge, huge, huge, huge}}),
                  Error);
  CHECK_THROWS_AS(gru_layer(x, h, {ih, hh}), ShapeError);
  CHECK_THROWS_AS(rnn_layer(x, h, {ones({5, 2}), ones({5, 5})}, "sigmoid"), ValueError);
  CHECK_THROWS_AS(rnn_cell(ones({2}), ones({5}), {ones({5, 2}), ones({5, 5})}, ""), ValueError);
}
