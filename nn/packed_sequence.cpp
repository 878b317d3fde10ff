#include <xgrad/nn/packed_sequence.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/views.hpp>

namespace xgrad::nn::utils {
namespace {

using std::int64_t;

Tensor places(const std::vector<int64_t>& numbers) {
  Tensor result = empty({static_cast<int64_t>(numbers.size())}, int64);
  std::ranges::copy(numbers, result.data<int64_t>());
  return result;
}

std::vector<int64_t> numbers_of(const Tensor& tensor) {
  Tensor whole = tensor.contiguous();
  const auto* data = whole.data<int64_t>();
  return {data, data + whole.numel()};
}

/// Of sequences of these lengths, the longest first.
std::vector<int64_t> batch_sizes_of(const std::vector<int64_t>& lengths) {
  std::vector<int64_t> sizes(static_cast<std::size_t>(lengths.front()));
  for (std::size_t t = 0; t < sizes.size(); ++t) {
    sizes[t] =
        std::ranges::count_if(lengths, [=](int64_t length) { return length > static_cast<int64_t>(t); });
  }
  return sizes;
}

/// For every packed row, its row in [T * N, ...].
Tensor rows_in_padded(const std::vector<int64_t>& batch_sizes) {
  std::vector<int64_t> rows;
  for (std::size_t t = 0; t < batch_sizes.size(); ++t) {
    for (int64_t n = 0; n < batch_sizes[t]; ++n)
      rows.push_back(static_cast<int64_t>(t) * batch_sizes.front() + n);
  }
  return places(rows);
}

/// [T, N, ...] as [T * N, ...].
Tensor flat_steps(const Tensor& padded) { return flatten(padded, 0, 1); }

}  // namespace

PackedSequence pack_padded_sequence(const Tensor& input, const Tensor& lengths, bool batch_first,
                                    bool enforce_sorted) {
  constexpr const char* name = "pack_padded_sequence";
  if (input.ndim() < 2) {
    throw ShapeError(fmt::format("{}: expected input [T, N, ...], got {}", name, to_string(input.shape())));
  }
  Tensor padded = batch_first ? transpose(input, 0, 1) : input;
  int64_t batch = padded.size(1);
  if (lengths.dtype() != int64)
    throw DTypeError(fmt::format("{}: expected int64 lengths, got {}", name, xgrad::name(lengths.dtype())));
  if (!(lengths.shape() == Shape{batch}) || batch == 0) {
    throw ShapeError(
        fmt::format("{}: expected a length for each of one or more sequences: input is {}, lengths "
                    "are {}",
                    name, to_string(input.shape()), to_string(lengths.shape())));
  }
  std::vector<int64_t> sizes = numbers_of(lengths);
  for (int64_t length : sizes) {
    if (length < 1 || length > padded.size(0)) {
      throw ValueError(
          fmt::format("{}: expected lengths from 1 to {}, got {}", name, padded.size(0), length));
    }
  }
  PackedSequence packed;
  if (enforce_sorted) {
    if (!std::ranges::is_sorted(sizes, std::greater())) {
      throw ValueError(fmt::format(
          "{}: expected lengths that never rise; sort the sequences, or pass enforce_sorted = false", name));
    }
  } else {
    std::vector<int64_t> order(sizes.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](int64_t a, int64_t b) {
      int64_t length_a = sizes[static_cast<std::size_t>(a)], length_b = sizes[static_cast<std::size_t>(b)];
      return length_a != length_b ? length_a > length_b : a < b;
    });
    std::vector<int64_t> back(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      back[static_cast<std::size_t>(order[i])] = static_cast<int64_t>(i);
    packed.sorted_indices = places(order);
    packed.unsorted_indices = places(back);
    padded = index_select(padded, 1, packed.sorted_indices);
    std::ranges::sort(sizes, std::greater());
  }
  packed.batch_sizes = batch_sizes_of(sizes);
  packed.data = index_select(flat_steps(padded), 0, rows_in_padded(packed.batch_sizes));
  return packed;
}

PackedSequence pack_sequence(const std::vector<Tensor>& sequences, bool enforce_sorted) {
  Tensor padded = pad_sequence(sequences);
  std::vector<int64_t> lengths;
  lengths.reserve(sequences.size());
  for (const Tensor& sequence : sequences) lengths.push_back(sequence.size(0));
  return pack_padded_sequence(padded, places(lengths), false, enforce_sorted);
}

std::pair<Tensor, Tensor> pad_packed_sequence(const PackedSequence& sequence, PadOptions options) {
  constexpr const char* name = "pad_packed_sequence";
  if (sequence.batch_sizes.empty()) throw ValueError(fmt::format("{}: the sequence is empty", name));
  auto longest = static_cast<int64_t>(sequence.batch_sizes.size());
  int64_t steps = options.total_length == 0 ? longest : options.total_length;
  if (steps < longest) {
    throw ValueError(fmt::format("{}: expected total_length of at least {}, the longest sequence's, got {}",
                                 name, longest, options.total_length));
  }
  int64_t batch = sequence.batch_sizes.front();
  Shape shape = sequence.data.shape();
  shape[0] = steps * batch;
  Tensor rows = index_copy(full(shape, options.padding_value, sequence.data.dtype()), 0,
                           rows_in_padded(sequence.batch_sizes), sequence.data);
  Tensor padded = unflatten(rows, 0, {steps, batch});
  std::vector<int64_t> lengths(static_cast<std::size_t>(batch));
  for (std::size_t n = 0; n < lengths.size(); ++n) {
    lengths[n] = std::ranges::count_if(sequence.batch_sizes,
                                       [=](int64_t size) { return size > static_cast<int64_t>(n); });
  }
  Tensor length_of_each = places(lengths);
  if (sequence.unsorted_indices.defined()) {
    padded = index_select(padded, 1, sequence.unsorted_indices);
    length_of_each = index_select(length_of_each, 0, sequence.unsorted_indices);
  }
  return {options.batch_first ? transpose(padded, 0, 1) : padded, length_of_each};
}

Tensor pad_sequence(const std::vector<Tensor>& sequences, bool batch_first, double padding_value) {
  constexpr const char* name = "pad_sequence";
  if (sequences.empty()) throw ValueError(fmt::format("{}: expected one sequence or more", name));
  int64_t longest = 0;
  for (const Tensor& sequence : sequences) {
    bool fits = sequence.ndim() > 0 && sequence.ndim() == sequences[0].ndim() &&
                std::ranges::equal(sequence.shape().begin() + 1, sequence.shape().end(),
                                   sequences[0].shape().begin() + 1, sequences[0].shape().end());
    if (!fits) {
      throw ShapeError(fmt::format("{}: expected sequences [T, ...] that differ in T alone, got {} and {}",
                                   name, to_string(sequences[0].shape()), to_string(sequence.shape())));
    }
    longest = std::max(longest, sequence.size(0));
  }
  std::vector<Tensor> padded;
  for (const Tensor& sequence : sequences) {
    Shape rest = sequence.shape();
    rest[0] = longest - sequence.size(0);
    padded.push_back(rest[0] == 0 ? sequence : cat({sequence, full(rest, padding_value, sequence.dtype())}));
  }
  return stack(padded, batch_first ? 0 : 1);
}

}  // namespace xgrad::nn::utils
