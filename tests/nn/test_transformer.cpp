#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using Inputs = std::vector<Tensor>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor numbers_of(const Shape& shape, std::uint64_t seed) {
  return check::spread_numbers(shape, -1.5, 1.5, {}, seed);
}

std::vector<std::string> names_of(const nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : module.state_dict()) names.push_back(name);
  return names;
}

nn::TransformerLayerOptions small_layer(bool norm_first = false) {
  return {.dim_feedforward = 6, .dropout = 0, .norm_first = norm_first, .dtype = float64};
}

void same_parameters(nn::Module& a, nn::Module& b) { a.load_state_dict(b.state_dict()); }

}  // namespace

TEST_CASE("MultiheadAttention names its parameters as PyTorch does") {
  using Names = std::vector<std::string>;
  CHECK(names_of(nn::MultiheadAttention(4, 2)) ==
        Names{"in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"});
  CHECK(names_of(nn::MultiheadAttention(4, 2, {.bias = false})) ==
        Names{"in_proj_weight", "out_proj.weight"});
  CHECK(names_of(nn::MultiheadAttention(4, 2, {.add_bias_kv = true, .kdim = 3})) ==
        Names{"q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "bias_k", "bias_v",
              "out_proj.weight", "out_proj.bias"});
  nn::MultiheadAttention attention(4, 2, {.kdim = 3, .vdim = 5});
  CHECK(attention.k_proj_weight.shape() == Shape{4, 3});
  CHECK(attention.describe() ==
        "MultiheadAttention(embed_dim=4, num_heads=2, bias=true, kdim=3, vdim=5, batch_first=false, "
        "dropout=0)");
}

TEST_CASE("MultiheadAttention starts as PyTorch's does") {
  Generator generator(5);
  nn::MultiheadAttention attention(64, 4, {.add_bias_kv = true, .dtype = float64, .generator = &generator});
  double bound = std::sqrt(6.0 / (64 + 3 * 64));
  CHECK(amax(abs(attention.in_proj_weight)).item() <= bound);
  CHECK(amax(abs(attention.in_proj_weight)).item() > 0.98 * bound);
  CHECK(amax(abs(attention.out_proj.weight)).item() <= 1 / std::sqrt(64.0));
  CHECK(equal(attention.in_proj_bias, zeros({192}, float64)));
  CHECK(equal(attention.out_proj.bias, zeros({64}, float64)));
  CHECK(xgrad::std(attention.bias_k.detach()).item() == doctest::Approx(std::sqrt(2.0 / 128)).epsilon(0.3));
  Generator again(5);
  nn::MultiheadAttention other(64, 4, {.add_bias_kv = true, .dtype = float64, .generator = &again});
  CHECK(equal(other.in_proj_weight, attention.in_proj_weight));
}

TEST_CASE("MultiheadAttention is the function of its parameters") {
  nn::MultiheadAttention attention(6, 3, {.dtype = float64});
  Tensor x = numbers_of({5, 2, 6}, 1), memory = numbers_of({7, 2, 6}, 2);
  auto [output, weights] = attention(x, memory, memory);
  CHECK(weights.shape() == Shape{2, 5, 7});
  auto [wanted, none] = multi_head_attention_forward(x, memory, memory, 3, attention.in_proj_weight,
                                                     attention.in_proj_bias, attention.out_proj.weight,
                                                     attention.out_proj.bias, {.need_weights = false});
  CHECK(agree(output.detach(), wanted.detach(), 1e-13));
  CHECK(attention(x, memory, memory, {.average_attn_weights = false}).second.shape() == Shape{2, 3, 5, 7});
  CHECK(agree(attention(x).detach(), attention(x, x, x).first.detach(), 1e-13));
  nn::MultiheadAttention batched(6, 3, {.batch_first = true, .dtype = float64});
  same_parameters(batched, attention);
  Tensor turned = transpose(x, 0, 1).contiguous();
  CHECK(agree(transpose(batched(turned), 0, 1).contiguous().detach(), attention(x).detach(), 1e-13));
  nn::MultiheadAttention copy = nn::clone(attention);
  CHECK(equal(copy(x), attention(x)));

  CHECK_THROWS_AS(nn::MultiheadAttention(6, 4), ValueError);
  CHECK_THROWS_AS(nn::MultiheadAttention(0, 1), ValueError);
  CHECK_THROWS_AS(nn::MultiheadAttention(6, 3, {.dropout = 2}), ValueError);
  CHECK_THROWS_AS(nn::MultiheadAttention(6, 3, {.kdim = 0}), ValueError);
  CHECK_THROWS_WITH_AS(attention(ones({5, 2, 4}, float64)),
                       "MultiheadAttention(6, 3): expected query [..., 6], got [5, 2, 4]", ShapeError);
  CHECK_THROWS_AS(attention(x, memory, ones({7, 2, 5}, float64)), ShapeError);
  CHECK_THROWS_AS(attention(x, memory, x), ShapeError);
}

TEST_CASE("MultiheadAttention drops weights in training alone") {
  Generator generator(1);
  nn::MultiheadAttention attention(6, 3, {.dropout = 0.5, .dtype = float64, .generator = &generator});
  Tensor x = numbers_of({5, 2, 6}, 1);
  CHECK_FALSE(equal(attention(x), attention(x)));
  attention.eval();
  CHECK(equal(attention(x), attention(x)));
}

TEST_CASE("an encoder layer is attention and two linear layers, each added and normalized") {
  Tensor x = numbers_of({5, 2, 4}, 1);
  for (bool norm_first : {false, true}) {
    nn::TransformerEncoderLayer layer(4, 2, small_layer(norm_first));
    auto feed = [&](const Tensor& y) { return layer.linear2(relu(layer.linear1(y))); };
    Tensor expected;
    if (norm_first) {
      Tensor y = x + layer.self_attn(layer.norm1(x));
      expected = y + feed(layer.norm2(y));
    } else {
      Tensor y = layer.norm1(x + layer.self_attn(x));
      expected = layer.norm2(y + feed(y));
    }
    CHECK(agree(layer(x).detach(), expected.detach(), 1e-13));
    CHECK(gradgradcheck([&](const Inputs& in) { return layer(in[0], {.is_causal = true}); }, {x}));
  }
  nn::TransformerLayerOptions options = small_layer();
  options.activation = [](const Tensor& y) { return gelu(y); };
  nn::TransformerEncoderLayer layer(4, 2, options);
  Tensor y = layer.norm1(x + layer.self_attn(x));
  Tensor expected = layer.norm2(y + layer.linear2(gelu(layer.linear1(y))));
  CHECK(agree(layer(x).detach(), expected.detach(), 1e-13));
  CHECK(names_of(layer).size() == 12);
  options.bias = false;
  CHECK(names_of(nn::TransformerEncoderLayer(4, 2, options)).size() == 6);
  CHECK_THROWS_AS(layer(ones({5, 2, 3}, float64)), ShapeError);
  CHECK_THROWS_AS(nn::TransformerEncoderLayer(4, 3), ValueError);
  options.dim_feedforward = 0;
  CHECK_THROWS_AS(nn::TransformerEncoderLayer(4, 2, options), ValueError);
}

TEST_CASE("masked places have no part in a layer's output") {
  nn::TransformerEncoderLayer layer(4, 2, small_layer());
  Tensor x = numbers_of({5, 2, 4}, 1);
  Tensor other = x.clone();
  other.select(0, 4).fill_(3);
  Tensor mask = nn::Transformer::generate_square_subsequent_mask(5, float64);
  for (const nn::EncoderMasks& masks : {nn::EncoderMasks{.mask = mask}, nn::EncoderMasks{.mask = mask < 0},
                                        nn::EncoderMasks{.is_causal = true}}) {
    Tensor y = layer(x, masks);
    CHECK(agree(y.detach(), layer(x, {.is_causal = true}).detach(), 1e-13));
    CHECK(equal(narrow(layer(other, masks), 0, 0, 4), narrow(y, 0, 0, 4)));
  }
  Tensor padding = zeros({2, 5}, boolean);
  padding.select(1, 4).fill_(true);
  CHECK(equal(narrow(layer(other, {.src_key_padding_mask = padding}), 0, 0, 4),
              narrow(layer(x, {.src_key_padding_mask = padding}), 0, 0, 4)));
}

TEST_CASE("a decoder layer looks at itself and at the memory") {
  Tensor x = numbers_of({3, 2, 4}, 1), memory = numbers_of({5, 2, 4}, 2);
  for (bool norm_first : {false, true}) {
    nn::TransformerDecoderLayer layer(4, 2, small_layer(norm_first));
    auto look = [&](const Tensor& y) { return layer.multihead_attn(y, memory, memory).first; };
    auto feed = [&](const Tensor& y) { return layer.linear2(relu(layer.linear1(y))); };
    Tensor y = x;
    if (norm_first) {
      y = y + layer.self_attn(layer.norm1(y));
      y = y + look(layer.norm2(y));
      y = y + feed(layer.norm3(y));
    } else {
      y = layer.norm1(y + layer.self_attn(y));
      y = layer.norm2(y + look(y));
      y = layer.norm3(y + feed(y));
    }
    CHECK(agree(layer(x, memory).detach(), y.detach(), 1e-13));
    CHECK(gradcheck([&](const Inputs& in) { return layer(in[0], in[1], {.tgt_is_causal = true}); },
                    {x, memory}));
  }
  nn::TransformerDecoderLayer layer(4, 2, small_layer());
  Tensor padding = zeros({2, 5}, boolean);
  padding.select(1, 0).fill_(true);
  Tensor other = memory.clone();
  other.select(0, 0).fill_(2);
  CHECK(equal(layer(x, memory, {.memory_key_padding_mask = padding}),
              layer(x, other, {.memory_key_padding_mask = padding})));
  CHECK_THROWS_AS(layer(x, ones({5, 3, 4}, float64)), ShapeError);
  CHECK_THROWS_AS(static_cast<nn::Module&>(layer)(x), GraphError);
}

TEST_CASE("stacks consist of clones, and a Transformer of an encoder and a decoder") {
  nn::TransformerEncoderLayer layer(4, 2, small_layer());
  nn::TransformerEncoder encoder(layer, 3, nn::LayerNorm(4, {.dtype = float64}));
  CHECK(encoder.layers.size() == 3);
  CHECK(names_of(encoder).size() == 3 * 12 + 2);
  CHECK(equal(encoder.layers[2].linear1.weight, layer.linear1.weight));
  CHECK_FALSE(encoder.layers[2].linear1.weight.is_same(layer.linear1.weight));
  Tensor x = numbers_of({5, 2, 4}, 1);
  CHECK(equal(encoder(x), (*encoder.norm)(layer(layer(layer(x))))));
  CHECK(equal(nn::TransformerEncoder(layer, 0)(x), x));
  CHECK_THROWS_AS(nn::TransformerEncoder(layer, -1), ValueError);

  nn::Transformer model(
      {.d_model = 4, .nhead = 2, .num_encoder_layers = 1, .num_decoder_layers = 2, .layer = small_layer()});
  Tensor target = numbers_of({3, 2, 4}, 2);
  CHECK(equal(model(x, target), model.decoder(target, model.encoder(x))));
  Tensor mask = nn::Transformer::generate_square_subsequent_mask(3, float64);
  CHECK(agree(model(x, target, {.tgt_mask = mask}).detach(),
              model(x, target, {.tgt_is_causal = true}).detach(), 1e-13));
  CHECK(equal(mask, check::numbers({{0, -infinity, -infinity}, {0, 0, -infinity}, {0, 0, 0}})));
  CHECK(names_of(model).front() == "encoder.layers.0.self_attn.in_proj_weight");
  CHECK(names_of(model).back() == "decoder.norm.bias");
  sum(model(x, target)).backward();
  for (const Tensor& parameter : model.parameters()) CHECK(parameter.grad().defined());
  CHECK_THROWS_AS(model(x, ones({3, 1, 4}, float64)), ShapeError);
  CHECK_THROWS_AS(model(x, ones({3, 2, 5}, float64)), ShapeError);
  nn::Transformer copy = nn::clone(model);
  CHECK(equal(copy(x, target), model(x, target)));
  CHECK(nn::summary(encoder, {5, 2, 4}).find("MultiheadAttention") != std::string::npos);
  model.to(float32);
  CHECK(model(x.to(float32), target.to(float32)).dtype() == float32);
}

TEST_CASE("sinusoidal positions are sines and cosines of falling speed") {
  Tensor table = nn::sinusoidal_positions(4, 5, float64, 100, 3);
  CHECK(table.shape() == Shape{4, 5});
  for (std::int64_t place = 0; place < 4; ++place) {
    for (std::int64_t i = 0; i < 5; ++i) {
      double angle = static_cast<double>(place + 3) / std::pow(100, static_cast<double>(i / 2 * 2) / 5);
      double expected = i % 2 == 0 ? std::sin(angle) : std::cos(angle);
      CHECK(table.select(0, place).select(0, i).item() == doctest::Approx(expected).epsilon(1e-14));
    }
  }
  nn::SinusoidalPositions positions(5), batched(5, {.batch_first = true});
  Tensor x = numbers_of({6, 2, 5}, 1), rows = nn::sinusoidal_positions(6, 5, float64);
  CHECK(equal(positions(x), x + unsqueeze(rows, 1)));
  CHECK(equal(positions(narrow(x, 0, 0, 3)), narrow(positions(x), 0, 0, 3)));
  CHECK(equal(batched(transpose(x, 0, 1)), transpose(positions(x), 0, 1)));
  CHECK(positions(x.to(float32)).dtype() == float32);
  CHECK(equal(positions(x.select(1, 0)), x.select(1, 0) + rows));
  nn::SinusoidalPositions few(5, {.max_length = 2});
  Tensor single = x.to(float32);
  CHECK(agree(few(single), positions(single), 1e-6));
  CHECK(positions.state_dict().empty());
  CHECK(positions.describe() == "SinusoidalPositions(5, batch_first=false, base=10000)");
  CHECK_THROWS_AS(nn::SinusoidalPositions(0), ValueError);
  CHECK_THROWS_AS(nn::SinusoidalPositions(4, {.base = 0}), ValueError);
  CHECK_THROWS_AS(nn::SinusoidalPositions(4, {.max_length = -1}), ValueError);
  CHECK_THROWS_AS(positions(ones({6, 2, 4})), ShapeError);
  CHECK_THROWS_AS(nn::sinusoidal_positions(-1, 4), ShapeError);
  CHECK(nn::sinusoidal_positions(0, 4).shape() == Shape{0, 4});
}

TEST_CASE("rotary positions make products depend on distances alone") {
  Tensor q = numbers_of({6}, 1), k = numbers_of({6}, 2);
  for (bool interleaved : {false, true}) {
    nn::RotaryPositions rotary(6, {.interleaved = interleaved});
    Tensor queries = rotary(expand(q, {2, 9, 6})), keys = rotary(expand(k, {2, 9, 6}), 4);
    Tensor scores = matmul(queries, keys.mT()).select(0, 1);
    for (std::int64_t i = 0; i + 1 < 9; ++i) {
      CHECK(scores.select(0, i).select(0, i).item() ==
            doctest::Approx(scores.select(0, i + 1).select(0, i + 1).item()).epsilon(1e-12));
    }
    CHECK(agree(sum(square(queries), Shape{-1}), expand(sum(square(q)), {2, 9}).contiguous(), 1e-12));
    CHECK(equal(queries.select(0, 0).select(0, 0), q));
    Tensor one = rotary(unsqueeze(q, 0), 3).select(0, 0);
    double angle = 3 * std::pow(10000, -2.0 / 6);
    std::int64_t first = interleaved ? 2 : 1, second = interleaved ? 3 : 4;
    double a = q.select(0, first).item(), b = q.select(0, second).item();
    CHECK(one.select(0, first).item() == doctest::Approx(a * std::cos(angle) - b * std::sin(angle)));
    CHECK(one.select(0, second).item() == doctest::Approx(a * std::sin(angle) + b * std::cos(angle)));
    CHECK(gradgradcheck([&](const Inputs& in) { return rotary(in[0]); }, {numbers_of({2, 3, 6}, 4)}));
    CHECK(rotary(zeros({0, 6})).shape() == Shape{0, 6});
    nn::RotaryPositions few(6, {.interleaved = interleaved, .max_length = 4});
    Tensor single = numbers_of({2, 3, 6}, 5).to(float32);
    for (std::int64_t first : {0, 1, 2, -2})
      CHECK(agree(few(single, first), nn::rotate_positions(single, interleaved, 10000, first), 1e-6));
  }
  CHECK_THROWS_AS(nn::RotaryPositions(5), ValueError);
  CHECK_THROWS_AS(nn::RotaryPositions(6)(ones({3, 4})), ShapeError);
  CHECK_THROWS_AS(nn::RotaryPositions(6)(ones({6})), ShapeError);
  CHECK_THROWS_AS(nn::rotate_positions(ones({2, 6}, int64)), DTypeError);
}
