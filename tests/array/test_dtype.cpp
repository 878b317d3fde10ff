#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <type_traits>

#include <xgrad/autograd/array/dtype.hpp>
#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/array/scalar.hpp>

using xgrad::DType;
using xgrad::Scalar;

namespace {
constexpr DType all_dtypes[] = {DType::boolean, DType::uint8,   DType::int32,
                                DType::int64,   DType::float32, DType::float64};

struct RestoreDefaultDType {
  DType before = xgrad::default_dtype();
  ~RestoreDefaultDType() { xgrad::set_default_dtype(before); }
};
}  // namespace

TEST_CASE("dispatch calls with the C++ type of the dtype") {
  for (DType dtype : all_dtypes) {
    CAPTURE(std::string(name(dtype)));
    xgrad::dispatch(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      CHECK(xgrad::dtype_of<T> == dtype);
      CHECK(sizeof(T) == item_size(dtype));
      CHECK(std::is_floating_point_v<T> == is_floating(dtype));
      CHECK(std::is_integral_v<T> == is_integral(dtype));
    });
  }
}

TEST_CASE("dispatch_floating calls with float or double") {
  CHECK(xgrad::dispatch_floating(DType::float32,
                                 [](auto tag) { return sizeof(typename decltype(tag)::type); }) == 4);
  CHECK(xgrad::dispatch_floating(DType::float64,
                                 [](auto tag) { return sizeof(typename decltype(tag)::type); }) == 8);
}

TEST_CASE("dtypes have NumPy's names") {
  CHECK(name(DType::boolean) == "bool");
  CHECK(name(DType::uint8) == "uint8");
  CHECK(name(DType::int32) == "int32");
  CHECK(name(DType::int64) == "int64");
  CHECK(name(DType::float32) == "float32");
  CHECK(name(DType::float64) == "float64");
}

TEST_CASE("two dtypes promote to the later one") {
  for (DType a : all_dtypes) {
    for (DType b : all_dtypes) {
      CHECK(promote_types(a, b) == promote_types(b, a));
      CHECK(promote_types(a, b) >= a);
    }
  }
  CHECK(promote_types(DType::int64, DType::float32) == DType::float32);
  CHECK(promote_types(DType::uint8, DType::int32) == DType::int32);
}

TEST_CASE("the default dtype is float32 until it is set") {
  RestoreDefaultDType restore;
  CHECK(xgrad::default_dtype() == DType::float32);
  xgrad::set_default_dtype(DType::float64);
  CHECK(xgrad::default_dtype() == DType::float64);
  CHECK(Scalar(1.5).dtype() == DType::float64);
}

TEST_CASE("only floating dtypes can be the default") {
  CHECK_THROWS_AS(xgrad::set_default_dtype(DType::int64), xgrad::DTypeError);
  CHECK(xgrad::default_dtype() == DType::float32);
}

TEST_CASE("a number promotes a dtype only to its own kind") {
  CHECK(Scalar(2.0).promote(DType::float32) == DType::float32);
  CHECK(Scalar(2.0F).promote(DType::float64) == DType::float64);
  CHECK(Scalar(2.0).promote(DType::int64) == DType::float32);
  CHECK(Scalar(2).promote(DType::uint8) == DType::uint8);
  CHECK(Scalar(2).promote(DType::boolean) == DType::int64);
  CHECK(Scalar(true).promote(DType::boolean) == DType::boolean);
}

TEST_CASE("numbers keep their kind and value") {
  CHECK(Scalar(true).is_boolean());
  CHECK(Scalar(std::int64_t{1} << 60U).to<std::int64_t>() == std::int64_t{1} << 60U);
  CHECK(Scalar(2.75).to<int>() == 2);
  CHECK(Scalar(0.5).to<bool>());
  CHECK(Scalar(3).to<double>() == 3.0);
}
