#include <xgrad/autograd/kernels/random.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/array/philox.hpp>
#include <xgrad/autograd/kernels/math.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

constexpr std::size_t blocks_in_group = 16;
constexpr std::size_t words_in_group = 4 * blocks_in_group;
constexpr std::int64_t groups_in_grain = 1024;

/// The random numbers of 16 blocks: word w of block i is words[16 * w + i]. Arrays are filled in this order
/// too, so that numbers need not change lanes on their way.
struct alignas(64) Group {
  std::uint32_t words[words_in_group];

  const std::uint32_t* row(std::size_t w) const { return words + w * blocks_in_group; }
  /// 64-bit number i of 32.
  std::uint64_t wide(std::size_t i) const {
    const std::uint32_t* upper = row(i / blocks_in_group * 2) + i % blocks_in_group;
    return (std::uint64_t{upper[0]} << 32U) | upper[blocks_in_group];
  }
};

/// 32-bit numbers in 64-bit lanes; what the upper halves hold is arbitrary.
using WideLanes = xsimd::batch<std::uint64_t>;

/// The 64-bit products of the lower halves. (Compilers multiply whole lanes, at a third of the speed.)
WideLanes multiply_lower_halves(WideLanes a, WideLanes b) {
#if defined(__AVX512F__)
  return WideLanes(_mm512_mul_epu32(a, b));
#elif defined(__AVX2__)
  return WideLanes(_mm256_mul_epu32(a, b));
#elif defined(__SSE2__) && !defined(__AVX__)
  return WideLanes(_mm_mul_epu32(a, b));
#else
  WideLanes lower(0xFFFFFFFFU);
  return (a & lower) * (b & lower);
#endif
}

/// The keys of all rounds, the same for every block of a stream.
struct Keys {
  std::uint64_t keys[philox::rounds][2];

  explicit Keys(std::uint64_t seed) {
    std::uint32_t key[] = {philox::low_half(seed), philox::high_half(seed)};
    for (auto& round_keys : keys) {
      for (std::size_t i = 0; i < 2; ++i)
        round_keys[i] = std::exchange(key[i], key[i] + philox::key_steps[i]);
    }
  }
};

/// Blocks `position`, `position + 1`, ... as philox::block makes them.
Group make_group(const Keys& keys, std::uint64_t position) {
  alignas(64) static constexpr std::uint64_t offsets[] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                          8, 9, 10, 11, 12, 13, 14, 15};
  static_assert(std::size(offsets) == blocks_in_group);
  Group group;
  for (std::size_t first = 0; first < blocks_in_group; first += WideLanes::size) {
    WideLanes word0 = WideLanes(position) + WideLanes::load_aligned(offsets + first);
    WideLanes word1 = word0 >> 32;
    WideLanes word2(0U);
    WideLanes word3(0U);
    for (const auto& key : keys.keys) {
      WideLanes a = multiply_lower_halves(word0, WideLanes(philox::multipliers[0]));
      WideLanes b = multiply_lower_halves(word2, WideLanes(philox::multipliers[1]));
      word0 = (b >> 32) ^ word1 ^ WideLanes(key[0]);
      word1 = b;
      word2 = (a >> 32) ^ word3 ^ WideLanes(key[1]);
      word3 = a;
    }
    WideLanes words[] = {word0, word1, word2, word3};
    for (std::size_t w = 0; w < 4; ++w) {
      alignas(64) std::uint64_t buffer[WideLanes::size];
      words[w].store_aligned(buffer);
      for (std::size_t i = 0; i < WideLanes::size; ++i)
        group.words[w * blocks_in_group + first + i] = philox::low_half(buffer[i]);
    }
  }
  return group;
}

/// A new array whose elements `fill(group, destination)` makes, `count` from each group.
template <class T, std::size_t count, class Fill>
Array generate(Shape shape, DType dtype, Generator& generator, const Fill& fill) {
  Array result(std::move(shape), dtype);
  T* data = result.data<T>();
  std::int64_t elements = result.numel();
  constexpr auto step = static_cast<std::int64_t>(count);
  std::int64_t groups = (elements + step - 1) / step;
  Keys keys(generator.seed());
  std::uint64_t position = generator.reserve(static_cast<std::uint64_t>(groups) * blocks_in_group);
  parallel_for(groups, groups_in_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t g = begin; g < end; ++g) {
      Group group = make_group(keys, position + static_cast<std::uint64_t>(g) * blocks_in_group);
      std::int64_t left = elements - g * step;
      if (left >= step) {
        fill(group, data + g * step);
      } else {
        T buffer[count];
        fill(group, buffer);
        std::copy_n(buffer, left, data + g * step);
      }
    }
  });
  return result;
}

template <class T>
constexpr std::size_t floats_in_group = std::is_same_v<T, float> ? words_in_group : words_in_group / 2;

/// The upper `bits` bits of a word as a number. (Signed 32-bit integers convert fastest.)
template <class T, int bits>
T upper_bits(std::uint32_t word) {
  return static_cast<T>(static_cast<std::int32_t>(word >> (32 - bits)));
}
/// A 53-bit number from two words.
double upper_53_bits(std::uint32_t high, std::uint32_t low) {
  return upper_bits<double, 27>(high) * 0x1p26 + upper_bits<double, 26>(low);
}

void require_floating(const char* operation, DType dtype) {
  if (is_floating(dtype)) return;
  throw DTypeError(fmt::format("{}: expected float32 or float64, got {}", operation, name(dtype)));
}

}  // namespace

Array uniform(Shape shape, DType dtype, double low, double high, Generator& generator) {
  require_floating("uniform", dtype);
  if (!(low <= high) || !std::isfinite(high - low)) {
    throw ValueError(
        fmt::format("uniform: expected finite bounds, low not above high, got {} and {}", low, high));
  }
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto first = static_cast<T>(low);
    T step = (static_cast<T>(high) - first) * (std::is_same_v<T, float> ? T(0x1p-24) : T(0x1p-53));
    T last = std::nextafter(static_cast<T>(high), first);  // rounding may reach `high`
    auto scaled = [=](T number) { return std::min(first + step * number, last); };
    auto fill = [=](const Group& group, T* destination) {
      if constexpr (std::is_same_v<T, float>) {
        for (std::size_t i = 0; i < words_in_group; ++i)
          destination[i] = scaled(upper_bits<float, 24>(group.words[i]));
      } else {
        for (std::size_t w = 0; w < 4; w += 2) {
          for (std::size_t i = 0; i < blocks_in_group; ++i) {
            *destination++ = scaled(upper_53_bits(group.row(w)[i], group.row(w + 1)[i]));
          }
        }
      }
    };
    return generate<T, floats_in_group<T>>(std::move(shape), dtype, generator, fill);
  });
}

namespace {

/// ln x for normal x above 0, in a form that compilers turn into SIMD code. Polynomial: Cephes, logf.
float simple_log(float x) {
  constexpr std::uint32_t root_of_half = 0x3F3504F3U;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(x) - root_of_half;
  auto exponent = static_cast<float>(static_cast<std::int32_t>(bits) >> 23);
  float f = std::bit_cast<float>((bits & 0x007FFFFFU) + root_of_half) - 1.0F;
  float p = 7.0376836292e-2F;
  for (float c : {-1.1514610310e-1F, 1.1676998740e-1F, -1.2420140846e-1F, 1.4249322787e-1F, -1.6668057665e-1F,
                  2.0000714765e-1F, -2.4999993993e-1F, 3.3333331174e-1F, -0.5F}) {
    p = p * f + c;
  }
  return exponent * std::numbers::ln2_v<float> + (f * f * p + f);
}

/// Normal numbers in pairs by Box and Muller: radius * cos(angle) and radius * sin(angle), where radius^2 =
/// -2 ln u, u in (0, 1]. The angle is in [-pi/4, pi/4); two random bits turn it to any quarter of the circle.
template <class T>
void box_muller(const T* squared_radius, const T* angle, const std::uint32_t* bits, T mean, T deviation,
                T* destination) {
  using B = typename Lanes<T>::Values;
  alignas(64) T cosines[blocks_in_group];
  alignas(64) T sines[blocks_in_group];
  for (std::size_t i = 0; i < blocks_in_group; i += Lanes<T>::count) {
    Lanes<T> radius = sqrt(load(squared_radius + i)) * deviation;
    Lanes<T> x = load(angle + i);
    B square = (x * x).values;
    B cosine =
        detail::polynomial(square, 1.0, -0.5, 4.16666666666666019037e-2, -1.38888888888741095749e-3,
                           2.48015872894767294178e-5, -2.75573143513906633035e-7, 2.08757232129817482790e-9,
                           -1.13596475577881948265e-11);  // these two from fdlibm
    B sine_over_x = detail::polynomial(square, 1.0, -1.66666666666666324348e-1, 8.33333333332248946124e-3,
                                       -1.98412698298579493134e-4, 2.75573137070700676789e-6,
                                       -2.50507602534068634195e-8, 1.58969099521155010221e-10);
    store(radius * Lanes<T>(cosine), cosines + i);
    store(radius * x * Lanes<T>(sine_over_x), sines + i);
  }
  for (std::size_t i = 0; i < blocks_in_group; ++i) {
    T cosine = (bits[i] & 1U) != 0 ? -cosines[i] : cosines[i];
    bool exchange = (bits[i] & 2U) != 0;
    destination[i] = mean + (exchange ? sines[i] : cosine);
    destination[i + blocks_in_group] = mean + (exchange ? cosine : sines[i]);
  }
}

void fill_normal(const Group& group, float mean, float deviation, float* destination) {
  alignas(64) float squared_radius[blocks_in_group];
  alignas(64) float angle[blocks_in_group];
  for (std::size_t w = 0; w < 4; w += 2) {
    for (std::size_t i = 0; i < blocks_in_group; ++i) {
      float u = (upper_bits<float, 31>(group.row(w)[i]) + 0.5F) * 0x1p-31F;  // small u have more than 24 bits
      squared_radius[i] = -2 * simple_log(u);
      angle[i] =
          (upper_bits<float, 24>(group.row(w + 1)[i]) - 0x1p23F) * (0x1p-25F * std::numbers::pi_v<float>);
    }
    box_muller(squared_radius, angle, group.row(w + 1), mean, deviation, destination + w * blocks_in_group);
  }
}

void fill_normal(const Group& group, double mean, double deviation, double* destination) {
  alignas(64) double squared_radius[blocks_in_group];
  alignas(64) double angle[blocks_in_group];
  for (std::size_t i = 0; i < blocks_in_group; ++i) {
    squared_radius[i] = (upper_53_bits(group.row(0)[i], group.row(1)[i]) + 1) * 0x1p-53;
    angle[i] = (upper_53_bits(group.row(2)[i], group.row(3)[i]) - 0x1p52) * (0x1p-54 * std::numbers::pi);
  }
  for (std::size_t i = 0; i < blocks_in_group; i += Lanes<double>::count) {
    store(-2 * log(load(squared_radius + i)), squared_radius + i);
  }
  box_muller(squared_radius, angle, group.row(3), mean, deviation, destination);
}

}  // namespace

Array normal(Shape shape, DType dtype, double mean, double standard_deviation, Generator& generator) {
  require_floating("normal", dtype);
  if (!(standard_deviation >= 0)) {
    throw ValueError(
        fmt::format("normal: expected a standard deviation of 0 or more, got {}", standard_deviation));
  }
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto center = static_cast<T>(mean);
    auto deviation = static_cast<T>(standard_deviation);
    return generate<T, floats_in_group<T>>(
        std::move(shape), dtype, generator,
        [=](const Group& group, T* destination) { fill_normal(group, center, deviation, destination); });
  });
}

Array bernoulli(Shape shape, DType dtype, double p, Generator& generator) {
  if (!(p >= 0 && p <= 1)) throw ValueError(fmt::format("bernoulli: expected p from 0 to 1, got {}", p));
  auto threshold = static_cast<std::uint64_t>(std::ldexp(p, 32));
  bool always = threshold > 0xFFFFFFFFU;
  std::uint32_t bound = philox::low_half(threshold);
  return dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto fill = [=](const Group& group, T* destination) {
      std::uint32_t hits[words_in_group];  // comparing and narrowing in one loop would not become SIMD code
      for (std::size_t i = 0; i < words_in_group; ++i) hits[i] = (group.words[i] < bound) | always;
      for (std::size_t i = 0; i < words_in_group; ++i) destination[i] = static_cast<T>(hits[i]);
    };
    return generate<T, words_in_group>(std::move(shape), dtype, generator, fill);
  });
}

namespace {

/// A whole number in [0, range) from 64 random bits.
std::uint64_t below(std::uint64_t range, std::uint64_t bits) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{bits} * range) >> 64U);
}

template <class T>
bool holds(std::int64_t value) {
  if constexpr (std::is_same_v<T, bool>)
    return value == 0 || value == 1;
  else if constexpr (std::is_integral_v<T>)
    return std::in_range<T>(value);
  else
    return std::abs(static_cast<double>(value)) <= std::ldexp(1.0, std::numeric_limits<T>::digits);
}

}  // namespace

Array integers(Shape shape, DType dtype, std::int64_t low, std::int64_t high, Generator& generator) {
  if (low >= high)
    throw ValueError(fmt::format("integers: expected low below high, got {} and {}", low, high));
  std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  return dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (!holds<T>(low) || !holds<T>(high - 1)) {
      throw ValueError(
          fmt::format("integers: expected numbers that {} holds, got {} to {}", name(dtype), low, high - 1));
    }
    constexpr std::size_t count = words_in_group / 2;
    return generate<T, count>(std::move(shape), dtype, generator, [=](const Group& group, T* destination) {
      for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t value = static_cast<std::uint64_t>(low) + below(range, group.wide(i));
        destination[i] = static_cast<T>(static_cast<std::int64_t>(value));
      }
    });
  });
}

Array permutation(std::int64_t n, Generator& generator) {
  if (n < 0) throw ValueError(fmt::format("permutation: expected a size of 0 or more, got {}", n));
  Array result(Shape{n}, DType::int64);
  auto* data = result.data<std::int64_t>();
  std::iota(data, data + n, std::int64_t{0});
  // Fisher and Yates: each place, from the last, is exchanged with one at or before it.
  constexpr std::int64_t count = words_in_group / 2;
  Keys keys(generator.seed());
  for (std::int64_t left = n; left > 1;) {
    Group group = make_group(keys, generator.reserve(blocks_in_group));
    for (std::size_t i = 0; i < count && left > 1; ++i, --left) {
      std::swap(data[left - 1], data[below(static_cast<std::uint64_t>(left), group.wide(i))]);
    }
  }
  return result;
}

}  // namespace xgrad::kernels
