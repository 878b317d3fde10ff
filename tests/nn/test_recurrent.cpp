#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using nn::utils::PackedSequence;

namespace {

Tensor numbers_of(const Shape& shape, std::uint64_t seed) {
  return check::spread_numbers(shape, -1.5, 1.5, {}, seed);
}

std::vector<std::string> names_of(const nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : module.state_dict()) names.push_back(name);
  return names;
}

Tensor lengths_of(const std::vector<std::int64_t>& lengths) {
  Tensor result = empty({static_cast<std::int64_t>(lengths.size())}, int64);
  std::ranges::copy(lengths, result.data<std::int64_t>());
  return result;
}

bool close(const Tensor& a, const Tensor& b) { return agree(a.detach(), b.detach(), 1e-12); }

}  // namespace

TEST_CASE("recurrent modules name their parameters as PyTorch does") {
  using Names = std::vector<std::string>;
  CHECK(names_of(nn::LSTM(3, 4, {.num_layers = 2, .bidirectional = true})) ==
        Names{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse",
              "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse", "weight_ih_l1",
              "weight_hh_l1", "bias_ih_l1", "bias_hh_l1", "weight_ih_l1_reverse", "weight_hh_l1_reverse",
              "bias_ih_l1_reverse", "bias_hh_l1_reverse"});
  CHECK(names_of(nn::GRU(3, 4, {.bias = false})) == Names{"weight_ih_l0", "weight_hh_l0"});
  CHECK(names_of(nn::LSTM(3, 4, {.proj_size = 2})) ==
        Names{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0"});
  CHECK(names_of(nn::LSTMCell(3, 4)) == Names{"weight_ih", "weight_hh", "bias_ih", "bias_hh"});
  nn::LSTM lstm(3, 4, {.num_layers = 2, .bidirectional = true, .proj_size = 2});
  CHECK(lstm.layer(0).weight_ih.shape() == Shape{16, 3});
  CHECK(lstm.layer(0).weight_hh.shape() == Shape{16, 2});
  CHECK(lstm.layer(1, true).weight_ih.shape() == Shape{16, 4});
  CHECK(lstm.layer(1, true).weight_hr.shape() == Shape{2, 4});
  CHECK(nn::GRU(3, 4).layer(0).bias_hh.shape() == Shape{12});
  CHECK_THROWS_AS(lstm.layer(2), IndexError);
  CHECK_THROWS_AS(lstm.layer(-1), IndexError);
  CHECK_THROWS_AS(nn::GRU(3, 4).layer(0, true), IndexError);
}

TEST_CASE("recurrent modules print what they are") {
  CHECK(nn::LSTM(3, 4).describe() == "LSTM(3, 4)");
  CHECK(nn::LSTM(3, 4,
                 {.num_layers = 2,
                  .bias = false,
                  .batch_first = true,
                  .dropout = 0.5,
                  .bidirectional = true,
                  .proj_size = 2})
            .describe() ==
        "LSTM(3, 4, proj_size=2, num_layers=2, bias=false, batch_first=true, dropout=0.5, "
        "bidirectional=true)");
  CHECK(nn::RNNCell(3, 4, {.nonlinearity = "relu"}).describe() == "RNNCell(3, 4, nonlinearity=relu)");
  CHECK(nn::RNNCell(3, 4, {.bias = false}).describe() == "RNNCell(3, 4, bias=false)");
  CHECK(nn::GRUCell(3, 4).describe() == "GRUCell(3, 4)");
}

TEST_CASE("first weights are uniform within 1 / sqrt(hidden_size), and those of the generator") {
  Generator generator(3), again(3);
  nn::LSTM lstm(40, 64, {.dtype = float64, .generator = &generator});
  nn::LSTM other(40, 64, {.dtype = float64, .generator = &again});
  for (const auto& [name, tensor] : lstm.named_parameters()) {
    CAPTURE(name);
    CHECK(amax(abs(tensor)).item() <= 0.125);
    CHECK(amax(abs(tensor)).item() > 0.12);
  }
  CHECK(equal(lstm.layer(0).weight_hh, other.layer(0).weight_hh));
}

TEST_CASE("layers and directions are layers and directions of the functions") {
  nn::GRU gru(3, 4, {.num_layers = 2, .bidirectional = true, .dtype = float64});
  Tensor x = numbers_of({5, 2, 3}, 1), h0 = numbers_of({4, 2, 4}, 2);
  auto [output, h_n] = gru(x, h0);
  Tensor below = x;
  std::vector<Tensor> last;
  for (std::int64_t number = 0; number < 2; ++number) {
    auto [ahead, ahead_last] = gru_layer(below, h0[2 * number], gru.layer(number).weights());
    auto [back, back_last] =
        gru_layer(below, h0[2 * number + 1], gru.layer(number, true).weights(), {.reverse = true});
    below = cat({ahead, back}, -1);
    last.push_back(ahead_last);
    last.push_back(back_last);
  }
  CHECK(close(output, below));
  CHECK(close(h_n, stack(last)));
  CHECK(output.shape() == Shape{5, 2, 8});
}

TEST_CASE("a layer is its cell, step after step") {
  Tensor x = numbers_of({4, 2, 3}, 1);
  nn::LSTM lstm(3, 5, {.dtype = float64});
  nn::LSTMCell cell(3, 5, {.dtype = float64});
  for (auto [to, from] :
       {std::pair(&cell.weight_ih, &lstm.layer(0).weight_ih),
        std::pair(&cell.weight_hh, &lstm.layer(0).weight_hh),
        std::pair(&cell.bias_ih, &lstm.layer(0).bias_ih), std::pair(&cell.bias_hh, &lstm.layer(0).bias_hh)}) {
    NoGrad off;
    to->copy_(*from);
  }
  auto [output, h_n, c_n] = lstm(x);
  Tensor h, c;
  for (std::int64_t t = 0; t < 4; ++t) {
    std::tie(h, c) = cell(x[t], h, c);
    CHECK(close(output[t], h));
  }
  CHECK(close(h_n[0], h));
  CHECK(close(c_n[0], c));
}

TEST_CASE("batch_first, one sequence alone, no state and no sequences") {
  nn::LSTMOptions options{.num_layers = 2, .bidirectional = true, .dtype = float64};
  nn::LSTM lstm(3, 4, options);
  options.batch_first = true;
  nn::LSTM turned(3, 4, options);
  turned.load_state_dict(lstm.state_dict());
  Tensor x = numbers_of({5, 2, 3}, 1), h0 = numbers_of({4, 2, 4}, 2), c0 = numbers_of({4, 2, 4}, 3);
  auto [output, h_n, c_n] = lstm(x, h0, c0);
  auto other = turned(transpose(x, 0, 1), h0, c0);
  CHECK(close(transpose(other.output, 0, 1), output));
  CHECK(close(other.h_n, h_n));
  CHECK(close(other.c_n, c_n));
  for (nn::LSTM* module : {&lstm, &turned}) {
    auto alone = (*module)(select(x, 1, 1), select(h0, 1, 1), select(c0, 1, 1));
    CHECK(close(alone.output, select(output, 1, 1)));
    CHECK(close(alone.h_n, select(h_n, 1, 1)));
    CHECK(close(alone.c_n, select(c_n, 1, 1)));
  }
  Tensor zero = zeros({4, 2, 4}, float64);
  CHECK(close(lstm(x).output, lstm(x, zero, zero).output));
  auto nobody = lstm(zeros({5, 0, 3}, float64));
  CHECK(nobody.output.shape() == Shape{5, 0, 8});
  CHECK(nobody.h_n.shape() == Shape{4, 0, 4});
  sum(nobody.output).backward();
  CHECK(equal(lstm.layer(0).weight_ih.grad(), zeros({16, 3}, float64)));
}

TEST_CASE("gradients reach inputs, states and all parameters, to the second order") {
  auto check_module = [](auto& module, const std::vector<Tensor>& inputs, auto call) {
    CHECK(gradcheck(call, inputs));
    CHECK(gradgradcheck(call, inputs));
    call(inputs).sum().backward();
    for (const auto& [name, parameter] : module.named_parameters()) {
      CAPTURE(name);
      REQUIRE(parameter.grad().defined());
      CHECK(count_nonzero(parameter.grad()).template item<std::int64_t>() > 0);
    }
  };
  Tensor x = numbers_of({3, 2, 2}, 1), h0 = numbers_of({4, 2, 2}, 2), c0 = numbers_of({4, 2, 2}, 3);
  nn::RNN rnn(2, 2, {.num_layers = 2, .bidirectional = true, .dtype = float64});
  check_module(rnn, {x, h0}, [&](const std::vector<Tensor>& in) {
    auto [output, h_n] = rnn(in[0], in[1]);
    return cat({flatten(output), flatten(h_n)});
  });
  nn::GRU gru(2, 2, {.num_layers = 2, .bidirectional = true, .dtype = float64});
  check_module(gru, {x, h0}, [&](const std::vector<Tensor>& in) {
    auto [output, h_n] = gru(in[0], in[1]);
    return cat({flatten(output), flatten(h_n)});
  });
  nn::LSTM lstm(2, 3, {.num_layers = 2, .bidirectional = true, .proj_size = 2, .dtype = float64});
  check_module(lstm, {x, h0, numbers_of({4, 2, 3}, 4)}, [&](const std::vector<Tensor>& in) {
    auto [output, h_n, c_n] = lstm(in[0], in[1], in[2]);
    return cat({flatten(output), flatten(h_n), flatten(c_n)});
  });
}

TEST_CASE("dropout stands between layers, in training alone") {
  nn::GRU gru(3, 8, {.num_layers = 2, .dropout = 0.5, .dtype = float64});
  Tensor x = numbers_of({4, 3, 3}, 1);
  manual_seed(1);
  Tensor first = gru(x).first, second = gru(x).first;
  CHECK_FALSE(close(first, second));
  manual_seed(1);
  CHECK(close(gru(x).first, first));
  gru.eval();
  CHECK(close(gru(x).first, gru(x).first));
  nn::GRU plain(3, 8, {.num_layers = 2, .dtype = float64});
  plain.load_state_dict(gru.state_dict());
  CHECK(close(gru(x).first, plain(x).first));
  // Everything dropped: the second layer sees zeros, the output of the first is not touched.
  nn::GRU deaf(3, 8, {.num_layers = 2, .dropout = 1, .dtype = float64});
  CHECK(close(deaf(x).first, deaf(-x).first));
  nn::GRU one(3, 8, {.dropout = 0.5, .dtype = float64});
  CHECK(close(one(x).first, one(x).first));
}

TEST_CASE("packed sequences give what each sequence gives alone") {
  const std::vector<std::int64_t> lengths{2, 5, 1, 5, 3};
  Tensor padded = numbers_of({5, 5, 3}, 1), h0 = numbers_of({4, 5, 4}, 2), c0 = numbers_of({4, 5, 4}, 3);
  PackedSequence packed = nn::utils::pack_padded_sequence(padded, lengths_of(lengths), false, false);
  auto alone = [&](std::size_t n) {
    return narrow(narrow(padded, 1, static_cast<std::int64_t>(n), 1), 0, 0, lengths[n]);
  };
  auto state = [](const Tensor& states, std::size_t n) {
    return narrow(states, 1, static_cast<std::int64_t>(n), 1);
  };
  auto check_output = [&](const PackedSequence& output, const Tensor& states, std::size_t n,
                          const Tensor& wanted, const Tensor& wanted_states) {
    auto [unpacked, sizes] = nn::utils::pad_packed_sequence(output);
    CHECK(equal(sizes, lengths_of(lengths)));
    CHECK(close(narrow(state(unpacked, n), 0, 0, lengths[n]), wanted));
    Tensor rest = narrow(state(unpacked, n), 0, lengths[n], 5 - lengths[n]).detach();
    CHECK(equal(rest, zeros(rest.shape(), float64)));
    CHECK(close(state(states, n), wanted_states));
  };
  nn::LSTM lstm(3, 4, {.num_layers = 2, .bidirectional = true, .dtype = float64});
  nn::GRU gru(3, 4, {.num_layers = 2, .bidirectional = true, .dtype = float64});
  nn::RNN rnn(3, 4, {.num_layers = 2, .nonlinearity = "relu", .bidirectional = true, .dtype = float64});
  nn::LSTM projected(3, 6, {.num_layers = 2, .bidirectional = true, .proj_size = 4, .dtype = float64});
  Tensor wide = numbers_of({4, 5, 6}, 4);
  for (std::size_t n = 0; n < lengths.size(); ++n) {
    CAPTURE(n);
    auto lstm_result = lstm(packed, h0, c0);
    auto lstm_alone = lstm(alone(n), state(h0, n), state(c0, n));
    check_output(lstm_result.output, lstm_result.h_n, n, lstm_alone.output, lstm_alone.h_n);
    CHECK(close(state(lstm_result.c_n, n), lstm_alone.c_n));
    auto narrow_result = projected(packed, h0, wide);
    auto narrow_alone = projected(alone(n), state(h0, n), state(wide, n));
    check_output(narrow_result.output, narrow_result.h_n, n, narrow_alone.output, narrow_alone.h_n);
    CHECK(close(state(narrow_result.c_n, n), narrow_alone.c_n));
    auto [gru_output, gru_last] = gru(packed, h0);
    auto [gru_wanted, gru_wanted_last] = gru(alone(n), state(h0, n));
    check_output(gru_output, gru_last, n, gru_wanted, gru_wanted_last);
    auto [rnn_output, rnn_last] = rnn(packed);
    auto [rnn_wanted, rnn_wanted_last] = rnn(alone(n));
    check_output(rnn_output, rnn_last, n, rnn_wanted, rnn_wanted_last);
  }
}

TEST_CASE("gradients go through packing, padding and what is between") {
  nn::LSTM lstm(2, 2, {.bidirectional = true, .dtype = float64});
  Tensor padded = numbers_of({3, 4, 2}, 1), lengths = lengths_of({1, 3, 2, 3});
  auto f = [&](const std::vector<Tensor>& in) {
    PackedSequence packed = nn::utils::pack_padded_sequence(in[0], lengths, true, false);
    auto [output, h_n, c_n] = lstm(packed, in[1], in[2]);
    return cat({flatten(nn::utils::pad_packed_sequence(output).first), flatten(h_n), flatten(c_n)});
  };
  std::vector<Tensor> inputs{transpose(padded, 0, 1), numbers_of({2, 4, 2}, 2), numbers_of({2, 4, 2}, 3)};
  CHECK(gradcheck(f, inputs));
  CHECK(gradgradcheck(f, inputs));
}

TEST_CASE("packing sorts by length and padding puts back") {
  Tensor padded = arange(12).to(float64).reshape({4, 3});  // of 4 steps and 3 sequences
  PackedSequence packed = nn::utils::pack_padded_sequence(padded, lengths_of({4, 2, 1}));
  CHECK(packed.batch_sizes == std::vector<std::int64_t>{3, 2, 1, 1});
  CHECK(equal(packed.data, tensor({0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0}, float64)));
  CHECK_FALSE(packed.sorted_indices.defined());

  Tensor lengths = lengths_of({1, 4, 2});
  packed = nn::utils::pack_padded_sequence(padded, lengths, false, false);
  CHECK(equal(packed.data, tensor({1.0, 2.0, 0.0, 4.0, 5.0, 7.0, 10.0}, float64)));
  CHECK(equal(packed.sorted_indices, lengths_of({1, 2, 0})));
  CHECK(equal(packed.unsorted_indices, lengths_of({2, 0, 1})));
  auto [back, sizes] =
      nn::utils::pad_packed_sequence(packed, {.batch_first = true, .padding_value = -1, .total_length = 5});
  CHECK(equal(sizes, lengths));
  CHECK(equal(
      back, tensor({{0.0, -1.0, -1.0, -1.0, -1.0}, {1.0, 4.0, 7.0, 10.0, -1.0}, {2.0, 5.0, -1.0, -1.0, -1.0}},
                   float64)));

  std::vector<Tensor> sequences{numbers_of({2, 3}, 1), numbers_of({4, 3}, 2), numbers_of({1, 3}, 3)};
  CHECK(nn::utils::pad_sequence(sequences).shape() == Shape{4, 3, 3});
  CHECK(nn::utils::pad_sequence(sequences, true, 7)[0][3][0].item() == 7);
  auto [unpacked, unpacked_sizes] =
      nn::utils::pad_packed_sequence(nn::utils::pack_sequence(sequences, false));
  CHECK(equal(unpacked, nn::utils::pad_sequence(sequences)));
  CHECK(equal(unpacked_sizes, lengths_of({2, 4, 1})));
  CHECK_THROWS_AS(nn::utils::pack_sequence(sequences), ValueError);

  using nn::utils::pack_padded_sequence;
  CHECK_THROWS_AS(pack_padded_sequence(padded, lengths), ValueError);
  CHECK_THROWS_AS(pack_padded_sequence(padded, lengths_of({5, 2, 1})), ValueError);
  CHECK_THROWS_AS(pack_padded_sequence(padded, lengths_of({4, 2, 0})), ValueError);
  CHECK_THROWS_AS(pack_padded_sequence(padded, lengths_of({4, 2})), ShapeError);
  CHECK_THROWS_AS(pack_padded_sequence(padded, lengths.to(float64)), DTypeError);
  CHECK_THROWS_AS(pack_padded_sequence(padded[0], lengths), ShapeError);
  CHECK_THROWS_AS(pack_padded_sequence(zeros({3, 0}), lengths_of({})), ShapeError);
  CHECK_THROWS_AS(nn::utils::pad_packed_sequence(packed, {.total_length = 3}), ValueError);
  CHECK_THROWS_AS(nn::utils::pad_packed_sequence({}), Error);
  CHECK_THROWS_AS(nn::utils::pad_packed_sequence({zeros({2, 1}), {2, 2}}), Error);
  CHECK_THROWS_AS(nn::utils::pad_sequence({}), ValueError);
  CHECK_THROWS_AS(nn::utils::pad_sequence({ones({2, 3}), ones({2, 4})}), ShapeError);
}

TEST_CASE("recurrent modules refuse what does not fit") {
  CHECK_THROWS_AS(nn::LSTM(0, 4), ValueError);
  CHECK_THROWS_AS(nn::LSTM(3, 0), ValueError);
  CHECK_THROWS_AS(nn::LSTM(3, -4), ValueError);
  CHECK_THROWS_AS(nn::LSTM(3, 4, {.num_layers = 0}), ValueError);
  CHECK_THROWS_AS(nn::LSTM(3, 4, {.dropout = 1.5}), ValueError);
  CHECK_THROWS_AS(nn::LSTM(3, 4, {.dropout = std::nan("")}), ValueError);
  CHECK_THROWS_AS(nn::LSTM(3, 4, {.proj_size = 4}), ValueError);
  CHECK_THROWS_AS(nn::LSTM(3, 4, {.proj_size = -1}), ValueError);
  CHECK_THROWS_AS(nn::RNN(3, 4, {.nonlinearity = "sigmoid"}), ValueError);
  CHECK_THROWS_AS(nn::RNNCell(3, 4, {.nonlinearity = "sigmoid"}), ValueError);
  CHECK_THROWS_AS(nn::GRUCell(3, 0), ValueError);
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  CHECK_THROWS_AS(nn::LSTM(3, huge / 2), Error);
  CHECK_THROWS_AS(nn::LSTM(huge, 4), Error);
  CHECK_THROWS_AS(nn::LSTM(3, 4, {.num_layers = huge}), Error);
  CHECK_THROWS_AS(nn::LSTMCell(3, huge / 2), Error);

  nn::LSTM lstm(3, 4, {.bidirectional = true});
  Tensor x = ones({5, 2, 3}), state = ones({2, 2, 4});
  CHECK_THROWS_AS(lstm(ones({5, 2, 4})), ShapeError);
  CHECK_THROWS_AS(lstm(ones({3})), ShapeError);
  CHECK_THROWS_AS(lstm(ones({})), ShapeError);
  CHECK_THROWS_AS(lstm(ones({1, 5, 2, 3})), ShapeError);
  CHECK_THROWS_AS(lstm(ones({0, 2, 3})), ShapeError);
  CHECK_THROWS_AS(lstm(x, ones({1, 2, 4}), state), ShapeError);
  CHECK_THROWS_AS(lstm(x, state, ones({2, 1, 4})), ShapeError);
  CHECK_THROWS_AS(lstm(x, ones({2, 4}), ones({2, 4})), ShapeError);
  CHECK_THROWS_AS(lstm(ones({5, 3}), ones({2, 1, 4}), ones({2, 1, 4})), ShapeError);
  CHECK_THROWS_AS(lstm(x.to(float64)), DTypeError);
  CHECK_THROWS_AS(lstm(x, state.to(float64), state), DTypeError);
  CHECK_THROWS_AS(lstm(x.to(int64)), DTypeError);
  CHECK_THROWS_AS(lstm(Tensor()), Error);
  CHECK_THROWS_AS(lstm(PackedSequence{}), ShapeError);
  CHECK_THROWS_AS(lstm(PackedSequence{ones({4, 3}), {2, 1}}), ShapeError);
  CHECK_THROWS_AS(lstm(PackedSequence{ones({4, 3}), {-2, 6}}), Error);
  CHECK_THROWS_AS(lstm(PackedSequence{ones({3, 3}), {2, 1}}, ones({2, 3, 4}), ones({2, 3, 4})), ShapeError);

  nn::LSTMCell cell(3, 4);
  CHECK_THROWS_AS(cell(ones({2, 4})), ShapeError);
  CHECK_THROWS_AS(cell(ones({1, 2, 3})), ShapeError);
  CHECK_THROWS_AS(cell(ones({2, 3}), ones({3, 4})), ShapeError);
  CHECK_THROWS_AS(cell(ones({2, 3}), ones({2, 4}), ones({4})), ShapeError);
  CHECK_THROWS_AS(cell(ones({3}), ones({2, 4})), ShapeError);
  CHECK_THROWS_AS(cell(ones({2, 3}).to(float64)), DTypeError);
}

TEST_CASE("recurrent modules move, clone, convert and load") {
  nn::GRU gru(3, 4, {.num_layers = 2});
  Tensor x = numbers_of({4, 2, 3}, 1).to(float32);
  Tensor before = gru(x).first.detach();
  nn::GRU copy = nn::clone(gru);
  {
    NoGrad off;
    gru.layer(0).weight_ih.copy_(gru.layer(0).weight_ih * 2);
  }
  CHECK(equal(copy(x).first.detach(), before));
  CHECK_FALSE(equal(gru(x).first.detach(), before));
  nn::GRU moved = std::move(copy);
  CHECK(equal(moved(x).first.detach(), before));
  moved.to(float64);
  CHECK(agree(moved(x.to(float64)).first.detach().to(float32), before, 1e-6));
}
