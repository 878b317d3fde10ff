#pragma once

#include <algorithm>
#include <cstdint>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/kernels/gemm.hpp>
#include <xgrad/autograd/kernels/lane_loops.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>

/// Products of many left matrices with one right matrix, which BLAS would rearrange anew for each of them.
namespace xgrad::kernels {

/// A right operand b [k, n], rearranged once: in panels two registers wide, each with its k rows one after
/// the other, the last one filled up with zeros.
template <class T>
class PackedMatrix {
 public:
  /// k must be positive.
  explicit PackedMatrix(const Matrix<T>& b)
      : depth_(b.rows),
        columns_(b.columns),
        panels_((b.columns + width - 1) / width),
        numbers_({panels_ * depth_ * width}, dtype_of<T>) {
    parallel_for(panels_, std::max<std::int64_t>(1, grain / (depth_ * width + 1)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t panel = begin; panel < end; ++panel) pack(b, panel);
                 });
  }

  /// result = start + a b for a [rows, k], whose rows lie one after the other. The result does not depend on
  /// the number of threads.
  void multiply(const T* a, std::int64_t rows, const Result<T>& result) const {
    std::int64_t work = std::max<std::int64_t>(1, rows * depth_ * width);
    parallel_for(panels_, std::max<std::int64_t>(1, 8 * grain / work),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t panel = begin; panel < end; ++panel) add_panel(a, rows, panel, result);
                 });
  }

 private:
  static constexpr auto lanes = static_cast<std::int64_t>(Lanes<T>::count);
  static constexpr std::int64_t width = 2 * lanes;
  static constexpr int most_rows = XGRAD_MASKED_LANES ? 12 : 6;  // their sums fill the registers
  static constexpr std::int64_t depth_block = 256;               // a panel of so many rows stays in the cache
  static constexpr std::int64_t grain = 1 << 17;

  T* panel_data(std::int64_t panel) const { return numbers_.data<T>() + panel * depth_ * width; }

  void pack(const Matrix<T>& b, std::int64_t panel) const {
    std::int64_t first = panel * width, count = std::min(width, columns_ - first);
    T* to = panel_data(panel);
    if (count < width) std::fill_n(to, depth_ * width, T(0));
    constexpr std::int64_t block = 16;  // rows whose lines are written while they are in the cache
    for (std::int64_t begin = 0; begin < depth_; begin += block) {
      std::int64_t end = std::min(depth_, begin + block);
      if (b.column_stride == 1) {
        for (std::int64_t row = begin; row < end; ++row)
          std::copy_n(b.data + row * b.row_stride + first, count, to + row * width);
        continue;
      }
      for (std::int64_t column = 0; column < count; ++column) {
        const T* from = b.data + (first + column) * b.column_stride;
        for (std::int64_t row = begin; row < end; ++row) to[row * width + column] = from[row * b.row_stride];
      }
    }
  }

  void add_panel(const T* a, std::int64_t rows, std::int64_t panel, const Result<T>& result) const {
    std::int64_t first = panel * width;
    std::int64_t blocks = (rows + most_rows - 1) / most_rows;
    for (std::int64_t begin = 0; begin < depth_; begin += depth_block) {
      std::int64_t depth = std::min(depth_block, depth_ - begin);
      const T* numbers = panel_data(panel) + begin * width;
      for (std::int64_t block = 0; block < blocks; ++block) {
        std::int64_t top = block * rows / blocks, bottom = (block + 1) * rows / blocks;
        Result<T> part{result.data + top * result.row_stride + first, result.row_stride, nullptr, 0};
        if (begin > 0) {
          part.start = part.data;
          part.start_stride = part.row_stride;
        } else if (result.start != nullptr) {
          part.start = result.start + top * result.start_stride + first;
          part.start_stride = result.start_stride;
        }
        add_rows<most_rows>(bottom - top, a + top * depth_ + begin, numbers, depth, part, columns_ - first);
      }
    }
  }

  template <int Rows>
  void add_rows(std::int64_t rows, const T* a, const T* numbers, std::int64_t depth, const Result<T>& result,
                std::int64_t columns) const {
    if constexpr (Rows > 1) {
      if (rows < Rows) return add_rows<Rows - 1>(rows, a, numbers, depth, result, columns);
    }
    if (columns >= width)
      add_block<Rows>(a, numbers, depth, result, detail::Whole{}, detail::Whole{});
    else
      add_block<Rows>(a, numbers, depth, result,
                      detail::Part{static_cast<std::size_t>(std::min(lanes, columns))},
                      detail::Part{static_cast<std::size_t>(std::max<std::int64_t>(0, columns - lanes))});
  }

  /// The sums stay in registers.
  template <int Rows, class Left, class Right>
  void add_block(const T* a, const T* numbers, std::int64_t depth, const Result<T>& result, Left left,
                 Right right) const {
    Lanes<T> sums[Rows][2];
    for (int row = 0; row < Rows; ++row) {
      sums[row][0] = sums[row][1] = Lanes<T>(T(0));
      if (result.start == nullptr) continue;
      const T* start = result.start + row * result.start_stride;
      sums[row][0] = detail::fetch(start, left);
      sums[row][1] = detail::fetch(start + lanes, right);
    }
    for (std::int64_t p = 0; p < depth; ++p, numbers += width) {
      Lanes<T> first = load(numbers), second = load(numbers + lanes);
      for (int row = 0; row < Rows; ++row) {
        Lanes<T> factor(a[row * depth_ + p]);
        sums[row][0] = detail::fused(factor, first, sums[row][0]);
        sums[row][1] = detail::fused(factor, second, sums[row][1]);
      }
    }
    for (int row = 0; row < Rows; ++row) {
      T* to = result.data + row * result.row_stride;
      detail::put(sums[row][0], to, left);
      detail::put(sums[row][1], to + lanes, right);
    }
  }

  std::int64_t depth_, columns_, panels_;
  Array numbers_;
};

}  // namespace xgrad::kernels
