#include <xgrad/autograd/kernels/order_statistics.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/lanes.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

template <class T>
bool is_nan(T x) {
  if constexpr (is_vector<T>)
    return x != x;
  else
    return false;
}

/// The place of the element of rank `rank`: the number is found by selection, then the right one among its
/// equals. [numbers, numbers_end) holds those of the row that are not nan, in any order.
template <class T>
std::int64_t place_of_rank(const T* row, std::int64_t length, T* numbers, T* numbers_end, std::int64_t rank) {
  if (rank >= numbers_end - numbers) {
    std::int64_t before = rank - (numbers_end - numbers);
    std::int64_t i = 0;
    while (!is_nan(row[i]) || before-- > 0) ++i;
    return i;
  }
  std::nth_element(numbers, numbers + rank, numbers_end);
  T value = numbers[rank];
  std::int64_t smaller = 0;
  for (std::int64_t i = 0; i < length; ++i) smaller += row[i] < value ? 1 : 0;
  std::int64_t before = rank - smaller;
  std::int64_t i = 0;
  while (row[i] != value || before-- > 0) ++i;
  return i;
}

template <class T>
using Placed = std::pair<T, std::int64_t>;

/// The numbers of a row with their places, in order.
template <class T>
void sort_row(const T* row, std::int64_t length, Placed<T>* sorted) {
  Placed<T>* first_nan = sorted;
  for (std::int64_t i = 0; i < length; ++i) {
    if (!is_nan(row[i])) *first_nan++ = {row[i], i};
  }
  Placed<T>* end = first_nan;
  for (std::int64_t i = 0; i < length; ++i) {
    if (is_nan(row[i])) *end++ = {row[i], i};
  }
  std::sort(sorted, first_nan);
}

/// Calls row(index, its numbers, workspace for as many Items) for every row, on several threads when that
/// pays.
template <class T, class Item, class Row>
void for_rows(const Array& rows, const Row& row) {
  std::int64_t length = rows.shape()[1];
  auto workspace = std::make_unique_for_overwrite<Item[]>(static_cast<std::size_t>(rows.numel()));
  parallel_for(rows.shape()[0], std::max<std::int64_t>(1, 4096 / std::max<std::int64_t>(length, 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t r = begin; r < end; ++r)
                   row(r, static_cast<const T*>(rows.data<T>() + r * length), workspace.get() + r * length);
               });
}

}  // namespace

Array places_of_ranks(const Array& input, const Array& wanted) {
  Array rows = contiguous(input);
  Array ranks = contiguous(wanted);
  Array places(ranks.shape(), int64);
  std::int64_t count = rows.shape()[0];
  std::int64_t length = rows.shape()[1];
  std::int64_t ranks_per_row = ranks.shape()[0];
  const auto* rank = ranks.data<std::int64_t>();
  auto* place = places.data<std::int64_t>();
  constexpr std::int64_t few = 4;  // up to here selecting is cheaper than sorting
  dispatch(rows.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (ranks_per_row <= few) {
      for_rows<T, T>(rows, [&](std::int64_t r, const T* row, T* numbers) {
        T* end = std::copy_if(row, row + length, numbers, [](T x) { return !is_nan(x); });
        for (std::int64_t q = r; q < r + ranks_per_row * count; q += count)
          place[q] = place_of_rank(row, length, numbers, end, rank[q]);
      });
    } else {
      for_rows<T, Placed<T>>(rows, [&](std::int64_t r, const T* row, Placed<T>* sorted) {
        sort_row(row, length, sorted);
        for (std::int64_t q = r; q < r + ranks_per_row * count; q += count) place[q] = sorted[rank[q]].second;
      });
    }
  });
  return places;
}

Array places_of_modes(const Array& input) {
  Array rows = contiguous(input);
  Array places({rows.shape()[0]}, int64);
  std::int64_t length = rows.shape()[1];
  dispatch(rows.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_rows<T, Placed<T>>(rows, [&](std::int64_t r, const T* row, Placed<T>* sorted) {
      sort_row(row, length, sorted);
      std::int64_t most = 0;
      std::int64_t start = 0;
      for (std::int64_t i = 0; i < length; ++i) {
        if (i + 1 < length && sorted[i + 1].first == sorted[i].first) continue;
        if (i + 1 - start > most) {
          most = i + 1 - start;
          places.data<std::int64_t>()[r] = sorted[i].second;
        }
        start = i + 1;
      }
    });
  });
  return places;
}

}  // namespace xgrad::kernels
