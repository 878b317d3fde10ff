#include <xgrad/autograd/kernels/sorting.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <type_traits>
#include <vector>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

template <class T>
using KeyOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

/// An unsigned number that is ordered as the values are.
template <class T>
KeyOf<T> key_of(T value) {
  using Key = KeyOf<T>;
  if constexpr (std::is_floating_point_v<T>) {
    constexpr Key sign = Key{1} << (8 * sizeof(Key) - 1);
    if (value != value) return ~Key{0};
    Key bits = std::bit_cast<Key>(value == 0 ? T(0) : value);
    return (bits & sign) != 0 ? ~bits : bits | sign;
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<Key>(value) ^ (Key{1} << (8 * sizeof(Key) - 1));
  } else {
    return static_cast<Key>(value);
  }
}

template <class Key>
struct Item {
  Key key;
  std::uint32_t place;
};

/// Sorts by digits of eleven bits, the lowest first; each pass keeps the order of equal digits, and one over
/// equal digits alone is left out.
template <class Key>
void radix_sort(std::vector<Item<Key>>& items, std::vector<Item<Key>>& buffer) {
  constexpr int digit_bits = 11;
  constexpr std::size_t buckets = std::size_t{1} << digit_bits;
  buffer.resize(items.size());
  for (int shift = 0; shift < static_cast<int>(8 * sizeof(Key)); shift += digit_bits) {
    std::array<std::uint32_t, buckets> starts{};
    auto digit = [shift](Key key) { return static_cast<std::size_t>(key >> shift) & (buckets - 1); };
    for (const Item<Key>& item : items) ++starts[digit(item.key)];
    if (starts[digit(items[0].key)] == items.size()) continue;
    std::uint32_t start = 0;
    for (std::uint32_t& bucket : starts) bucket = std::exchange(start, start + bucket);
    for (const Item<Key>& item : items) buffer[starts[digit(item.key)]++] = item;
    items.swap(buffer);
  }
}

constexpr std::int64_t radix_length = 2048;  // from here on digits are faster than comparisons

template <class T>
void sort_row(const T* row, std::int64_t length, bool descending, std::int64_t count, std::int64_t* places,
              std::vector<Item<KeyOf<T>>>& items, std::vector<Item<KeyOf<T>>>& buffer) {
  using Key = KeyOf<T>;
  items.resize(static_cast<std::size_t>(length));
  for (std::int64_t i = 0; i < length; ++i) {
    Key key = key_of(row[i]);
    items[static_cast<std::size_t>(i)] = {descending ? static_cast<Key>(~key) : key,
                                          static_cast<std::uint32_t>(i)};
  }
  auto before = [](const Item<Key>& a, const Item<Key>& b) {
    return a.key < b.key || (a.key == b.key && a.place < b.place);
  };
  if (count < length / 8)
    std::partial_sort(items.begin(), items.begin() + count, items.end(), before);
  else if (length >= radix_length)
    radix_sort(items, buffer);
  else
    std::sort(items.begin(), items.end(), before);
  for (std::int64_t i = 0; i < count; ++i) places[i] = items[static_cast<std::size_t>(i)].place;
}

}  // namespace

Array sort_places(const Array& rows, bool descending, std::int64_t count) {
  Shape shape = rows.shape();
  std::int64_t length = shape.back();
  shape.back() = count;
  Array places(shape, int64);
  if (places.numel() == 0) return places;
  dispatch(rows.dtype(), [&]<class T>(TypeTag<T>) {
    parallel_for(rows.numel() / length, std::max<std::int64_t>(1, 4096 / length),
                 [&](std::int64_t begin, std::int64_t end) {
                   std::vector<Item<KeyOf<T>>> items;
                   std::vector<Item<KeyOf<T>>> buffer;
                   for (std::int64_t i = begin; i < end; ++i) {
                     sort_row(rows.data<T>() + i * length, length, descending, count,
                              places.data<std::int64_t>() + i * count, items, buffer);
                   }
                 });
  });
  return places;
}

Array search_sorted(const Array& sorted, const Array& values, bool right) {
  Array places(values.shape(), int64);
  if (values.numel() == 0) return places;
  std::int64_t length = sorted.shape().back();
  std::int64_t per_row = sorted.ndim() == 1 ? values.numel() : values.shape().back();
  dispatch(values.dtype(), [&]<class T>(TypeTag<T>) {
    auto below = [](T a, T b) { return key_of(a) < key_of(b); };
    parallel_for(values.numel(), 4096, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const T* first = sorted.data<T>() + i / per_row * length;
        T value = values.data<T>()[i];
        const T* found = right ? std::upper_bound(first, first + length, value, below)
                               : std::lower_bound(first, first + length, value, below);
        places.data<std::int64_t>()[i] = found - first;
      }
    });
  });
  return places;
}

Array nonzero(const Array& input) {
  Array truths = contiguous(cast(input, boolean));
  const bool* truth = truths.data<bool>();
  std::int64_t count = std::count(truth, truth + truths.numel(), true);
  auto rank = static_cast<std::int64_t>(input.ndim());
  Array places({count, rank}, int64);
  std::int64_t* out = places.data<std::int64_t>();
  Strides steps = contiguous_strides(input.shape());
  for (std::int64_t i = 0; i < truths.numel(); ++i) {
    if (!truth[i]) continue;
    std::int64_t rest = i;
    for (std::int64_t d = 0; d < rank; ++d) {
      *out++ = rest / steps[static_cast<std::size_t>(d)];
      rest %= steps[static_cast<std::size_t>(d)];
    }
  }
  return places;
}

}  // namespace xgrad::kernels
