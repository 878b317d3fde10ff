#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

TEST_CASE("similarities and normalizations have the value and the gradients that they should") {
  Tensor a = numbers({{3, 4}, {0, 2}});
  Tensor b = numbers({{4, 3}, {1, 0}});
  using In = const std::vector<Tensor>&;
  const Operation rows[] = {
      {.name = "cosine_similarity",
       .call = [](In in) { return cosine_similarity(in[0], in[1]); },
       .example = {a, b},
       .expected = numbers({0.96, 0}),
       .shapes = {{{2, 3}, {2, 3}}, {{2, 3, 2}, {3, 1}}, {{2, 0}, {2, 0}}},
       .throwing = {{{2, 3}, {2, 4}}, {{3}, {3}}}},
      {.name = "cosine_similarity along the first dimension",
       .call = [](In in) { return cosine_similarity(in[0], in[1], 0); },
       .example = {a, b},
       .expected = numbers({12 / (3 * std::sqrt(17.)), 12 / (3 * std::sqrt(20.))}),
       .shapes = {{{3}, {3}}, {{3, 1}, {2}}}},
      {.name = "pairwise_distance",
       .call = [](In in) { return pairwise_distance(in[0], in[1], 2, 0); },
       .example = {a, b},
       .expected = numbers({std::sqrt(2.), std::sqrt(5.)}),
       .shapes = {{{2, 3}, {2, 3}}, {{3}, {2, 3}}, {{0, 3}, {3}}},
       .throwing = {{{2, 3}, {2, 4}}}},
      {.name = "pairwise_distance of order 1, kept",
       .call = [](In in) { return pairwise_distance(in[0], in[1], 1, 0.5, true); },
       .example = {a, b},
       .expected = numbers({{2}, {3}}),
       .shapes = {{{2, 3}, {2, 3}}}},
      {.name = "pairwise_distance of order 3",
       .call = [](In in) { return pairwise_distance(in[0], in[1], 3, 0); },
       .example = {a, b},
       .expected = numbers({std::cbrt(2.), std::cbrt(9.)}),
       .shapes = {{{2, 3}, {2, 3}}, {{3}, {3}}}},
      {.name = "pairwise_distance of infinite order",
       .call = [](In in) { return pairwise_distance(in[0], in[1], INFINITY, 0); },
       .example = {a, b},
       .expected = numbers({1, 2}),
       .shapes = {{{2, 3}, {2, 3}}}},
      {.name = "normalize",
       .call = [](In in) { return normalize(in[0]); },
       .example = {a},
       .expected = numbers({{0.6, 0.8}, {0, 1}}),
       .shapes = {{{2, 3}}, {{2, 3, 2}}, {{2, 0}}, {{0, 2}}},
       .throwing = {{{3}}, {{}}}},
      {.name = "normalize by a large eps",
       .call = [](In in) { return normalize(in[0], 2, -1, 10); },
       .example = {a},
       .expected = numbers({{0.3, 0.4}, {0, 0.2}}),
       .shapes = {{{2, 3}}}},
      {.name = "normalize of order 1.5",
       .call = [](In in) { return normalize(in[0], 1.5, 0); },
       .example = {numbers({1, 4})},
       .expected = numbers({1, 4}) / std::pow(9., 2. / 3),
       .shapes = {{{3}}, {{2, 2}}},
       .low = 0.2},
      {.name = "normalize of order 1",
       .call = [](In in) { return normalize(in[0], 1, -1); },
       .example = {numbers({1, -4})},
       .expected = numbers({0.2, -0.8}),
       .shapes = {{{3}}},
       .kinks = {0}},
      {.name = "normalize of infinite order",
       .call = [](In in) { return normalize(in[0], INFINITY, -1); },
       .example = {numbers({1, -4})},
       .expected = numbers({0.25, -1}),
       .shapes = {{{3}}}},
      {.name = "softmin",
       .call = [](In in) { return softmin(in[0], -1); },
       .example = {numbers({0, std::log(3.)})},
       .expected = numbers({0.75, 0.25}),
       .shapes = {{{2, 3}}, {{}}, {{0, 2}}}},
      {.name = "bilinear",
       .call = [](In in) { return bilinear(in[0], in[1], in[2], in[3]); },
       .example = {a, b, numbers({{{1, 0}, {0, 1}}, {{0, 1}, {2, 0}}}), numbers({1, -1})},
       .expected = numbers({{25, 40}, {1, 3}}),
       .shapes = {{{3, 2}, {3, 4}, {2, 2, 4}, {2}},
                  {{2}, {3}, {1, 2, 3}, {1}},
                  {{2, 1, 2}, {2, 1, 1}, {3, 2, 1}, {3}},
                  {{0, 2}, {0, 3}, {2, 2, 3}, {2}}},
       .throwing = {{{3, 2}, {3, 4}, {2, 2, 3}, {2}},
                    {{3, 2}, {2, 4}, {2, 2, 4}, {2}},
                    {{3, 2}, {3, 4}, {2, 2, 4}, {3}},
                    {{}, {4}, {2, 2, 4}, {2}},
                    {{3, 2}, {4}, {2, 2, 4}, {2}}}},
      {.name = "local_response_norm",
       .call = [](In in) { return local_response_norm(in[0], 2, 2, 1, 1); },
       .example = {numbers({{{1}, {2}, {3}}})},
       .expected = numbers({{{1 / 2.}, {2 / 6.}, {3 / 14.}}}),
       .shapes = {{{1, 3, 2}}, {{2, 2, 1, 2}}, {{2, 3, 0}}},
       .throwing = {{{3}}, {{2, 3}}}},
      {.name = "local_response_norm over many channels",
       .call = [](In in) { return local_response_norm(in[0], std::int64_t{1} << 62, 1e18, 0.5, 2); },
       .example = {numbers({{{1}, {2}, {3}}})},
       .expected = numbers({{{1}, {2}, {3}}}) / std::sqrt(2 + 14e18 / std::pow(2., 62)),
       .shapes = {{{1, 3, 2}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("vectors of zeros have a direction of zeros, and gradients that are numbers") {
  Tensor x = zeros({2, 3}, float64).requires_grad_();
  for (double p : {0.5, 1.0, 2.0, 3.0, double(INFINITY)}) {
    CAPTURE(p);
    Tensor y = normalize(x, p);
    CHECK(equal(y, zeros({2, 3}, float64)));
    CHECK(all(isfinite(grad(y, x, ones({2, 3}, float64)))).item<bool>());
    Tensor length = pairwise_distance(x, zeros({2, 3}, float64), p, 0);
    CHECK(equal(length, zeros({2}, float64)));
    CHECK(equal(grad(length, x, ones({2}, float64)), zeros({2, 3}, float64)));
  }
  Tensor s = cosine_similarity(x, ones({2, 3}, float64));
  CHECK(equal(s, zeros({2}, float64)));
  CHECK(all(isfinite(grad(s, x, ones({2}, float64)))).item<bool>());
}

TEST_CASE("the number of elements that are not 0 is a distance with gradient 0, and nothing has length 0") {
  Tensor x = numbers({{1, 0, 2}}).requires_grad_();
  Tensor y = pairwise_distance(x, zeros({3}, float64), 0, 0);
  CHECK(equal(y, numbers({2})));
  CHECK(equal(grad(y, x, ones({1}, float64)), zeros({1, 3}, float64)));
  for (double p : {-1.0, 0.0, 0.5, 2.0, double(INFINITY), -double(INFINITY)})
    CHECK(equal(pairwise_distance(zeros({2, 0}), zeros({2, 0}), p), zeros({2})));
}

TEST_CASE("similarities meet in one dtype, and wrong ones are errors") {
  Tensor whole = tensor({{3, 4}}, int64);
  CHECK(cosine_similarity(whole, tensor({{3., 4.}})).dtype() == float32);
  CHECK(pairwise_distance(whole, whole).dtype() == float32);
  CHECK_THROWS_AS(cosine_similarity(whole, whole), DTypeError);
  CHECK_THROWS_AS(normalize(whole), DTypeError);
  CHECK_THROWS_AS(normalize(zeros({2, 2}), 2, 2), IndexError);
  CHECK_THROWS_AS(normalize(zeros({2, 2}), NAN), ValueError);
  CHECK_THROWS_AS(softmin(zeros({2, 2}), 2), IndexError);
  CHECK_THROWS_AS(local_response_norm(zeros({1, 2, 3}), 0), ValueError);
  CHECK_THROWS_AS(local_response_norm(zeros({1, 2, 3}, int64), 1), DTypeError);
  CHECK_THROWS_AS(bilinear(zeros({1, 2}), zeros({1, 2}), zeros({1, 2, 2}, float64)), DTypeError);
}
