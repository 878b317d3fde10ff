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

/// What the fused operation has to agree with.
Tensor composed(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  return matmul(attention_weights(q, k, options), v);
}

struct Sizes {
  Shape batch;
  std::int64_t queries, keys, features, values;
};

Shape matrix(Shape batch, std::int64_t rows, std::int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

/// Value and gradients of both ways, in float64 and float32.
void compare(const Sizes& s, const AttentionOptions& options) {
  CAPTURE(s.queries);
  CAPTURE(s.keys);
  CAPTURE(s.features);
  CAPTURE(s.values);
  CAPTURE(options.is_causal);
  for (DType dtype : {float64, float32}) {
    double tolerance = dtype == float64 ? 1e-12 : 2e-5;
    AttentionOptions own = options;
    if (own.attn_mask.defined() && own.attn_mask.dtype() != boolean) own.attn_mask = own.attn_mask.to(dtype);
    Inputs inputs{numbers_of(matrix(s.batch, s.queries, s.features), 1).to(dtype),
                  numbers_of(matrix(s.batch, s.keys, s.features), 2).to(dtype),
                  numbers_of(matrix(s.batch, s.keys, s.values), 3).to(dtype)};
    Tensor g = numbers_of(matrix(s.batch, s.queries, s.values), 4).to(dtype);
    for (Tensor& input : inputs) input.requires_grad_();
    Tensor fused = scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], own);
    Tensor expected = composed(inputs[0], inputs[1], inputs[2], own);
    CHECK(agree(fused.detach(), expected.detach(), tolerance));
    auto gradients = grad(std::array{fused}, inputs, std::array{g});
    auto wanted = grad(std::array{expected}, inputs, std::array{g});
    for (std::size_t i = 0; i < 3; ++i) CHECK(agree(gradients[i], wanted[i], tolerance));
    // Only one of the gradients.
    for (std::size_t i = 0; i < 3; ++i) {
      Inputs one{inputs[0].detach(), inputs[1].detach(), inputs[2].detach()};
      one[i].requires_grad_();
      scaled_dot_product_attention(one[0], one[1], one[2], own).backward(g);
      CHECK(agree(one[i].grad(), wanted[i], tolerance));
    }
  }
}

}  // namespace

TEST_CASE("fused attention agrees with its composition in blocks, tiles and registers of every size") {
  for (std::int64_t length : {1, 2, 5, 8, 9, 17, 64, 65, 131}) {
    for (std::int64_t features : {1, 5, 16, 40}) {
      std::int64_t values = features == 5 ? 50 : features;
      for (bool causal : {false, true})
        compare({{2}, length, length, features, values}, {.is_causal = causal});
    }
  }
  for (bool causal : {false, true}) {
    compare({{}, 70, 20, 8, 3}, {.is_causal = causal});
    compare({{}, 20, 70, 8, 3}, {.is_causal = causal});
    compare({{1, 3}, 3, 700, 4, 4}, {.is_causal = causal});
    compare({{}, 600, 600, 4, 20}, {.is_causal = causal});
    compare({{9}, 12, 5, 130, 7}, {.is_causal = causal});
  }
  compare({{}, 9, 6, 3, 4}, {.scale = 0.0});
  compare({{2}, 9, 20, 3, 4}, {.is_causal = true, .scale = -0.7});
}

TEST_CASE("fused attention applies masks of every shape") {
  Tensor scores = numbers_of({2, 3, 20, 35}, 7);
  for (const Shape& shape : {Shape{}, Shape{35}, Shape{1}, Shape{20, 35}, Shape{20, 1}, Shape{3, 1, 35},
                             Shape{2, 1, 20, 35}, Shape{2, 3, 20, 35}}) {
    CAPTURE(to_string(shape));
    Tensor mask = numbers_of(shape, 8);
    compare({{2, 3}, 20, 35, 4, 5}, {.attn_mask = mask});
    Tensor allowed = mask > -0.7;
    if (shape.size() > 1 || shape == Shape{35}) compare({{2, 3}, 20, 35, 4, 5}, {.attn_mask = allowed});
  }
  Tensor strided = numbers_of({35, 20}, 9).t();
  compare({{2, 3}, 20, 35, 4, 5}, {.attn_mask = strided});
  compare({{2, 3}, 20, 35, 4, 5}, {.attn_mask = strided > 0});
  compare({{2, 3}, 20, 35, 4, 5}, {.attn_mask = where(strided > 0, strided, -infinity)});
}

TEST_CASE("the gradients of fused attention are right to the second order") {
  Tensor mask = numbers_of({9, 10}, 5) > -1;
  for (const AttentionOptions& options :
       {AttentionOptions{}, AttentionOptions{.is_causal = true}, AttentionOptions{.attn_mask = mask}}) {
    auto f = [&](const Inputs& in) { return scaled_dot_product_attention(in[0], in[1], in[2], options); };
    Inputs inputs{numbers_of({2, 9, 3}, 1), numbers_of({2, 10, 3}, 2), numbers_of({2, 10, 2}, 3)};
    CHECK(gradcheck(f, inputs));
    CHECK(gradgradcheck(f, inputs));
  }
  auto added = [&](const Inputs& in) {
    return scaled_dot_product_attention(in[0], in[1], in[2], {.attn_mask = in[3]});
  };
  Inputs with_mask{numbers_of({3, 2}, 1), numbers_of({4, 2}, 2), numbers_of({4, 2}, 3),
                   numbers_of({3, 4}, 4)};
  CHECK(gradcheck(added, with_mask));
  CHECK(gradgradcheck(added, with_mask));
}

TEST_CASE("attention reads heads where they are, and their gradients are one array") {
  std::int64_t batch = 2, length = 33, heads = 3, size = 5;
  Tensor packed = numbers_of({batch, length, 3 * heads * size}, 1).requires_grad_();
  auto attend = [&](const Tensor& x, bool fused) {
    std::vector<Tensor> parts = split(x, heads * size, -1);
    for (Tensor& part : parts) part = transpose(reshape(part, {batch, length, heads, size}), 1, 2);
    Tensor y = fused ? scaled_dot_product_attention(parts[0], parts[1], parts[2], {.is_causal = true})
                     : composed(parts[0], parts[1], parts[2], {.is_causal = true});
    return reshape(transpose(y, 1, 2), {batch, length, heads * size});
  };
  Tensor y = attend(packed, true), expected = attend(packed, false);
  CHECK(agree(y.detach(), expected.detach(), 1e-13));
  Tensor g = numbers_of(y.shape(), 2);
  Tensor gradient = grad(y, packed, g);
  CHECK(agree(gradient, grad(expected, packed, g), 1e-12));
  CHECK(gradient.is_contiguous());
  // A length-first batch, features that are not dense, and heads that repeat.
  Tensor first = numbers_of({length, batch, heads * size}, 3);
  Tensor q = permute(reshape(first, {length, batch, heads, size}), {1, 2, 0, 3});
  Tensor k = check::stepped_memory(q), v = check::transposed_memory(q);
  CHECK(agree(scaled_dot_product_attention(q, k, v), composed(q, k, v, {}), 1e-13));
  Tensor one = expand(numbers_of({1, 1, length, size}, 4), {batch, heads, length, size}).requires_grad_();
  Tensor all = scaled_dot_product_attention(one, one, one);
  CHECK(agree(all.detach(), composed(one, one, one, {}).detach(), 1e-13));
  CHECK(agree(grad(sum(all), one), grad(sum(composed(one, one, one, {})), one), 1e-12));
}

TEST_CASE("attention does not depend on the number of threads") {
  int threads = num_threads();
  for (const Shape& batch : {Shape{}, Shape{3}, Shape{20}}) {
    Inputs inputs{numbers_of(matrix(batch, 300, 8), 1).to(float32),
                  numbers_of(matrix(batch, 200, 8), 2).to(float32),
                  numbers_of(matrix(batch, 200, 6), 3).to(float32)};
    for (Tensor& input : inputs) input.requires_grad_();
    std::vector<Tensor> results[2];
    for (int i : {0, 1}) {
      set_num_threads(i == 0 ? 1 : 4);
      Tensor y = scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], {.is_causal = true});
      results[i] = grad(std::array{sum(square(y))}, inputs);
      results[i].push_back(y.detach());
    }
    for (std::size_t i = 0; i < 4; ++i) CHECK(equal(results[0][i], results[1][i]));
  }
  set_num_threads(threads);
}

TEST_CASE("attention at the edges: nothing to look at, empty dimensions, infinite numbers") {
  Tensor q = numbers_of({9, 4}, 1), k = numbers_of({12, 4}, 2), v = numbers_of({12, 3}, 3);
  Tensor mask = ones({9, 12}, boolean);
  mask.select(0, 2).fill_(false);
  Tensor y = scaled_dot_product_attention(q, k, v, {.attn_mask = mask});
  CHECK(std::isnan(y.select(0, 2).select(0, 0).item()));
  CHECK_FALSE(std::isnan(y.select(0, 3).select(0, 0).item()));
  CHECK(
      equal(scaled_dot_product_attention(q, narrow(k, 0, 0, 0), narrow(v, 0, 0, 0)), zeros({9, 3}, float64)));
  CHECK(scaled_dot_product_attention(narrow(q, 0, 0, 0), k, v).shape() == Shape{0, 3});
  CHECK(scaled_dot_product_attention(q, k, narrow(v, 1, 0, 0)).shape() == Shape{9, 0});
  CHECK(scaled_dot_product_attention(ones({0, 9, 4}), ones({0, 12, 4}), ones({0, 12, 3})).shape() ==
        Shape{0, 9, 3});
  CHECK(agree(scaled_dot_product_attention(zeros({9, 0}, float64), zeros({12, 0}, float64), v),
              expand(mean(v, Shape{0}), {9, 3}).contiguous(), 1e-14));
  for (const auto& shapes :
       {std::array{Shape{0, 4}, Shape{5, 4}, Shape{5, 3}}, std::array{Shape{5, 4}, Shape{0, 4}, Shape{0, 3}},
        std::array{Shape{5, 0}, Shape{5, 0}, Shape{5, 3}}}) {
    Inputs inputs;
    for (const Shape& shape : shapes) inputs.push_back(zeros(shape, float64).requires_grad_());
    sum(scaled_dot_product_attention(inputs[0], inputs[1], inputs[2])).backward();
    for (const Tensor& input : inputs) CHECK(equal(isnan(input.grad()), zeros(input.shape(), boolean)));
  }
  // What lies after a place does not reach it.
  Tensor later = v.clone();
  later.select(0, 11).fill_(infinity);
  CHECK(agree(scaled_dot_product_attention(q, k, later, {.is_causal = true}),
              composed(q, k, v, {.is_causal = true}), 1e-13));
  CHECK_THROWS_AS(scaled_dot_product_attention(q, k, v, {.attn_mask = ones({9, 12})}), DTypeError);
  CHECK_THROWS_AS(scaled_dot_product_attention(q, k, v, {.attn_mask = ones({2, 9, 12}, boolean)}),
                  ShapeError);
  CHECK_THROWS_AS(scaled_dot_product_attention(q, k.to(float32), v), DTypeError);
  CHECK_THROWS_AS(scaled_dot_product_attention(ones({2, 9, 4}), ones({3, 12, 4}), ones({3, 12, 4})),
                  ShapeError);
}

TEST_CASE("several heads give the same with and without weights, and with the batch first") {
  std::int64_t length = 11, batch = 3, size = 6;
  Tensor x = numbers_of({length, batch, size}, 1), memory = numbers_of({7, batch, size}, 2);
  Tensor w = numbers_of({3 * size, size}, 3), b = numbers_of({3 * size}, 4),
         out = numbers_of({size, size}, 5);
  Tensor padding = numbers_of({batch, 7}, 6) > 1, bias = numbers_of({1, 1, size}, 7);
  Tensor earlier = tril(ones({length, length}, boolean));
  auto both = [&](const Tensor& q, const Tensor& k, const Tensor& v, MultiHeadAttentionOptions options) {
    options.need_weights = true;
    Tensor with = multi_head_attention_forward(q, k, v, 2, w, b, out, {}, options).first;
    options.need_weights = false;
    auto [without, none] = multi_head_attention_forward(q, k, v, 2, w, b, out, {}, options);
    CHECK_FALSE(none.defined());
    CHECK(agree(without, with, 1e-12));
    auto turned = [](const Tensor& t) { return transpose(t, 0, 1).contiguous(); };
    Tensor first = turned(q), second = k.is_same(q) ? first : turned(k),
           third = v.is_same(k) ? second : turned(v);
    options.batch_first = true;
    CHECK(agree(
        transpose(multi_head_attention_forward(first, second, third, 2, w, b, out, {}, options).first, 0, 1)
            .contiguous(),
        with, 1e-12));
    return with;
  };
  Tensor self = both(x, x, x, {});
  CHECK(agree(both(x, x.clone(), x.clone(), {}), self, 1e-12));
  both(x, memory, memory, {.key_padding_mask = padding});
  both(x, memory, memory.clone(), {.bias_k = bias, .bias_v = bias, .add_zero_attn = true});
  Tensor causal = both(x, x, x, {.is_causal = true});
  CHECK(agree(both(x, x, x, {.attn_mask = !earlier}), causal, 1e-12));
  CHECK(agree(both(x, x, x, {.bias_k = bias, .bias_v = bias, .is_causal = true}),
              both(x, x, x, {.bias_k = bias, .bias_v = bias, .attn_mask = !earlier}), 1e-12));
  Tensor one = x.select(1, 0);
  CHECK(agree(multi_head_attention_forward(one, one, one, 2, w, b, out, {}, {.need_weights = false}).first,
              self.select(1, 0).contiguous(), 1e-12));
  CHECK(gradgradcheck(
      [&](const Inputs& in) {
        return multi_head_attention_forward(in[0], in[0], in[0], 2, in[1], b, in[2], {},
                                            {.is_causal = true, .need_weights = false})
            .first;
      },
      {narrow(x, 0, 0, 3).contiguous(), w, out}));
  CHECK_THROWS_AS(multi_head_attention_forward(x, memory, x, 2, w, b, out, {}), ShapeError);
  CHECK_THROWS_AS(multi_head_attention_forward(x, ones({7, batch, 5}, float64), ones({7, batch, 5}, float64),
                                               2, w, b, out, {}),
                  ShapeError);
  CHECK_THROWS_AS(
      multi_head_attention_forward(x, x, x, 2, w, b, out, {}, {.attn_mask = earlier, .batch_first = true}),
      ShapeError);
}

TEST_CASE("the gradients of parts are joined, whichever of them are used") {
  Tensor x = numbers_of({4, 6}, 1).requires_grad_();
  auto unused = [](const Inputs& in) { return square(split(in[0], {1, 2, 0, 3}, 1)[1]); };
  auto all = [](const Inputs& in) {
    std::vector<Tensor> parts = unbind(in[0], 1);
    return parts[0] * parts[5] + exp(parts[2]) * parts[2];
  };
  for (const auto& f : {check::Call(unused), check::Call(all)}) {
    CHECK(gradcheck(f, {x.detach()}));
    CHECK(gradgradcheck(f, {x.detach()}));
  }
  // Gradients that lie side by side are not copied.
  Tensor y = numbers_of({4, 6}, 2), part_gradients = numbers_of({4, 6}, 3);
  y.requires_grad_();
  std::vector<Tensor> parts = split(y, 2, 1), given = split(part_gradients, 2, 1);
  CHECK(equal(grad(parts, std::array{y}, given)[0], part_gradients));
  std::swap(given[0], given[1]);
  CHECK(equal(grad(split(y, 2, 1), std::array{y}, given)[0], cat(given, 1)));
  // Changed in place, one part is no longer what the others are parts of.
  Tensor z = y * 1;
  std::vector<Tensor> halves = split(z, 3, 1);
  halves[0].mul_(2);
  sum(square(z) + cat({halves[1], halves[0]}, 1)).backward();
  Tensor doubled = cat({narrow(y.detach(), 1, 0, 3) * 8 + 2, narrow(y.detach(), 1, 3, 3) * 2 + 1}, 1);
  CHECK(agree(y.grad(), doubled, 1e-12));
}
