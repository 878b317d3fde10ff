#include <xgrad/autograd/ops/grids.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/scan.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {

Tensor logspace(double start, double end, std::int64_t steps, double base, std::optional<DType> dtype) {
  if (steps < 0) throw ValueError(fmt::format("logspace: expected 0 steps or more, got {}", steps));
  return to(pow(Scalar(base), linspace(start, end, steps, float64)), dtype.value_or(default_dtype()));
}

namespace {

/// The places where column - row lies in [low, high].
Tensor band_indices(const char* name, std::int64_t rows, std::int64_t columns, std::int64_t low,
                    std::int64_t high) {
  if (rows < 0 || columns < 0)
    throw ValueError(fmt::format("{}: expected sizes of 0 or more, got {} and {}", name, rows, columns));
  auto first = [&](std::int64_t row) {
    return std::clamp<std::int64_t>(low > columns ? columns : row + low, 0, columns);
  };
  auto last = [&](std::int64_t row) {
    return std::clamp<std::int64_t>(high < -rows ? 0 : std::min(high, columns) + row + 1, 0, columns);
  };
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < rows; ++row) count += std::max<std::int64_t>(0, last(row) - first(row));
  Array places({2, count}, int64);
  std::int64_t* out = places.data<std::int64_t>();
  std::int64_t i = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = first(row); column < last(row); ++column, ++i) {
      out[i] = row;
      out[count + i] = column;
    }
  }
  return Tensor(std::move(places));
}

}  // namespace

Tensor tril_indices(std::int64_t row, std::int64_t column, std::int64_t offset) {
  return band_indices("tril_indices", row, column, -row, offset);
}
Tensor triu_indices(std::int64_t row, std::int64_t column, std::int64_t offset) {
  return band_indices("triu_indices", row, column, std::max(offset, -row), column);
}

std::vector<Tensor> meshgrid(std::span<const Tensor> tensors, std::string_view indexing) {
  if (tensors.empty()) throw ValueError("meshgrid: expected at least one tensor, got none");
  if (indexing != "ij" && indexing != "xy")
    throw ValueError(fmt::format("meshgrid: expected the indexing \"ij\" or \"xy\", got \"{}\"", indexing));
  std::vector<Tensor> vectors;
  Shape full;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].ndim() > 1) {
      throw ShapeError(
          fmt::format("meshgrid: expected vectors, tensor {} is {}", i, to_string(tensors[i].shape())));
    }
    if (tensors[i].dtype() != tensors[0].dtype()) {
      throw DTypeError(fmt::format("meshgrid: expected one dtype, tensor 0 is {}, tensor {} is {}",
                                   name(tensors[0].dtype()), i, name(tensors[i].dtype())));
    }
    vectors.push_back(reshape(tensors[i], {tensors[i].numel()}));
    full.push_back(tensors[i].numel());
  }
  std::vector<Tensor> grids;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    Shape shape = Shape::filled(full.size(), 1);
    shape[i] = full[i];
    Tensor grid = expand(reshape(vectors[i], shape), full);
    grids.push_back(indexing == "xy" && full.size() >= 2 ? transpose(grid, 0, 1) : grid);
  }
  return grids;
}

Tensor cartesian_prod(std::span<const Tensor> tensors) {
  for (const Tensor& tensor : tensors) {
    if (tensor.ndim() != 1)
      throw ShapeError(fmt::format("cartesian_prod: expected vectors, got {}", to_string(tensor.shape())));
  }
  if (tensors.size() == 1) return tensors[0];
  std::vector<Tensor> columns;
  for (const Tensor& grid : meshgrid(tensors)) columns.push_back(reshape(grid, {-1}));
  return stack(columns, 1);
}

Tensor combinations(const Tensor& x, std::int64_t r, bool with_replacement) {
  if (x.ndim() != 1)
    throw ShapeError(fmt::format("combinations: expected a vector, got {}", to_string(x.shape())));
  if (r < 0) throw ValueError(fmt::format("combinations: expected r of 0 or more, got {}", r));
  if (r == 0) return zeros({0}, x.dtype());
  std::int64_t size = x.numel();
  std::vector<std::int64_t> places;
  std::vector<std::int64_t> current;
  // The next combination in order: the last place that can move on does, and those behind it follow.
  std::int64_t step = with_replacement ? 0 : 1;
  bool any = with_replacement ? size > 0 : r <= size;
  if (any) {
    for (std::int64_t i = 0; i < r; ++i) current.push_back(i * step);
  }
  while (any) {
    places.insert(places.end(), current.begin(), current.end());
    std::int64_t i = r - 1;
    while (i >= 0 && current[static_cast<std::size_t>(i)] == size - 1 - step * (r - 1 - i)) --i;
    any = i >= 0;
    if (!any) break;
    std::int64_t next = current[static_cast<std::size_t>(i)] + 1;
    for (std::int64_t k = i; k < r; ++k) current[static_cast<std::size_t>(k)] = next + step * (k - i);
  }
  auto count = static_cast<std::int64_t>(places.size());
  return reshape(index_select(x, 0, tensor(places)), {count / r, r});
}

Tensor linalg::vander(const Tensor& x, std::optional<std::int64_t> N) {
  if (x.ndim() == 0) return vander(reshape(x, {1}), N);
  std::int64_t count = N.value_or(x.size(-1));
  if (N && *N <= 1) throw ValueError(fmt::format("vander: expected N above 1, got {}", *N));
  Tensor column = unsqueeze(x.dtype() == boolean ? to(x, int64) : x, -1);
  if (count == 0) return narrow(column, -1, 0, 0);
  Tensor one = ones_like(column);
  Shape repeated = column.shape();
  repeated.back() = count - 1;
  return cat({one, cumprod(expand(column, repeated), -1)}, -1);
}

}  // namespace xgrad
