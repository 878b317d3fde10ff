#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

/// New tensors. Without a dtype they have the default dtype (float32, or what set_default_dtype set), where
/// not said otherwise. None of them requires a gradient; chain requires_grad_().
namespace xgrad {

namespace detail {

/// A number or a list of lists, as written in braces.
class Nested {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  Nested(T value) noexcept : number_(value) {}  // NOLINT(google-explicit-constructor): numbers in braces
  Nested(std::initializer_list<Nested> items) : items_(items), is_list_(true) {}

  bool is_list() const noexcept { return is_list_; }
  const std::vector<Nested>& items() const noexcept { return items_; }
  Scalar number() const noexcept { return number_; }

 private:
  std::vector<Nested> items_;
  Scalar number_ = 0;
  bool is_list_ = false;
};

}  // namespace detail

/// A tensor of the numbers in nested braces: tensor({{1, 2}, {3, 4}}). Numbers give the default dtype, also
/// whole ones (they are mostly data for a floating model); only true and false give bool. Throws ShapeError
/// when the lists do not form a block.
XGRAD_API Tensor tensor(std::initializer_list<detail::Nested> values,
                        std::optional<DType> dtype = std::nullopt);
/// A 0-d tensor.
XGRAD_API Tensor tensor(Scalar value, std::optional<DType> dtype = std::nullopt);
/// A copy of `values` in this shape (by default one dimension). Throws ShapeError when the numbers of
/// elements differ.
template <Element T>
Tensor tensor(std::span<const T> values, std::optional<Shape> shape = std::nullopt);
template <Element T>
Tensor tensor(const std::vector<T>& values, std::optional<Shape> shape = std::nullopt) {
  if constexpr (std::is_same_v<T, bool>) {
    std::vector<std::uint8_t> bytes(values.begin(), values.end());
    return tensor(std::span<const std::uint8_t>(bytes), shape).to(boolean);
  } else {
    return tensor(std::span<const T>(values), shape);
  }
}

/// Uninitialized memory.
XGRAD_API Tensor empty(const Shape& shape, std::optional<DType> dtype = std::nullopt);
/// All elements 0.
XGRAD_API Tensor zeros(const Shape& shape, std::optional<DType> dtype = std::nullopt);
/// All elements 1.
XGRAD_API Tensor ones(const Shape& shape, std::optional<DType> dtype = std::nullopt);
/// All elements `value`. The dtype follows the value: bool, int64 or the default dtype.
XGRAD_API Tensor full(const Shape& shape, Scalar value, std::optional<DType> dtype = std::nullopt);
/// In the shape of another tensor, and in its dtype unless one is given.
XGRAD_API Tensor zeros_like(const Tensor& like, std::optional<DType> dtype = std::nullopt);
XGRAD_API Tensor ones_like(const Tensor& like, std::optional<DType> dtype = std::nullopt);
XGRAD_API Tensor full_like(const Tensor& like, Scalar value, std::optional<DType> dtype = std::nullopt);

/// start, start + step, ... before end. int64 when all three are whole numbers, else the default dtype.
/// Throws ValueError for a step of 0 or of the wrong sign. Source: torch.arange.
XGRAD_API Tensor arange(Scalar start, Scalar end, Scalar step = 1, std::optional<DType> dtype = std::nullopt);
XGRAD_API Tensor arange(Scalar end);
/// `steps` equally spaced numbers from start to end, both included. Throws ValueError for a negative number
/// of steps.
XGRAD_API Tensor linspace(double start, double end, std::int64_t steps,
                          std::optional<DType> dtype = std::nullopt);
/// Ones on the diagonal of an [n, m] matrix (by default square), zeros elsewhere.
XGRAD_API Tensor eye(std::int64_t n, std::optional<std::int64_t> m = std::nullopt,
                     std::optional<DType> dtype = std::nullopt);

// Random numbers, from `generator` or else the calling thread's (see manual_seed).

/// Uniform in [0, 1).
XGRAD_API Tensor rand(const Shape& shape, std::optional<DType> dtype = std::nullopt,
                      Generator* generator = nullptr);
/// Normal with mean 0 and standard deviation 1.
XGRAD_API Tensor randn(const Shape& shape, std::optional<DType> dtype = std::nullopt,
                       Generator* generator = nullptr);
/// Whole numbers, uniform in [low, high). int64 by default. Throws ValueError for an empty range.
XGRAD_API Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, DType dtype = int64,
                         Generator* generator = nullptr);
/// 0 to n - 1 in random order, int64.
XGRAD_API Tensor randperm(std::int64_t n, Generator* generator = nullptr);
/// 1 with the probability that each element of `p` says, else 0, in the dtype of p. Throws ValueError for p
/// outside [0, 1].
XGRAD_API Tensor bernoulli(const Tensor& p, Generator* generator = nullptr);

}  // namespace xgrad
