#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/array/philox.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/random.hpp>

namespace kernels = xgrad::kernels;
namespace philox = xgrad::philox;
using xgrad::Array;
using xgrad::DType;
using xgrad::Generator;

namespace {

constexpr DType floating_dtypes[] = {DType::float32, DType::float64};

std::vector<double> values(const Array& array) {
  std::vector<double> result;
  xgrad::dispatch(array.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::int64_t i = 0; i < array.numel(); ++i)
      result.push_back(static_cast<double>(array.data<T>()[i]));
  });
  return result;
}

bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.numel()) * item_size(a.dtype())) == 0;
}

/// The mean of x^power.
double moment(const std::vector<double>& numbers, int power) {
  double sum = 0;
  for (double x : numbers) sum += std::pow(x, power);
  return sum / static_cast<double>(numbers.size());
}

struct RestoreThreads {
  int before = xgrad::num_threads();
  ~RestoreThreads() { xgrad::set_num_threads(before); }
};

}  // namespace

TEST_CASE("Philox gives the numbers of its authors' test vectors") {
  using Block = philox::Block;
  constexpr std::uint32_t ones = 0xFFFFFFFFU;
  CHECK(philox::block({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox::block({ones, ones, ones, ones}, {ones, ones}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox::block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a generator is a function of its seed and position") {
  Generator a(7);
  Generator b(7);
  std::vector<std::uint32_t> first;
  for (int i = 0; i < 10; ++i) first.push_back(a());
  for (std::uint32_t number : first) CHECK(b() == number);
  CHECK(a.position() == 10);
  a.set_position(4);
  CHECK(a() == first[4]);
  a.manual_seed(7);
  CHECK(a() == first[0]);
  CHECK(Generator(8)() != first[0]);
}

TEST_CASE("a generator serves the distributions of the standard library") {
  Generator generator(1);
  std::uniform_int_distribution<int> die(1, 6);
  for (int i = 0; i < 100; ++i) {
    int number = die(generator);
    CHECK(number >= 1);
    CHECK(number <= 6);
  }
}

TEST_CASE("arrays are filled with the words of consecutive blocks") {
  constexpr std::uint64_t seed = 0x123456789ABCDEF0U;
  for (std::uint64_t position : {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{0xFFFFFFFAU}}) {
    CAPTURE(position);
    Generator generator(seed);
    generator.set_position(position);
    Array floats = kernels::uniform({150}, DType::float32, 0, 1, generator);
    for (std::size_t i = 0; i < 150; ++i) {
      std::uint32_t word = philox::block(seed, position + i / 64 * 16 + i % 16)[i / 16 % 4];
      CHECK(floats.data<float>()[i] == static_cast<float>(word >> 8U) * 0x1p-24F);
    }
    generator.set_position(position);
    Array doubles = kernels::uniform({80}, DType::float64, 0, 1, generator);
    for (std::size_t i = 0; i < 80; ++i) {
      philox::Block block = philox::block(seed, position + i / 32 * 16 + i % 16);
      std::uint64_t bits =
          (std::uint64_t{block[i / 16 % 2 * 2] >> 5U} << 26U) | (block[i / 16 % 2 * 2 + 1] >> 6U);
      CHECK(doubles.data<double>()[i] == static_cast<double>(bits) * 0x1p-53);
    }
  }
}

TEST_CASE("every draw moves on, and an empty one does not") {
  Generator generator(1);
  Array a = kernels::uniform({100}, DType::float32, 0, 1, generator);
  Array b = kernels::uniform({100}, DType::float32, 0, 1, generator);
  CHECK(!same_bits(a, b));
  std::uint64_t position = generator.position();
  CHECK(kernels::normal({0, 3}, DType::float64, 0, 1, generator).numel() == 0);
  CHECK(kernels::permutation(0, generator).numel() == 0);
  CHECK(generator.position() == position);
}

TEST_CASE("numbers do not depend on the number of threads") {
  RestoreThreads restore;
  auto draw = [](int threads) {
    xgrad::set_num_threads(threads);
    Generator generator(3);
    return std::array{kernels::uniform({200001}, DType::float32, -1, 1, generator),
                      kernels::normal({200001}, DType::float32, 0, 1, generator),
                      kernels::normal({100001}, DType::float64, 0, 1, generator),
                      kernels::bernoulli({200001}, DType::boolean, 0.3, generator),
                      kernels::integers({100001}, DType::int64, 0, 1000, generator)};
  };
  auto one = draw(1);
  for (int threads : {2, 3}) {
    auto several = draw(threads);
    for (std::size_t i = 0; i < one.size(); ++i) CHECK(same_bits(one[i], several[i]));
  }
}

TEST_CASE("uniform numbers fill their interval evenly") {
  for (DType dtype : floating_dtypes) {
    Generator generator(11);
    auto numbers = values(kernels::uniform({100000}, dtype, -2, 6, generator));
    CHECK(*std::min_element(numbers.begin(), numbers.end()) >= -2);
    CHECK(*std::max_element(numbers.begin(), numbers.end()) < 6);
    CHECK(moment(numbers, 1) == doctest::Approx(2).epsilon(0.02));
    CHECK(moment(numbers, 2) == doctest::Approx(4 + 64.0 / 12).epsilon(0.02));
    int tenths[10] = {};
    for (double x : numbers) ++tenths[static_cast<int>((x + 2) / 0.8)];
    for (int count : tenths) CHECK(std::abs(count - 10000) < 500);
  }
}

TEST_CASE("uniform numbers stay below the upper bound when rounding would reach it") {
  Generator generator(1);
  auto numbers = values(kernels::uniform({100000}, DType::float32, 1 << 24, (1 << 24) + 4, generator));
  CHECK(*std::max_element(numbers.begin(), numbers.end()) < (1 << 24) + 4);
  CHECK(*std::min_element(numbers.begin(), numbers.end()) >= 1 << 24);
  for (double x : values(kernels::uniform({10}, DType::float32, 3, 3, generator))) CHECK(x == 3);
}

TEST_CASE("normal numbers have the moments of the normal distribution") {
  for (DType dtype : floating_dtypes) {
    CAPTURE(std::string(name(dtype)));
    Generator generator(5);
    auto numbers = values(kernels::normal({400000}, dtype, 0, 1, generator));
    CHECK(std::abs(moment(numbers, 1)) < 0.01);
    CHECK(moment(numbers, 2) == doctest::Approx(1).epsilon(0.01));
    CHECK(std::abs(moment(numbers, 3)) < 0.03);
    CHECK(moment(numbers, 4) == doctest::Approx(3).epsilon(0.03));
    // Each of a few intervals holds its share.
    for (double bound : {-2.0, -1.0, -0.25, 0.0, 0.5, 1.5, 3.0}) {
      CAPTURE(bound);
      auto below = std::count_if(numbers.begin(), numbers.end(), [&](double x) { return x < bound; });
      CHECK(std::abs(static_cast<double>(below) / 4e5 - 0.5 * std::erfc(-bound / std::sqrt(2.0))) < 0.004);
    }
    // Neighbours that come from one pair are independent.
    double product = 0;
    std::size_t half = dtype == DType::float32 ? 16 : 16;
    for (std::size_t i = 0; i + half < numbers.size(); ++i) product += numbers[i] * numbers[i + half];
    CHECK(std::abs(product / 4e5) < 0.01);
  }
}

TEST_CASE("normal numbers have the mean and standard deviation asked for") {
  for (DType dtype : floating_dtypes) {
    Generator generator(6);
    auto numbers = values(kernels::normal({100000}, dtype, 10, 0.5, generator));
    CHECK(moment(numbers, 1) == doctest::Approx(10).epsilon(0.001));
    for (double& x : numbers) x -= 10;
    CHECK(moment(numbers, 2) == doctest::Approx(0.25).epsilon(0.02));
    for (double x : values(kernels::normal({70}, dtype, 2, 0, generator))) CHECK(x == 2);
  }
}

TEST_CASE("bernoulli numbers are 1 with the probability asked for, in every dtype") {
  for (DType dtype :
       {DType::boolean, DType::uint8, DType::int32, DType::int64, DType::float32, DType::float64}) {
    Generator generator(2);
    auto numbers = values(kernels::bernoulli({50001}, dtype, 0.3, generator));
    CHECK(moment(numbers, 1) == doctest::Approx(0.3).epsilon(0.03));
    for (double x : numbers) CHECK_UNARY(x == 0 || x == 1);
    for (double x : values(kernels::bernoulli({1000}, dtype, 0, generator))) CHECK(x == 0);
    for (double x : values(kernels::bernoulli({1000}, dtype, 1, generator))) CHECK(x == 1);
  }
}

TEST_CASE("integers come from the whole half-open range") {
  for (DType dtype : {DType::uint8, DType::int32, DType::int64, DType::float32, DType::float64}) {
    Generator generator(4);
    int counts[10] = {};
    for (double x : values(kernels::integers({50000}, dtype, 3, 13, generator)))
      ++counts[static_cast<int>(x) - 3];
    for (int count : counts) CHECK(std::abs(count - 5000) < 400);
  }
  Generator generator(4);
  for (double x : values(kernels::integers({100}, DType::int64, -5, -4, generator))) CHECK(x == -5);
}

TEST_CASE("integers may range over all of int64") {
  constexpr std::int64_t low = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t high = std::numeric_limits<std::int64_t>::max();
  Generator generator(9);
  Array array = kernels::integers({1000}, DType::int64, low, high, generator);
  const auto* data = array.data<std::int64_t>();
  auto negative = std::count_if(data, data + 1000, [](std::int64_t x) { return x < 0; });
  CHECK(negative > 400);
  CHECK(negative < 600);
}

TEST_CASE("a permutation holds every number once") {
  for (std::int64_t n : {0, 1, 2, 31, 32, 33, 1000}) {
    Generator generator(3);
    auto numbers = values(kernels::permutation(n, generator));
    CHECK(static_cast<std::int64_t>(numbers.size()) == n);
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i] == static_cast<double>(i));
  }
}

TEST_CASE("all orders of a permutation are equally likely") {
  Generator generator(3);
  int counts[27] = {};
  for (int i = 0; i < 12000; ++i) {
    Array order = kernels::permutation(3, generator);
    const auto* p = order.data<std::int64_t>();
    ++counts[p[0] * 9 + p[1] * 3 + p[2]];
  }
  int orders = 0;
  for (int count : counts) {
    if (count == 0) continue;
    ++orders;
    CHECK(std::abs(count - 2000) < 200);
  }
  CHECK(orders == 6);
}

TEST_CASE("every thread has its own default generator") {
  xgrad::manual_seed(42);
  CHECK(xgrad::default_generator().seed() == 42);
  std::uint32_t here = xgrad::default_generator()();
  std::uint64_t seeds[2] = {42, 42};
  std::thread([&] { seeds[0] = xgrad::default_generator().seed(); }).join();
  std::thread([&] { seeds[1] = xgrad::default_generator().seed(); }).join();
  CHECK(seeds[0] != 42);
  CHECK(seeds[0] != seeds[1]);
  xgrad::manual_seed(42);
  CHECK(xgrad::default_generator()() == here);
}

TEST_CASE("arguments that make no sense throw and draw nothing") {
  Generator generator(1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double most = std::numeric_limits<double>::max();
  CHECK_THROWS_AS(kernels::uniform({2}, DType::int64, 0, 1, generator), xgrad::DTypeError);
  CHECK_THROWS_AS(kernels::normal({2}, DType::boolean, 0, 1, generator), xgrad::DTypeError);
  CHECK_THROWS_AS(kernels::uniform({2}, DType::float32, 1, 0, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::uniform({2}, DType::float32, 0, nan, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::uniform({2}, DType::float64, -most, most, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::normal({2}, DType::float32, 0, -1, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::bernoulli({2}, DType::float32, 1.5, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::bernoulli({2}, DType::float32, nan, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::integers({2}, DType::int64, 3, 3, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::integers({2}, DType::uint8, 0, 257, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::integers({2}, DType::uint8, -1, 5, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::permutation(-1, generator), xgrad::ValueError);
  CHECK_THROWS_AS(kernels::uniform({-2}, DType::float32, 0, 1, generator), xgrad::ShapeError);
  CHECK(generator.position() == 0);
}
