#include <xgrad/autograd/kernels/vector_norms.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <xgrad/autograd/array/dtype.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

constexpr std::int64_t block_size = 16384;
constexpr std::int64_t width = 8;  // partial results side by side, so that the loops run in vector registers

/// A stretch of one array, and what it sums to.
struct Block {
  std::size_t array;
  std::int64_t begin;
  std::int64_t end;
  double result;
};

/// Folds join(result, |x|) over a block. `join` is also what joins two results, given by `merge`.
template <class T, class Join, class Merge>
double fold(const T* data, const Block& block, double start, const Join& join, const Merge& merge) {
  // Four sets, so that none waits for its own last result.
  double a[width], b[width], c[width], d[width];
  for (double* set : {a, b, c, d}) std::fill_n(set, width, start);
  auto step = [&](double* set, const T* from) __attribute__((always_inline)) {
    for (std::int64_t k = 0; k < width; ++k) set[k] = join(set[k], std::abs(static_cast<double>(from[k])));
  };
  std::int64_t i = block.begin;
  for (; i + 4 * width <= block.end; i += 4 * width) {
    step(a, data + i);
    step(b, data + i + width);
    step(c, data + i + 2 * width);
    step(d, data + i + 3 * width);
  }
  for (; i + width <= block.end; i += width) step(a, data + i);
  for (std::int64_t k = 0; i < block.end; ++i, ++k) b[k] = join(b[k], std::abs(static_cast<double>(data[i])));
  for (std::int64_t k = 0; k < width; ++k) a[k] = merge(merge(a[k], b[k]), merge(c[k], d[k]));
  double result = a[0];
  for (std::int64_t k = 1; k < width; ++k) result = merge(result, a[k]);
  return result;
}

double add(double a, double b) { return a + b; }
double larger(double a, double b) { return b > a || std::isnan(b) ? b : a; }
double smaller(double a, double b) { return b < a || std::isnan(b) ? b : a; }

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
double fold_block(const T* data, const Block& block, double p) {
  if (p == infinity) return fold(data, block, 0, larger, larger);
  if (p == -infinity) return fold(data, block, infinity, smaller, smaller);
  if (p == 0) return fold(data, block, 0, [](double sum, double x) { return sum + (x != 0 ? 1 : 0); }, add);
  if (p == 1) return fold(data, block, 0, add, add);
  if (p == 2) return fold(data, block, 0, [](double sum, double x) { return sum + x * x; }, add);
  return fold(data, block, 0, [p](double sum, double x) { return sum + std::pow(x, p); }, add);
}

}  // namespace

std::vector<double> vector_norms(std::span<const Array> arrays, double p) {
  std::vector<Array> plain;
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    plain.push_back(contiguous(arrays[i]));
    std::int64_t count = plain[i].numel();
    for (std::int64_t begin = 0; begin < count; begin += block_size)
      blocks.push_back({i, begin, std::min(begin + block_size, count), 0});
  }
  parallel_for(static_cast<std::int64_t>(blocks.size()), 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      Block& block = blocks[static_cast<std::size_t>(b)];
      const Array& array = plain[block.array];
      dispatch_floating(array.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        block.result = fold_block(array.data<T>(), block, p);
      });
    }
  });
  std::vector<double> norms(arrays.size(), p == -infinity ? infinity : 0);
  auto merge = p == infinity ? larger : p == -infinity ? smaller : add;
  for (const Block& block : blocks) norms[block.array] = merge(norms[block.array], block.result);
  if (std::isfinite(p) && p != 0 && p != 1) {
    for (double& norm : norms) norm = p == 2 ? std::sqrt(norm) : std::pow(norm, 1 / p);
  }
  return norms;
}

}  // namespace xgrad::kernels
