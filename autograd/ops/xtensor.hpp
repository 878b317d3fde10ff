#pragma once

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include <xgrad/autograd/array/xtensor_headers.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// The bridge to xtensor, both ways: tensors from expressions, views of a tensor's own memory, and xtensor's
/// slices.
namespace xgrad {

namespace detail {

/// One slice as the library takes it; xtensor's own types are turned into these in the caller's file.
struct SliceRange {
  std::optional<std::int64_t> start;
  std::optional<std::int64_t> end;
  std::int64_t step = 1;
};
struct SliceNewAxis {};
struct SliceEllipsis {};
using Slice = std::variant<std::int64_t, SliceRange, SliceNewAxis, SliceEllipsis>;

/// x with one slice for each dimension from the front; dimensions without one stay whole.
XGRAD_API Tensor sliced(const Tensor& x, const std::vector<Slice>& slices);

template <class T>
std::optional<std::int64_t> slice_bound(const T& bound) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<std::int64_t>(bound);
  else
    return std::nullopt;  // xt::placeholders::_
}

template <class S>
Slice to_slice(const S& slice) {
  if constexpr (std::is_integral_v<S>) {
    return static_cast<std::int64_t>(slice);
  } else if constexpr (std::is_same_v<S, xt::xall_tag>) {
    return SliceRange{};
  } else if constexpr (std::is_same_v<S, xt::xnewaxis_tag>) {
    return SliceNewAxis{};
  } else if constexpr (std::is_same_v<S, xt::xellipsis_tag>) {
    return SliceEllipsis{};
  } else {  // xt::range
    return SliceRange{slice_bound(slice.start()), slice_bound(slice.stop()),
                      slice_bound(slice.step()).value_or(1)};
  }
}

/// xt::xarray and xt::xtensor: containers that hold their numbers themselves.
template <class E>
concept OwningContainer = requires(E& expression) {
  expression.storage().data();
  requires std::same_as<typename E::temporary_type, E>;
};

/// Takes a container over: its memory lives as long as a tensor looks at it.
template <class C>
Array take_over(C container) {
  using T = typename C::value_type;
  Shape shape(container.shape().begin(), container.shape().end());
  auto owner = std::make_unique<C>(std::move(container));
  auto* data = owner->data();
  return Array::adopt(data, std::move(shape), dtype_of<T>, owner.release(),
                      [](void* object) { delete static_cast<C*>(object); });
}

template <class E>
using ElementOf = typename std::remove_cvref_t<E>::value_type;

/// The dtype that an xtensor expression's elements are kept in.
template <class T>
using StoredAs = std::conditional_t<
    Element<T>, T,
    std::conditional_t<std::is_floating_point_v<T>, double,
                       std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                          std::conditional_t<sizeof(T) <= 4, std::int32_t, std::int64_t>>>>;

}  // namespace detail

template <XtensorExpression E>
Tensor::Tensor(E&& expression) {
  using Given = detail::ElementOf<E>;
  static_assert(std::is_arithmetic_v<Given>, "xgrad::Tensor: expected an xtensor expression of numbers");
  using T = detail::StoredAs<Given>;
  using C = std::remove_cvref_t<E>;
  if constexpr (!std::is_lvalue_reference_v<E> && !std::is_const_v<std::remove_reference_t<E>> &&
                std::is_same_v<T, Given> && detail::OwningContainer<C>) {
    if (expression.layout() == xt::layout_type::row_major) {
      *this = Tensor(detail::take_over<C>(std::forward<E>(expression)));
      return;
    }
  }
  const auto& extents = expression.shape();
  Array array(Shape(extents.begin(), extents.end()), dtype_of<T>);
  std::vector<std::size_t> shape(extents.begin(), extents.end());
  auto destination =
      xt::adapt(array.template data<T>(), static_cast<std::size_t>(array.numel()), xt::no_ownership(), shape);
  destination.assign(xt::cast<T>(expression));
  *this = Tensor(std::move(array));
}

/// A tensor's own memory as an xtensor array of T: writes are seen by the tensor (call it under the same
/// rules as an in-place change; the version is not raised). It must not outlive the tensor. Works for views,
/// too. Throws DTypeError when T is not the element type.
template <Element T>
auto array(const Tensor& tensor) {
  std::vector<std::size_t> shape(tensor.shape().begin(), tensor.shape().end());
  std::vector<std::ptrdiff_t> strides(tensor.strides().begin(), tensor.strides().end());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) strides[i] = 0;  // xtensor's mark of a dimension that broadcasts
  }
  std::size_t reach = tensor.numel() == 0 ? 0 : 1;
  for (std::size_t i = 0; i < shape.size() && reach > 0; ++i)
    reach += (shape[i] - 1) * static_cast<std::size_t>(strides[i]);
  return xt::adapt(tensor.data<T>(), reach, xt::no_ownership(), shape, strides);
}

template <class... Slices>
Tensor Tensor::operator()(const Slices&... slices) const {
  return detail::sliced(*this, {detail::to_slice(slices)...});
}

}  // namespace xgrad
