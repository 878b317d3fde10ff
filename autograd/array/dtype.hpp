#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include <xgrad/autograd/array/export.hpp>

namespace xgrad {

/// The type of an array's elements, known at run time. The order is the order of promotion within a kind.
enum class DType : std::uint8_t { boolean, uint8, int32, int64, float32, float64 };

inline constexpr DType boolean = DType::boolean;
inline constexpr DType uint8 = DType::uint8;
inline constexpr DType int32 = DType::int32;
inline constexpr DType int64 = DType::int64;
inline constexpr DType float32 = DType::float32;
inline constexpr DType float64 = DType::float64;

/// Bytes of one element.
constexpr std::size_t item_size(DType dtype) {
  constexpr std::size_t sizes[] = {1, 1, 4, 8, 4, 8};
  return sizes[static_cast<std::size_t>(dtype)];
}

constexpr bool is_floating(DType dtype) { return dtype >= DType::float32; }
constexpr bool is_integral(DType dtype) { return dtype < DType::float32; }

/// The distance from 1 to the next number of a floating dtype.
constexpr double epsilon(DType dtype) {
  return dtype == float32 ? static_cast<double>(std::numeric_limits<float>::epsilon())
                          : std::numeric_limits<double>::epsilon();
}

/// "float32", "int64", "bool", ...: NumPy's and PyTorch's names.
constexpr std::string_view name(DType dtype) {
  constexpr std::string_view names[] = {"bool", "uint8", "int32", "int64", "float32", "float64"};
  return names[static_cast<std::size_t>(dtype)];
}

/// The dtype that two arrays of these dtypes share in an operation: the later in bool, uint8, int32, int64,
/// float32, float64. Source: PyTorch's "Tensor Attributes" page, torch.promote_types.
constexpr DType promote_types(DType a, DType b) { return a > b ? a : b; }

/// The dtype of new floating-point tensors: float32 unless `set_default_dtype` said otherwise.
XGRAD_API DType default_dtype() noexcept;

/// Sets the dtype of new floating-point tensors for the whole program. Throws DTypeError unless floating.
XGRAD_API void set_default_dtype(DType dtype);

template <class T>
concept Element = std::same_as<T, bool> || std::same_as<T, std::uint8_t> || std::same_as<T, std::int32_t> ||
                  std::same_as<T, std::int64_t> || std::same_as<T, float> || std::same_as<T, double>;

/// The dtype of a C++ element type: dtype_of<float> is float32.
template <Element T>
inline constexpr DType dtype_of = std::is_same_v<T, bool>           ? DType::boolean
                                  : std::is_same_v<T, std::uint8_t> ? DType::uint8
                                  : std::is_same_v<T, std::int32_t> ? DType::int32
                                  : std::is_same_v<T, std::int64_t> ? DType::int64
                                  : std::is_same_v<T, float>        ? DType::float32
                                                                    : DType::float64;

template <class T>
struct TypeTag {
  using type = T;
};

/// Calls `function(TypeTag<T>{})` with the C++ type of `dtype`: the one switch a kernel makes per call.
template <class Function>
decltype(auto) dispatch(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::boolean:
      return function(TypeTag<bool>{});
    case DType::uint8:
      return function(TypeTag<std::uint8_t>{});
    case DType::int32:
      return function(TypeTag<std::int32_t>{});
    case DType::int64:
      return function(TypeTag<std::int64_t>{});
    case DType::float32:
      return function(TypeTag<float>{});
    case DType::float64:
      break;
  }
  return function(TypeTag<double>{});
}

/// `dispatch` for operations that exist for float32 and float64 alone.
template <class Function>
decltype(auto) dispatch_floating(DType dtype, Function&& function) {
  if (dtype == DType::float32) return function(TypeTag<float>{});
  return function(TypeTag<double>{});
}

}  // namespace xgrad
