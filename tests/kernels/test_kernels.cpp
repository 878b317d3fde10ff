#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "check.hpp"

using namespace xgrad;

namespace {

/// Runs `compute` with 1, 2, 3 and 8 threads and checks that the bits are the same.
template <class Compute>
void check_threads(const Compute& compute) {
  int before = num_threads();
  set_num_threads(1);
  Tensor expected = compute();
  for (int threads : {2, 3, 8}) {
    set_num_threads(threads);
    CHECK(equal(compute(), expected));
  }
  set_num_threads(before);
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return amax(abs(a.to(float64) - b.to(float64))).item();
}

}  // namespace

TEST_CASE("copies of any strides hold the same numbers") {
  Tensor x = arange(5 * 7 * 33).to(float32).reshape({5, 7, 33});
  for (const Shape& order :
       {Shape{0, 1, 2}, Shape{2, 1, 0}, Shape{1, 0, 2}, Shape{2, 0, 1}, Shape{0, 2, 1}}) {
    Tensor moved = x.permute(order);
    Tensor copy = moved.clone();
    CHECK(copy.is_contiguous());
    CHECK(equal(copy, moved));
    for (std::int64_t i = 0; i < 5; ++i) CHECK(equal(moved.select(0, 1), copy.select(0, 1)));
    CHECK(equal(moved.slice(1, 1, 5, 2).clone(), copy.slice(1, 1, 5, 2)));
    Tensor written = zeros(moved.shape());
    written.copy_(moved);
    CHECK(equal(written, moved));
  }
}

TEST_CASE("large transposed copies are exact in every item size") {
  for (DType dtype : {uint8, int32, float64}) {
    Tensor x = randint(0, 200, {131, 517}, dtype);
    Tensor turned = x.t().contiguous();
    bool same = true;
    for (std::int64_t i = 0; i < 131; i += 13) same = same && equal(turned.select(1, i), x.select(0, i));
    CHECK(same);
    CHECK(equal(turned.t().contiguous(), x));
  }
}

TEST_CASE("copies past the caches are exact") {
  Tensor x = arange(4112).reshape({4112, 1}) * 2048 + arange(2048);  // 32 MiB as int32, a multiple of 16 rows
  Tensor numbers = x.to(int32);
  Tensor turned = numbers.t().contiguous();
  Tensor expected = arange(2048).reshape({2048, 1}) + arange(4112) * 2048;
  CHECK(equal(turned, expected.to(int32)));
}

TEST_CASE("permutations of short runs are copied as they are read, also where nothing is") {
  for (DType dtype : {uint8, int32, float64}) {
    for (std::int64_t run : {1, 2, 3, 7, 8, 9, 31, 33, 64}) {
      INFO(run);
      Tensor x = randint(0, 200, {3, 5, 4, run}, dtype);
      Tensor turned = x.permute({2, 0, 1, 3}).contiguous();
      bool same = true;
      for (std::int64_t i = 0; i < 4; ++i) same = same && equal(turned.select(0, i), x.select(2, i));
      CHECK(same);
    }
    for (const Shape& shape : {Shape{0, 2, 3}, Shape{2, 0, 3}, Shape{2, 3, 0}})
      CHECK(zeros(shape, dtype).permute({1, 0, 2}).clone().numel() == 0);
  }
}

TEST_CASE("conversions truncate toward zero and stay within the range") {
  Tensor x = tensor({-1.7, 1.7, 3e20, -3e20, NAN}, float64);
  CHECK(equal(x.to(int32), tensor({-1, 1, 2147483647, -2147483647 - 1, 0}, int32)));
  CHECK(equal(x.slice(0, 0, 3).to(boolean), tensor({true, true, true})));
  CHECK(equal(tensor({0., NAN}, float64).to(boolean), tensor({false, true})));
  CHECK(equal(tensor({300, -1}, int64).to(float32), tensor({300, -1})));
}

TEST_CASE("sums are accurate for millions of numbers, over every dimension") {
  Tensor x = rand({3000, 1001}) + 1;
  Tensor exact = sum(x.to(float64));
  CHECK(std::abs(x.sum().item() / exact.item() - 1) < 1e-6);
  CHECK(largest_difference(x.sum(Shape{0}), x.to(float64).sum(Shape{0})) < 2e-3);
  CHECK(largest_difference(x.sum(Shape{1}), x.to(float64).sum(Shape{1})) < 1e-3);
  CHECK(largest_difference(x.t().sum(Shape{0}), x.sum(Shape{1})) < 1e-3);
  double by_hand = 0;
  Tensor column = x.select(1, 500).contiguous();
  for (std::int64_t i = 0; i < 3000; ++i) by_hand += static_cast<double>(column.data<float>()[i]);
  CHECK(std::abs(x.sum(Shape{0}).select(0, 500).item() - by_hand) < 2e-3);
}

TEST_CASE("reductions over any set of dimensions agree with plain loops") {
  Tensor x = randn({4, 5, 6, 7}, float64);
  for (const Shape& dims : {Shape{0}, Shape{1}, Shape{3}, Shape{0, 2}, Shape{1, 2}, Shape{0, 3}, Shape{1, 3},
                            Shape{0, 1, 2, 3}}) {
    for (const Tensor& input : {x, x.permute({3, 1, 0, 2}), x.slice(3, 0, 7, 2)}) {
      Shape kept;
      for (std::size_t i = 0; i < 4; ++i) {
        bool reduced = std::ranges::find(dims, static_cast<std::int64_t>(i)) != dims.end();
        kept.push_back(reduced ? 1 : input.shape()[i]);
      }
      Tensor sums = zeros(kept, float64);
      Tensor tops = full(kept, -INFINITY, float64);
      Tensor flat_input = input.contiguous();
      Shape at = Shape::filled(4, 0);
      for (std::int64_t i = 0; i < input.numel(); ++i) {
        std::int64_t place = 0;
        for (std::size_t d = 0; d < 4; ++d) place += (kept[d] == 1 ? 0 : at[d]) * sums.strides()[d];
        double number = flat_input.data<double>()[i];
        sums.data<double>()[place] += number;
        tops.data<double>()[place] = std::max(tops.data<double>()[place], number);
        for (std::size_t d = 4; d-- > 0;) {
          if (++at[d] < input.shape()[d]) break;
          at[d] = 0;
        }
      }
      CHECK(check::agree(sum(input, dims, true), sums, 1e-12));
      CHECK(check::agree(amax(input, dims, true), tops, 0));
      double count = static_cast<double>(input.numel()) / static_cast<double>(sums.numel());
      CHECK(check::agree(mean(input, dims, true), sums / count, 1e-12));
      Tensor variance = sum(square(input - sums / count), dims, true) / (count - 1);
      CHECK(check::agree(var(input, dims, 1, true), variance, 1e-11));
    }
  }
}

TEST_CASE("the variance of numbers far from 0 keeps its digits") {
  Tensor x = randn({10000}) + 1000;
  CHECK(std::abs(var(x).item() - var(x.to(float64)).item()) < 1e-3);
}

TEST_CASE("results do not depend on the number of threads") {
  Tensor x = randn({300, 1500});
  check_threads([&] { return x.sum(); });
  check_threads([&] { return x.sum(Shape{0}); });
  check_threads([&] { return x.sum(Shape{1}); });
  check_threads([&] { return x.t().sum(Shape{0}); });
  check_threads([&] { return var(x, Shape{1}); });
  check_threads([&] { return tanh(x) * x.t().contiguous().t(); });
  check_threads([&] { return softmax(x, 0) + log_softmax(x, 1); });
  check_threads([&] { return argmax(x, 0); });
  check_threads([&] { return matmul(x, x.t()); });
  check_threads([&] { return matmul(x.reshape({10, 30, 1500}), x.t().reshape({10, 1500, 30})); });
  check_threads([&] {
    manual_seed(3);
    return randn({100000}) + rand({100000});
  });
}

TEST_CASE("an invalid number of threads is an error") { CHECK_THROWS_AS(set_num_threads(0), ValueError); }

TEST_CASE("products of every size and layout agree with plain loops") {
  const std::vector<std::array<std::int64_t, 3>> sizes = {
      {1, 1, 1},   {4, 4, 4},    {4, 2, 8},    {4, 8, 1},    {3, 17, 5},   {16, 16, 16},
      {33, 7, 65}, {64, 64, 64}, {1, 100, 50}, {50, 100, 1}, {70, 130, 90}};
  for (auto [m, k, n] : sizes) {
    Tensor a = randn({m, k}, float64);
    Tensor b = randn({k, n}, float64);
    Tensor expected = zeros({m, n}, float64);
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        for (std::int64_t p = 0; p < k; ++p) {
          expected.data<double>()[i * n + j] += a.data<double>()[i * k + p] * b.data<double>()[p * n + j];
        }
      }
    }
    for (const Tensor& left : {a, check::transposed_memory(a), check::stepped_memory(a)}) {
      for (const Tensor& right : {b, check::transposed_memory(b), check::stepped_memory(b)}) {
        CHECK(check::agree(matmul(left, right), expected, 1e-11));
        CHECK(check::agree(matmul(left.to(float32), right.to(float32)), expected.to(float32), 1e-3));
        Tensor bias = randn({n}, float64);
        CHECK(check::agree(linear(left, right.t(), bias), expected + bias, 1e-11));
      }
    }
  }
}

TEST_CASE("the softmax family over long and odd rows agrees with its definition") {
  for (std::int64_t n : {1, 2, 15, 16, 17, 100, 1000}) {
    Tensor x = randn({3, n}, float64) * 5;
    Tensor e = exp(x - amax(x, Shape{1}, true));
    CHECK(check::agree(softmax(x, 1), e / e.sum(Shape{1}, true), 1e-14));
    CHECK(check::agree(exp(log_softmax(x, 1)), softmax(x, 1), 1e-13));
    CHECK(check::agree(softmax(x.t(), 0), softmax(x, 1).t(), 1e-14));
    CHECK(largest_difference(softmax(x.to(float32), 1), softmax(x, 1)) < 1e-6);
    CHECK(check::agree(logsumexp(x, Shape{1}), log(e.sum(Shape{1})) + amax(x, Shape{1}), 1e-13));
  }
}

TEST_CASE("vector functions are exact to a few units in the last place") {
  struct Row {
    const char* name;
    Tensor (*call)(const Tensor&);
    long double (*exact)(long double);
    double low, high, ulps;
  };
  const Row rows[] = {
      {"exp", exp, std::exp, -80, 80, 2},
      {"expm1", expm1, std::expm1, -5, 5, 3},
      {"tanh", tanh, std::tanh, -10, 10, 3},
      {"log", log, std::log, 1e-3, 1e3, 2},
      {"sin", sin, std::sin, -10, 10, 3},
      {"cos", cos, std::cos, -10, 10, 3},
      {"sqrt", sqrt, std::sqrt, 1e-3, 1e3, 1},
      {"sigmoid", sigmoid, [](long double x) { return 1 / (1 + std::exp(-x)); }, -20, 20, 4},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    double worst = 0;
    Tensor x = linspace(row.low, row.high, 20001, float32);
    Tensor y = row.call(x);
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      long double exact = row.exact(static_cast<long double>(x.data<float>()[i]));
      auto nearest = static_cast<float>(exact);
      if (nearest == 0) continue;
      double ulp = static_cast<double>(std::nextafter(std::abs(nearest), INFINITY) - std::abs(nearest));
      worst = std::max(
          worst, static_cast<double>(std::abs(static_cast<long double>(y.data<float>()[i]) - exact)) / ulp);
    }
    CHECK(worst <= row.ulps);
  }
}

TEST_CASE("steady training takes its memory from what was given back") {
  Tensor w = randn({64, 64}).requires_grad_();
  auto step = [&] {
    w.set_grad({});
    square(tanh(matmul(w, w))).sum().backward();
  };
  for (int i = 0; i < 3; ++i) step();
  std::size_t before = memory::statistics().in_use + memory::statistics().cached;
  for (int i = 0; i < 100; ++i) step();
  CHECK(memory::statistics().in_use + memory::statistics().cached == before);
}
