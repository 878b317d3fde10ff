#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

using Tensors = std::vector<Tensor>;

Operation pooling(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& example,
                  const Tensor& expected, std::vector<std::vector<Shape>> shapes,
                  std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const Tensors& in) { return call(in[0]); },
          .example = {example},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

const Tensor line = numbers({{1, 5, 2, -3, 4, 0, 7}});  // [1, 7]
const Tensor plane = numbers({{1, 2, 3, 4}, {8, 7, 6, 5}, {-1, 0, 1, 9}}).reshape({1, 3, 4});
const std::vector<std::vector<Shape>> no_lines = {{{}},        {{7}},    {{0, 7}},
                                                  {{2, 0, 7}}, {{2, 0}}, {{1, 1, 1, 7}}};
const std::vector<std::vector<Shape>> no_planes = {{{4}}, {{3, 4}}, {{0, 3, 4}}, {{2, 1, 0, 4}}, {{1, 2, 1}}};

/// Windows in plain loops: calls function(out, numbers inside, their places) for every window of every plane.
template <class Function>
void for_each_window(const Shape& in, const Shape& out, std::int64_t kernel, std::int64_t stride,
                     std::int64_t padding, std::int64_t dilation, const Function& function) {
  std::int64_t rows = in[1], columns = in[2];
  for (std::int64_t n = 0; n < out[0]; ++n)
    for (std::int64_t y = 0; y < out[1]; ++y)
      for (std::int64_t x = 0; x < out[2]; ++x) {
        std::vector<std::int64_t> places;
        for (std::int64_t i = 0; i < kernel; ++i)
          for (std::int64_t j = 0; j < kernel; ++j) {
            std::int64_t a = y * stride - padding + i * dilation, b = x * stride - padding + j * dilation;
            if (a >= 0 && a < rows && b >= 0 && b < columns) places.push_back((n * rows + a) * columns + b);
          }
        function((n * out[1] + y) * out[2] + x, places);
      }
}

}  // namespace

TEST_CASE("pooling has the value and the gradients that it should") {
  const Operation rows[] = {
      pooling(
          "max_pool1d", [](const Tensor& x) { return max_pool1d(x, 3); }, line, numbers({{5, 4}}),
          {{{2, 2, 7}}, {{1, 3}}, {{0, 2, 5}}}, no_lines),
      pooling("max_pool1d, padded, dilated, up",
              [](const Tensor& x) {
                return max_pool1d(x, 2, {.stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true});
              },
              line, numbers({{5, 5, 0, 0}}), {{{2, 2, 7}}, {{1, 4}}}),
      pooling(
          "max_pool2d", [](const Tensor& x) { return max_pool2d(x, {3, 2}, {.stride = {1, 2}}); }, plane,
          numbers({{{8, 9}}}), {{{1, 2, 4, 6}}, {{2, 3, 5}}, {{0, 2, 5, 5}}}, no_planes),
      pooling("max_pool2d, 2x2", [](const Tensor& x) { return max_pool2d(x, 2); }, plane, numbers({{{8, 6}}}),
              {{{2, 3, 4, 6}}, {{2, 5, 5}}, {{1, 1, 4, 40}}}),
      pooling("max_pool3d", [](const Tensor& x) { return max_pool3d(x, 2, {.padding = 1}); },
              plane.reshape({1, 1, 3, 4}), numbers({{{{1, 3, 4}, {8, 7, 9}}}}),
              {{{2, 3, 2, 4}}, {{1, 1, 4, 3, 3}}}),
      pooling(
          "max_pool2d, more than 256 places",
          [](const Tensor& x) { return max_pool2d(x, {1, 300}, {.stride = {1, 300}, .padding = {0, 149}}); },
          plane, numbers({{{4}, {8}, {9}}}), {{{1, 2, 3}}}),
      pooling(
          "avg_pool1d", [](const Tensor& x) { return avg_pool1d(x, 2, {.stride = 3, .padding = 1}); }, line,
          numbers({{0.5, -0.5, 3.5}}), {{{2, 2, 7}}, {{1, 3}}, {{0, 2, 5}}}, no_lines),
      pooling("avg_pool1d, up, padding not counted",
              [](const Tensor& x) {
                return avg_pool1d(x, 3,
                                  {.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false});
              },
              line, numbers({{3, 4.0 / 3, 1.0 / 3, 3.5}}), {{{2, 2, 8}}, {{1, 3}}}),
      pooling(
          "avg_pool2d", [](const Tensor& x) { return avg_pool2d(x, 2); }, plane, numbers({{{4.5, 4.5}}}),
          {{{1, 2, 5, 4}}, {{2, 2, 7}}, {{1, 1, 2, 40}}, {{0, 2, 5, 5}}}, no_planes),
      pooling("avg_pool2d, up, divided by -3",
              [](const Tensor& x) {
                return avg_pool2d(
                    x, 3, {.stride = {2, 1}, .padding = 1, .ceil_mode = true, .divisor_override = -3});
              },
              plane, numbers({{{-6, -9, -9, -6}, {-14.0 / 3, -7, -28.0 / 3, -7}}}),
              {{{1, 2, 5, 4}}, {{2, 2, 7}}}),
      pooling("avg_pool3d", [](const Tensor& x) { return avg_pool3d(x, {1, 3, 2}, {.padding = {0, 1, 0}}); },
              plane.reshape({1, 1, 3, 4}), numbers({{{{3, 3}}}}), {{{1, 2, 3, 4}}, {{1, 1, 2, 3, 3}}}),
      pooling("avg_pool1d, a window of 20", [](const Tensor& x) { return avg_pool1d(x, 20, {.stride = 7}); },
              arange(0, 40, 1, float64).reshape({1, 40}), numbers({{9.5, 16.5, 23.5}}), {{{2, 1, 45}}}),
      pooling("adaptive_avg_pool1d", [](const Tensor& x) { return adaptive_avg_pool1d(x, 3); }, line,
              numbers({{8.0 / 3, 1, 11.0 / 3}}), {{{2, 2, 7}}, {{1, 2}}, {{0, 2, 6}}}, {{{7}}, {{2, 0}}}),
      pooling("adaptive_avg_pool2d",
              [](const Tensor& x) { return adaptive_avg_pool2d(x, {std::nullopt, 2}); }, plane,
              numbers({{{1.5, 3.5}, {7.5, 5.5}, {-0.5, 5}}}), {{{1, 2, 5, 4}}, {{2, 2, 7}}}),
      pooling("adaptive_avg_pool2d to one", [](const Tensor& x) { return adaptive_avg_pool2d(x, 1); }, plane,
              numbers({{{45.0 / 12}}}), {{{1, 2, 5, 4}}, {{2, 2, 40}}}),
      pooling("adaptive_avg_pool3d", [](const Tensor& x) { return adaptive_avg_pool3d(x, {1, 2, 3}); },
              plane.reshape({1, 1, 3, 4}), numbers({{{{4.5, 4.5, 4.5}, {3.5, 3.5, 5.25}}}}),
              {{{1, 2, 3, 4}}}),
      pooling("adaptive_max_pool1d", [](const Tensor& x) { return adaptive_max_pool1d(x, 3); }, line,
              numbers({{5, 4, 7}}), {{{2, 2, 7}}, {{1, 2}}, {{0, 2, 6}}}, {{{7}}, {{2, 0}}}),
      pooling("adaptive_max_pool2d", [](const Tensor& x) { return adaptive_max_pool2d(x, {1, 4}); }, plane,
              numbers({{{8, 7, 6, 9}}}), {{{1, 2, 5, 4}}, {{2, 2, 6}}}),
      pooling("adaptive_max_pool3d", [](const Tensor& x) { return adaptive_max_pool3d(x, {1, 2, 2}); },
              plane.reshape({1, 1, 3, 4}), numbers({{{{8, 6}, {8, 9}}}}), {{{1, 2, 3, 4}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);

  Operation norms = pooling(
      "lp_pool1d", [](const Tensor& x) { return lp_pool1d(x, 2, 2); }, numbers({{3, 4, 0, -2, 1}}),
      numbers({{5, 2}}), {{{2, 2, 7}}, {{1, 3}}}, no_lines);
  norms.low = 0.5;
  check::check_operation(norms);
  norms = pooling("lp_pool2d",
                  [](const Tensor& x) { return lp_pool2d(x, 3, {2, 1}, {.stride = 1, .ceil_mode = true}); },
                  numbers({{{1, 2}, {2, 0}}}), numbers({{{std::cbrt(9.0), 2}}}), {{{2, 2, 3}}});
  norms.low = 0.5;
  check::check_operation(norms);
  norms = pooling("lp_pool3d", [](const Tensor& x) { return lp_pool3d(x, 1, {1, 2, 2}); },
                  numbers({{{{1, 2}, {2, 0}}}}), numbers({{{{5}}}}), {{{2, 1, 2, 3}}});
  norms.low = 0.5;
  check::check_operation(norms);
}

TEST_CASE("pooling of all kinds of shapes agrees with plain loops") {
  struct Case {
    Shape x;
    std::int64_t kernel, stride, padding, dilation;
    bool up;
  };
  const Case cases[] = {
      {{3, 9, 33}, 2, 2, 0, 1, false}, {{2, 8, 64}, 2, 2, 0, 1, false},  {{2, 7, 35}, 2, 2, 0, 1, true},
      {{2, 9, 40}, 3, 2, 1, 1, true},  {{2, 9, 40}, 3, 1, 1, 1, false},  {{2, 12, 50}, 3, 3, 1, 1, true},
      {{1, 20, 70}, 4, 5, 2, 1, true}, {{1, 20, 21}, 5, 2, 2, 1, false}, {{2, 30, 60}, 19, 3, 9, 1, true},
      {{2, 14, 20}, 3, 2, 1, 2, true}, {{2, 3, 3}, 1, 1, 0, 1, false},   {{2, 11, 80}, 2, 1, 1, 1, false}};
  for (const Case& c : cases) {
    CAPTURE(to_string(c.x));
    CAPTURE(c.kernel);
    for (DType dtype : {float64, float32}) {
      double tolerance = dtype == float64 ? 1e-13 : 1e-5;
      Tensor x = check::spread_numbers(c.x, -1, 1, {}, 1).to(dtype).requires_grad_();
      const Tensor source = x.detach().to(float64);
      const auto* number = source.data<double>();
      auto [y, places] = max_pool2d_with_indices(
          x, c.kernel, {.stride = c.stride, .padding = c.padding, .dilation = c.dilation, .ceil_mode = c.up});
      Tensor g = check::spread_numbers(y.shape(), -1, 1, {}, 2).to(dtype);
      Tensor weights = g.to(float64), want = zeros(y.shape(), float64), want_grad = zeros(c.x, float64);
      std::int64_t area = c.x[1] * c.x[2];
      bool same_places = true;
      for_each_window(c.x, y.shape(), c.kernel, c.stride, c.padding, c.dilation,
                      [&](std::int64_t out, const std::vector<std::int64_t>& inside) {
                        std::int64_t best = inside.at(0);
                        for (std::int64_t place : inside) best = number[place] > number[best] ? place : best;
                        want.data<double>()[out] = number[best];
                        want_grad.data<double>()[best] += weights.data<double>()[out];
                        same_places = same_places && places.data<std::int64_t>()[out] == best % area;
                      });
      y.backward(g);
      CHECK(same_places);
      CHECK(check::agree(y.to(float64), want, 0));
      CHECK(check::agree(x.grad().to(float64), want_grad, tolerance));
      CHECK(equal(
          max_pool2d(x.detach(), c.kernel,
                     {.stride = c.stride, .padding = c.padding, .dilation = c.dilation, .ceil_mode = c.up}),
          y.detach()));
      if (c.dilation != 1) continue;

      x.set_grad({});
      AvgPoolOptions<2> options{
          .stride = c.stride, .padding = c.padding, .ceil_mode = c.up, .count_include_pad = false};
      Tensor mean = avg_pool2d(x, c.kernel, options);
      want.zero_();
      want_grad.zero_();
      for_each_window(c.x, mean.shape(), c.kernel, c.stride, c.padding, 1,
                      [&](std::int64_t out, const std::vector<std::int64_t>& inside) {
                        auto count = static_cast<double>(inside.size());
                        for (std::int64_t place : inside) {
                          want.data<double>()[out] += number[place] / count;
                          want_grad.data<double>()[place] += weights.data<double>()[out] / count;
                        }
                      });
      mean.backward(g);
      CHECK(check::agree(mean.to(float64), want, tolerance));
      CHECK(check::agree(x.grad().to(float64), want_grad, tolerance));
    }
  }
}

TEST_CASE("nan wins a maximum, and of equal numbers the first") {
  Tensor x = numbers({{1, NAN, 3, 3, -INFINITY, -INFINITY, 0, 0}}).requires_grad_();
  auto [y, places] = max_pool1d_with_indices(x, 2);
  CHECK(check::agree(y.detach(), numbers({{NAN, 3, -INFINITY, 0}}), 0));
  CHECK(equal(places, tensor({1, 2, 4, 6}, int64).reshape({1, 4})));
  y.backward(numbers({{1, 2, 3, 4}}));
  CHECK(equal(x.grad(), numbers({{0, 1, 2, 0, 3, 0, 4, 0}})));
  CHECK(std::isnan(max_pool1d(x.detach(), 2).select(1, 0).item()));
  CHECK(std::isnan(adaptive_max_pool1d(x, 4).select(1, 0).item()));
  // Rows come before columns.
  auto pair = max_pool2d_with_indices(numbers({{{1, 5}, {5, 2}}}), 2);
  CHECK(pair.second.item<std::int64_t>() == 1);
  // Padding is below everything.
  CHECK(max_pool1d(numbers({{-INFINITY, -3}}), 2, {.padding = 1}).select(1, 0).item() == -INFINITY);
}

TEST_CASE("unpooling puts numbers back where they came from") {
  const Operation rows[] = {
      {.name = "max_unpool2d",
       .call =
           [](const Tensors& in) {
             Tensor places = tensor({1, 6, 8, 11}, int64).reshape({1, 2, 2});
             return max_unpool2d(in[0], places, 2, {.output_size = {3, 4}});
           },
       .example = {numbers({{{1, 2}, {3, 4}}})},
       .expected = numbers({{{0, 1, 0, 0}, {0, 0, 2, 0}, {3, 0, 0, 4}}}),
       .shapes = {{{1, 2, 2}}},
       .throwing = {{{1, 2, 3}}, {{2, 2}}, {{1, 1, 2, 2}}}},
      {.name = "max_unpool1d",
       .call =
           [](const Tensors& in) { return max_unpool1d(in[0], tensor({1, 2}, int64).reshape({1, 2}), 2); },
       .example = {numbers({{5, 6}})},
       .expected = numbers({{0, 5, 6, 0}}),
       .shapes = {{{1, 2}}}},
      {.name = "max_unpool3d",
       .call =
           [](const Tensors& in) {
             return max_unpool3d(in[0], tensor({7, 8}, int64).reshape({1, 1, 1, 2}), 2,
                                 {.stride = {2, 2, 1}});
           },
       .example = {numbers({{{{5, 6}}}})},
       .expected = numbers({{{{0, 0, 0}, {0, 0, 0}}, {{0, 5, 6}, {0, 0, 0}}}}),
       .shapes = {{{1, 1, 1, 2}}}}};
  for (const Operation& row : rows) check::check_operation(row);
  Tensor x = ones({1, 1, 2});
  auto at = [](std::int64_t a, std::int64_t b) {
    return tensor(std::vector<std::int64_t>{a, b}).reshape({1, 1, 2});
  };
  CHECK_THROWS_AS(max_unpool1d(x, at(0, 4), 2), IndexError);
  CHECK_THROWS_AS(max_unpool1d(x, at(-1, 0), 2), IndexError);
  CHECK_THROWS_AS(max_unpool1d(x, at(INT64_MIN, 0), 2), IndexError);
  CHECK_THROWS_AS(max_unpool1d(x, at(0, 1).to(int32), 2), DTypeError);
  CHECK_THROWS_AS(max_unpool1d(x, at(0, 1), 2, {.output_size = 6}), ValueError);
  CHECK_THROWS_AS(max_unpool1d(x, at(0, 1), 2, {.padding = 2}), ShapeError);
  CHECK_THROWS_AS(max_unpool1d(x, at(0, 1), INT64_MAX), ValueError);
}

TEST_CASE("wrong arguments of pooling are errors") {
  Tensor x = zeros({1, 1, 6, 6});
  CHECK_THROWS_AS(max_pool2d(x, 0), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, {2, -1}), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, 7), ShapeError);
  CHECK_THROWS_AS(max_pool2d(x, INT64_MAX), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, 2, {.stride = 0}), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, 2, {.stride = INT64_MIN}), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, 2, {.padding = 2}), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, 2, {.padding = -1}), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, 2, {.dilation = 0}), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, 2, {.dilation = 0x7fffffff}), ShapeError);
  CHECK_THROWS_AS(max_pool2d(x, 2, {.padding = 1, .dilation = 7}), ShapeError);  // nothing but padding
  CHECK_THROWS_AS(max_pool2d(x.to(int64), 2), DTypeError);
  CHECK_THROWS_AS(avg_pool2d(x, 2, {.divisor_override = 0}), ValueError);
  CHECK_THROWS_AS(avg_pool2d(x.to(boolean), 2), DTypeError);
  CHECK_THROWS_AS(lp_pool2d(x, 0, 2), ValueError);
  CHECK_THROWS_AS(adaptive_avg_pool2d(x, -1), ValueError);
  CHECK_THROWS_AS(adaptive_avg_pool2d(x, {1, INT64_MAX}), ValueError);
  CHECK_THROWS_AS(adaptive_avg_pool2d(x.to(int64), 1), DTypeError);
  CHECK_THROWS_AS(adaptive_max_pool2d(x.to(int64), 1), DTypeError);
  CHECK(adaptive_avg_pool2d(x, {0, 2}).shape() == Shape{1, 1, 0, 2});
  CHECK(adaptive_max_pool2d(x, {0, 2}).shape() == Shape{1, 1, 0, 2});
  // The largest windows there may be.
  CHECK(max_pool2d(x, 0x7fffffff, {.padding = 0x3fffffff}).shape() == Shape{1, 1, 1, 1});
  CHECK(avg_pool2d(x, 0x7fffffff, {.padding = 0x3fffffff}).item() == 0);
}

TEST_CASE("a window may be much taller than the input") {
  Tensor x = check::spread_numbers({2, 1, 3000}, -1, 1, {}, 1).requires_grad_();
  Tensor y = max_pool2d(x, {15, 1}, {.stride = 1, .padding = {7, 0}});
  CHECK(equal(y, x.detach()));
  sum(y).backward();
  CHECK(equal(x.grad(), ones_like(x)));
}

TEST_CASE("int64 is averaged toward zero") {
  Tensor x = tensor({7, -4, -3, -2}, int64).reshape({1, 4});
  CHECK(equal(avg_pool1d(x, 2), tensor({1, -2}, int64).reshape({1, 2})));
  Tensor lowest = full({1, 1}, Scalar(INT64_MIN), int64);
  CHECK(avg_pool1d(lowest, 1, {.divisor_override = -1}).item<std::int64_t>() == INT64_MIN);
  // 2^66 places
  CHECK(avg_pool3d(ones({1, 1, 1, 1}, int64), 1 << 22, {.padding = 1 << 21}).sum().item<std::int64_t>() == 0);
}

TEST_CASE("pooling does not depend on the number of threads") {
  int before = num_threads();
  Tensor x = check::spread_numbers({16, 16, 30, 30}, -1, 1, {}, 1).to(float32);
  std::vector<Tensor> results[2];
  for (int threads : {1, 3}) {
    set_num_threads(threads);
    Tensor a = x.detach().requires_grad_();
    Tensor y = max_pool2d(a, 3, {.stride = 2}) + avg_pool2d(a, 3, {.stride = 2}) + adaptive_avg_pool2d(a, 14);
    sum(square(y)).backward();
    results[threads / 3] = {y, a.grad()};
  }
  set_num_threads(before);
  for (std::size_t i = 0; i < 2; ++i) CHECK(equal(results[0][i], results[1][i]));
}
