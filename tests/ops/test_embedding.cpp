#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Inputs = std::vector<Tensor>;

const Tensor table = numbers({{1, 2}, {3, 4}, {5, 6}});
Tensor places(std::initializer_list<xgrad::detail::Nested> values) { return tensor(values, int64); }

Operation of_table(const char* name, std::function<Tensor(const Tensor&)> f, const Tensor& expected) {
  return {.name = name,
          .call = [f](const Inputs& in) { return f(in[0]); },
          .example = {table},
          .expected = expected,
          .shapes = {{{3, 2}}, {{4, 1}}},
          .throwing = {{{3}}, {{2, 2}}}};
}

}  // namespace

TEST_CASE("embeddings have the values and the gradients that they should") {
  auto bag = [](const char* mode) {
    return [mode](const Tensor& w) {
      return embedding_bag(places({0, 2, 2, 1}), w, {.offsets = places({0, 3, 3}), .mode = mode});
    };
  };
  const Operation rows[] = {
      of_table(
          "embedding", [](const Tensor& w) { return embedding(places({{2, 0}, {2, 1}}), w); },
          numbers({{{5, 6}, {1, 2}}, {{5, 6}, {3, 4}}})),
      of_table("embedding_bag sum", bag("sum"), numbers({{11, 14}, {0, 0}, {3, 4}})),
      of_table("embedding_bag mean", bag("mean"), numbers({{11.0 / 3, 14.0 / 3}, {0, 0}, {3, 4}})),
      of_table("embedding_bag max", bag("max"), numbers({{5, 6}, {0, 0}, {3, 4}})),
      of_table(
          "embedding_bag of rows", [](const Tensor& w) { return embedding_bag(places({{0, 2}, {1, 1}}), w); },
          numbers({{3, 4}, {3, 4}})),
      of_table(
          "embedding_bag without a row",
          [](const Tensor& w) {
            return embedding_bag(places({{0, 2}, {2, 2}}), w, {.mode = "mean", .padding_idx = 0});
          },
          numbers({{5, 6}, {5, 6}})),
  };
  for (const Operation& row : rows) check::check_operation(row);
  check::check_operation({.name = "embedding_bag with weights",
                          .call =
                              [](const Inputs& in) {
                                return embedding_bag(places({{0, 2}, {1, 1}}), in[0],
                                                     {.mode = "sum", .per_sample_weights = in[1]});
                              },
                          .example = {table, numbers({{1, 2}, {0.5, 0}})},
                          .expected = numbers({{11, 14}, {1.5, 2}}),
                          .shapes = {{{3, 2}, {2, 2}}},
                          .throwing = {{{3, 2}, {4}}}});
}

TEST_CASE("options change the gradient of a row, not its value") {
  Tensor w = table.clone().requires_grad_();
  sum(embedding(places({0, 1, 0, 2}), w, {.padding_idx = -2, .scale_grad_by_freq = true})).backward();
  CHECK(equal(w.grad(), numbers({{1, 1}, {0, 0}, {1, 1}})));
  Tensor v = table.clone().requires_grad_();
  sum(embedding_bag(places({{0, 0}, {0, 1}}), v, {.scale_grad_by_freq = true, .mode = "sum"})).backward();
  CHECK(check::agree(v.grad(), numbers({{1, 1}, {1, 1}, {0, 0}}), 1e-15));
}

TEST_CASE("rows that are used are scaled down to the largest norm, in place") {
  Tensor w = numbers({{3, 4}, {0.3, 0.4}, {30, 40}});
  Tensor y = embedding(places({0, 1, 0}), w, {.max_norm = 1});
  CHECK(check::agree(w, numbers({{0.6, 0.8}, {0.3, 0.4}, {30, 40}}), 1e-6));
  CHECK(equal(y, stack({w[0], w[1], w[0]})));
}

TEST_CASE("wrong embeddings are refused before anything changes") {
  Tensor w = table.clone();
  CHECK_THROWS_AS(embedding(places({3}), w, {.max_norm = 1e-3}), IndexError);
  CHECK_THROWS_AS(embedding(places({-1}), w), IndexError);
  CHECK_THROWS_AS(embedding(numbers({1}), w), DTypeError);
  CHECK_THROWS_AS(embedding(places({1}), w.to(int64)), DTypeError);
  CHECK_THROWS_AS(embedding(places({1}), w, {.padding_idx = 3}), IndexError);
  CHECK_THROWS_AS(embedding_bag(places({1}), w), ValueError);
  CHECK_THROWS_AS(embedding_bag(places({{1}}), w, {.offsets = places({0})}), ValueError);
  CHECK_THROWS_AS(embedding_bag(places({1, 2}), w, {.offsets = places({1})}), ValueError);
  CHECK_THROWS_AS(embedding_bag(places({1, 2}), w, {.offsets = places({0, 2, 1})}), ValueError);
  CHECK_THROWS_AS(embedding_bag(places({1, 2}), w, {.offsets = places({0, 3})}), ValueError);
  CHECK_THROWS_AS(embedding_bag(places({{1, 2}}), w, {.mode = "median"}), ValueError);
  CHECK_THROWS_AS(embedding_bag(places({{1, 2}}), w, {.scale_grad_by_freq = true, .mode = "max"}),
                  ValueError);
  CHECK_THROWS_AS(
      embedding_bag(places({{1, 2}}), w, {.mode = "mean", .per_sample_weights = numbers({{1, 1}})}),
      ValueError);
  CHECK(equal(w, table));
  CHECK(embedding(zeros({0, 2}, int64), w).shape() == Shape{0, 2, 2});
  CHECK(embedding_bag(zeros({0, 2}, int64), w).shape() == Shape{0, 2});
  CHECK(embedding_bag(zeros({0}, int64), w, {.offsets = zeros({0}, int64)}).shape() == Shape{0, 2});
  CHECK(
      embedding_bag(places({1, 2}), w, {.offsets = places({0, 1, 2}), .include_last_offset = true}).shape() ==
      Shape{2, 2});
}

TEST_CASE("attention has the values and the gradients that it should") {
  auto attend = [](const AttentionOptions& options) {
    return [options](const Inputs& in) { return scaled_dot_product_attention(in[0], in[1], in[2], options); };
  };
  const Tensor zero = zeros({2, 4}, float64), values = numbers({{1, 2}, {3, 4}});
  const Operation rows[] = {
      {.name = "equal scores give the mean",
       .call = attend({}),
       .example = {zero, zero, values},
       .expected = numbers({{2, 3}, {2, 3}}),
       .shapes = {{{3, 2}, {4, 2}, {4, 5}},
                  {{2, 1, 3, 2}, {4, 3, 2}, {2, 1, 3, 1}},
                  {{0, 2}, {3, 2}, {3, 2}}},
       .throwing = {{{3, 2}, {4, 3}, {4, 2}}, {{3, 2}, {4, 2}, {3, 2}}, {{2}, {4, 2}, {4, 2}}}},
      {.name = "causal",
       .call = attend({.is_causal = true}),
       .example = {zero, zero, values},
       .expected = numbers({{1, 2}, {2, 3}}),
       .shapes = {{{3, 2}, {3, 2}, {3, 2}}, {{2, 2, 2}, {2, 4, 2}, {2, 4, 2}}}},
      {.name = "with a bool mask",
       .call = attend({.attn_mask = tensor({{false, true}, {true, true}}, boolean)}),
       .example = {zero, zero, values},
       .expected = numbers({{3, 4}, {2, 3}}),
       .shapes = {{{2, 3}, {2, 3}, {2, 3}}},
       .throwing = {{{3, 2}, {4, 2}, {4, 2}}}},
      {.name = "with a scale",
       .call = attend({.scale = 0.0}),
       .example = {zero + 7, zero + 1, values},
       .expected = numbers({{2, 3}, {2, 3}}),
       .shapes = {}},
      {.name = "with a floating mask",
       .call =
           [](const Inputs& in) {
             return scaled_dot_product_attention(in[0], in[0], in[1], {.attn_mask = in[2]});
           },
       .example = {zero, values, numbers({{0, -INFINITY}, {0, 0}})},
       .expected = numbers({{1, 2}, {2, 3}}),
       .shapes = {{{3, 2}, {3, 2}, {3, 3}}, {{2, 3, 2}, {2, 3, 2}, {3}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK_THROWS_AS(scaled_dot_product_attention(zero, zero, values, {.dropout_p = 1.5}), ValueError);
  CHECK_THROWS_AS(attention_weights(zero, zero, {.attn_mask = ones({2, 2}, boolean), .is_causal = true}),
                  ValueError);
  Generator generator(1);
  Tensor dropped = scaled_dot_product_attention(zero, zero, ones({2, 50}, float64),
                                                {.dropout_p = 0.5, .generator = &generator});
  CHECK(dropped.shape() == Shape{2, 50});
}

TEST_CASE("several heads attend in slices of the features") {
  auto forward = [](const Inputs& in) {
    return multi_head_attention_forward(in[0], in[1], in[1], 2, in[2], in[3], in[4], in[5]).first;
  };
  check::check_operation({.name = "multi_head_attention_forward",
                          .call = forward,
                          .example = {},
                          .expected = {},
                          .shapes = {{{2, 1, 4}, {3, 1, 4}, {12, 4}, {12}, {4, 4}, {4}},
                                     {{2, 4}, {3, 4}, {12, 4}, {12}, {4, 4}, {4}}},
                          .throwing = {{{2, 1, 3}, {3, 1, 3}, {9, 3}, {9}, {3, 3}, {3}},
                                       {{2, 1, 4}, {3, 2, 4}, {12, 4}, {12}, {4, 4}, {4}},
                                       {{2, 1, 4}, {3, 1, 4}, {4, 4}, {12}, {4, 4}, {4}}}});
  Tensor x = check::spread_numbers({3, 2, 4}, -1, 1, {}, 3), w = check::spread_numbers({12, 4}, -1, 1, {}, 4);
  Tensor identity = eye(4, 4, float64);
  auto [whole, weights] = multi_head_attention_forward(x, x, x, 2, w, {}, identity, {});
  CHECK(weights.shape() == Shape{2, 3, 3});
  CHECK(check::agree(sum(weights, Shape{-1}), ones({2, 3}, float64), 1e-12));
  auto [split, each] = multi_head_attention_forward(x, x, x, 2, {}, {}, identity, {},
                                                    {.average_attn_weights = false,
                                                     .q_proj_weight = narrow(w, 0, 0, 4),
                                                     .k_proj_weight = narrow(w, 0, 4, 4),
                                                     .v_proj_weight = narrow(w, 0, 8, 4)});
  CHECK(check::agree(split, whole, 1e-13));
  CHECK(each.shape() == Shape{2, 2, 3, 3});
  CHECK_THROWS_AS(multi_head_attention_forward(x, x, x, 2, {}, {}, identity, {}), ValueError);
  CHECK_THROWS_AS(multi_head_attention_forward(x, x, x, 2, w, {}, identity, {},
                                               {.key_padding_mask = ones({3, 2}, boolean)}),
                  ShapeError);
}

TEST_CASE("the gradient of a table is the same at once and in differentiable operations, in any threads") {
  int threads = num_threads();
  Tensor table = check::spread_numbers({40, 7000}, -1, 1, {}, 1).requires_grad_();
  Tensor input = tensor({{3, 39, 3}, {0, 3, 17}}, int64);
  Tensor g = check::spread_numbers({2, 3, 7000}, -1, 1, {}, 2);
  for (std::optional<std::int64_t> padding :
       {std::optional<std::int64_t>(), std::optional<std::int64_t>(-1)}) {
    for (bool by_frequency : {false, true}) {
      Tensor rows = embedding(input, table, {.padding_idx = padding, .scale_grad_by_freq = by_frequency});
      Tensor composed = grad(rows, table, g, {.create_graph = true});
      for (int count : {1, 4}) {
        set_num_threads(count);
        CHECK(check::agree(grad(rows, table, g, {.retain_graph = true}), composed.detach(), 1e-14));
      }
    }
  }
  set_num_threads(threads);
}
