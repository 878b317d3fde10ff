#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Tensors = std::vector<Tensor>;

/// An array in plain loops: conv of [N, C, D, H, W] with weight [M, C / groups, d, h, w].
struct Reference {
  std::array<std::int64_t, 3> stride{1, 1, 1}, padding{0, 0, 0}, dilation{1, 1, 1};
  std::int64_t groups = 1;

  /// Calls function(place in x, place in w, place in y) for every product of the convolution.
  template <class Function>
  void for_each_product(const Shape& x, const Shape& w, const Shape& y, const Function& function) const {
    std::int64_t q[3], k[3], at[3];
    for (std::int64_t n = 0; n < y[0]; ++n)
      for (std::int64_t m = 0; m < y[1]; ++m)
        for (q[0] = 0; q[0] < y[2]; ++q[0])
          for (q[1] = 0; q[1] < y[3]; ++q[1])
            for (q[2] = 0; q[2] < y[4]; ++q[2])
              for (std::int64_t c = 0; c < w[1]; ++c)
                for (k[0] = 0; k[0] < w[2]; ++k[0])
                  for (k[1] = 0; k[1] < w[3]; ++k[1])
                    for (k[2] = 0; k[2] < w[4]; ++k[2]) {
                      bool inside = true;
                      for (std::size_t i = 0; i < 3; ++i) {
                        at[i] = q[i] * stride[i] + k[i] * dilation[i] - padding[i];
                        inside = inside && at[i] >= 0 && at[i] < x[2 + i];
                      }
                      if (!inside) continue;
                      std::int64_t channel = m / (y[1] / groups) * w[1] + c;
                      auto place = [](const Shape& s, std::int64_t a, std::int64_t b, const std::int64_t* p) {
                        return (((a * s[1] + b) * s[2] + p[0]) * s[3] + p[1]) * s[4] + p[2];
                      };
                      function(place(x, n, channel, at), place(w, m, c, k), place(y, n, m, q));
                    }
  }
};

struct Case {
  Shape x, w;
  std::int64_t stride, padding, dilation, groups;
};

/// The convolution, its transpose and the weight gradient of random numbers, beside plain loops.
template <std::size_t N, class Convolve>
void check_against_loops(const Case& c, Convolve convolve, DType dtype, double tolerance) {
  CAPTURE(to_string(c.x));
  CAPTURE(to_string(c.w));
  CAPTURE(c.stride);
  CAPTURE(c.padding);
  CAPTURE(c.dilation);
  Tensor x = check::spread_numbers(c.x, -1, 1, {}, 1).to(dtype).requires_grad_();
  Tensor w = check::spread_numbers(c.w, -1, 1, {}, 2).to(dtype).requires_grad_();
  Tensor b = check::spread_numbers({c.w[0]}, -1, 1, {}, 3).to(dtype).requires_grad_();
  Tensor y = convolve(x, w, b, ConvOptions<N>{c.stride, c.padding, c.dilation, c.groups});
  Tensor g = check::spread_numbers(y.shape(), -1, 1, {}, 4).to(dtype);
  y.backward(g);

  Reference reference;
  auto whole = [](const Shape& shape) {
    Shape result{shape[0], shape[1], 1, 1, 1};
    for (std::size_t i = 0; i < N; ++i) result[5 - N + i] = shape[2 + i];
    return result;
  };
  for (std::size_t i = 3 - N; i < 3; ++i) {
    reference.stride[i] = c.stride;
    reference.padding[i] = c.padding;
    reference.dilation[i] = c.dilation;
  }
  reference.groups = c.groups;
  Tensor want_y = zeros(y.shape(), float64), want_x = zeros(c.x, float64), want_w = zeros(c.w, float64);
  Tensor xs = x.detach().to(float64), ws = w.detach().to(float64), gs = g.to(float64);
  reference.for_each_product(whole(c.x), whole(c.w), whole(y.shape()),
                             [&](std::int64_t i, std::int64_t k, std::int64_t q) {
                               want_y.data<double>()[q] += xs.data<double>()[i] * ws.data<double>()[k];
                               want_x.data<double>()[i] += gs.data<double>()[q] * ws.data<double>()[k];
                               want_w.data<double>()[k] += gs.data<double>()[q] * xs.data<double>()[i];
                             });
  Shape column = Shape::filled(y.ndim(), 1);
  column[1] = c.w[0];
  want_y = want_y + b.detach().to(float64).reshape(column);
  CHECK(check::agree(y.to(float64), want_y, tolerance));
  CHECK(check::agree(x.grad().to(float64), want_x, tolerance));
  CHECK(check::agree(w.grad().to(float64), want_w, tolerance * 10));

  // The adjoint, by a transposed convolution.
  Shape more;
  for (std::size_t i = 0; i < N; ++i) {
    std::int64_t reach = c.dilation * (c.w[2 + i] - 1) + 1;
    more.push_back(c.x[2 + i] + 2 * c.padding - reach - (y.shape()[2 + i] - 1) * c.stride);
  }
  ConvTransposeOptions<N> options{c.stride, c.padding, more, c.groups, c.dilation};
  Tensor back;
  if constexpr (N == 1) back = conv_transpose1d(g, w, {}, options);
  if constexpr (N == 2) back = conv_transpose2d(g, w, {}, options);
  if constexpr (N == 3) back = conv_transpose3d(g, w, {}, options);
  CHECK(check::agree(back.to(float64), want_x, tolerance));
}

}  // namespace

TEST_CASE("convolutions have the value and the gradients that they should") {
  Tensor line = numbers({{{1, 2, -1, 3, 0.5}, {0, 1, 2, -2, 1}}});
  Tensor weight = numbers({{{1, -1}, {2, 0.5}}});
  const Operation rows[] = {
      {.name = "conv1d",
       .call = [](const Tensors& in) { return conv1d(in[0], in[1], in[2]); },
       .example = {line, weight, numbers({10})},
       .expected = numbers({{{9.5, 16, 9, 9}}}),
       .shapes = {{{2, 2, 5}, {3, 2, 3}, {3}}, {{2, 5}, {1, 2, 2}, {1}}, {{0, 2, 5}, {3, 2, 3}, {3}}},
       .throwing = {{{2, 5}, {1, 3, 2}, {1}},
                    {{2, 5}, {1, 2, 6}, {1}},
                    {{2, 5}, {1, 2, 2}, {2}},
                    {{5}, {1, 2, 2}, {1}},
                    {{1, 2, 0}, {1, 2, 1}, {1}},
                    {{2, 5}, {2, 2}, {2}},
                    {{1, 1, 2, 5}, {1, 2, 2}, {1}}}},
      {.name = "conv1d without bias, strided and padded",
       .call = [](const Tensors& in) { return conv1d(in[0], in[1], {}, {.stride = 2, .padding = 1}); },
       .example = {line, weight},
       .expected = numbers({{{-1, 6, -1}}}),
       .shapes = {{{2, 2, 5}, {3, 2, 3}}, {{2, 6}, {1, 2, 2}}}},
      {.name = "conv1d, same",
       .call = [](const Tensors& in) { return conv1d(in[0], in[1], {}, {.padding = "same", .dilation = 3}); },
       .example = {line, weight},
       .expected = numbers({{{2, -3, 4, 3, -1}}}),
       .shapes = {{{2, 2, 5}, {3, 2, 3}}, {{2, 4}, {1, 2, 2}}}},
      {.name = "conv2d",
       .call = [](const Tensors& in) { return conv2d(in[0], in[1], in[2], {.padding = {1, 0}}); },
       .example = {numbers({{1, 2, 3}, {4, 5, 6}}).reshape({1, 2, 3}),
                   numbers({{1, 0}, {-1, 2}}).reshape({1, 1, 2, 2}), numbers({1})},
       .expected = numbers({{{4, 5}, {8, 10}, {5, 6}}}),
       .shapes = {{{2, 2, 4, 3}, {2, 2, 3, 2}, {2}}, {{1, 3, 3}, {2, 1, 1, 1}, {2}}}},
      {.name = "conv2d in groups, strided, dilated",
       .call =
           [](const Tensors& in) {
             return conv2d(in[0], in[1], {},
                           {.stride = {2, 1}, .padding = 1, .dilation = {1, 2}, .groups = 2});
           },
       .example = {},
       .expected = {},
       .shapes = {{{2, 4, 5, 5}, {4, 2, 2, 2}}, {{2, 5, 4}, {2, 1, 3, 2}}},
       .throwing = {{{2, 3, 5, 5}, {4, 2, 2, 2}}, {{2, 4, 5, 5}, {3, 2, 2, 2}}}},
      {.name = "conv3d",
       .call =
           [](const Tensors& in) { return conv3d(in[0], in[1], in[2], {.stride = {1, 2, 1}, .padding = 1}); },
       .example = {},
       .expected = {},
       .shapes = {{{1, 2, 2, 3, 3}, {2, 2, 2, 3, 2}, {2}}, {{1, 3, 2, 2}, {1, 1, 2, 2, 1}, {1}}},
       .throwing = {{{1, 2, 2, 3, 3}, {2, 2, 2, 3, 2}, {3}}}},
      {.name = "conv_transpose1d",
       .call = [](const Tensors& in) { return conv_transpose1d(in[0], in[1], in[2], {.stride = 2}); },
       .example = {numbers({{1, 2, -1}}), numbers({{{1, 2, 3}}}), numbers({0.5})},
       .expected = numbers({{1.5, 2.5, 5.5, 4.5, 5.5, -1.5, -2.5}}),
       .shapes = {{{2, 2, 4}, {2, 3, 3}, {3}}, {{2, 4}, {2, 1, 1}, {1}}, {{0, 2, 4}, {2, 3, 3}, {3}}},
       .throwing = {{{2, 2, 4}, {3, 3, 3}, {3}}, {{2, 2, 4}, {2, 3, 3}, {2}}, {{4}, {2, 3, 3}, {3}}}},
      {.name = "conv_transpose2d",
       .call =
           [](const Tensors& in) {
             return conv_transpose2d(in[0], in[1], {},
                                     {.stride = {3, 2}, .padding = 1, .output_padding = {2, 0}, .groups = 2});
           },
       .example = {},
       .expected = {},
       .shapes = {{{2, 4, 2, 3}, {4, 1, 2, 3}}, {{2, 3, 2}, {2, 2, 2, 2}}},
       .throwing = {{{2, 3, 2, 3}, {3, 1, 2, 3}}}},
      {.name = "conv_transpose3d",
       .call =
           [](const Tensors& in) {
             return conv_transpose3d(in[0], in[1], in[2], {.padding = {0, 1, 0}, .dilation = 2});
           },
       .example = {},
       .expected = {},
       .shapes = {{{1, 2, 2, 2, 1}, {2, 1, 2, 2, 1}, {1}}}},
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("convolutions of all kinds of shapes agree with plain loops") {
  // Sizes around the widths of registers, panels and tiles.
  const Case planes[] = {
      {{2, 3, 7, 9}, {5, 3, 3, 3}, 1, 1, 1, 1},      {{1, 8, 20, 17}, {16, 8, 3, 3}, 1, 1, 1, 1},
      {{3, 4, 13, 50}, {9, 4, 3, 5}, 1, 2, 1, 1},    {{2, 6, 12, 12}, {8, 3, 3, 3}, 2, 1, 1, 2},
      {{2, 70, 6, 6}, {33, 70, 2, 2}, 1, 0, 1, 1},   {{5, 3, 1, 1}, {66, 3, 1, 1}, 1, 0, 1, 1},
      {{70, 5, 2, 2}, {3, 5, 2, 2}, 1, 0, 1, 1},     {{1, 2, 30, 31}, {4, 2, 4, 3}, 3, 2, 2, 1},
      {{2, 5, 19, 20}, {5, 1, 3, 3}, 1, 1, 1, 5},    {{2, 4, 18, 23}, {8, 1, 3, 5}, 2, 2, 1, 4},
      {{2, 3, 11, 40}, {3, 1, 2, 3}, 3, 1, 2, 3},    {{1, 2, 9, 9}, {2, 2, 2, 2}, 5, 0, 1, 1},
      {{2, 2, 6, 6}, {2, 2, 3, 3}, 1, 7, 7, 1},      {{1, 1, 40, 40}, {80, 1, 1, 1}, 1, 0, 1, 1},
      {{1, 4, 5, 200}, {4, 4, 1, 7}, 1, 3, 1, 1},    {{1, 3, 10, 10}, {24, 1, 3, 3}, 1, 0, 1, 3},
      {{2, 300, 3, 3}, {17, 300, 1, 1}, 1, 0, 1, 1}, {{2, 40, 11, 12}, {11, 40, 3, 2}, 2, 1, 1, 1},
      {{1, 36, 14, 19}, {6, 36, 2, 3}, 3, 2, 2, 1},  {{2, 80, 9, 30}, {14, 40, 3, 3}, 1, 1, 1, 2},
      {{2, 2, 6, 6}, {3, 2, 3, 3}, 1, 60, 60, 1},    {{2, 6, 6, 7}, {6, 1, 3, 3}, 2, 50, 50, 6},
      {{2, 36, 20, 20}, {3, 36, 3, 3}, 1, 1, 1, 1}};
  for (const Case& c : planes) {
    check_against_loops<2>(c, conv2d, float64, 1e-12);
    check_against_loops<2>(c, conv2d, float32, 2e-5);
  }
  const Case lines[] = {{{2, 3, 300}, {20, 3, 5}, 1, 2, 1, 1},
                        {{3, 4, 100}, {4, 1, 4}, 2, 1, 3, 4},
                        {{1, 2, 50}, {3, 2, 2}, 7, 40, 30, 1}};
  for (const Case& c : lines) {
    check_against_loops<1>(c, conv1d, float64, 1e-12);
    check_against_loops<1>(c, conv1d, float32, 2e-5);
  }
  const Case blocks[] = {{{2, 3, 4, 5, 6}, {5, 3, 2, 3, 2}, 1, 1, 1, 1},
                         {{1, 4, 6, 5, 7}, {4, 1, 3, 3, 3}, 2, 1, 1, 4},
                         {{1, 2, 5, 5, 20}, {4, 1, 2, 2, 3}, 3, 2, 2, 2},
                         {{1, 40, 3, 4, 5}, {5, 40, 2, 2, 2}, 2, 1, 1, 1}};
  for (const Case& c : blocks) {
    check_against_loops<3>(c, conv3d, float64, 1e-12);
    check_against_loops<3>(c, conv3d, float32, 2e-5);
  }
}

TEST_CASE("a convolution does not depend on the number of threads") {
  int before = num_threads();
  Tensor x = check::spread_numbers({6, 5, 20, 20}, -1, 1, {}, 1).to(float32);
  Tensor w = check::spread_numbers({19, 5, 3, 3}, -1, 1, {}, 2).to(float32);
  std::vector<Tensor> results[2];
  for (int threads : {1, 3}) {
    set_num_threads(threads);
    Tensor a = x.detach().requires_grad_(), b = w.detach().requires_grad_();
    Tensor y = conv2d(a, b, {}, {.padding = 1});
    sum(square(y)).backward();
    results[threads / 3] = {y, a.grad(), b.grad()};
  }
  set_num_threads(before);
  for (std::size_t i = 0; i < 3; ++i) CHECK(equal(results[0][i], results[1][i]));
}

TEST_CASE("a transposed convolution with a long stride is mostly bias") {
  Tensor y = conv_transpose1d(numbers({{2, 3}}), numbers({{{1, -1}}}), numbers({0.5}), {.stride = 100000});
  CHECK(y.shape() == Shape{1, 100002});
  CHECK(sum(y - 0.5).item() == 0);
  CHECK(equal(y.slice(1, 0, 3), numbers({{2.5, -1.5, 0.5}})));
  CHECK(equal(y.slice(1, 99999, 100002), numbers({{0.5, 3.5, -2.5}})));
}

TEST_CASE("integers are convolved exactly and wrap around") {
  Tensor x = tensor({200, 100, 50}, uint8).reshape({1, 3});
  Tensor w = tensor({1, 2}, uint8).reshape({1, 1, 2});
  CHECK(equal(conv1d(x, w), tensor({144, 200}, uint8).reshape({1, 2})));
  CHECK(equal(conv1d(x.to(int64), w.to(int64)), tensor({400, 200}, int64).reshape({1, 2})));
  CHECK(
      equal(conv_transpose1d(x.to(int32), w.to(int32)), tensor({200, 500, 250, 100}, int32).reshape({1, 4})));
  Tensor many = ones({2, 3, 8, 20}, int64), kernel = ones({4, 3, 3, 3}, int64);
  CHECK(equal(conv2d(many, kernel), full({2, 4, 6, 18}, 27, int64)));
}

TEST_CASE("a convolution without channels in the input is its bias") {
  Tensor y = conv1d(zeros({2, 0, 5}), zeros({3, 0, 2}), tensor({1, 2, 3}));
  CHECK(equal(y, tensor({1, 2, 3}).reshape({1, 3, 1}).expand({2, 3, 4})));
}

TEST_CASE("wrong arguments of convolutions are errors") {
  Tensor x = zeros({1, 2, 5, 5}), w = zeros({2, 2, 3, 3});
  CHECK_THROWS_AS(conv2d(x, w, {}, {.stride = 0}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.stride = {1, -1}}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.padding = -1}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.padding = INT64_MAX}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.dilation = 0}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.dilation = INT64_MAX}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.groups = 0}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.groups = INT64_MIN}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.stride = 2, .padding = "same"}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.padding = "full"}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.stride = Shape{1, 1, 1}}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w.to(float64)), DTypeError);
  CHECK_THROWS_AS(conv2d(x, w, zeros({2}, float64)), DTypeError);
  CHECK_THROWS_AS(conv2d(x.to(boolean), w.to(boolean)), DTypeError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.dilation = 0x7fffffff}), ShapeError);
  CHECK_THROWS_AS(conv2d(x, zeros({2, 2, 0, 3})), ShapeError);
  CHECK_THROWS_AS(conv_transpose2d(x, w, {}, {.output_padding = 1}), ValueError);
  CHECK_THROWS_AS(conv_transpose2d(x, w, {}, {.output_padding = -1}), ValueError);
  CHECK_THROWS_AS(conv_transpose2d(x, w, {}, {.padding = 4}), ShapeError);
  CHECK_THROWS_AS(conv_transpose2d(x, w, {}, {.groups = INT64_MAX}), ShapeError);
  CHECK_NOTHROW(conv2d(x, w, {}, {.padding = PaddingMode::same}));
  CHECK(conv2d(x, w, {}, {.padding = 0x3fffffff, .dilation = 0x3fffffff}).shape() == Shape{1, 2, 5, 5});
}
