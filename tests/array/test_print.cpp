#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include <xgrad/autograd/array/array.hpp>

// What is expected here is what NumPy 2 prints with precision=4 and linewidth=80.

using xgrad::Array;
using xgrad::Shape;

namespace {

template <class T>
Array array_of(Shape shape, std::initializer_list<T> values) {
  Array array(std::move(shape), xgrad::dtype_of<T>);
  std::copy(values.begin(), values.end(), array.data<T>());
  return array;
}

Array counting(Shape shape) {
  Array array(std::move(shape), xgrad::int64);
  for (std::int64_t i = 0; i < array.numel(); ++i) array.data<std::int64_t>()[i] = i;
  return array;
}

template <class T>
std::string printed(std::initializer_list<T> values, const xgrad::PrintOptions& options = {}) {
  return to_string(array_of<T>({static_cast<std::int64_t>(values.size())}, values), options);
}

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("columns are aligned at the point, and zeros at the end left out") {
  CHECK(to_string(array_of<float>({2, 2}, {1, 2.5, 3, 4})) == "[[1.  2.5]\n [3.  4. ]]");
  CHECK(printed<double>({1.0 / 3, 100, -2.25}) == "[  0.3333 100.      -2.25  ]");
  CHECK(printed<float>({1, 2, 3}) == "[1. 2. 3.]");
  CHECK(printed<float>({0, -0.0F}) == "[ 0. -0.]");
}

TEST_CASE("digits name the number in its own precision") {
  CHECK(printed<float>({0.1F}, {.precision = 17}) == "[0.1]");
  CHECK(printed<double>({0.1}, {.precision = 17}) == "[0.1]");
  CHECK(printed<double>({0.1F}, {.precision = 17}) == "[0.10000000149011612]");
  CHECK(printed<float>({33554436}, {.precision = 4}) == "[33554436.]");
}

TEST_CASE("ties are rounded by the number's exact value") {
  CHECK(printed<double>({0.00625, 2.5}, {.precision = 4}) == "[0.0063 2.5   ]");
  CHECK(printed<double>({0.5, 1.5, 2.5}, {.precision = 0}) == "[0. 2. 2.]");
}

TEST_CASE("very large, very small and mixed numbers have exponents") {
  CHECK(printed<float>({1e8F, 1}) == "[1.e+08 1.e+00]");
  CHECK(printed<double>({1e-5, 1e-5}) == "[1.e-05 1.e-05]");
  CHECK(printed<double>({1.23456, 1234567, 0}) == "[1.2346e+00 1.2346e+06 0.0000e+00]");
  CHECK(printed<double>({1e300, -1e-300}) == "[ 1.e+300 -1.e-300]");
  CHECK(printed<double>({1e7, 1e4}) == "[10000000.    10000.]");
  CHECK(printed<float>({0.0001F, 0.01F}) == "[0.0001 0.01  ]");
}

TEST_CASE("nan and infinity are aligned with the others") {
  CHECK(printed<double>({1.5, not_a_number, -infinity}) == "[ 1.5  nan -inf]");
  CHECK(printed<double>({not_a_number, infinity}) == "[nan inf]");
  CHECK(printed<double>({1e10, not_a_number}) == "[1.e+10    nan]");
}

TEST_CASE("integers are aligned to the right") {
  CHECK(printed<std::int64_t>({1, -20, 300}) == "[  1 -20 300]");
  CHECK(printed<std::int32_t>({7, 8}) == "[7 8]");
  CHECK(printed<std::uint8_t>({0, 255}) == "[  0 255]");
}

TEST_CASE("truths are words") {
  CHECK(printed<bool>({true, false}) == "[ True False]");
  CHECK(printed<bool>({true}) == "[ True]");
}

TEST_CASE("an array without dimensions is a bare number") {
  CHECK(to_string(array_of<float>({}, {2.5F})) == "2.5");
  CHECK(to_string(array_of<double>({}, {3})) == "3.");
  CHECK(to_string(array_of<std::int64_t>({}, {-7})) == "-7");
  CHECK(to_string(array_of<bool>({}, {true})) == "True");
}

TEST_CASE("an array without elements is a pair of brackets") {
  CHECK(to_string(Array({0}, xgrad::float32)) == "[]");
  CHECK(to_string(Array({2, 0, 3}, xgrad::int64)) == "[]");
}

TEST_CASE("blocks of higher dimensions are set apart by blank lines") {
  CHECK(to_string(counting({2, 2, 2})) == "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]");
}

TEST_CASE("long arrays show their ends alone") {
  CHECK(to_string(counting({1001})) == "[   0    1    2 ...  998  999 1000]");
  CHECK(to_string(counting({5, 4}), {.threshold = 10, .edge_items = 1}) ==
        "[[ 0 ...  3]\n ...\n [16 ... 19]]");
  CHECK(to_string(counting({2, 6}), {.threshold = 10}) == "[[ 0  1  2  3  4  5]\n [ 6  7  8  9 10 11]]");
}

TEST_CASE("the width of a summary follows from what it shows") {
  Array array = counting({2000});
  array.data<std::int64_t>()[1000] = 123456789;
  CHECK(to_string(array) == "[   0    1    2 ... 1997 1998 1999]");
}

TEST_CASE("a summary of a huge expanded array looks at few elements") {
  Array one = array_of<float>({1}, {1});
  CHECK(to_string(one.view({1000000, 1000000, 1000}, {0, 0, 0})).size() < 2000);
}

TEST_CASE("long lines are broken") {
  CHECK(to_string(counting({12}), {.line_width = 20}) == "[ 0  1  2  3  4  5\n  6  7  8  9 10 11]");
  CHECK(to_string(counting({3}), {.line_width = 1}) == "[0\n 1\n 2]");
}

TEST_CASE("strided arrays are printed in their own order") {
  Array array = counting({2, 3});
  CHECK(to_string(array.view({3, 2}, {1, 3})) == "[[0 3]\n [1 4]\n [2 5]]");
  CHECK(to_string(array.view({3}, {-1}, 5)) == "[5 4 3]");
  CHECK(to_string(array.view({2, 2}, {0, 1}, 1)) == "[[1 2]\n [1 2]]");
}

TEST_CASE("describe names dtype and shape") {
  CHECK(describe(Array({2, 3}, xgrad::float32)) == "float32 [2, 3]");
  CHECK(describe(Array({}, xgrad::boolean)) == "bool []");
  CHECK(describe(Array()) == "undefined");
}
